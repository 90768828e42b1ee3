"""A person's session in a program begins: the participation starts at the first, and notes the last (IQCS-08)."""

from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance import locks
from rolebook.governance.flows.recover_second_factor import cancel_recoveries
from rolebook.governance.models import Participation
from rolebook.governance.participations import participation_of
from rolebook.governance.quiet import FIELDS, count_anew, is_in
from rolebook.governance.refusals import NotAllowed


def record_sign_in(*, acting_user: Account, program_id: str, at: datetime, origin: Origin) -> Participation:
    """Note that ``acting_user`` began a session in a program at ``at``; call it once a session and program.

    Twelve months of quiet, where the program has them, count anew. Raises NotAllowed when the account or the
    participation is not active, or past its quiet though nobody has closed it yet; NoRolebook for no such program.
    """
    version, book = rolebook_in_force(program_id, at)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        locks.lock(accounts=[acting_user.pk])
        account = Account.objects.get(pk=acting_user.pk)
        participation = participation_of(work, account, program_id, at)
        if not account.is_active or not is_in(participation, at):
            raise NotAllowed("account_not_active")
        # Whoever signs in with the second factor has not lost it: somebody else asked.
        cancel_recoveries(work, [account], "signed in")
        before = participation.last_signed_in_at
        # Clocks of two servers may differ; the last sign-in never goes back.
        participation.last_signed_in_at = at if before is None else max(at, before)
        count_anew(participation, book)
        participation.save(update_fields=["last_signed_in_at", *FIELDS])
        work.record(
            tags.PARTICIPATION_SIGNED_IN,
            program_id=program_id,
            beneficiary_id=account.public_id,
            rolebook_version=version.number,
            old={"last_signed_in_at": before},
            new={
                "last_signed_in_at": participation.last_signed_in_at,
                "quiet_ends_at": participation.quiet_ends_at,
            },
        )
        return participation
