"""Who is out of office at an instant, and for whom somebody decides meanwhile; the instant alone says so, no job."""

from datetime import datetime

from django.db.models import Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.governance.authority import Office, Standing
from rolebook.governance.models import Absence, Delegation
from rolebook.policy.model import STEWARD_ID, Act


def away(at: datetime, prefix: str = "") -> Q:
    """Return the SQL condition for an absence that lasts at ``at``: starts_at ≤ at < min(ends_at, ended_at)."""
    return (
        Q(**{f"{prefix}starts_at__lte": at})
        & Q(**{f"{prefix}ends_at__gt": at})
        & (Q(**{f"{prefix}ended_at__isnull": True}) | Q(**{f"{prefix}ended_at__gt": at}))
    )


def absent_accounts(program_id: str, at: datetime) -> QuerySet[Absence, int]:
    """Return the internal ids of who is out of office, as a subquery."""
    return Absence.objects.filter(away(at), program_id=program_id).values_list("account", flat=True)


def delegations_in_force(program_id: str, at: datetime) -> QuerySet[Delegation]:
    """Return who decides for whom at ``at``. It gives nobody anything: a delegate needs an office of their own."""
    declined = Q(ended_at__isnull=False, ended_at__lte=at)
    return Delegation.objects.filter(away(at, "absence__"), program_id=program_id).exclude(declined)


def represented_by(account: Account, program_id: str, at: datetime) -> QuerySet[Delegation, int]:
    """Return the internal ids of those for whom an account decides while they are away, as a subquery."""
    mine = delegations_in_force(program_id, at).filter(delegate=account)
    return mine.values_list("absence__account", flat=True)


def absences_of(account: Account, program_id: str, at: datetime) -> QuerySet[Absence]:
    """Return somebody's absences that last or are still to come."""
    return absences_to_come(program_id, at).filter(account=account).order_by("starts_at", "pk")


def absences_to_come(program_id: str, at: datetime) -> QuerySet[Absence]:
    """Return all absences that last or are still to come."""
    not_ended = Q(ended_at__isnull=True) | Q(ended_at__gt=at)
    return Absence.objects.filter(not_ended, program_id=program_id, ends_at__gt=at)


def deciding_offices(standing: Standing) -> tuple[Office, ...]:
    """Return the offices with which somebody decides requests, the steward's left out: that stands in for others."""
    return tuple(office for office in standing.offices(Act.DECIDE) if office.role_id != STEWARD_ID)
