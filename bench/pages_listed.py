"""Which pages the pages benchmark asks for, as whom: lists at their beginning, middle and end, searched and sorted."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.urls import reverse

from bench.pages_world import IQIES, QPP, World
from rolebook.accounts.models import Account, Organization
from rolebook.audit.recording import tip
from rolebook.governance.models import Grant, Request, Stage
from rolebook.governance.queries.paging import to_text
from rolebook.notices.models import Notice
from rolebook.web.pages.asking import in_address

RARE, COMMON, NOBODY = "zoe b. zhou", "an", "xyzzy"
"""What is searched for: somebody, a good part of everybody, nobody."""
DAY = "2025-06-01"
"""Of the pages about an earlier day."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A page: who asks for it, what it is called in the table, and its address."""

    who: str
    what: str
    address: str


def pages(world: World) -> tuple[Asked, ...]:
    """Return every page to measure, in the order of the table."""
    return (
        *(Asked("official", *one) for one in _of_official(world)),
        *(Asked("lead", *one) for one in _of_lead()),
        *(Asked("ordinary", *one) for one in _of_ordinary(world)),
        *(Asked("steward", *one) for one in _of_steward(world)),
        *(Asked("of_state", *one) for one in _of_state(world)),
        *(Asked("steward", *one) for one in _of_iqies_steward()),
    )


def at(program_id: str, name: str, *parts: object, **query: str) -> str:
    """Return the address of a page."""
    address = reverse(name, args=[program_id, *parts])
    return f"{address}?{urlencode(query)}" if query else address


