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
    before, heard = (outcomes.filter(which(book, *seen)) for which in (_before, _heard))
    others = people.exclude(pk__in=[stage.request.requester_id, stage.request.beneficiary_id])
    delegates = _delegates_in(stage.approver_role_id, book.program.id, at)
    return _not_heard(others, "pk", before, heard, delegates, book, at)


def not_kept_from_outer_stage(grants: QuerySet[Grant], book: Rolebook, at: datetime) -> QuerySet[Grant]:
    """Return grants as a correlated subquery on a stage, without those of who is kept from it (`not_kept_from`)."""
    before, heard = (_of_outer_stage(which, book) for which in (_before, _heard))
    others = grants.exclude(Exists(_asked_by(OuterRef("account"), OuterRef(OuterRef("request")))))
    delegates = _delegates_in(OuterRef(OuterRef("approver_role_id")), book.program.id, at)
    return _not_heard(others, "account", before, heard, delegates, book, at)


def _not_heard[Row: (Account, Grant)](
    rows: QuerySet[Row],
    account: str,
    before: QuerySet[Outcome],
    heard: QuerySet[Outcome],
    delegates: QuerySet[Delegation],
    book: Rolebook,
    at: datetime,
) -> QuerySet[Row]:
    """Return the rows whose ``account`` neither spoke in some outcomes nor stands for, or was represented by, who did.

    ``before`` and ``heard`` are what `_before` and `_heard` mean; ``delegates``, who is one in the stage's office.
    """
    before, heard = _with_people(before), _with_people(heard)
    themselves = Q(person=OuterRef(account))
    spoke = themselves | Q(represented=OuterRef(account))
    stands_for = delegations_in_force(book.program.id, at).filter(
        delegate=OuterRef(OuterRef(account)), absence__account=OuterRef("person")
    )
    if not _is_joined(book):
        return rows.exclude(Exists(before.filter(spoke | Q(Exists(stands_for)))))
    found = rows.exclude(Exists(before.filter(spoke))).exclude(Exists(heard.filter(Exists(stands_for))))
    is_delegate = Exists(delegates.filter(delegate=OuterRef(account)))
    return found.exclude(is_delegate & Exists(heard.filter(themselves)))


def not_conflicted(standing: Standing) -> Q:
    """Return the SQL condition for stages that `own_request` and `spoken_before` do not keep a person from."""
    account, program_id, at, book = standing.account, standing.program_id, standing.at, standing.book
    stage = (OuterRef("pk"), OuterRef("chain_id"), OuterRef("request_version"))
    outcomes = Outcome.objects.filter(request=OuterRef("request"))
    before, heard = (outcomes.filter(which(book, *stage)) for which in (_before, _heard))
    theirs, of_theirs = _by(account) | _for(account), _person_in(represented_by(account, program_id, at))
    condition = ~Q(Exists(_asked_by(account, OuterRef("request"))))
    if not _is_joined(book):
        return condition & ~Q(Exists(before.filter(theirs | of_theirs)))
    condition &= ~Q(Exists(before.filter(theirs))) & ~Q(Exists(heard.filter(of_theirs)))
    as_delegate = Exists(_delegates_in(OuterRef("approver_role_id"), program_id, at, account))
    return condition & ~(Q(as_delegate) & Q(Exists(heard.filter(_by(account)))))


def _asked_by(account: Account | OuterRef, request: OuterRef) -> QuerySet[Request]:
    """Return a request if somebody made it or it is for them, as a subquery: a join would read those of all years."""
    return Request.objects.filter(Q(requester=account) | Q(beneficiary=account), pk=request)


def _is_joined(book: Rolebook) -> bool:
    """Return whether several agencies decide one request together; else each organization answers for itself."""
    return book.approval.employing_chain


def _of_outer_stage(which: Callable[..., Q], book: Rolebook) -> QuerySet[Outcome]:
    """Return the outcomes that `_before` or `_heard` mean for a stage which is two queries further out."""
    stage = [OuterRef(OuterRef(name)) for name in ("pk", "chain_id", "request_version")]
    return Outcome.objects.filter(which(book, *stage), request=OuterRef(OuterRef("request")))


def _by(account: Account) -> Q:
    """Return the condition for outcomes of a person: of the account, or of one that was merged into it (I6)."""
    return Q(approver=account) | Q(approver__merged_into=account)


def _for(account: Account) -> Q:
    """Return the condition for outcomes that a delegate gave for a person."""
    return Q(delegate_for=account) | Q(delegate_for__merged_into=account)


def _person_in(people: QuerySet[Delegation, int]) -> Q:
    return Q(approver__in=people) | Q(approver__merged_into__in=people)


def _with_people(outcomes: QuerySet[Outcome]) -> QuerySet[Outcome]:
    """Annotate outcomes with who decided, and for whom: the account that remained, where two were merged."""
    return outcomes.annotate(
        person=Coalesce("approver__merged_into", "approver"),
        represented=Coalesce("delegate_for__merged_into", "delegate_for"),
    )


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
