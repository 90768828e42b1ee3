"""What waits for somebody besides requests: their word as a supervisor, on a record, on codes; and another steward."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Subquery

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing, not_over
from rolebook.governance.checks_going_on import of_account
from rolebook.governance.deciders import stages_nobody_can_decide
from rolebook.governance.models import AccessCheck, AccessCheckAnswer, Request, Stage, SupervisorWord
from rolebook.governance.queries.counting import COUNTED_TO
from rolebook.governance.queries.own_records import registrations_of
from rolebook.governance.queries.seeing import anywhere, viewer_standing
from rolebook.governance.queries.to_decide import Filters, decidable
from rolebook.policy.model import STEWARD_ID, Act, Rolebook


@dataclass(frozen=True, slots=True)
class WaitingFor:
    """What waits for somebody, each counted to COUNTED_TO.

    Attributes:
        to_decide: open stages that they may decide.
        authorizations: account requests that name them as the supervisor.
        registrations: people who say that a record is theirs.
        checks: people whose codes are to be looked at, because their employer changed.
        removals: people with codes that such a look found to be no longer needed.
        stuck: open stages that nobody can decide, for who names stewards; those that the job has noted.
        asked: pending requests that they made or that are for them; None where nothing else was counted.
    """

    to_decide: int = 0
    authorizations: int = 0
    registrations: int = 0
    checks: int = 0
    removals: int = 0
    stuck: int = 0
    asked: int | None = None

    @property
    def besides(self) -> int:
        """How much waits besides requests to decide."""
        return self.authorizations + self.registrations + self.checks + self.removals + self.stuck


def waiting_for(viewer: Account, program_id: str, at: datetime) -> WaitingFor:
    """Count what waits for the viewer: one statement; none where their offices and the program have no such thing."""
    standing = viewer_standing(viewer, program_id, at)
    rows = {name: some for name, some in _rows(standing).items() if some is not None}
    if not rows:
        return WaitingFor()
    mine = Q(requester=viewer) | Q(beneficiary=viewer)
    asked = Request.objects.filter(mine, program_id=program_id, state=Request.State.PENDING)
    return WaitingFor(**_counts({**rows, "asked": asked}, viewer))


def _rows(standing: Standing) -> dict[str, QuerySet[Any] | None]:
    book, decides = standing.book, bool(standing.offices(Act.DECIDE))
    stages = Stage.objects.filter(Filters().condition(standing) & decidable(standing)) if decides else None
    return {
        "to_decide": stages,
        "authorizations": _authorizations(standing) if book.access == "apart from roles" else None,
        "registrations": registrations_of(standing),
        "checks": _checks(standing) if book.approval.employing_chain else None,
        "removals": _removals(standing) if book.approval.employing_chain else None,
        "stuck": stuck_stages(book, standing.at)
        if standing.may_over_role(Act.DESIGNATE, None, STEWARD_ID)
        else None,
    }


def _counts(rows: Mapping[str, QuerySet[Any]], viewer: Account) -> dict[str, int]:
    counted = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    numbers = [
        Subquery(some.order_by().values("pk")[:COUNTED_TO], template=counted) for some in rows.values()
    ]
    found: tuple[int, ...] = Account.objects.filter(pk=viewer.pk).values_list(*numbers).get()
    return dict(zip(rows, found, strict=True))


def stuck_stages(book: Rolebook, at: datetime) -> QuerySet[Stage]:
    """Return the open stages of which it was noted that nobody can decide them, and is so still."""
    noted = Stage.objects.filter(
        program_id=book.program.id, state=Stage.State.OPEN, stuck_since__isnull=False
    )
    return noted.filter(stages_nobody_can_decide(book, at))


def _authorizations(standing: Standing) -> QuerySet[SupervisorWord]:
    me = standing.account
    asked = SupervisorWord.objects.filter(
        program_id=standing.program_id,
        state=SupervisorWord.State.ASKED,
        form__supervisor_email__iexact=me.email,
    )
    return asked.exclude(form__request__requester=me).exclude(form__request__beneficiary=me)


def _checks(standing: Standing) -> QuerySet[AccessCheck] | None:
    """Return the open checks of others below an office of theirs that decides in some chain; None without one."""
    roles = _roles_of_chains(standing.book)
    reach = [
        office.where("employment__")
        for office in standing.offices(Act.DECIDE)
        if office.organization_id is None or office.role_id in roles
    ]
    checks = AccessCheck.objects.filter(program_id=standing.program_id, closed_at=None)
    others = checks.exclude(of_account(standing.account))
    return others.filter(anywhere(reach)) if reach else None


def _removals(standing: Standing) -> QuerySet[AccessCheck] | None:
    reach = [office.where("access__") for office in standing.offices(Act.REMOVE)]
    if not reach:
        return None
    answers = AccessCheckAnswer.objects.filter(
        not_over(standing.at, "access__"), anywhere(reach), keep=False, carried_out_at=None
    ).exclude(access__account=standing.account)
    return AccessCheck.objects.filter(program_id=standing.program_id, pk__in=answers.values("access_check"))


def _roles_of_chains(book: Rolebook) -> frozenset[str]:
    stages = [*(stage for chain in book.chains for stage in chain.stages), *book.approval.foreign_last]
    return frozenset(stage.approver_role_id for stage in stages)
