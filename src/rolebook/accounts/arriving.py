"""Rows of an import become accounts: first who they are, then those that are new, without any credential."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import batched

from django.contrib.auth.hashers import make_password

from rolebook.accounts.account_file import AccountRow
from rolebook.accounts.models import Account
from rolebook.accounts.texts import email_key
from rolebook.policy.errors import Report, say

_BATCH = 500


def known_accounts(rows: Sequence[AccountRow], report: Report) -> dict[str, Account]:
    """Return the accounts that rows name already, by user ID; report those that are somebody else's.

    A row is an existing account's only with both its user ID and its address: an import never changes what somebody
    signs in or is mailed with, and never makes a second account of one address (IQIES-04).
    """
    by_user_id: dict[str, Account] = {}
    by_email: dict[str, Account] = {}
    for some in batched(rows, _BATCH):
        by_user_id |= {
            one.user_id: one for one in Account.objects.filter(user_id__in=[r.user_id for r in some])
        }
        keys = [email_key(row.email) for row in some]
        by_email |= {one.email_key: one for one in Account.objects.filter(email_key__in=keys)}
    for row in rows:
        known, holder = by_user_id.get(row.user_id), by_email.get(email_key(row.email))
        if known is None and holder is not None:
            expected = f"an address that {holder.user_id!r} does not have already"
            report.add(row.email_place, say("taken email", found=row.email, expected=expected))
        elif known is not None and known != holder:
            expected = f"the address of the account {known.user_id!r}, or another user ID"
            report.add(row.email_place, say("taken user_id", found=row.email, expected=expected))
        elif known is not None and not known.is_active:
            expected = f"an account that is active, not {known.status}"
            report.add(row.place, say("bad user_id", found=row.user_id, expected=expected))
    return by_user_id


def create_accounts(rows: Iterable[AccountRow], at: datetime) -> dict[str, Account]:
    """Write new accounts, and return them by user ID; call it in a transaction.

    They have no password that would be accepted and no second factor. Their people set a password with a code mailed
    to the imported address ("Forgot your password?"), and then must set up the second factor as everybody.
    """
    made: dict[str, Account] = {}
    for some in batched(rows, _BATCH):
        new = [
            Account(
                user_id=row.user_id,
                name=row.name,
                email=row.email,
                email_key=email_key(row.email),
                password=make_password(None),
                created_at=at,
            )
            for row in some
        ]
        Account.objects.bulk_create(new)
        made |= {account.user_id: account for account in new}
    return made
