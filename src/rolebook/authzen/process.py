"""A decision point as a process: `python -m rolebook.authzen.process HOST PORT`, started by `rolebook decide`.

With `--processes` it loads, and as many copies of it answer at the port.

Django is there for the follower, which reads the database in a thread of its own; no request passes through it. Nothing
listens before the state is loaded, so that others on the same port get the questions until then.
"""

import argparse
import asyncio
import logging
import os
import signal
import ssl
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolebook.authzen.answering import Answering

BACKLOG = 1024
_LOOK_SECONDS = 0.05
_SAY_SECONDS = 10.0
_AGAIN_SECONDS = 1.0
_log = logging.getLogger(__name__)


def main() -> int:
    """Listen until SIGTERM or SIGINT. Returns 2 for settings, a certificate or an address that cannot be used."""
    options = _options()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolebook.server.settings")
    import django

    django.setup()
    import uvloop
    from django.conf import settings

    from rolebook.authzen.answering import Answering
    from rolebook.authzen.forking import in_processes

    rolebook = settings.ROLEBOOK
    try:
        tls = _tls(options.certificate, options.key)
    except OSError as wrong:
        sys.stderr.write(f"Error: the certificate or its key cannot be used: {wrong}\n")
        return 2
    answering = Answering(
        site_url=rolebook.site_url,
        lease_seconds=rolebook.lease_seconds,
        secret_key=rolebook.secret_key,
        earlier_secret_keys=rolebook.earlier_secret_keys,
        usage_seconds=rolebook.usage_seconds,
        decision_log=rolebook.decision_log,
    )

    def run(lifeline: int | None = None) -> int:
        answering.follow()
        try:
            uvloop.run(_listen(answering, options.host, options.port, tls, lifeline))
        except OSError as wrong:
            sys.stderr.write(
                f"Error: cannot listen at {options.host} port {options.port}: {wrong.strerror}\n"
            )
            return 2
        finally:
            answering.stop()
        return 0

    if options.processes == 1:
        return run()
    _load(answering)
    return in_processes(options.processes, run)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rolebook.authzen.process")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--processes", type=int, default=1)
    return parser.parse_args()


def _tls(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    """Return how to speak TLS with a certificate (PEM, with its chain). Raises OSError (ssl.SSLError is one)."""
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def _load(answering: "Answering") -> None:
    """Load the state, as soon as the database is there, and let its connection go."""
    from django.db import Error, connections

    while True:
        try:
            answering.load()
            return
        except Error as away:
            _log.warning("waiting for the database: %s", away)
            time.sleep(_AGAIN_SECONDS)
        finally:
            connections.close_all()


async def _listen(
    answering: "Answering", host: str, port: int, tls: ssl.SSLContext | None, lifeline: int | None
) -> None:
    """Wait for the first load, listen until a signal or the lifeline's end, then let what is at hand be answered."""
    from rolebook.authzen.listener import Server

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if lifeline is not None:
        loop.add_reader(lifeline, ended.set)
    if not await _loaded(answering, ended):
        return
    server = Server(answering)
    listener = await loop.create_server(
        server.connection, host, port, ssl=tls, reuse_port=True, backlog=BACKLOG
    )
    sweeping = asyncio.create_task(server.sweep())
    await ended.wait()
    if lifeline is not None:
        loop.remove_reader(lifeline)
    listener.close()
    server.close()
    sweeping.cancel()
    with suppress(TimeoutError):
        async with asyncio.timeout(answering.lease_seconds):
            while server.connections:
                await asyncio.sleep(_LOOK_SECONDS)


async def _loaded(answering: "Answering", ended: asyncio.Event) -> bool:
    """Wait until the state may be used; False when a signal came first."""
    loop = asyncio.get_running_loop()
    say_at = loop.time() + _SAY_SECONDS
    while not ended.is_set():
        if answering.follower is not None and answering.follower.is_fresh():
            return True
        if loop.time() >= say_at:
            _log.warning("waiting for the database: nothing is loaded yet")
            say_at = loop.time() + _SAY_SECONDS
        await asyncio.sleep(_LOOK_SECONDS)
    return False


if __name__ == "__main__":
    sys.exit(main())