def _keys(rows: QuerySet[Model], *fields: str) -> tuple[str, str]:
    """Return the keys in the middle of some rows and shortly before their end, as links have them; in ``fields``."""
    ordered, number = rows.order_by(*fields, "pk"), rows.count()
    first = fields[0].removeprefix("-")
    found = []
    for place in (number // 2, max(number - 10, 0)):
        value, pk = ordered.values_list(first, "pk")[place]
        found.append(to_text((value.isoformat() if hasattr(value, "isoformat") else value, pk)))
    return found[0], found[1]


def _of_official(world: World) -> Iterator[tuple[str, str]]:
    """Yield what the official of the large practice looks at."""
    here = world.large.public_id
    waiting = Stage.objects.filter(organization=world.large, state=Stage.State.OPEN)
    by_age = _keys(waiting, "opened_at")
    by_person = _keys(waiting, "request__beneficiary__name")
    there = Account.objects.filter(grants__organization=world.large)
    by_name = _keys(there, "name")
    yield "home", at(QPP, "home")
    yield "pending requests", at(QPP, "manage-access")
    yield "pending requests, in the middle", at(QPP, "manage-access", after=by_age[0])
    yield "pending requests, at the end", at(QPP, "manage-access", after=by_age[1])
    for sort in ("newest", "person", "organization"):
        yield f"pending requests, sorted: {sort}", at(QPP, "manage-access", sort=sort)
    yield (
        "pending requests by person, at the end",
        at(QPP, "manage-access", sort="person", after=by_person[1]),
    )
    yield "pending requests of one role", at(QPP, "manage-access", role="staff_user")
    for words in (RARE, COMMON, NOBODY):
        yield f"pending requests, search “{words}”", at(QPP, "manage-access", search=words)
    yield "connected organizations, search", at(QPP, "manage-access", organization="clinic")
    yield "View Users", at(QPP, "organization-users", here)
    yield "View Users, in the middle", at(QPP, "organization-users", here, after=by_name[0])
    yield "View Users, at the end", at(QPP, "organization-users", here, after=by_name[1])
    yield (
        "View Users, pending at the end",
        at(QPP, "organization-users", here, **{"pending-after": by_age[1]}),
    )
    yield "View Users of one role", at(QPP, "organization-users", here, role="security_official")
    for words in (RARE, COMMON, NOBODY):
        yield f"View Users, search “{words}”", at(QPP, "organization-users", here, search=words)
    yield "the large practice", at(QPP, "organization", here)
    one = waiting.order_by("-pk").select_related("request__beneficiary")[0].request
    yield "a request", at(QPP, "request", one.public_id)
    yield "a request's history", at(QPP, "request-history", one.public_id)
    yield "audit", at(QPP, "audit")
    yield "audit, far back", at(QPP, "audit", after=to_text(("", tip()[0] // 2)))
    yield "audit, search a person", at(QPP, "audit", person=RARE)
    yield "audit, one kind", at(QPP, "audit", kind="sign-in")
    yield "a person's history", at(QPP, "person-history", one.beneficiary.public_id)
    yield (
        "Can they? search a person",
        at(QPP, "can-they", who="person", person_words="zhou", organization_words="lake"),
    )
    yield "on that day", at(QPP, "then", day=DAY)
    yield "on that day: users", at(QPP, "then-users", here, day=DAY)
    yield "on that day: users, search", at(QPP, "then-users", here, day=DAY, search=RARE)


def _of_lead() -> Iterator[tuple[str, str]]:
    """Yield what the official of many practices looks at."""
    theirs = Organization.objects.filter(grants__account__name="Leo Lead")
    middle, end = _keys(theirs, "name")
    waiting = Stage.objects.filter(organization__in=theirs, state=Stage.State.OPEN)
    yield "home", at(QPP, "home")
    yield "pending requests", at(QPP, "manage-access")
    if waiting:
        yield "pending requests, at the end", at(QPP, "manage-access", after=_keys(waiting, "opened_at")[1])
    yield "pending requests, search", at(QPP, "manage-access", search=COMMON)
    yield "pending requests, by organization", at(QPP, "manage-access", sort="organization")
    yield (
        "connected organizations, in the middle",
        at(QPP, "manage-access", **{"organizations-after": middle}),
    )
    yield "connected organizations, at the end", at(QPP, "manage-access", **{"organizations-after": end})
    yield "my access", at(QPP, "my-access")
    yield "audit", at(QPP, "audit")
    yield "audit, search an organization", at(QPP, "audit", organization="clinic")
    yield "Can they? search a person", at(QPP, "can-they", who="person", person_words="zhou")


def _of_ordinary(world: World) -> Iterator[tuple[str, str]]:
    """Yield what somebody with no office looks at."""
    practices = Organization.objects.filter(program_id=QPP)
    middle, end = _keys(practices, "name")
    middle_one = practices.order_by("name")[practices.count() // 2]
    ask = ("request-role", "staff_user")
    yield "home", at(QPP, "home")
    yield "manage access", at(QPP, "manage-access")
    yield "request a role", at(QPP, "request-a-role")
    yield "which role do I need", at(QPP, "which-role")
    yield "request a role: where", at(QPP, *ask)
    yield "request a role: where, in the middle", at(QPP, *ask, after=middle)
    yield "request a role: where, at the end", at(QPP, *ask, after=end)
    for words in ("cedar valley", "a", NOBODY, world.large.code):
        yield f"request a role: where, search “{words}”", at(QPP, *ask, search=words)
    yield "request a role: check", at(QPP, "review-request", "staff_user", at=in_address([middle_one]))
    yield "your requests", at(QPP, "my-requests")
    yield "your requests, search", at(QPP, "my-requests", search="lake")
    yield "my access", at(QPP, "my-access")
    yield "my history", at(QPP, "my-history")
    yield "role matrix", at(QPP, "role-matrix")
    yield "Can they?", at(QPP, "can-they")
    yield "Can they? search an organization", at(QPP, "can-they", who="role", organization_words="lake")
    yield "notice settings", at(QPP, "notice-settings")
    yield "security", reverse("security")
    yield "help", at(QPP, "help")


def _of_steward(world: World) -> Iterator[tuple[str, str]]:
    """Yield what the steward of QPP looks at."""
    people = Account.objects.filter(participations__program_id=QPP)
    names, places = _keys(people, "name"), _keys(Organization.objects.filter(program_id=QPP), "name")
    designated = Grant.objects.filter(program_id=QPP, designation__isnull=False)
    mails = Notice.objects.filter(state=Notice.State.WAITING)
    yield "home", at(QPP, "home")
    yield "pending requests", at(QPP, "manage-access")
    for sort in ("newest", "person", "organization"):
        yield f"pending requests, sorted: {sort}", at(QPP, "manage-access", sort=sort)
    for words in (RARE, COMMON):
        yield f"pending requests, search “{words}”", at(QPP, "manage-access", search=words)
    yield (
        "connected organizations, at the end",
        at(QPP, "manage-access", **{"organizations-after": places[1]}),
    )
    yield "connected organizations, search", at(QPP, "manage-access", organization=NOBODY)
    yield "View Users of the large practice", at(QPP, "organization-users", world.large.public_id)
    yield "people", at(QPP, "steward-people")
    yield "people, in the middle", at(QPP, "steward-people", after=names[0])
    yield "people, at the end", at(QPP, "steward-people", after=names[1])
    for words in (RARE, COMMON, NOBODY):
        yield f"people, search “{words}”", at(QPP, "steward-people", search=words)
    yield "people without a role", at(QPP, "steward-people", role="none")
    yield "people of one role", at(QPP, "steward-people", role="steward")
    yield "people who are closed", at(QPP, "steward-people", status="closed")
    yield "people of an organization", at(QPP, "steward-people", organization="cedar valley")
    yield "a person", at(QPP, "steward-person", world.ordinary.public_id)
    yield "an official of many", at(QPP, "steward-person", world.lead.public_id)
    yield "possible duplicates", at(QPP, "duplicates")
    yield "organizations", at(QPP, "steward-organizations")
    yield "organizations, in the middle", at(QPP, "steward-organizations", after=places[0])
    yield "organizations, at the end", at(QPP, "steward-organizations", after=places[1])
    for words in ("cedar valley", "a", NOBODY):
        yield f"organizations, search “{words}”", at(QPP, "steward-organizations", search=words)
    yield "organizations that are closed", at(QPP, "steward-organizations", state="closed")
    yield "few officials", at(QPP, "officials-report")
    yield "few officials, at the end", at(QPP, "officials-report", after=places[1])
    yield "designations", at(QPP, "designate")
    yield "designations, at the end", at(QPP, "designate", after=_keys(designated, "-starts_at")[1])
    yield "applications", at(QPP, "applications")
    yield "mail queue", at(QPP, "mail-queue")
    yield "mail queue, at the end", at(QPP, "mail-queue", after=_keys(mails, "pk")[1])
    yield "mails not sent", at(QPP, "mail-queue", show="failed")
    yield "mails rejected", at(QPP, "mail-queue", show="rejected")
    yield "jobs", at(QPP, "jobs")
    yield "reviews", at(QPP, "reviews")
    yield "audit", at(QPP, "audit")
    yield "audit, far back", at(QPP, "audit", after=to_text(("", tip()[0] // 2)))
    yield "audit, search a person", at(QPP, "audit", person=RARE)
    yield "audit, search an organization", at(QPP, "audit", organization="lakeshore physicians")
    yield "audit, one kind", at(QPP, "audit", kind="sign-in")
    yield "audit of one day", at(QPP, "audit", since=DAY, until=DAY)
    yield "a person's history", at(QPP, "person-history", world.official.public_id)
    yield "on that day", at(QPP, "then", day=DAY)
    yield "on that day, search", at(QPP, "then", day=DAY, search=RARE)
    yield "on that day: users", at(QPP, "then-users", world.large.public_id, day=DAY)


def _of_state(world: World) -> Iterator[tuple[str, str]]:
    """Yield what the official of a state looks at, in iQIES."""
    here = world.state.public_id
    waiting = Stage.objects.filter(organization=world.state, state=Stage.State.OPEN)
    below = Organization.objects.filter(path__startswith=world.state.path)
    one = Request.objects.filter(items__organization=world.state).order_by("-pk")[0]
    yield "home", at(IQIES, "home")
    yield "pending requests", at(IQIES, "manage-access")
    yield "pending requests, at the end", at(IQIES, "manage-access", after=_keys(waiting, "opened_at")[1])
    yield "pending requests, sorted: person", at(IQIES, "manage-access", sort="person")
    yield "pending requests, search", at(IQIES, "manage-access", search=COMMON)
    yield (
        "connected organizations, at the end",
        at(IQIES, "manage-access", **{"organizations-after": _keys(below, "name")[1]}),
    )
    yield "View Users of the state", at(IQIES, "organization-users", here)
    yield "View Users, search", at(IQIES, "organization-users", here, search=RARE)
    yield "the state", at(IQIES, "organization", here)
    yield "a request", at(IQIES, "request", one.public_id)
    yield "audit", at(IQIES, "audit")
    yield "audit, search an organization", at(IQIES, "audit", organization="cedar")
    yield "Can they? search a person", at(IQIES, "can-they", who="person", person_words="zhou")
    yield "on that day", at(IQIES, "then", day=DAY)


def _of_iqies_steward() -> Iterator[tuple[str, str]]:
    """Yield what differs for the steward of a program with a tree."""
    yield "iQIES: home", at(IQIES, "home")
    yield "iQIES: pending requests", at(IQIES, "manage-access")
    yield "iQIES: people", at(IQIES, "steward-people")
    yield "iQIES: organizations", at(IQIES, "steward-organizations")
    yield "iQIES: few officials", at(IQIES, "officials-report")
    yield "iQIES: designations", at(IQIES, "designate")
    yield "iQIES: audit", at(IQIES, "audit")
    yield "iQIES: on that day", at(IQIES, "then", day=DAY)
