"""What somebody leaves behind whose account, or part in a program, is no longer active: requests, and perhaps roles.

The status alone ends all power at once (I7). What is tidied up here follows in units of work of their own, each within
the log's bound, and may be done again: a closing never fails because somebody has much (docs/decisions/0020).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import batched

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.queries.rolebooks import programs_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.governance import locks
from rolebook.governance.course import end_request
from rolebook.governance.ledger import close_holdings
from rolebook.governance.models import (
    Access,
    Grant,
    HeldAtClosing,
    Participation,
    Request,
    RequestItem,
    SupervisorWord,
)
from rolebook.governance.origins import Holding
from rolebook.policy.model import Rolebook

AT_ONCE = 200
"""Grants closed in one unit of work; it holds the log's lock for 500 events at most."""
CLOSED_FOR_QUIET = "inactivity"
"""The log's word for why something was closed, where a reactivation gives it back."""
WHY_WITHDRAWN = "The person's account is no longer active, so the request was withdrawn."
WHY_STUCK = "It waited for who had asked, whose account is no longer active, so the request was withdrawn."
_OPEN = (Request.State.PENDING, Request.State.RETURNED)


def ends_with_closing(book: Rolebook) -> bool:
    """Return whether closing a part in the program ends its roles for good.

    A program whose accounts close by themselves gives back at reactivation what was held (IQCS-10). Where nothing
    closes by itself, somebody decided to close, and roles are had again as everybody has them: by asking (IQIES-02).
    """
    return book.lifecycle.inactivity_months is None


def is_out(account: Account, participation: Participation | None) -> bool:
    """Return whether somebody may do nothing in a program, by the account's status or the participation's."""
    return not account.is_active or (
        participation is not None and participation.status != Participation.Status.ACTIVE
    )


def is_closed_for(account: Account, participation: Participation | None) -> bool:
    """Return whether the account or the participation is closed, not merely deactivated."""
    return account.status == Account.Status.CLOSED or (
        participation is not None and participation.status == Participation.Status.CLOSED
    )


def settle_what_is_left(
    account: Account, program_id: str, *, acting_user: Account | None, at: datetime, origin: Origin
) -> tuple[int, int]:
    """Withdraw somebody's requests in a program and, where closing ends roles, end those; return how many of each.

    Changes nothing for somebody who is active (again). ``acting_user`` is on record as who did it; None: the operator
    or a job.
    """
    requests = _theirs(account, program_id, at)
    withdrawn = sum(
        _withdraw(pk, account, program_id, acting_user, at, origin)
        for pk in requests.order_by("pk").values_list("pk", flat=True)
    )
    return withdrawn, _end_roles(account, program_id, acting_user, at, origin)


