"""An account is signed out everywhere, or freed of a lost second factor by the operator."""

from datetime import datetime

from rolebook.accounts import sessions
from rolebook.accounts.flows.credentials import remove_factors
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account
from rolebook.accounts.second_factor import has_second_factor
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.audit.tags import ACCOUNT_SIGNED_OUT


def sign_out_everywhere(*, acting_user: Account, at: datetime, origin: Origin) -> Account:
    """End every session of one's own account, this one included."""
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        ended = sessions.end_sessions(account, at)
        work.record(
            ACCOUNT_SIGNED_OUT,
            beneficiary_id=account.public_id,
            new={"scope": "everywhere", "sessions": ended},
        )
    return account


def reset_second_factor(*, account: Account, at: datetime, origin: Origin, send: SendMail) -> bool:
    """Remove the second factor of somebody who lost it and the recovery codes; the operator alone may (QPP-01).

    The person then signs in with a mailed code and sees nothing before a new factor is set up. Returns
    False when none was set up.
    """
    with unit_of_work(at=at, origin=origin, actor_id=None) as work:
        locked = Account.objects.select_for_update().get(pk=account.pk)
        if not has_second_factor(locked):
            work.nothing_happened()
            return False
        remove_factors(work, locked)
        what = (
            "Your second factor and your recovery codes were removed by the operator. "
            "Set up a new one when you sign in."
        )
        send(AccountMail("second-factor-changed", locked.name, account=locked, what=what))
    return True
