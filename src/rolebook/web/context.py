"""What every page shows around its own content: program, navigation, sign-in addresses, contacts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from rolebook.accounts.models import Account, RolebookVersion
from rolebook.accounts.queries import rolebook_in_force, rolebooks_in_force
from rolebook.audit import clock
from rolebook.governance.models import Participation
from rolebook.governance.queries.audit_reach import may_see_audit
from rolebook.governance.queries.review_campaigns import with_reviews
from rolebook.governance.queries.review_waiting import MOST_COUNTED, ReviewsFor, reviews_for
from rolebook.governance.queries.seeing import Read, one_look, version_read
from rolebook.governance.queries.stewards import is_steward
from rolebook.policy.model import Program, Rolebook
from rolebook.web.account.session import has_two_factors

type _Found = Mapping[str, tuple[RolebookVersion, Rolebook]]
"""The rolebooks in force, by the ids of their programs."""

LAST_PROGRAM = "rolebook.last_program"
"""Session key: the program whose pages were used last, for the pages that belong to no program (security)."""

CURRENT_ENTRY = "rolebook_current_entry"
"""Attribute of a request by which a view says under which entry of the navigation its page stands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the left-hand navigation."""

    title: str
    url: str
    icon: str
    current: bool
    heading: str = ""
    """The title of the section that begins with this entry; empty within a section."""
    count: str = ""
    """How much waits behind it, as text; empty for nothing."""


_PAGES = (
    ("Home", "home", "home"),
    ("Manage Access", "manage-access", "people"),
    ("My Access", "my-access", "identification"),
    ("Request a Role", "request-a-role", "add"),
    ("Role Matrix", "role-matrix", "grid_view"),
    ("Reviews", "reviews", "check_circle"),
    ("Reports", "reports", "history"),
    ("Help", "help", "help"),
)
_STEWARDS_PAGES = (
    ("Organizations", "steward-organizations", "location_city"),
    ("People", "steward-people", "groups"),
    ("Designate", "designate", "verified_user"),
    ("Few officials", "officials-report", "group_add"),
    ("Inactivity", "inactivity", "schedule"),
    ("Applications", "applications", "lock"),
    ("Mail queue", "mail-queue", "mail"),
    ("Jobs", "jobs", "schedule"),
)
"""What only stewards see, below the heading "Administer"."""
_UNDER = {
    "organization-users": "manage-access",
    "remove-access": "manage-access",
    "request-role": "request-a-role",
    "review-request": "request-a-role",
    "my-requests": "my-access",
    "request": "my-access",
    "request-history": "my-access",
    "my-history": "my-access",
    "audit": "reports",
    "person-history": "reports",
    "then": "reports",
    "then-users": "reports",
    "then-person": "reports",
    "then-who-could": "reports",
    "made-file": "reports",
    "confirm-closings": "inactivity",
    "reactivations": "manage-access",
    "reactivate": "manage-access",
    "which-role": "role-matrix",
    "can-they": "role-matrix",
}
"""Which entry of the navigation is current on pages that have no entry of their own, by address name."""


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the frame of a page; Django calls it for every template of a request."""
    program, others, found = _program(request)
    program_id = program.id if program is not None else None
    return {
        "program": program,
        "switch_to": _others(program, others),
        "contacts": [program.contact] if program is not None else [other.contact for other in others],
        "navigation": _navigation(request, program_id, found),
        "home_url": _address("home", program_id) if program_id else "/",
        "sign_in_url": _address("sign-in", program_id) if program_id else _address("choose-program"),
        "register_url": _address("register"),
        "sign_out_url": _address("sign-out"),
        "security_url": _address("security"),
        "demo_mails_url": _address("demo-mails"),
    }


def _others(program: Program | None, programs: tuple[Program, ...]) -> tuple[tuple[str, str, bool], ...]:
    """Return name, address and whether it is this one, of each program to switch between; nothing with a single one."""
    if len(programs) < 2:
        return ()
    return tuple((one.name, _address("home", one.id), one == program) for one in programs)


