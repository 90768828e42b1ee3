"""Who will decide a request that is about to be made, and how long that usually takes: offices, never persons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.governance.deciders import places_with_nobody
from rolebook.governance.laying_out import paths_of
from rolebook.governance.models import Outcome
from rolebook.governance.queries.giving import Asked, RoleGives, what_it_gives
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.policy.approval import AskedItem, lay_out
from rolebook.policy.model import STEWARD_ID
from rolebook.policy.rules import ChangeKind

_LOOKED_AT = 200
_FEWEST = 5
_LATELY = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Deciders:
    """The offices that decide, one after the other, at some of the organizations asked for.

    Attributes:
        offices: their titles; the steward's first where nobody holds the first office at these organizations.
        instead: the title of the office that nobody holds there, so that the steward decides; else None.
    """

    offices: tuple[str, ...]
    instead: str | None
    organizations: tuple[Organization, ...]


@dataclass(frozen=True, slots=True)
class WouldGive:
    """What the role would give at some of the organizations: the same at each of them."""

    gives: RoleGives
    organizations: tuple[Organization, ...]


def who_would_decide(
    viewer: Account, program_id: str, organizations: Sequence[Organization], at: datetime
) -> tuple[Deciders, ...]:
    """Return who would decide a request of the viewer's at each organization, those with the same deciders together."""
    standing = viewer_standing(viewer, program_id, at)
    book = standing.book
    paths = paths_of(organizations)
    laid = {
        one.pk: lay_out(book, [AskedItem("0", ChangeKind.ADD_ROLE, paths[one.pk])]) for one in organizations
    }
    by_office: dict[str, set[int]] = {}
    for stages in laid.values():
        if stages and stages[0].organization_id is not None:
            by_office.setdefault(stages[0].approver_role_id, set()).add(int(stages[0].organization_id))
    nobody: Mapping[str, frozenset[int]] = {
        office: places_with_nobody(book, office, places, at, besides=viewer)
        for office, places in by_office.items()
    }
    together: dict[tuple[tuple[str, ...], str | None], list[Organization]] = {}
    for one in organizations:
        titles = []
        instead = None
        for number, stage in enumerate(laid[one.pk]):
            office = book.role(stage.approver_role_id)
            title = stage.approver_role_id if office is None else office.title
            place = stage.organization_id
            empty = place is not None and int(place) in nobody.get(stage.approver_role_id, ())
            if number == 0 and stage.approver_role_id != STEWARD_ID and empty:
                title, instead = book.steward.title, title
            titles.append(title)
        together.setdefault((tuple(dict.fromkeys(titles)), instead), []).append(one)
    return tuple(Deciders(offices, instead, tuple(some)) for (offices, instead), some in together.items())


def what_it_would_give(
    viewer: Account,
    program_id: str,
    role_id: str,
    organizations: Sequence[Organization | None],
    at: datetime,
) -> tuple[WouldGive, ...]:
    """Return what the role would let the viewer do at each organization, against what they may do there today."""
    standing = viewer_standing(viewer, program_id, at)
    asked = [Asked(viewer.pk, (role_id,), one) for one in organizations]
    together: dict[RoleGives, list[Organization]] = {}
    for one, gives in zip(organizations, what_it_gives(standing, asked), strict=True):
        some = together.setdefault(gives[0], [])
        if one is not None:
            some.append(one)
    return tuple(WouldGive(gives, tuple(some)) for gives, some in together.items())


@dataclass(frozen=True, slots=True)
class UsualWait:
    """How long decisions about a role took lately; ``where`` names the organization, or None: in the whole program."""

    time: timedelta
    where: str | None


def usual_wait(
    program_id: str, role_id: str, organizations: Sequence[Organization], at: datetime
) -> UsualWait | None:
    """Return how long a decision about a role usually takes (the median of the latest); None: too few were made.

    At the organization that is asked about where enough were made there; where several are, or too few, in the program.
    """
    outcomes = Outcome.objects.filter(
        program_id=program_id,
        stage__items__role_id=role_id,
        stage__opened_at__isnull=False,
        decided_at__gt=at - _LATELY,
        decided_at__lte=at,
    )
    if len(organizations) == 1:
        there = _median(outcomes.filter(stage__organization=organizations[0]))
        if there is not None:
            return UsualWait(there, organizations[0].name)
    anywhere = _median(outcomes)
    return None if anywhere is None else UsualWait(anywhere, None)


def _median(outcomes: QuerySet[Outcome]) -> timedelta | None:
    rows = outcomes.order_by("-decided_at", "-pk").values_list("decided_at", "stage__opened_at")[:_LOOKED_AT]
    waits = [(decided - opened).total_seconds() for decided, opened in rows if opened is not None]
    return timedelta(seconds=median(waits)) if len(waits) >= _FEWEST else None
