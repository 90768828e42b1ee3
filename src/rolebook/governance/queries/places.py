"""Where a role may be asked for, and what the rules would say of each place, before anything is sent (QPP-02)."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.identifiers import punctuated
from rolebook.accounts.models import Account, Organization, OrganizationIdentifier, canonical_id
from rolebook.accounts.organization_models import OrganizationFormerValue
from rolebook.governance.authority import Standing
from rolebook.governance.facts import RowFacts, judge_changes
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.queries import paging
from rolebook.governance.queries.organization_search import matching
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Role, Rolebook
from rolebook.policy.rules import Change, ChangeKind, Moment, Violation

MOST_NUMBERS = 500
"""Lines of a pasted list that are read."""
_LONGEST_NUMBER = 60
_SPLIT = re.compile(r"[\n\r,;\t]+")
_OF_THE_PLACE = frozenset({"role_already_held", "role_already_pending"})


@dataclass(frozen=True, slots=True)
class PlaceToAsk:
    """An organization at which a role could be asked for.

    Attributes:
        violations: what the rules say against asking for it there; empty: nothing.
        request_id: the viewer's request that waits there already, if that is what keeps it.
    """

    organization: Organization
    violations: tuple[Violation, ...]
    request_id: uuid.UUID | None = None

    @property
    def state(self) -> str:
        """Return "free", "held", "pending", or "forbidden" by what has nothing to do with the place."""
        codes = {violation.code for violation in self.violations}
        if not codes:
            return "free"
        if codes - _OF_THE_PLACE:
            return "forbidden"
        return "held" if "role_already_held" in codes else "pending"


@dataclass(frozen=True, slots=True)
class NumberLine:
    """One line of a pasted list; ``place`` is None where no organization of the role's kinds is known by it."""

    typed: str
    place: PlaceToAsk | None
    twice: bool = False


