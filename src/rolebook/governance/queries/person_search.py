"""People by part of their name, user ID or address, as every list of people is searched."""

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.governance.queries.paging import the_few


def called(words: str, account: str = "") -> Q:
    """Return the SQL condition for accounts of which a part of the name, user ID or address is ``words``.

    ``account`` is the path from what is searched to its account, with "__" at its end; ``words`` come from
    `paging.search_words`.
    """
    return (
        Q(**{f"{account}name__icontains": words})
        | Q(**{f"{account}user_id__contains": words})
        | Q(**{f"{account}email_key__contains": words})
    )


def few_called(words: str) -> tuple[int, ...] | None:
    """Return the internal ids of the accounts that `called` means, in any program; None where they are many."""
    return the_few(Account.objects.filter(called(words)).values_list("pk", flat=True))
