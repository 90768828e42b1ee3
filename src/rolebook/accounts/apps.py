"""Django's registration of the accounts app."""

from typing import override

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app's name and label; registers the triggers that hold its tables."""

    name = "rolebook.accounts"
    label = "accounts"

    @override
    def ready(self) -> None:
        from rolebook.accounts import triggers

        triggers.register_own()
