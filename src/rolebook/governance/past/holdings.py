"""What people held at an earlier instant, in the form that the one walk reads, with their statuses of then."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from rolebook.accounts.models import Account
from rolebook.decision.evaluation import Person
from rolebook.governance.authority import as_access, as_holding, in_force
from rolebook.governance.models import Access, Grant, Participation
from rolebook.governance.origins import Holding
from rolebook.governance.past.places import PastPlaces
from rolebook.governance.past.sign_ins import employer_name, last_sign_in, parts_then
from rolebook.governance.past.statuses import ACTIVE, TELLING, status_events, statuses_at
from rolebook.governance.past.told import Told, told_of

ORIGIN = (
    "account",
    "organization",
    "request_item__request__requester",
    "designation__designated_by",
    "imported__imported",
    "moved_from",
)
"""What is read along with a grant or access, so that its origin can be told."""


@dataclass(frozen=True, slots=True)
class PastPerson:
    """Somebody at an earlier instant.

    Attributes:
        account: the account, as it is called now.
        status: the status then, of the account where that was not active, else of the part in the program.
        grants: what was in force then.
        accesses: access apart from roles in force then.
        last_signed_in_at: the last sign-in up to then.
        employer: who employed the person then, as it was called then; "" for nobody on record.
        told: what the log tells of the person that may be asked about what they held.
    """

    account: Account
    status: str
    grants: tuple[Grant, ...]
    accesses: tuple[Access, ...]
    last_signed_in_at: datetime | None = None
    employer: str = ""
    told: tuple[Told, ...] = ()

    @property
    def held(self) -> tuple[Holding, ...]:
        """Grants, then access."""
        return (*self.grants, *self.accesses)

    @property
    def person(self) -> Person:
        """What the walk reads; organizations by internal id as text."""
        return Person(
            active=self.status == ACTIVE,
            holdings=tuple(map(as_holding, self.grants)),
            accesses=tuple(map(as_access, self.accesses)),
        )


def grants_at(program_id: str, at: datetime) -> QuerySet[Grant]:
    """Return the grants of a program in force at ``at``, as they are known now."""
    return Grant.objects.filter(in_force(at), program_id=program_id)


def accesses_at(program_id: str, at: datetime) -> QuerySet[Access]:
    """Return the access apart from roles of a program in force at ``at``, as it is known now."""
    return Access.objects.filter(in_force(at), program_id=program_id)


def people_at(
    program_id: str,
    accounts: Sequence[Account],
    at: datetime,
    *,
    apart: bool,
    parts: Iterable[Participation] | None = None,
) -> tuple[PastPerson, ...]:
    """Return what some people held and were at ``at``, in their order; three statements, four with access ``apart``.

    ``parts`` are theirs, as `parts_then` gives them; one statement less where they have been read.
    """
    pks = [account.pk for account in accounts]
    grants: dict[int, list[Grant]] = {}
    for grant in grants_at(program_id, at).filter(account__in=pks).select_related(*ORIGIN).order_by("pk"):
        grants.setdefault(grant.account_id, []).append(grant)
    accesses: dict[int, list[Access]] = {}
    if apart:
        held = accesses_at(program_id, at).filter(account__in=pks).select_related(*ORIGIN)
        for access in held.order_by("pk"):
            accesses.setdefault(access.account_id, []).append(access)
    found = list(parts_then(program_id, at).filter(account__in=pks) if parts is None else parts)
    of_account = {part.account_id: part for part in found}
    events = told_of(program_id, [account.public_id for account in accounts])
    statuses = statuses_at(found, [one for one in events if one.tag in TELLING], at)
    told: dict[uuid.UUID, list[Told]] = {}
    for one in events:
        told.setdefault(one.account_id, []).append(one)
    return tuple(
        PastPerson(
            account,
            statuses.get(account.pk, account.status),
            tuple(grants.get(account.pk, ())),
            tuple(accesses.get(account.pk, ())),
            None if (part := of_account.get(account.pk)) is None else last_sign_in(part, at),
            "" if part is None else employer_name(part),
            tuple(told.get(account.public_id, ())),
        )
        for account in accounts
    )


def statuses_of(program_id: str, accounts: Collection[Account], at: datetime) -> Mapping[int, str]:
    """Return the status of some people at ``at`` by internal id; two statements."""
    parts = Participation.objects.filter(program_id=program_id, account__in=[one.pk for one in accounts])
    return statuses_at(
        parts.select_related("account"),
        status_events(program_id, [one.public_id for one in accounts]),
        at,
    )


def places_of(program_id: str, people: Sequence[PastPerson], at: datetime) -> PastPlaces:
    """Return the organizations at which some people held something, as they stood at ``at``."""
    places = PastPlaces(program_id, at)
    places.look_up(
        one.organization for person in people for one in person.held if one.organization is not None
    )
    return places
