"""The process that answers HTTP: granian around the WSGI callable. Started by `rolebook serve` and
`rolebook demo`.

It is a module of its own because granian starts its workers by importing the main module again.
"""

import argparse
import os

from rolebook.cli.server.processes import end_with_parent


def main() -> None:
    """Serve until SIGTERM; ends by itself when the process that started it is gone."""
    options = argparse.ArgumentParser()
    options.add_argument("--host", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--workers", type=int, required=True)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--parent", type=int, required=True)
    given = options.parse_args()
    end_with_parent(given.parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolebook.server.settings")

    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "rolebook.server.wsgi:application",
        address=given.host,
        port=given.port,
        interface=Interfaces.WSGI,
        workers=given.workers,
        blocking_threads=given.threads,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()


if __name__ == "__main__":
    main()
