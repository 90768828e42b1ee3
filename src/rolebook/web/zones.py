"""In whose time zone a page writes its instants: the viewer's, where the browser told it, else the program's.

Days that count (a role's last day, the day of an audit) stay days of the program's zone, whoever looks: they begin and
end by its clock. Only instants, which name their zone, are written in the viewer's (decision 0044).
"""

from functools import cache
from zoneinfo import available_timezones

from django.http import HttpRequest

from rolebook.governance.instants import DEFAULT_ZONE

COOKIE = "rolebook_zone"
"""Set by rolebook.js to what the browser calls its zone; nothing else is in it, and nothing depends on it but words."""


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_told(request: HttpRequest) -> str:
    """Return the zone that the viewer's browser told, when it is one that there is; else nothing."""
    told = request.COOKIES.get(COOKIE, "")
    return told if told in _known() else ""


def viewer_zone(request: HttpRequest, program_zone: str | None) -> str:
    """Return the IANA zone in which instants are written for who asks."""
    return zone_told(request) or program_zone or DEFAULT_ZONE
