"""Reactivation of somebody's part in a program: what was held at its closing comes back, and nothing else (IQCS-10).

What comes back are new grants and access that point at those of before, which keep who decided them, and when. The
rules in force judge each again, under lock; what they refuse now, and what is past its end date, stays ended.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.canonical import Detail
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.asked_words import words_of
from rolebook.governance.authority import Standing
from rolebook.governance.employing import check_what_came_back
from rolebook.governance.facts import RowFacts, judge_holding
from rolebook.governance.ledger import restore_holding
from rolebook.governance.locks import Held
from rolebook.governance.models import Access, Grant, HeldAtClosing, Participation, RequestItem
from rolebook.governance.origins import Holding
from rolebook.governance.own_records import taken_violations
from rolebook.governance.quiet import FIELDS, count_anew, found_unneeded, given_back, is_in, past_end
from rolebook.governance.refusals import Refused
from rolebook.policy.model import Rolebook
from rolebook.policy.rules import Violation


def reactivate(work: UnitOfWork, held: Held, standing: Standing, item: RequestItem) -> int:
    """Make the beneficiary's part active again, as an approved item asks; return how much came back.

    Nothing happens to a part that is active: somebody reopened it meanwhile. Raises LocksMissing without the locks.
    """
    request = item.request
    part = Participation.objects.filter(account=request.beneficiary, program_id=request.program_id).first()
    if part is None or is_in(part, work.at):
        return 0
    before: dict[str, Detail] = {"status": part.status, **past_end(part, work.at)}
    ended, closed_at = held_at_closing(part, work.at), part.status_at
    part.status, part.status_at, part.status_by = Participation.Status.ACTIVE, work.at, standing.account
    part.status_cause, part.status_reason = Participation.Cause.DECIDED, ""
    count_anew(part, standing.book)
    part.save(update_fields=["status", "status_at", "status_by", "status_cause", "status_reason", *FIELDS])
    back = [one for one in ended if _restore(work, held, standing, item, one)]
    work.record(
        tags.PARTICIPATION_STATUS_CHANGED,
        program_id=request.program_id,
        beneficiary_id=request.beneficiary.public_id,
        request_id=request.public_id,
        rolebook_version=standing.version.number,
        old=before,
        new={"status": part.status.value, "quiet_ends_at": part.quiet_ends_at, "restored": len(back)},
        personal={"reason": words_of(request) or None},
    )
    if closed_at is not None and any(isinstance(one, Access) for one in back):
        check_what_came_back(work, part, closed_at, standing.version.number)
    return len(back)


def held_at_closing(part: Participation, at: datetime) -> tuple[Holding, ...]:
    """Return what was held when a participation was closed for want of a sign-in and may come back at ``at``.

    Not what is past its end, nor a code that a check found to be no longer needed: it only waited to be removed.
    """
    return _holdings(given_back(part), at)


def _holdings(ended: QuerySet[HeldAtClosing], at: datetime) -> tuple[Holding, ...]:
    past = Q(grant__ends_at__lte=at) | Q(access__ends_at__lte=at)
    rows = ended.exclude(past).order_by("pk")
    named = ("account", "organization")
    paths = [f"{kind}__{name}" for kind in ("grant", "access") for name in named]
    found = (one.grant or one.access for one in rows.select_related(*paths, "grant__record"))
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class Returning:
    """What a reactivation would come to.

    Attributes:
        back: what comes back: what ended at the closing, as far as the rules in force let it be, and what was kept and
            counts again (of who was deactivated).
        refused: what is not past its end and stays ended, with why: the rules in force forbid it, or a check found that
            the code is no longer needed.
    """

    back: tuple[Holding, ...] = ()
    refused: tuple[tuple[Holding, tuple[Violation, ...]], ...] = ()

    def only(self, sees: Callable[[Organization], bool]) -> "Returning":
        """Return the same without the access to organizations that are not seen."""

        def told(one: Holding) -> bool:
            return not isinstance(one, Access) or sees(one.organization)

        return Returning(
            tuple(one for one in self.back if told(one)),
            tuple((one, why) for one, why in self.refused if told(one)),
        )


def comes_back(book: Rolebook, part: Participation, at: datetime) -> Returning:
    """Return what a reactivation at ``at`` comes to; nothing of a part that is active.

    Judged one after the other, as `reactivate` opens it: of two that are allowed alone, and that the rules now forbid
    together, the one that is held longer comes back.
    """
    if is_in(part, at):
        return Returning()
    kept = Q(participation=part, closed_at=None) & ~Q(ends_at__lte=at)
    grants = Grant.objects.filter(kept).select_related("organization", "record").order_by("pk")
    accesses = Access.objects.filter(kept).select_related("organization").order_by("pk")
    ended = held_at_closing(part, at)
    places = [one.organization for one in ended if one.organization is not None]
    facts = RowFacts(book, places=places, reactivated=True)
    again: list[Holding] = []
    refused: list[tuple[Holding, tuple[Violation, ...]]] = []
    for one in ended:
        if violations := _forbidding(book, one, at, facts):
            refused.append((one, violations))
        else:
            facts.count_as_held(one)
            again.append(one)
    unneeded = (Violation("code_found_unneeded"),)
    refused += [(one, unneeded) for one in _holdings(found_unneeded(part), at)]
    return Returning((*again, *grants, *accesses), tuple(refused))


def _forbidding(book: Rolebook, one: Holding, at: datetime, facts: RowFacts) -> tuple[Violation, ...]:
    """Return why the ledger would not open again what ended (see `restore_holding`); empty where it would."""
    found = judge_holding(book, one.account, one, at, facts)
    record = one.record if isinstance(one, Grant) else None
    return found if record is None else (*found, *taken_violations(book, record))


def places_to_lock(request_pks: Iterable[int]) -> frozenset[int]:
    """Return the organizations that deciding about requests may touch: those asked for, and of what comes back."""
    items = RequestItem.objects.filter(request__in=list(request_pks))
    places = items.values_list("organization_id", flat=True)
    again = items.filter(kind=RequestItem.Kind.REACTIVATE).values_list(
        "request__beneficiary_id", "request__program_id"
    )
    found = {place for place in places if place}
    for account_pk, program_id in again:
        found |= _places_held(account_pk, program_id)
    return frozenset(found)


def _places_held(account_pk: int, program_id: str) -> set[int]:
    rows = HeldAtClosing.objects.filter(participation__account=account_pk, program_id=program_id)
    pairs = rows.values_list("grant__organization_id", "access__organization_id")
    return {place for pair in pairs for place in pair if place}


def asks_to_reactivate(request_pk: int, version: int) -> bool:
    """Return whether a version of a request asks that its beneficiary be reactivated, and nobody denied that."""
    items = RequestItem.objects.filter(request=request_pk, request_version=version)
    wanted = (RequestItem.State.PENDING, RequestItem.State.APPROVED)
    return items.filter(kind=RequestItem.Kind.REACTIVATE, state__in=wanted).exists()


def is_out(account: Account, program_id: str, at: datetime) -> bool:
    """Return whether somebody takes part in a program and their part gives no power: it may be reactivated."""
    return part_out(account, program_id, at) is not None


def part_out(account: Account, program_id: str, at: datetime) -> Participation | None:
    """Return somebody's part in a program where it gives no power; None where it does, and where there is none.

    None, too, of an account that was merged into another, with which its person goes on.
    """
    parts = Participation.objects.filter(account=account, account__merged_into=None, program_id=program_id)
    part = parts.first()
    return None if part is None or is_in(part, at) else part


def _restore(work: UnitOfWork, held: Held, standing: Standing, item: RequestItem, holding: Holding) -> bool:
    try:
        restore_holding(
            work,
            held,
            holding,
            book=standing.book,
            request=item.request,
            rolebook_version=standing.version.number,
        )
    except Refused:
        return False
    return True
