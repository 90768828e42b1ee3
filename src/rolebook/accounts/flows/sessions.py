"""Somebody ends sessions of their own account: one of them, or all but this one. Each is on record (I7)."""

import uuid
from datetime import datetime

from rolebook.accounts import sessions
from rolebook.accounts.models import Account
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.audit.tags import ACCOUNT_SIGNED_OUT


def sign_out_session(*, acting_user: Account, session_id: uuid.UUID, at: datetime, origin: Origin) -> bool:
    """End one session of one's own, from its next request on; return False when it had ended, or is another's."""
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        if not sessions.end_one_session(account, session_id, at):
            work.nothing_happened()
            return False
        work.record(ACCOUNT_SIGNED_OUT, beneficiary_id=account.public_id, new={"scope": "one", "sessions": 1})
    return True


def sign_out_elsewhere(*, acting_user: Account, at: datetime, origin: Origin) -> Account:
    """End every session of one's own but the one that ``origin`` names, which its holder renews with the account."""
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        ended = sessions.end_sessions(account, at, but=origin.session)
        work.record(
            ACCOUNT_SIGNED_OUT,
            beneficiary_id=account.public_id,
            new={"scope": "elsewhere", "sessions": ended},
        )
    return account
