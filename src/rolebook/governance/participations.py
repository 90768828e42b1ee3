"""The one place that starts an account's part in a program, and notes its sign-ins."""

from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.models import Participation


def participation_of(work: UnitOfWork, account: Account, program_id: str, at: datetime) -> Participation:
    """Return the account's participation, started (with its event) where there is none; the account is locked."""
    participation = Participation.objects.filter(program_id=program_id, account=account).first()
    if participation is None:
        participation = Participation.objects.create(program_id=program_id, account=account, created_at=at)
        work.record(
            tags.PARTICIPATION_STARTED,
            program_id=program_id,
            beneficiary_id=account.public_id,
            new={"status": participation.status},
        )
    return participation
