"""Who could do something at an organization at an earlier instant: the one walk, over the facts as they then were.

The rolebook version then in force, the tree as it then stood, the statuses that people then had, and what they then
held: `rolebook.decision.check` is asked about each person who held a role that gives the privilege at all, and decides.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from rolebook.accounts.models import Account, Organization, RolebookVersion
from rolebook.decision.check import check
from rolebook.decision.compiled import CompiledProgram
from rolebook.decision.evaluation import Decision
from rolebook.governance.authority import Standing, compiled
from rolebook.governance.models import Participation
from rolebook.governance.origins import Holding
from rolebook.governance.past.holdings import PastPerson, accesses_at, grants_at, people_at
from rolebook.governance.past.places import PastPlaces
from rolebook.governance.past.sign_ins import parts_then
from rolebook.governance.queries import paging
from rolebook.governance.queries.asking import visible
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.stewards import administers
from rolebook.governance.queries.then_lists import after_name, organization_for_past, seen_among
from rolebook.governance.queries.then_rows import PersonThen, PlaceThen, book_then, place_then, rows_then
from rolebook.policy.model import Rolebook

_LOOKED_AT = 1_000
"""People whom one page looks at; a page may so have few rows, or none, and still go on."""
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class WhoCould:
    """Who could do a privilege at an organization at an instant, by name, each with what gave it.

    Attributes:
        place: the organization as it stood.
        privilege_title: as the rolebook then in force has it; None where that version has no such privilege.
        version: the number of the rolebook version then in force; None: none was, and nobody could do anything.
        people: one page; each person's lines are the grant that gave it, and the access together with which it did.
        whole: whether everybody is listed; else only those whose access the viewer may see today.
    """

    place: PlaceThen
    privilege_title: str | None
    version: int | None
    people: Page[PersonThen]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question about the past: the privilege, where, when, under which rolebook."""

    privilege_id: str
    organization: Organization
    at: datetime
    version: RolebookVersion
    book: Rolebook

    @property
    def program(self) -> CompiledProgram:
        return compiled(self.version, self.book)

    @property
    def apart(self) -> bool:
        return self.book.access == "apart from roles"

    def could_have(self, **whose: OuterRef) -> Exists:
        """Return whether somebody held a role that gives the privilege anywhere; nobody else can have a yes.

        ``whose`` says by which column of a grant the row that is asked about is found.
        """
        bit = self.program.bits[self.privilege_id]
        roles = [role_id for role_id, role in self.program.roles.items() if role.any_record.bits & bit]
        held = grants_at(self.book.program.id, self.at).filter(role_id__in=roles, **whose)
        return Exists(held)

    def decide(self, people: Sequence[PastPerson], places: PastPlaces | None = None) -> list[Decision]:
        """Return the decision about each of some people, by the one walk; ``places``: those that are known already."""
        places = PastPlaces(self.book.program.id, self.at) if places is None else places
        held = (one.organization for past in people for one in past.held)
        places.look_up([self.organization, *(one for one in held if one is not None)])
        tree, program, where = places.tree(), self.program, str(self.organization.pk)
        return [check(program, tree, past.person, self.privilege_id, where, self.at) for past in people]


