"""How Django finds the account of a session; it proves no credentials
(:mod:`rolebook.accounts.flows.signing_in` does).
"""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from rolebook.accounts.models import Account


class SessionBackend(BaseBackend):
    """Finds the account of a session at every request; a deactivated one is gone at the next (I7).

    ``authenticate`` stays Django's, which knows nobody: no page, form or add-on signs in past our flows.
    """

    def get_user(self, user_id: Any) -> Account | None:
        """Return the active account with this primary key, or None."""
        account = Account.objects.filter(pk=user_id).first()
        return account if account is not None and account.is_active else None
