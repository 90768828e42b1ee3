"""The worker as a process: `python -m rolebook.jobs`, started by `rolebook worker` and `rolebook serve`."""

import logging
import os
import signal
import sys


def main() -> int:
    """Work until SIGTERM or SIGINT; return 2 for settings that cannot be used."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolebook.server.settings")
    import django

    django.setup()
    from django.conf import settings

    from rolebook.audit import clock
    from rolebook.jobs.worker import Worker
    from rolebook.notices.sending import Sender
    from rolebook.notices.transport import MailSettingsError, Transport, mail_server

    try:
        server = mail_server(settings.ROLEBOOK.mail_url)
    except MailSettingsError as wrong:
        sys.stderr.write(f"Error: {wrong} (docs/settings.md)\n")
        return 2
    worker = Worker(
        sender=Sender(
            transport=Transport(server),
            mail_from=settings.ROLEBOOK.mail_from,
            bounces_to=settings.ROLEBOOK.bounces.address,
            clock=clock.now,
        ),
        clock=clock.now,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop.set())
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
