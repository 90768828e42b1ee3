"""What allauth may do here: keep second factors. Signing in, registering and mailing are our flows."""

from typing import NoReturn

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes allauth's own ways to register, to sign in and to mail: each would commit without its audit event.

    None of allauth's pages is in our urls; this holds should one ever be added.
    """

    def is_open_for_signup(self, request: object) -> bool:
        """Nobody registers through allauth."""
        del request
        return False

    def login(self, request: object, user: object) -> NoReturn:
        """Nobody signs in through allauth. Raises RuntimeError."""
        del request, user
        raise RuntimeError("signing in goes through rolebook.accounts.flows.signing_in")

    def send_mail(self, template_prefix: str, email: str, context: object) -> NoReturn:
        """allauth sends no mail: ours goes through the outbox of notices. Raises RuntimeError."""
        del email, context
        raise RuntimeError(f"mail {template_prefix!r} must go through the outbox of rolebook.notices")
