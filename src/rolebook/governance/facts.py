"""What rules may ask, answered from rows read in the present transaction (`rolebook.policy.rules.Facts`).

Ids in changes and facts are public ids as text: a violation's parameters may be shown.
"""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from rolebook.accounts.models import Account, Organization, StatementAgreement
from rolebook.accounts.queries import statement_hash
from rolebook.governance.employing import present_employment
from rolebook.governance.models import (
    Access,
    AccountForm,
    Grant,
    HeldAtClosing,
    Outcome,
    Participation,
    Request,
    RequestItem,
    Stage,
)
from rolebook.governance.origins import Holding
from rolebook.governance.quiet import given_back
from rolebook.policy.model import Rolebook
from rolebook.policy.rules import (
    Change,
    ChangeKind,
    HeldAccess,
    HeldRole,
    Moment,
    PendingItem,
    Violation,
    judge,
)


class RowFacts:
    """The facts of one program as the present transaction sees them; each is read once, so make one anew to judge anew.

    Args:
        rolebook: the version in force.
        stage: the stage that is being decided. "Who decided before" then means: before on an item of this stage, so
            that an official of two organizations may answer for both in one request, never twice for one item (I6).
        not_item: an item that is being granted now: it does not count as still waiting.
        employing: the organization that a form says employs the person; the recorded one where there is none.
        places: organizations of the program that the present transaction has read already.
        certificates: whether the form that is being sent carries a certificate; None: as its request's present version.
        reactivated: whether to answer as at a reactivation, before anything has come back.
    """

    def __init__(
        self,
        rolebook: Rolebook,
        *,
        stage: Stage | None = None,
        not_item: RequestItem | None = None,
        employing: Organization | None = None,
        places: Iterable[Organization] = (),
        certificates: bool | None = None,
        reactivated: bool = False,
    ) -> None:
        self._rolebook = rolebook
        self._stage = stage
        self._not_item = not_item
        self._employing = employing
        self._certificates = certificates
        self._reactivated = reactivated
        self._held: dict[tuple[str, datetime], tuple[HeldRole, ...]] = {}
        self._pending: dict[str, tuple[PendingItem, ...]] = {}
        self._places: dict[str, Organization | None] = {str(one.public_id): one for one in places}
        self._agreed: dict[tuple[str, datetime], bool] = {}
        self._also: list[Holding] = []

    def count_as_held(self, holding: Holding) -> None:
        """Let something count as held from now on, as if it had been opened: what comes next is judged beside it."""
        self._also.append(holding)

    @property
    def rolebook(self) -> Rolebook:
        """The rolebook version now in force."""
        return self._rolebook

    @property
    def _program_id(self) -> str:
        return self._rolebook.program.id

    def held_roles(self, person_id: str, at: datetime) -> tuple[HeldRole, ...]:
        """Every grant of the person in force at ``at`` or starting later."""
        return (*self._roles_in_rows(person_id, at), *self._roles_besides(person_id))

    def _roles_besides(self, person_id: str) -> Iterator[HeldRole]:
        for one in self._also:
            if isinstance(one, Grant) and str(one.account.public_id) == person_id:
                place = None if one.organization is None else one.organization.public_id
                yield HeldRole(one.role_id, _text(place), one.starts_at, one.ends_at)

    def _roles_in_rows(self, person_id: str, at: datetime) -> tuple[HeldRole, ...]:
        known = self._held.get((person_id, at))
        if known is not None:
            return known
        grants = (
            Grant.objects.filter(account__public_id=uuid.UUID(person_id), program_id=self._program_id)
            .filter(self._comes_back(person_id) | _open_at(at))
            .filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))
            .order_by("starts_at", "pk")
            .values_list("role_id", "organization__public_id", "starts_at", "ends_at")
        )
        found = tuple(
            HeldRole(role_id, _text(place), starts_at, ends_at)
            for role_id, place, starts_at, ends_at in grants
        )
        self._held[person_id, at] = found
        return found

    def held_access(self, person_id: str, at: datetime) -> tuple[HeldAccess, ...]:
        """Every access apart from roles of the person in force at ``at`` or starting later."""
        if self._rolebook.access != "apart from roles":
            return ()
        accesses = (
            Access.objects.filter(account__public_id=uuid.UUID(person_id), program_id=self._program_id)
            .filter(self._comes_back(person_id) | _open_at(at))
            .filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))
            .order_by("starts_at", "pk")
            .values_list("organization__public_id", "lower_levels", "starts_at", "ends_at")
        )
        besides = (
            HeldAccess(str(one.organization.public_id), one.lower_levels, one.starts_at, one.ends_at)
            for one in self._also
            if isinstance(one, Access) and str(one.account.public_id) == person_id
        )
        return (
            *(
                HeldAccess(str(place), lower, starts_at, ends_at)
                for place, lower, starts_at, ends_at in accesses
            ),
            *besides,
        )

    def _comes_back(self, person_id: str) -> Q:
        """Return the SQL condition for what a reactivation gives back (IQCS-10): a request with it may change that."""
        if self._reactivated or self._rolebook.lifecycle.inactivity_months is None:
            return Q(pk__in=())
        mine = Participation.objects.filter(
            account__public_id=uuid.UUID(person_id), program_id=self._program_id
        ).first()
        ended = HeldAtClosing.objects.none() if mine is None else given_back(mine)
        return Q(held_at_closing__in=ended.values("pk"))

    def pending_items(self, person_id: str) -> tuple[PendingItem, ...]:
        """Every item that waits for the person as beneficiary."""
        known = self._pending.get(person_id)
        if known is not None:
            return known
        items = RequestItem.objects.filter(
            program_id=self._program_id,
            request__beneficiary__public_id=uuid.UUID(person_id),
            request__state__in=[Request.State.PENDING, Request.State.RETURNED],
            state=RequestItem.State.PENDING,
        )
        if self._not_item is not None:
            items = items.exclude(pk=self._not_item.pk)
        rows = items.order_by("pk").values_list(
            "request__public_id", "kind", "role_id", "organization__public_id"
        )
        found = tuple(
            PendingItem(str(request), ChangeKind(kind), role_id or None, _text(place))
            for request, kind, role_id, place in rows
        )
        self._pending[person_id] = found
        return found

    def ever_held_category(self, person_id: str, category_id: str, at: datetime) -> bool:
        """Whether the person held a role of the category before ``at``, or was given one that begins later.

        With any account of theirs, also one that was merged. A grant closed before it began counts not.
        """
        roles = [role.id for role in self._rolebook.roles if role.category_id == category_id]
        person = uuid.UUID(person_id)
        held = Grant.objects.filter(
            Q(account__public_id=person) | Q(account__merged_into__public_id=person),
            program_id=self._program_id,
            role_id__in=roles,
        ).filter(Q(starts_at__lt=at) | Q(starts_at__gt=at, closed_at=None))
        return any(
            closed is None or closed > starts for starts, closed in held.values_list("starts_at", "closed_at")
        )

    def organization_kind(self, organization_id: str) -> str | None:
        """The kind of an open organization of this program, or None when it has no such organization."""
        place = self._place(organization_id)
        return None if place is None or place.closed_at is not None else place.kind_id

    def statement_agreed(self, person_id: str, at: datetime) -> bool:
        """Whether the person has agreed to the statement as it is worded now (at sign-in, QPP-01)."""
        wording = self._rolebook.program.statement
        if wording is None:
            return True
        if (person_id, at) not in self._agreed:
            self._agreed[person_id, at] = StatementAgreement.objects.filter(
                account__public_id=uuid.UUID(person_id),
                program_id=self._program_id,
                wording_hash=statement_hash(wording),
                agreed_at__lte=at,
            ).exists()
        return self._agreed[person_id, at]

    def outcomes_by(self, request_id: str) -> frozenset[str]:
        """The people who decided before in the request's present version (see ``stage`` above).

        Where several agencies decide one request, also who decided any of it as a delegate (`governance.one_voice`).
        """
        outcomes = Outcome.objects.filter(request__public_id=uuid.UUID(request_id))
        if self._stage is not None:
            counted = Q(stage__items__stages=self._stage)
            if self._rolebook.approval.employing_chain:
                counted |= Q(delegate_for__isnull=False)
            outcomes = outcomes.filter(counted, request_version=self._stage.request_version)
        person = Coalesce("approver__merged_into__public_id", "approver__public_id")
        return frozenset(map(str, outcomes.values_list(person, flat=True)))

    def same_person(self, one_id: str, other_id: str) -> bool:
        """Whether two ids are one account."""
        return one_id == other_id

    def certificates_attached(self, request_id: str | None) -> bool:
        """Whether a certificate of role-based training goes with the form, or with the request's present version."""
        if self._certificates is not None or request_id is None:
            return bool(self._certificates)
        forms = AccountForm.objects.filter(
            request__public_id=uuid.UUID(request_id),
            request_version=F("request__version"),
            attachments__is_certificate=True,
        )
        return forms.exists()

    def organization_codes(
        self,
        person_id: str,
        change: Change,
    ) -> tuple[str, ...]:
        """Codes of the change's organization, or of the one that employs the person, with those above, top down."""
        organization = (
            self._employer(person_id)
            if change.organization_id is None
            else self._place(change.organization_id)
        )
        if organization is None:
            return ()
        above = [int(step) for step in organization.path.split("/") if step]
        codes = dict(Organization.objects.filter(pk__in=above).values_list("pk", "code"))
        return tuple(codes[pk] for pk in above if pk in codes)

    def _employer(self, person_id: str) -> Organization | None:
        if self._employing is not None or not self._rolebook.approval.employing_chain:
            return self._employing
        recorded = present_employment(uuid.UUID(person_id), self._program_id)
        return None if recorded is None else recorded.organization

    def _place(self, organization_id: str) -> Organization | None:
        if organization_id not in self._places:
            self._places[organization_id] = Organization.objects.filter(
                program_id=self._program_id, public_id=uuid.UUID(organization_id)
            ).first()
        return self._places[organization_id]


