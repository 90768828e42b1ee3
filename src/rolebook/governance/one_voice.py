"""Whose word on a stage would be about themselves, or a second one: nobody decides their own request, or twice (I6).

In their own right people are used up by the run and by the items: who holds offices in two agencies speaks for each
(docs/decisions/0025). Where somebody decides as a delegate, the whole request counts as one run (IQCS-04): a delegate
is a second signature of it nowhere, and neither is whom they signed for.
"""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from rolebook.accounts.models import Account
from rolebook.governance.absences import delegations_in_force, represented_by
from rolebook.governance.authority import Standing
from rolebook.governance.models import Delegation, Grant, Outcome, Request, Stage
from rolebook.policy.model import Rolebook


def own_request(account: Account, request: Request) -> str | None:
    """Return the rule's code when somebody asked for a request, or it is for them; nobody decides that (I6)."""
    if account.pk == request.beneficiary_id:
        return "own_request"
    return "asked_for_it" if account.pk == request.requester_id else None


def spoken_before(standing: Standing, stage: Stage) -> str | None:
    """Return the code of the rule by which somebody's word on a stage would be a second one, or None (I6).

    It would be for who decided another stage of the same run, or of an item that this one decides; for whom a delegate
    decided one; and for the delegate, while it lasts, of who did. In a request that several agencies decide, it would
    also be for who decided any other stage of it as a delegate, or would decide this one as a delegate.
    """
    account, program_id, at = standing.account, standing.program_id, standing.at
    seen = (stage.pk, stage.chain_id, stage.request_version)
    outcomes = Outcome.objects.filter(request=stage.request_id)
    before = outcomes.filter(_before(standing.book, *seen))
    heard = outcomes.filter(_heard(standing.book, *seen))
    for code, theirs in (
        ("decided_before", before.filter(_by(account))),
        ("delegate_decided", before.filter(_for(account))),
        ("delegate_of_decider", heard.filter(_person_in(represented_by(account, program_id, at)))),
    ):
        if theirs.exists():
            return code
    if _is_joined(standing.book) and _delegates_in(stage.approver_role_id, program_id, at, account).exists():
        return "second_as_delegate" if heard.filter(_by(account)).exists() else None
    return None


def not_kept_from(people: QuerySet[Account], book: Rolebook, stage: Stage, at: datetime) -> QuerySet[Account]:
    """Return those of some people who did not ask for a stage's request, and whose word would not be a second one."""
    seen = (stage.pk, stage.chain_id, stage.request_version)
    outcomes = Outcome.objects.filter(request=stage.request_id)
    before = outcomes.filter(_before(book, *seen))
    heard = _people_of(outcomes.filter(_heard(book, *seen)))
    found = (
        people.exclude(pk__in=[stage.request.requester_id, stage.request.beneficiary_id])
        .exclude(pk__in=_people_of(before))
        .exclude(pk__in=_represented_in(before))
        .exclude(pk__in=_delegates_of(heard, book.program.id, at))
    )
    if not _is_joined(book):
        return found
    delegates = _delegates_in(stage.approver_role_id, book.program.id, at)
    return found.exclude(Q(pk__in=delegates.values("delegate")) & Q(pk__in=heard))


def not_kept_from_outer_stage(grants: QuerySet[Grant], book: Rolebook, at: datetime) -> QuerySet[Grant]:
    """Return grants as a correlated subquery on a stage, without those of who is kept from it (`not_kept_from`)."""
    before = _of_outer_stage(_before, book, 2)
    heard, deeper = (_people_of(_of_outer_stage(_heard, book, depth)) for depth in (2, 3))
    found = (
        grants.exclude(account=OuterRef("request__requester"))
        .exclude(account=OuterRef("request__beneficiary"))
        .exclude(account__in=_people_of(before))
        .exclude(account__in=_represented_in(before))
        .exclude(account__in=_delegates_of(deeper, book.program.id, at))
    )
    if not _is_joined(book):
        return found
    delegates = _delegates_in(_outer("approver_role_id", 2), book.program.id, at)
    return found.exclude(Q(account__in=delegates.values("delegate")) & Q(account__in=heard))


