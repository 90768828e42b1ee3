"""The worker as a process: `python -m rolebook.jobs`, started by `rolebook worker` and `rolebook serve`."""

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolebook.jobs.worker import Worker
    from rolebook.notices.transport import MailServer


def main() -> int:
    """Work until SIGTERM or SIGINT; return 2 for settings that cannot be used."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolebook.server.settings")
    import django

    django.setup()
    from django.conf import settings

    from rolebook.notices.transport import MailSettingsError, mail_server

    try:
        server = mail_server(settings.ROLEBOOK.mail_url)
    except MailSettingsError as wrong:
        sys.stderr.write(f"Error: {wrong} (docs/settings.md)\n")
        return 2
    worker = make_worker(server)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop.set())
    worker.run()
    return 0


def make_worker(server: "MailServer") -> "Worker":
    """Return a worker that hands mail over to a server, and goes by the clock that all machines agree on (fault 58)."""
    from django.conf import settings

    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.jobs.worker import Worker
    from rolebook.notices.sending import Sender
    from rolebook.notices.transport import Transport

    sender = Sender(
        transport=Transport(server),
        mail_from=settings.ROLEBOOK.mail_from,
        bounces_to=settings.ROLEBOOK.bounces.address,
        clock=agreed_now,
    )
    return Worker(sender=sender, clock=agreed_now)


if __name__ == "__main__":
    sys.exit(main())
