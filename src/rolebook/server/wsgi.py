"""The application that HTTP servers load: the decision point in front of Django, on the same port."""

import os
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from rolebook.authzen.wsgi import DecisionPoint

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolebook.server.settings")


def make_application() -> "DecisionPoint":
    """Return the whole server as one WSGI callable. Nothing is started before the first request."""
    pages = get_wsgi_application()
    # Only now are Django's apps ready, and the tables importable.
    from rolebook.authzen.wsgi import DecisionPoint

    rolebook = settings.ROLEBOOK
    return DecisionPoint(
        pages,
        site_url=rolebook.site_url,
        lease_seconds=rolebook.lease_seconds,
        secret_key=rolebook.secret_key,
        earlier_secret_keys=rolebook.earlier_secret_keys,
        usage_seconds=rolebook.usage_seconds,
        decision_log=rolebook.decision_log,
    )


application = make_application()