def not_conflicted(standing: Standing) -> Q:
    """Return the SQL condition for stages that `own_request` and `spoken_before` do not keep a person from."""
    account, program_id, at, book = standing.account, standing.program_id, standing.at, standing.book
    stage = (OuterRef("pk"), OuterRef("chain_id"), OuterRef("request_version"))
    outcomes = Outcome.objects.filter(request=OuterRef("request"))
    before = outcomes.filter(_before(book, *stage) & (_by(account) | _for(account)))
    heard = outcomes.filter(_heard(book, *stage))
    of_theirs = heard.filter(_person_in(represented_by(account, program_id, at)))
    condition = (
        ~Q(request__requester=account)
        & ~Q(request__beneficiary=account)
        & ~Q(Exists(before))
        & ~Q(Exists(of_theirs))
    )
    if not _is_joined(book):
        return condition
    as_delegate = Exists(_delegates_in(OuterRef("approver_role_id"), program_id, at, account))
    return condition & ~(Q(as_delegate) & Q(Exists(heard.filter(_by(account)))))


def _is_joined(book: Rolebook) -> bool:
    """Return whether several agencies decide one request together; else each organization answers for itself."""
    return book.approval.employing_chain


def _outer(name: str, depth: int) -> OuterRef:
    """Return the reference to a column of what is ``depth`` queries further out."""
    reference = OuterRef(name)
    for _ in range(depth - 1):
        reference = OuterRef(reference)
    return reference


def _of_outer_stage(which: Callable[..., Q], book: Rolebook, depth: int) -> QuerySet[Outcome]:
    """Return the outcomes that `_before` or `_heard` mean for a stage which is ``depth`` queries further out."""
    stage = [_outer(name, depth) for name in ("pk", "chain_id", "request_version")]
    return Outcome.objects.filter(which(book, *stage), request=_outer("request", depth))


def _by(account: Account) -> Q:
    """Return the condition for outcomes of a person: of the account, or of one that was merged into it (I6)."""
    return Q(approver=account) | Q(approver__merged_into=account)


def _for(account: Account) -> Q:
    """Return the condition for outcomes that a delegate gave for a person."""
    return Q(delegate_for=account) | Q(delegate_for__merged_into=account)


def _person_in(people: QuerySet[Delegation, int]) -> Q:
    return Q(approver__in=people) | Q(approver__merged_into__in=people)


def _represented_in(outcomes: QuerySet[Outcome]) -> QuerySet[Outcome, int]:
    """Return the accounts of those for whom a delegate decided, as a subquery."""
    person = Coalesce("delegate_for__merged_into", "delegate_for")
    given = outcomes.exclude(delegate_for=None).annotate(represented=person)
    return given.values_list("represented", flat=True)


def _delegates_of(people: QuerySet[Outcome, int], program_id: str, at: datetime) -> QuerySet[Delegation, int]:
    """Return the accounts that decide for some absent people now, as a subquery."""
    theirs = delegations_in_force(program_id, at).filter(absence__account__in=people)
    return theirs.values_list("delegate", flat=True)


def _people_of(outcomes: QuerySet[Outcome]) -> QuerySet[Outcome, int]:
    """Return the accounts of who decided, as a subquery: the one that remained, where two were merged."""
    person = Coalesce("approver__merged_into", "approver")
    return outcomes.annotate(person=person).values_list("person", flat=True)


def _before(book: Rolebook, stage: int | OuterRef, chain_id: str | OuterRef, version: int | OuterRef) -> Q:
    """Return the condition for outcomes of a request that use up their approver for a stage, and whom they signed for.

    Those of other stages of the same run, and of others on an item that the stage decides too: N stages need N people
    (I6); and what a delegate decided anywhere in a request that several agencies decide. Who decided this very stage
    stays in its office: the steward does not step in because they did.
    """
    run = Q(chain_id=chain_id, request_version=version)
    counted = run | Q(stage__items__stages=stage)
    if _is_joined(book):
        counted |= Q(request_version=version, delegate_for__isnull=False)
    return counted & ~Q(stage=stage)


def _heard(book: Rolebook, stage: int | OuterRef, chain_id: str | OuterRef, version: int | OuterRef) -> Q:
    """Return the condition for outcomes that use up a delegate for a stage: theirs, and those of whom they represent.

    As `_before`, and where several agencies decide a request, those of all its other stages.
    """
    before = _before(book, stage, chain_id, version)
    return (before | Q(request_version=version)) & ~Q(stage=stage) if _is_joined(book) else before


def _delegates_in(
    role_id: str | OuterRef, program_id: str, at: datetime, account: Account | None = None
) -> QuerySet[Delegation]:
    """Return what makes people delegates in an office now, wherever; ``account``: of one of them."""
    found = delegations_in_force(program_id, at).filter(role_id=role_id)
    return found if account is None else found.filter(delegate=account)
