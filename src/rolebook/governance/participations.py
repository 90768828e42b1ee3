"""The one place that starts an account's part in a program, and notes its sign-ins."""

from datetime import datetime

from django.db.models import QuerySet

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.models import Participation
from rolebook.governance.quiet import count_anew


def participation_of(work: UnitOfWork, account: Account, program_id: str, at: datetime) -> Participation:
    """Return the account's participation, started (with its event) where there is none; the account is locked."""
    participation = Participation.objects.filter(program_id=program_id, account=account).first()
    if participation is None:
        participation = Participation(program_id=program_id, account=account, created_at=at)
        count_anew(participation, rolebook_in_force(program_id, at)[1])
        participation.save(force_insert=True)
        work.record(
            tags.PARTICIPATION_STARTED,
            program_id=program_id,
            beneficiary_id=account.public_id,
            new={"status": participation.status},
        )
    return participation


def parts_stopped_by_bounce(account: Account) -> QuerySet[Participation]:
    """Return somebody's own parts in programs that are deactivated because a mail was rejected (IQCS-09)."""
    stopped = {"status": Participation.Status.DEACTIVATED, "status_cause": Participation.Cause.BOUNCE}
    return Participation.objects.filter(account=account, **stopped).order_by("program_id")
