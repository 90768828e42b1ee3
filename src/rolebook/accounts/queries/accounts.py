"""Accounts as the operator finds them."""

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.accounts.texts import email_key


def find_accounts(search: str, *, limit: int) -> tuple[Account, ...]:
    """Return at most ``limit`` accounts whose user ID, name or e-mail address has ``search`` in it, by user ID.

    For the operator at the command line only: it asks for no viewer.
    """
    text = search.strip()
    wanted = Q(user_id__icontains=text) | Q(name__icontains=text) | Q(email_key__contains=email_key(text))
    return tuple(Account.objects.filter(wanted if text else Q()).order_by("user_id")[:limit])