def organizations_for_role(
    viewer: Account,
    program_id: str,
    role_id: str,
    at: datetime,
    *,
    search: str,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[PlaceToAsk]:
    """Return the open organizations at which a role can be held, by name, that have every word of ``search``.

    Which organizations there are is no secret within a program: everybody who asks for a role chooses among them.
    Raises NotFound for a role that is not held at organizations.
    """
    standing = viewer_standing(viewer, program_id, at)
    condition = _fitting(standing, role_id) & matching(search)
    condition &= paging.following(paging.from_text(after), "name")
    length = paging.bounded(limit)
    chosen = Organization.objects.filter(condition, program_id=program_id).order_by("name", "pk")
    found = list(chosen[: length + 1])
    return paging.cut(_judged(standing, role_id, found), [(one.name, one.pk) for one in found], length)


def places_to_ask(
    viewer: Account, program_id: str, role_id: str, organization_ids: Iterable[uuid.UUID | str], at: datetime
) -> tuple[PlaceToAsk, ...]:
    """Return the organizations with these public ids, in their order, each with what the rules say; six statements.

    Those that are not there, closed, or of a kind that the role is not held at, are left out. Raises NotFound for a
    role that is not held at organizations.
    """
    standing = viewer_standing(viewer, program_id, at)
    asked = dict.fromkeys(known for one in organization_ids if (known := canonical_id(one)) is not None)
    rows = Organization.objects.filter(
        _fitting(standing, role_id), program_id=program_id, public_id__in=list(asked)
    )
    found = {one.public_id: one for one in rows}
    return _judged(standing, role_id, [found[one] for one in asked if one in found])


def places_by_numbers(
    viewer: Account, program_id: str, role_id: str, text: str, at: datetime
) -> tuple[NumberLine, ...]:
    """Return what each line of a pasted list of codes or numbers (TIN, CCN, …) stands for, each in its line's order.

    Lines are parted by line ends, tabs, commas or semicolons; the first 500 are read. A number is known with or without
    its separators, and a code by which an organization was known before still finds it.
    """
    standing = viewer_standing(viewer, program_id, at)
    typed = [part.strip() for part in _SPLIT.split(text.replace("\0", " ")) if part.strip()][:MOST_NUMBERS]
    known = _by_number(standing, role_id, typed)
    judged = {one.organization.pk: one for one in _judged(standing, role_id, list(known.values()))}
    lines: list[NumberLine] = []
    seen: set[int] = set()
    for line in typed:
        organization = known.get(line)
        place = None if organization is None else judged[organization.pk]
        lines.append(NumberLine(line, place, twice=place is not None and place.organization.pk in seen))
        if place is not None:
            seen.add(place.organization.pk)
    return tuple(lines)


def what_forbids(viewer: Account, program_id: str, role_id: str, at: datetime) -> tuple[Violation, ...]:
    """Return what the rules say against the viewer asking for a role that is held at no organization; empty: nothing.

    For telling people before they send; the flow judges again, under lock.
    """
    standing = viewer_standing(viewer, program_id, at)
    return judge_changes([_change(standing, role_id, None)], RowFacts(standing.book))


def what_forbids_roles(
    viewer: Account, program_id: str, role_ids: Iterable[str], at: datetime
) -> Mapping[str, tuple[Violation, ...]]:
    """Return what the rules say against each role wherever it is asked for: other categories, designation only."""
    standing = viewer_standing(viewer, program_id, at)
    facts = RowFacts(standing.book)
    found = {}
    for role_id in role_ids:
        violations = judge_changes([_change(standing, role_id, None)], facts)
        found[role_id] = tuple(one for one in violations if one.code != "needs_organization")
    return found


def _fitting(standing: Standing, role_id: str) -> Q:
    role = _role_held_somewhere(standing, role_id)
    condition = Q(closed_at__isnull=True) | Q(closed_at__gt=standing.at)
    return condition & Q(kind_id__in=role.reach.kinds) if role.reach.kinds else condition


def _role_held_somewhere(standing: Standing, role_id: str) -> Role:
    role = standing.book.role(role_id)
    if role is None or not standing.book.held_at_organization(role):
        raise NotFound
    return role


def _judged(
    standing: Standing, role_id: str, organizations: Sequence[Organization]
) -> tuple[PlaceToAsk, ...]:
    facts = RowFacts(standing.book, places=organizations)
    judged = [(one, judge_changes([_change(standing, role_id, one)], facts)) for one in organizations]
    pending = [one.pk for one, said in judged if any(v.code == "role_already_pending" for v in said)]
    items = RequestItem.objects.filter(
        program_id=standing.program_id,
        organization__in=pending,
        role_id=role_id,
        state=RequestItem.State.PENDING,
        request__beneficiary=standing.account,
        request__state__in=[Request.State.PENDING, Request.State.RETURNED],
    )
    waiting = dict(items.values_list("organization", "request__public_id")) if pending else {}
    return tuple(PlaceToAsk(one, said, waiting.get(one.pk)) for one, said in judged)


def _change(standing: Standing, role_id: str, organization: Organization | None) -> Change:
    person = str(standing.account.public_id)
    return Change(
        kind=ChangeKind.ADD_ROLE,
        moment=Moment.SUBMISSION,
        at=standing.at,
        beneficiary_id=person,
        requester_id=person,
        actor_id=person,
        role_id=role_id,
        organization_id=None if organization is None else str(organization.public_id),
        submitted_at=standing.at,
    )


def _by_number(standing: Standing, role_id: str, typed: Sequence[str]) -> Mapping[str, Organization]:
    """Return which organization each text names, by code, an identifier or a former one; three statements.

    What an organization is known by now comes before what another one was known by once.
    """
    texts = [text for text in dict.fromkeys(typed) if len(text) <= _LONGEST_NUMBER]
    ways = {way for text in texts for way in _ways_to_write(standing.book, text)}
    fitting = Organization.objects.filter(_fitting(standing, role_id), program_id=standing.program_id)
    former = OrganizationFormerValue.objects.filter(organization__in=fitting, value__in=ways)
    identifiers = OrganizationIdentifier.objects.filter(organization__in=fitting, value__in=ways)
    found: dict[str, Organization] = {}
    for old in former.exclude(what="name").select_related("organization").order_by("ends_at", "pk"):
        found[_plain(old.value)] = old.organization
    for number in identifiers.select_related("organization").order_by("pk"):
        found[_plain(number.value)] = number.organization
    for one in fitting.filter(code__in=ways).order_by("pk"):
        found[_plain(one.code)] = one
    return {text: found[_plain(text)] for text in texts if _plain(text) in found}


def _plain(number: str) -> str:
    return re.sub(r"[\s-]", "", number).casefold()


def _ways_to_write(book: Rolebook, text: str) -> set[str]:
    """Return how a number may be kept: as typed, without separators, and with those of the program's examples."""
    bare = re.sub(r"[\s-]", "", text)
    ways = {text, bare, text.upper(), bare.upper()}
    return ways | {punctuated(bare.upper(), kind) for kind in book.organization_kinds}
