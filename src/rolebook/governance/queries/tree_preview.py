"""What a change of the tree would do, in numbers and names, before a steward confirms it.

Who holds a role above an organization reaches it where the role reaches lower levels. A move therefore takes that reach
from who stands above the old place only, and gives it to who stands above the new one only. What is held at the
organization itself, and below it, moves along and stays as it is.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.decision.compiled import act_action, compile_program
from rolebook.governance.authority import in_force
from rolebook.governance.models import Access, Grant, Request, RequestItem
from rolebook.governance.queries.pending import role_title
from rolebook.policy.model import Act, Rolebook

_NAMED = 5
"""People who are named; of more, the number is told."""


@dataclass(frozen=True, slots=True)
class Reaching:
    """People who hold something at one organization that reaches lower levels.

    Attributes:
        role_title: the role; empty for access held apart from roles.
        people: how many.
        names: of the first of them, by name.
        decides: whether they decide requests of lower levels.
    """

    role_title: str
    organization_name: str
    people: int
    names: tuple[str, ...]
    decides: bool

    @property
    def others(self) -> int:
        """How many are not named."""
        return self.people - len(self.names)


@dataclass(frozen=True, slots=True)
class MovePreview:
    """What a move would do.

    Attributes:
        below: how many organizations stand below the one that moves, and move along.
        waiting: how many requests wait there and are laid out anew.
        digest: what a confirmation must name: it changes when any of this does.
    """

    organization: Organization
    parent: Organization | None
    below: int
    loses: tuple[Reaching, ...]
    gains: tuple[Reaching, ...]
    waiting: int
    digest: str


@dataclass(frozen=True, slots=True)
class StandingPreview:
    """What closing an organization, or opening it again, would do; ``people`` hold roles or access there."""

    organization: Organization
    people: int
    waiting: int
    digest: str


def move_preview(
    book: Rolebook, organization: Organization, parent: Organization | None, at: datetime
) -> MovePreview:
    """Return what moving an organization below ``parent`` (None: to the top) would do."""
    loses, gains = _sides(organization, parent)
    return MovePreview(
        organization=organization,
        parent=parent,
        below=_here_and_below(organization).exclude(pk=organization.pk).count(),
        loses=_reaching(book, loses, at),
        gains=_reaching(book, gains, at),
        waiting=waiting_below(organization),
        digest=move_digest(book, organization, parent, at),
    )


def move_digest(book: Rolebook, organization: Organization, parent: Organization | None, at: datetime) -> str:
    """Return a SHA-256 over what a move would do: both places, and how many hold what above each."""
    sides = [_numbers(book, side, at) for side in _sides(organization, parent)]
    told = [
        str(organization.public_id),
        organization.path,
        None if parent is None else [parent.path, parent.closed_at is None],
        [sorted((list(key), number) for key, number in side.items()) for side in sides],
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def standing_preview(organization: Organization, at: datetime) -> StandingPreview:
    """Return what closing an organization, or opening it again, would do."""
    return StandingPreview(
        organization,
        _held_there(organization, at),
        waiting_below(organization),
        standing_digest(organization, at),
    )


def standing_digest(organization: Organization, at: datetime) -> str:
    """Return a SHA-256 over what closing or opening an organization would do."""
    closed = organization.closed_at
    told = [
        str(organization.public_id),
        None if closed is None else closed.isoformat(),
        _held_there(organization, at),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def waiting_below(organization: Organization) -> int:
    """Return how many requests wait at an organization and below it."""
    waiting = Request.objects.filter(
        program_id=organization.program_id,
        state=Request.State.PENDING,
        items__state=RequestItem.State.PENDING,
        items__organization__path__startswith=organization.path,
    )
    return waiting.distinct().count()


def _held_there(organization: Organization, at: datetime) -> int:
    people = Q(pk__in=Grant.objects.filter(in_force(at), organization=organization).values("account"))
    people |= Q(pk__in=Access.objects.filter(in_force(at), organization=organization).values("account"))
    return Account.objects.filter(people).count()


def _here_and_below(organization: Organization) -> QuerySet[Organization]:
    return Organization.objects.filter(program_id=organization.program_id, path__startswith=organization.path)


def _above(path: str) -> list[int]:
    return [int(step) for step in path.split("/") if step]


def _sides(
    organization: Organization, parent: Organization | None
) -> tuple[Sequence[Organization], Sequence[Organization]]:
    """Return the organizations above the old place only, and above the new place only; the nearest first."""
    before = _above(organization.path)[:-1]
    after = [] if parent is None else _above(parent.path)
    ids = set(before) ^ set(after)
    found = {one.pk: one for one in Organization.objects.filter(pk__in=ids, closed_at=None)}
    loses = [found[pk] for pk in reversed(before) if pk in found]
    return loses, [found[pk] for pk in reversed(after) if pk in found]


def _lower_level_roles(book: Rolebook) -> Mapping[str, bool]:
    """Return the roles that reach lower levels of where they are held, and whether they decide there."""
    program = compile_program(book)
    decide = program.bits[act_action(Act.DECIDE)]
    found = {}
    for role_id, role in program.roles.items():
        below = role.any_record.lower_levels | role.own_record.lower_levels
        if below and not role.through_access:
            found[role_id] = bool(below & decide)
    return found


def _numbers(book: Rolebook, places: Iterable[Organization], at: datetime) -> Mapping[tuple[int, str], int]:
    """Return how many people hold each role that reaches lower levels, by place and role ("" for access)."""
    ids = [place.pk for place in places]
    grants = Grant.objects.filter(
        in_force(at), organization__in=ids, role_id__in=_lower_level_roles(book), account__status="active"
    )
    accesses = Access.objects.filter(
        in_force(at), organization__in=ids, lower_levels=True, account__status="active"
    )
    found: dict[tuple[int, str], int] = {}
    counted = (
        grants.order_by().values_list("organization", "role_id").annotate(Count("account", distinct=True))
    )
    for place, role_id, number in counted:
        found[place, role_id] = number
    held = accesses.order_by().values_list("organization").annotate(Count("account", distinct=True))
    for place, number in held:
        found[place, ""] = number
    return found


def _reaching(book: Rolebook, places: Sequence[Organization], at: datetime) -> tuple[Reaching, ...]:
    decides = _lower_level_roles(book)
    numbers = _numbers(book, places, at)
    by_id = {place.pk: place for place in places}
    order = {pk: position for position, pk in enumerate(by_id)}
    return tuple(
        Reaching(
            role_title=role_title(book, role_id) if role_id else "",
            organization_name=by_id[pk].name,
            people=number,
            names=_names(pk, role_id, at),
            decides=decides.get(role_id, False),
        )
        for (pk, role_id), number in sorted(numbers.items(), key=lambda one: (order[one[0][0]], one[0][1]))
    )


def _names(place: int, role_id: str, at: datetime) -> tuple[str, ...]:
    grants = Grant.objects.filter(in_force(at), organization=place, role_id=role_id)
    accesses = Access.objects.filter(in_force(at), organization=place, lower_levels=True)
    held = Q(pk__in=grants.values("account")) if role_id else Q(pk__in=accesses.values("account"))
    people = Account.objects.filter(held, status=Account.Status.ACTIVE)
    return tuple(people.order_by("name", "pk").values_list("name", flat=True)[:_NAMED])