def people_with_something_left(at: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return (internal id, program id) of people who are not active and still have requests or roles to be settled."""
    out = ~Q(status=Participation.Status.ACTIVE) | ~Q(account__status=Account.Status.ACTIVE)
    closed = Q(status=Participation.Status.CLOSED) | Q(account__status=Account.Status.CLOSED)
    parts = Participation.objects.filter(out)
    requests = _open_requests(OuterRef("program"))
    for_them = requests.filter(_ends_with_person(), beneficiary=OuterRef("account"))
    by_them = requests.filter(_waits_for_requester(at), requester=OuterRef("account"))
    asked = parts.filter(Exists(for_them) | Exists(by_them))
    # Where accounts close by themselves, only those that did so give back what they held: the rest is kept.
    keeping = [book.program.id for book in programs_in_force(at) if not ends_with_closing(book)]
    ending = parts.filter(closed).filter(
        ~Q(program__in=keeping) | Q(status_cause=Participation.Cause.INACTIVITY)
    )
    held = [model.objects.filter(closed_at=None).values("participation") for model in (Grant, Access)]
    holding = ending.filter(Q(pk__in=held[0]) | Q(pk__in=held[1]))
    pairs = ("account", "program_id")
    return [*asked.values_list(*pairs)[:limit], *holding.values_list(*pairs)[:limit]]


def _open_requests(program_id: str | OuterRef) -> QuerySet[Request]:
    return Request.objects.filter(program_id=program_id, state__in=_OPEN)


def _ends_with_person() -> Q:
    """Return the condition for requests that end with whom they are for: all but those to reactivate them (IQCS-10)."""
    again = RequestItem.objects.filter(request=OuterRef("pk"), kind=RequestItem.Kind.REACTIVATE)
    return ~Q(Exists(again))


def _waits_for_requester(at: datetime) -> Q:
    """Return the condition for the open requests, of whatever kind, that only their requester can take further.

    They came back, are held for the requester's word, or wait for a supervisor whose mailed link is past its time:
    nobody else would send another. A link that still works may be followed.
    """
    unanswered = SupervisorWord.objects.filter(
        form__request=OuterRef("pk"),
        form__request_version=OuterRef("version"),
        state=SupervisorWord.State.ASKED,
        expires_at__lte=at,
    )
    held = Q(held_since__isnull=False) | Q(Exists(unanswered))
    return Q(state=Request.State.RETURNED) | (Q(state=Request.State.PENDING) & held)


def _theirs(account: Account, program_id: str, at: datetime) -> QuerySet[Request]:
    """Return the open requests for somebody that end with them, and those that only they could take further."""
    for_them = Q(beneficiary=account) & _ends_with_person()
    by_them = Q(requester=account) & _waits_for_requester(at)
    return _open_requests(program_id).filter(for_them | by_them)


def _withdraw(
    pk: int, account: Account, program_id: str, acting_user: Account | None, at: datetime, origin: Origin
) -> bool:
    actor_id = None if acting_user is None else acting_user.public_id
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        request = Request.objects.select_related("beneficiary").get(pk=pk)
        places = RequestItem.objects.filter(request=request, organization__isnull=False)
        locks.lock(
            accounts={account.pk, request.beneficiary_id},
            organizations=places.values_list("organization_id", flat=True),
            requests=[pk],
        )
        version, _ = rolebook_in_force(program_id, at)
        still = _theirs(account, program_id, at).filter(pk=pk).select_related("beneficiary").first()
        if still is None or not _is_out_now(account, program_id):
            work.nothing_happened()
            return False
        before = still.state
        end_request(work, still, at, version.number)
        work.record(
            tags.REQUEST_WITHDRAWN,
            program_id=program_id,
            beneficiary_id=still.beneficiary.public_id,
            request_id=still.public_id,
            rolebook_version=version.number,
            old={"state": before},
            new={"state": still.state, "version": still.version},
            personal={"reason": WHY_WITHDRAWN if still.beneficiary_id == account.pk else WHY_STUCK},
        )
    return True


def end_for_quiet(
    work: UnitOfWork, held: locks.Held, rows: Iterable[Holding], closed_at: datetime, rolebook_version: int
) -> int:
    """Close what people hold whose part was closed for want of a sign-in, kept in mind for a reactivation.

    ``closed_at`` is when those parts were closed. Return how much it was. Raises LocksMissing without the locks.
    """
    closed = close_holdings(work, held, rows, cause=CLOSED_FOR_QUIET, rolebook_version=rolebook_version)
    HeldAtClosing.objects.bulk_create(
        HeldAtClosing(
            program_id=one.program_id,
            participation_id=one.participation_id,
            closed_at=closed_at,
            grant=one if isinstance(one, Grant) else None,
            access=one if isinstance(one, Access) else None,
        )
        for one in closed
    )
    return len(closed)


def _closed_for_quiet(account: Account, program_id: str) -> Participation | None:
    return Participation.objects.filter(
        account=account,
        program_id=program_id,
        status=Participation.Status.CLOSED,
        status_cause=Participation.Cause.INACTIVITY,
    ).first()


def _end_roles(
    account: Account, program_id: str, acting_user: Account | None, at: datetime, origin: Origin
) -> int:
    version, book = rolebook_in_force(program_id, at)
    quiet = _closed_for_quiet(account, program_id)
    if quiet is None and not ends_with_closing(book):
        return 0
    actor_id = None if acting_user is None else acting_user.public_id
    mine = {"account": account, "program_id": program_id, "closed_at": None}
    grants = list(Grant.objects.filter(**mine).select_related("account", "organization").order_by("pk"))
    accesses = list(Access.objects.filter(**mine).select_related("account", "organization").order_by("pk"))
    ended = 0
    rows: list[Holding] = [*grants, *accesses]
    for some in batched(rows, AT_ONCE):
        with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
            places = {one.organization_id for one in some if one.organization_id is not None}
            held = locks.lock(accounts=[account.pk], organizations=places)
            if not _is_closed_now(account, program_id):
                work.nothing_happened()
                return ended
            quiet = _closed_for_quiet(account, program_id)
            closed = (
                len(close_holdings(work, held, some, cause="account closed", rolebook_version=version.number))
                if quiet is None or quiet.status_at is None
                else end_for_quiet(work, held, some, quiet.status_at, version.number)
            )
            if not closed:
                work.nothing_happened()
            ended += closed
    return ended


def _is_out_now(account: Account, program_id: str) -> bool:
    fresh = Account.objects.get(pk=account.pk)
    return is_out(fresh, Participation.objects.filter(account=fresh, program_id=program_id).first())


def _is_closed_now(account: Account, program_id: str) -> bool:
    fresh = Account.objects.get(pk=account.pk)
    return is_closed_for(fresh, Participation.objects.filter(account=fresh, program_id=program_id).first())
