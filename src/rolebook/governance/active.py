"""Whether somebody may be given anything: only with an active account and an active part in the program (I7)."""

from rolebook.accounts.models import Account
from rolebook.governance.models import Participation
from rolebook.policy.rules import Violation


def inactive_violations(beneficiary: Account, program_id: str) -> tuple[Violation, ...]:
    """Return a violation when the beneficiary's account or participation is not active, from rows read now."""
    fresh = Account.objects.get(pk=beneficiary.pk)
    inactive = Participation.objects.filter(account=fresh, program_id=program_id).exclude(
        status=Participation.Status.ACTIVE
    )
    if fresh.status != Account.Status.ACTIVE or inactive.exists():
        return (Violation("beneficiary_not_active", {"name": fresh.name}),)
    return ()