def _open_at(at: datetime) -> Q:
    """Return the SQL condition for what nobody has closed by ``at``.

    What is closed before its first day carries that day as its closing, for it must not end before it begins.
    """
    return Q(closed_at__isnull=True) | (Q(closed_at__gt=at) & Q(closed_at__gt=F("starts_at")))


def _text(public_id: uuid.UUID | None) -> str | None:
    return None if public_id is None else str(public_id)


def judge_changes(changes: Iterable[Change], facts: RowFacts) -> tuple[Violation, ...]:
    """Return what the rules in force say against any of the changes, each violation once."""
    found: list[Violation] = []
    for change in changes:
        found.extend(violation for violation in judge(change, facts) if violation not in found)
    return tuple(found)


def judge_grant(
    book: Rolebook,
    beneficiary: Account,
    role_id: str | None,
    organization: Organization | None,
    at: datetime,
    *,
    moment: Moment,
    item: RequestItem | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    lower_levels: bool = False,
    facts: RowFacts | None = None,
) -> tuple[Violation, ...]:
    """Return what the rules in force say against opening a grant, or access (no role), now; the ledger asks under lock.

    ``starts_at`` and ``ends_at`` are those of what no item asks for; ``facts``: to judge by, where not those of now.
    """
    requester = beneficiary if item is None else item.request.requester
    change = Change(
        kind=ChangeKind.ADD_ACCESS if role_id is None else ChangeKind.ADD_ROLE,
        moment=moment,
        at=at,
        beneficiary_id=str(beneficiary.public_id),
        requester_id=str(requester.public_id),
        role_id=role_id,
        lower_levels=lower_levels,
        organization_id=None if organization is None else str(organization.public_id),
        request_id=None if item is None else str(item.request.public_id),
        starts_at=starts_at if item is None else item.starts_at,
        ends_at=ends_at if item is None else item.ends_at,
        submitted_at=None if item is None else item.request.submitted_at,
    )
    return judge_changes([change], RowFacts(book, not_item=item) if facts is None else facts)


