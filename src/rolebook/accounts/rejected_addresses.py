"""Addresses that reject mail: noted when a mail was rejected for good, and over once their holder has proved one."""

from collections.abc import Iterable
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import AddressStanding
from rolebook.accounts.texts import email_key
from rolebook.audit import tags
from rolebook.audit.recording import UnitOfWork


def note_rejected(work: UnitOfWork, account: Account) -> bool:
    """Note that an account's address rejects mail, in a flow's unit of work; return whether it is news.

    The account is locked.
    """
    standing, _ = AddressStanding.objects.get_or_create(account=account)
    if standing.rejected_at is not None:
        return False
    standing.rejected_at = work.at
    standing.save(update_fields=["rejected_at"])
    work.record(
        tags.ACCOUNT_EMAIL_REJECTED, beneficiary_id=account.public_id, personal={"email": account.email}
    )
    return True


def note_proved(work: UnitOfWork, account: Account) -> bool:
    """Note that a code mailed to an account's address was typed; return whether it had rejected mail before.

    The account is locked. Mail that was held back for it goes out again.
    """
    standing = AddressStanding.objects.filter(account=account).first()
    rejected = standing is not None and standing.rejected_at is not None
    AddressStanding.objects.update_or_create(
        account=account, defaults={"rejected_at": None, "proved_at": work.at}
    )
    if rejected:
        work.record(
            tags.ACCOUNT_EMAIL_WORKS, beneficiary_id=account.public_id, personal={"email": account.email}
        )
    return rejected


def note_code_arrived(work: UnitOfWork, account: Account, address: str) -> None:
    """Note that a code mailed to ``address`` was typed, where that is the account's present address."""
    if email_key(address) == account.email_key:
        note_proved(work, account)


def is_rejected(account: Account) -> bool:
    """Return whether an account's address rejects mail."""
    return AddressStanding.objects.filter(account=account, rejected_at__isnull=False).exists()


def rejected_since(accounts: Iterable[int]) -> dict[int, datetime]:
    """Return since when their addresses reject mail, by the accounts' internal ids; those of which it is not known
    are left out.
    """
    rows = AddressStanding.objects.filter(account__in=accounts, rejected_at__isnull=False)
    return {pk: at for pk, at in rows.values_list("account", "rejected_at") if at is not None}