def _program(request: HttpRequest) -> tuple[Program | None, tuple[Program, ...], _Found]:
    """Return the program that a page stands in, and all there are; the last one used where a page belongs to none.

    With them the rolebooks in force, where the page has not read them.
    """
    placed = getattr(request, "program", None)
    if isinstance(placed, Program):
        return placed, getattr(request, "programs", (placed,)), {}
    found = rolebooks_in_force(clock.now())
    programs = tuple(book.program for _, book in found.values())
    if len(programs) == 1:
        return programs[0], programs, found
    session = getattr(request, "session", None)
    last = session.get(LAST_PROGRAM) if session is not None else None
    return next((one for one in programs if one.id == last), None), programs, found


def _navigation(request: HttpRequest, program_id: str | None, found: _Found) -> tuple[Entry, ...]:
    if program_id is None or not has_two_factors(request):
        return ()
    if (at := getattr(request, "at", None)) is not None:
        return _entries(request, program_id, at)
    at = clock.now()
    with one_look(_read(request, program_id, found, at)):  # a page of no program has not begun one
        return _entries(request, program_id, at)


def _read(request: HttpRequest, program_id: str, found: _Found, at: datetime) -> Read | None:
    """Return who looks at a page of no program, as the pages of a program read it; None where it read no rolebooks."""
    if program_id not in found or not isinstance(request.user, Account):
        return None
    parts = Participation.objects.filter(account=request.user, program_id=program_id)
    return Read(request.user, with_reviews(parts).first(), *found[program_id], at)


def _entries(request: HttpRequest, program_id: str, at: datetime) -> tuple[Entry, ...]:
    match = getattr(request, "resolver_match", None)
    name = match.url_name if match is not None else None
    current = getattr(request, CURRENT_ENTRY, None) or _UNDER.get(name or "", name)
    entries = []
    reviews = _reviews(request, program_id, at)
    for title, page_name, icon in _PAGES:
        if page_name == "reports" and not _sees_reports(request, program_id, at):
            continue
        if page_name == "reviews" and not reviews.is_there:
            continue
        if url := _address(page_name, program_id):
            count = _counted(reviews.left) if page_name == "reviews" else ""
            entries.append(Entry(title, url, icon, page_name == current, count=count))
    if _is_steward(request, program_id, at):
        entries += _stewards_entries(_rolebook(request, program_id), current)
    return tuple(entries)


def _rolebook(request: HttpRequest, program_id: str) -> Rolebook:
    """Return the rolebook that a program's page has read already; elsewhere the one in force."""
    placed = getattr(request, "rolebook", None)
    if isinstance(placed, Rolebook):
        return placed
    read = version_read(program_id)
    return rolebook_in_force(program_id, clock.now())[1] if read is None else read.book


def _stewards_entries(book: Rolebook, current: str | None) -> Iterator[Entry]:
    heading = "Administer"
    closes = book.lifecycle.inactivity_months is not None
    for title, page_name, icon in _STEWARDS_PAGES:
        if page_name == "inactivity" and not closes:
            continue
        if url := _address(page_name, book.program.id):
            yield Entry(title, url, icon, page_name == current, heading)
            heading = ""


def _is_steward(request: HttpRequest, program_id: str, at: datetime) -> bool:
    return isinstance(request.user, Account) and is_steward(request.user, program_id, at)


def _sees_reports(request: HttpRequest, program_id: str, at: datetime) -> bool:
    return isinstance(request.user, Account) and may_see_audit(request.user, program_id, at)


def _reviews(request: HttpRequest, program_id: str, at: datetime) -> ReviewsFor:
    if not isinstance(request.user, Account):
        return ReviewsFor(is_there=False)
    return reviews_for(request.user, program_id, at)


def _counted(number: int) -> str:
    return "" if not number else f"{number:,}+" if number >= MOST_COUNTED else str(number)


def _address(name: str, *parts: str) -> str:
    """Return the address of a page by name, or nothing while a server is built without it."""
    try:
        return reverse(name, args=parts)
    except NoReverseMatch:
        return ""
