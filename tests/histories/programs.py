"""What the two documents say, as far as the histories need it: written by hand, read from no rolebook."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
STEWARD = "steward"
SHAPES = ("one", "two", "closing")
"""Who decides in a rolebook version: one official; two, one after the other; one, and in the end the steward."""
EXCLUSIVE = {"qpp": False, "iqies": True}
"""Whether people of a program must stay in one category."""
WITH_STATEMENT = {"qpp": True, "iqies": False}
REMOVED_CELL = {
    "qpp": ("staff_user", "submit_performance_data"),
    "iqies": ("assessment_viewer", "view_patient"),
}
"""The privilege that a role has no more in rolebook versions of the shape "two"."""


@dataclass(frozen=True)
class Role:
    """A role: its category, the kind of place at which it is held ("" for none), and what it lets people do.

    ``wide``: in the whole program. ``elsewhere``: which of its privileges hold outside of its place. ``below``: whether
    the privileges hold below its place.
    """

    program: str
    category: str
    kind: str
    can: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    below: bool = False
    wide: bool = False
    designated: bool = False


def _can(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALL_FOUR = _can("search_providers view_provider_details view_patient generate_and_view_reports")
_IQIES_ELSEWHERE = _can("search_providers view_provider_details")

ROLES = {
    "security_official": Role(
        "qpp", "organization", "practice", _can("submit_performance_data approve_role_requests")
    ),
    "staff_user": Role("qpp", "organization", "practice", _can("submit_performance_data")),
    "cms_general_user": Role("iqies", "cms", "", _ALL_FOUR, wide=True),
    "cms_security_official": Role("iqies", "cms", "", wide=True, designated=True),
    "mac_user": Role(
        "iqies", "contractor", "mac", _can("search_providers view_administrative_reports"), below=True
    ),
    "mac_security_official": Role(
        "iqies", "contractor", "mac", _can("view_administrative_reports"), below=True
    ),
    "state_general_user": Role(
        "iqies",
        "state agency",
        "state",
        _can("search_providers view_provider_details generate_and_view_reports"),
        elsewhere=_IQIES_ELSEWHERE,
        below=True,
    ),
    "state_security_official": Role("iqies", "state agency", "state", below=True),
    "assessment_viewer": Role("iqies", "provider", "provider", _ALL_FOUR),
    "provider_security_official": Role("iqies", "provider", "provider", _ALL_FOUR),
}
OFFICE = {
    "practice": "security_official",
    "mac": "mac_security_official",
    "state": "state_security_official",
    "provider": "provider_security_official",
    "": "cms_security_official",
}
"""The role that decides what is asked for at a kind of place; "" for what is held at none."""
OFFICES = frozenset(OFFICE.values())
PRIVILEGES = {
    program: sorted({one for role in ROLES.values() if role.program == program for one in role.can})
    for program in EXCLUSIVE
}


@dataclass(frozen=True)
class Place:
    """An organization, with the number of the one above it."""

    program: str
    kind: str
    code: str
    above: int | None = None


PLACES = (
    Place("qpp", "practice", "10-0000001"),
    Place("qpp", "practice", "10-0000002"),
    Place("qpp", "practice", "10-0000003"),
    Place("iqies", "mac", "J15"),
    Place("iqies", "state", "OH", 3),
    Place("iqies", "provider", "36-7001", 4),
    Place("iqies", "state", "KY", 3),
)
"""KY is asked about by decision checks, and nobody holds anything there."""
ASKED = {"qpp": (0, 1, 2), "iqies": (3, 4, 5)}
"""The three places of each program at which people act."""


def day_start(at: datetime, days: int) -> datetime:
    """The instant at which, in the programs' zone, the day begins that is so many days after that of ``at``."""
    day = at.astimezone(ZONE).date() + timedelta(days=days)
    return datetime.combine(day, time.min, tzinfo=ZONE).astimezone(UTC)