def judge_holding(
    book: Rolebook, account: Account, holding: Holding, at: datetime, facts: RowFacts | None = None
) -> tuple[Violation, ...]:
    """Return what the rules in force say against an account's holding, from ``at`` on, what was held before.

    So the ledger judges what goes on with another account of the person, or comes back by a reactivation.
    """
    return judge_grant(
        book,
        account,
        holding.role_id if isinstance(holding, Grant) else None,
        holding.organization,
        at,
        moment=Moment.IMPORT,
        starts_at=max(at, holding.starts_at),
        ends_at=holding.ends_at,
        lower_levels=isinstance(holding, Access) and holding.lower_levels,
        facts=facts,
    )


def change_of_item(
    item: RequestItem,
    request: Request,
    moment: Moment,
    at: datetime,
    actor: Account,
    *,
    narrows: bool = False,
) -> Change:
    """Return what an item would change, for the rules; ``actor`` submits or decides.

    ``narrows``: it is access that another item beside it takes away with its lower levels.
    """
    return Change(
        kind=ChangeKind(item.kind),
        moment=moment,
        at=at,
        beneficiary_id=str(request.beneficiary.public_id),
        requester_id=str(request.requester.public_id),
        actor_id=str(actor.public_id),
        role_id=item.role_id or None,
        organization_id=None if item.organization is None else str(item.organization.public_id),
        request_id=str(request.public_id),
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        submitted_at=request.submitted_at,
        lower_levels=item.lower_levels,
        narrows=narrows,
    )