def who_could(
    viewer: Account,
    program_id: str,
    privilege_id: str,
    organization_id: uuid.UUID | str,
    at: datetime,
    now: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> WhoCould:
    """Return who could do a privilege at an organization at ``at``, whatever the record.

    A steward sees everybody. Who may view the organization's users today sees those whose role or access then lay where
    they may view users today. Raises NotAllowed and NotFound as `organization_for_past` does.
    """
    standing = viewer_standing(viewer, program_id, now)
    organization = organization_for_past(standing, organization_id)
    version, book, was_in_force = book_then(program_id, at)
    places, whole = PastPlaces(program_id, at), administers(standing)
    privilege = book.privilege(privilege_id)
    if privilege is None or not was_in_force:
        title = None if privilege is None else privilege.title
        places.look_up([organization])
        place = place_then(places, organization)
        return WhoCould(place, title, version.number if was_in_force else None, Page(()), whole)
    asked = _Asked(privilege_id, organization, at, version, book)
    people = parts_then(program_id, at).filter(asked.could_have(participation=OuterRef("pk")))
    if not whole:
        people = _seen(standing, people, at)
    page = _page(asked, people, None if whole else standing, now, after, paging.bounded(limit), places)
    return WhoCould(place_then(places, organization), privilege.title, version.number, page, whole)


def could_then(
    people: Sequence[Account], program_id: str, privilege_id: str, organization: Organization, at: datetime
) -> tuple[Decision, ...]:
    """Return the decision about each of some people at ``at``, in their order; the operator's, who sees everything.

    Raises KeyError where no rolebook was in force, and for a privilege that the one in force did not have.
    """
    asked = _asked(program_id, privilege_id, organization, at)
    return tuple(asked.decide(people_at(program_id, people, at, apart=asked.apart)))


def candidates_then(
    program_id: str, privilege_id: str, organization: Organization, at: datetime
) -> QuerySet[Account]:
    """Return who can possibly have a yes: who held a role that gives the privilege; raises as `could_then`."""
    asked = _asked(program_id, privilege_id, organization, at)
    return Account.objects.filter(asked.could_have(account=OuterRef("pk")))


def _asked(program_id: str, privilege_id: str, organization: Organization, at: datetime) -> _Asked:
    version, book, was_in_force = book_then(program_id, at)
    if not was_in_force or book.privilege(privilege_id) is None:
        raise KeyError(privilege_id)
    return _Asked(privilege_id, organization, at, version, book)


def _seen(standing: Standing, people: QuerySet[Participation], at: datetime) -> QuerySet[Participation]:
    """Narrow people to those of whom the viewer may see anything: the exact lines are judged one by one afterwards."""
    if standing.book.access == "apart from roles":
        theirs = accesses_at(standing.program_id, at).filter(participation=OuterRef("pk"))
        return people.filter(Exists(theirs))
    mine = grants_at(standing.program_id, at).filter(visible(standing), participation=OuterRef("pk"))
    return people.filter(Exists(mine))


def _page(
    asked: _Asked,
    people: QuerySet[Participation],
    standing: Standing | None,
    now: datetime,
    after: str | None,
    length: int,
    places: PastPlaces,
) -> Page[PersonThen]:
    """Look at people by name until a page is full, everybody was looked at, or enough were; then say where to go on."""
    rows: list[PersonThen] = []
    looked = 0
    while True:
        here = people.filter(after_name(after))
        parts = list(here.order_by("account__name", "account")[:_AT_ONCE])
        some = [part.account for part in parts]
        past = people_at(asked.book.program.id, some, asked.at, apart=asked.apart, parts=parts)
        gave = _gave(asked, past, places)
        if standing is not None and gave:
            seen = set(map(str, seen_among(standing, [one for one in past if one.account.pk in gave])))
            gave = {pk: ids for pk, ids in gave.items() if ids <= seen}
        found = [one for one in past if one.account.pk in gave]
        kept = found[: length - len(rows)]
        rows += rows_then(kept, asked.book, asked.at, now, wanted=_given(gave), places=places)
        looked += len(some)
        more = len(some) == _AT_ONCE
        last = some[-1] if more else None
        if len(found) > len(kept) or len(rows) == length:
            last = kept[-1].account if kept else last
            more = more or len(found) > len(kept)
        after = None if last is None or not more else paging.to_text((last.name, last.pk))
        if after is None or len(rows) == length or looked >= _LOOKED_AT:
            return Page(tuple(rows), after)


def _gave(asked: _Asked, past: Sequence[PastPerson], places: PastPlaces) -> dict[int, frozenset[str]]:
    """Return, for those with a yes, the public ids of the grant and the access that gave it."""
    return {
        one.account.pk: frozenset(
            held for held in (decision.holding_id, decision.access_id) if held is not None
        )
        for one, decision in zip(past, asked.decide(past, places), strict=True)
        if decision.allowed
    }


def _given(gave: Mapping[int, frozenset[str]]) -> Callable[[Holding], bool]:
    return lambda one: str(one.public_id) in gave.get(one.account_id, ())
