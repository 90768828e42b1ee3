"""Django's registration of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app's name and label."""

    name = "rolebook.accounts"
    label = "accounts"
