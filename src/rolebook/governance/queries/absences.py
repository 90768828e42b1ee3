"""Who is out of office and who decides meanwhile, for the person, for their delegates, and at a stage."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.models import Account, Organization
from rolebook.governance.absences import absences_of, away, deciding_offices, delegations_in_force
from rolebook.governance.deciders import holders_at
from rolebook.governance.models import Absence, Delegation, Stage
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.policy.model import Rolebook

MOST_OFFICES = 20
"""Offices of one role that are looked at for who else decides there; one who decides at more names by the command."""
MOST_OFFERED = 100


@dataclass(frozen=True, slots=True)
class Offered:
    """A role with which somebody decides, and who could decide with it anyway where they do."""

    role_id: str
    title: str
    people: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class OutOfOffice:
    """What the page about one's absences shows.

    Attributes:
        mine: absences that last or are to come, with who decides meanwhile.
        for_others: those in which the viewer is named, that last or are to come.
        offered: for each role with which the viewer decides, whom they can name.
    """

    mine: tuple[Absence, ...]
    for_others: tuple[Delegation, ...]
    offered: tuple[Offered, ...]


def out_of_office(viewer: Account, program_id: str, at: datetime) -> OutOfOffice:
    """Return the viewer's absences, those in which they decide for others, and whom they can name."""
    standing = viewer_standing(viewer, program_id, at)
    mine = absences_of(viewer, program_id, at).prefetch_related("delegations__delegate")
    delegations = Delegation.objects.filter(program_id=program_id, delegate=viewer, ended_at=None).filter(
        Q(absence__ended_at=None) | Q(absence__ended_at__gt=at), absence__ends_at__gt=at
    )
    places: dict[str, list[int | None]] = {}
    for office in deciding_offices(standing):
        places.setdefault(office.role_id, []).append(office.organization_id)
    found = Organization.objects.in_bulk(
        {pk for some in places.values() for pk in some[:MOST_OFFICES] if pk is not None}
    )
    return OutOfOffice(
        tuple(mine),
        tuple(delegations.select_related("absence__account").order_by("absence__starts_at", "pk")),
        tuple(
            Offered(
                role_id,
                role_title(standing.book, role_id),
                _people(standing.book, role_id, some, found, viewer, at),
            )
            for role_id, some in places.items()
        ),
    )


def may_be_away(viewer: Account, program_id: str, at: datetime) -> bool:
    """Return whether the viewer decides in an office for which somebody else can be named, and so has the page."""
    return bool(deciding_offices(viewer_standing(viewer, program_id, at)))


def _people(
    book: Rolebook,
    role_id: str,
    places: Sequence[int | None],
    found: Mapping[int, Organization],
    viewer: Account,
    at: datetime,
) -> tuple[Account, ...]:
    anywhere = Q(pk__in=())
    for pk in places[:MOST_OFFICES]:
        place = None if pk is None else found[pk]
        anywhere |= Q(pk__in=holders_at(book, role_id, place, at).values("pk"))
    people = Account.objects.filter(anywhere).exclude(pk=viewer.pk).order_by("name", "pk")
    return tuple(people[:MOST_OFFERED])


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody in a stage's office who is out of office, until when, and who decides meanwhile (names)."""

    account_id: uuid.UUID
    name: str
    ends_at: datetime
    delegates: tuple[str, ...]


def away_at(book: Rolebook, stages: Sequence[Stage], at: datetime) -> dict[int, tuple[Away, ...]]:
    """Return, by the stage's internal id, who of its office is out of office; one statement a stage, none without one.

    The caller has judged who looks.
    """
    program_id = book.program.id
    lasting = Absence.objects.filter(away(at), program_id=program_id)
    absent = {one.account_id: one for one in lasting.select_related("account")}
    if not absent:
        return {}
    named: dict[tuple[int, str], list[str]] = {}
    for one in delegations_in_force(program_id, at).select_related("delegate", "absence").order_by("pk"):
        named.setdefault((one.absence.account_id, one.role_id), []).append(one.delegate.name)
    return {
        stage.pk: tuple(
            Away(
                absent[pk].account.public_id,
                absent[pk].account.name,
                absent[pk].ends_at,
                tuple(named.get((pk, stage.approver_role_id), ())),
            )
            for pk in holders_at(book, stage.approver_role_id, stage.organization, at)
            .filter(pk__in=absent)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        for stage in stages
    }
