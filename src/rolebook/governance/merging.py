"""What merging two accounts of one person would do, judged over both together (IQIES-04); nothing is changed here."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.checks_going_on import of_account
from rolebook.governance.employing import present_employment
from rolebook.governance.facts import judge_holding
from rolebook.governance.models import (
    Access,
    AccessCheck,
    Employment,
    Grant,
    Outcome,
    Participation,
    Request,
    Stage,
)
from rolebook.governance.origins import Holding, family, given_by
from rolebook.governance.quiet import is_in
from rolebook.policy.rules import Violation

MOST_EVENTS = 400
"""Events that one merge may take; it is one unit of work, and no unit holds the log for more than 500."""
MOST_ROLES = 150
_CATEGORY = frozenset({"other_category_held", "other_category_pending"})
_OPEN = (Request.State.PENDING, Request.State.RETURNED)


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends with the merge, and why.

    ``why``: "own decision" (the person's other account gave it), "held already" (the remaining account holds the same),
    "not possible" (the program no longer has the role, or the organization is closed).
    """

    holding: Holding
    why: str


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge would do.

    Attributes:
        moves: what goes over to the account that remains.
        ends: what ends.
        withdrawn: requests that end with it: all of the closed account's, and those of the remaining one of which the
            other decided a stage.
        violations: what forbids it; then nothing is done.
        programs: programs in which either takes part.
        employers: on record for the closed account, where the remaining one has none: it takes them over.
    """

    kept: Account
    closed: Account
    moves: tuple[Holding, ...]
    ends: tuple[Ending, ...]
    withdrawn: tuple[Request, ...]
    violations: tuple[Violation, ...]
    programs: tuple[str, ...]
    employers: tuple[Employment, ...] = ()

    @property
    def digest(self) -> str:
        """What the plan is bound to: a page that showed another one carries nothing out (I5)."""
        parts = [
            str(self.kept.public_id),
            str(self.closed.public_id),
            *(f"moves {one.public_id}" for one in self.moves),
            *(f"ends {one.holding.public_id} {one.why}" for one in self.ends),
            *(f"withdraws {one.public_id} {one.version}" for one in self.withdrawn),
            *(f"employs {one.public_id}" for one in self.employers),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def plan_merge(kept: Account, closed: Account, at: datetime) -> MergePlan:
    """Return what merging ``closed`` into ``kept`` would do now; read it again under lock before doing it."""
    parts = Participation.objects.filter(account__in=[kept, closed])
    programs = tuple(sorted(set(parts.values_list("program_id", flat=True))))
    # Quiet has ended what is past it, whatever the status says: a merge gives nothing of that back.
    active = {(one.account_id, one.program_id): is_in(one, at) for one in parts}
    violations = list(_not_mergeable(kept, closed))
    moves: list[Holding] = []
    ends: list[Ending] = []
    for holding in open_holdings(closed, at):
        where = holding.program_id
        if not active.get((closed.pk, where), False):
            _add(violations, "merge_closed_not_active", program=_short(where, at))
        elif not active.get((kept.pk, where), True):
            _add(violations, "merge_kept_not_active", program=_short(where, at))
        why, forbidding = _judge(kept, holding, at)
        violations += [one for one in forbidding if one not in violations]
        if why:
            ends.append(Ending(holding, why))
        else:
            moves.append(holding)
    others = family(closed)
    ends += [
        Ending(holding, "own decision") for holding in open_holdings(kept, at) if given_by(holding, others)
    ]
    withdrawn = tuple(_ending_requests(kept, closed, others))
    events = 2 * len(moves) + len(ends) + 5 * len(programs) + 8
    events += sum(2 + Stage.objects.filter(request=one).count() for one in withdrawn)
    events += AccessCheck.objects.filter(of_account(closed)).count()
    if len(moves) > MOST_ROLES or events > MOST_EVENTS:
        _add(violations, "merge_too_much", most=MOST_ROLES)
    employers = tuple(_employers(kept, closed, programs))
    return MergePlan(
        kept, closed, tuple(moves), tuple(ends), withdrawn, tuple(violations), programs, employers
    )


def open_holdings(account: Account, at: datetime) -> list[Holding]:
    """Return what an account holds now or will, in every program: grants first, then access, each by age."""
    still = Q(closed_at=None) & (Q(ends_at=None) | Q(ends_at__gt=at))
    related = (
        "account", "organization", "moved_from", "designation__designated_by", "request_item__request",
    )  # fmt: skip
    grants = Grant.objects.filter(still, account=account).select_related(*related).order_by("pk")
    accesses = Access.objects.filter(still, account=account).select_related(*related).order_by("pk")
    return [*grants, *accesses]


def _judge(kept: Account, holding: Holding, at: datetime) -> tuple[str, tuple[Violation, ...]]:
    """Return why a holding of the closed account cannot go over ("": it can), and what forbids the whole merge."""
    if given_by(holding, family(kept)):
        return "own decision", ()
    _, book = rolebook_in_force(holding.program_id, at)
    found = judge_holding(book, kept, holding, at)
    category = tuple(Violation("merge_category", one.params) for one in found if one.code in _CATEGORY)
    codes = {one.code for one in found} - _CATEGORY
    if codes & {"role_already_held", "access_already_held"}:
        return "held already", category
    return "not possible" if codes else "", category


def _ending_requests(kept: Account, closed: Account, others: Iterable[int]) -> Iterable[Request]:
    """Return the open requests that cannot go on: nobody decides for themselves, or twice in one (I6)."""
    theirs = Q(beneficiary=closed) | Q(requester=closed)
    by_other = Q(pk__in=Outcome.objects.filter(approver__in=others).values("request"))
    by_kept = Q(pk__in=Outcome.objects.filter(approver__in=family(kept)).values("request"))
    own = (Q(beneficiary=kept) | Q(requester=kept)) & by_other
    requests = Request.objects.filter(theirs | own | (by_other & by_kept), state__in=_OPEN)
    requests = requests.select_related("beneficiary")
    return requests.order_by("pk")


def _employers(kept: Account, closed: Account, programs: Iterable[str]) -> Iterable[Employment]:
    for program_id in programs:
        theirs = present_employment(closed, program_id)
        if theirs is not None and present_employment(kept, program_id) is None:
            yield theirs


def _not_mergeable(kept: Account, closed: Account) -> Iterable[Violation]:
    if kept.pk == closed.pk:
        yield Violation("same_account")
    if kept.merged_into_id is not None or closed.merged_into_id is not None:
        yield Violation("merge_already")
    elif kept.status != Account.Status.ACTIVE:
        yield Violation("merge_kept_not_active", {"program": "the server"})


def _add(violations: list[Violation], code: str, **params: str | int) -> None:
    violation = Violation(code, params)
    if violation not in violations:
        violations.append(violation)


def _short(program_id: str, at: datetime) -> str:
    return rolebook_in_force(program_id, at)[1].program.short_name
