"""When a part in a program ends by quiet: so many calendar months without a sign-in (IQCS-08, docs/decisions/0029).

The end stands in the row, ``quiet_ends_at``, and whoever asks compares with it at use: no job makes it true. It is
counted from the later of the last sign-in and the (re)activation, and moves by a sign-in, by a reactivation, and where
somebody could not be warned in time. Only this module writes it.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.governance.models import AccessCheckAnswer, HeldAtClosing, Participation
from rolebook.policy.model import Rolebook
from rolebook.policy.months import months_after

FIELDS = ("quiet_ends_at", "quiet_warned_at", "quiet_warned_days", "quiet_official_told_at")
"""The columns of a participation that this module writes."""


def counted_from(part: Participation) -> datetime:
    """Return since when a participation is quiet: the later of its last sign-in and its (re)activation.

    Who came with an import and had signed in to the earlier system before was activated there, before that sign-in.
    """
    known = [part.last_signed_in_at]
    if part.imported_id is None or part.last_signed_in_at is None:
        known.append(part.created_at)
    if part.status == Participation.Status.ACTIVE:
        known.append(part.status_at)
    return max(instant for instant in known if instant is not None)


def quiet_end(book: Rolebook, since: datetime) -> datetime | None:
    """Return when quiet since then ends a participation; None in a program that closes nobody for it."""
    months = book.lifecycle.inactivity_months
    return None if months is None else months_after(since, months, book.program.zone)


def count_anew(part: Participation, book: Rolebook, earliest: datetime | None = None) -> None:
    """Give a participation, in memory, the end that the rolebook gives it now, and no warning of it yet.

    ``earliest``: the end is then, where it would be before.
    """
    ends_at = quiet_end(book, counted_from(part))
    part.quiet_ends_at = ends_at if ends_at is None or earliest is None else max(ends_at, earliest)
    part.quiet_warned_at = part.quiet_warned_days = part.quiet_official_told_at = None


def is_past(part: Participation | None, at: datetime) -> bool:
    """Return whether a participation's quiet has ended it by ``at``; never of somebody who does not take part yet."""
    return part is not None and part.quiet_ends_at is not None and at >= part.quiet_ends_at


def past_end(part: Participation, at: datetime) -> dict[str, datetime | None]:
    """Return the end by quiet that a participation, active by its status, is past at ``at``; empty where it is not.

    An event that ends this has it as ``old``: the past is read from there (`rolebook.governance.past.statuses`).
    """
    open_still = part.status == Participation.Status.ACTIVE
    return {"quiet_ends_at": part.quiet_ends_at} if open_still and is_past(part, at) else {}


def is_in(part: Participation, at: datetime) -> bool:
    """Return whether a participation gives power at ``at``: it is active, and not past its quiet."""
    return part.status == Participation.Status.ACTIVE and not is_past(part, at)


def present_status(part: Participation, at: datetime) -> str:
    """Return the status that a participation has at ``at``: closed once it is past its quiet, written or not."""
    return part.status if part.status != Participation.Status.ACTIVE or is_in(part, at) else "closed"


def counts(at: datetime, prefix: str = "participation__") -> Q:
    """Return the SQL condition for `is_in`; ``prefix`` leads to the participation."""
    return Q(**{f"{prefix}status": Participation.Status.ACTIVE}) & (
        Q(**{f"{prefix}quiet_ends_at__isnull": True}) | Q(**{f"{prefix}quiet_ends_at__gt": at})
    )


def watched(program_id: str) -> Q:
    """Return the SQL condition for participations that quiet may end: active ones, of accounts that merged into none.

    Who goes on with another account signs in there, and is told nothing of the one before.
    """
    return Q(program_id=program_id, status=Participation.Status.ACTIVE, account__merged_into=None)


def ended_for_quiet(part: Participation) -> QuerySet[HeldAtClosing]:
    """Return what ended when a participation was closed for want of a sign-in; nothing while it is open."""
    if part.status != Participation.Status.CLOSED or part.status_at is None:
        return HeldAtClosing.objects.none()
    return HeldAtClosing.objects.filter(participation=part, closed_at=part.status_at)


def given_back(part: Participation) -> QuerySet[HeldAtClosing]:
    """Return what of that a reactivation gives back: all but the codes that a check found to be no longer needed."""
    return ended_for_quiet(part).exclude(_FOUND_UNNEEDED)


def found_unneeded(part: Participation) -> QuerySet[HeldAtClosing]:
    """Return the codes among that which a check found to be no longer needed: they only waited to be removed."""
    return ended_for_quiet(part).filter(_FOUND_UNNEEDED)


_FOUND_UNNEEDED = Q(Exists(AccessCheckAnswer.objects.filter(access=OuterRef("access"), keep=False)))
