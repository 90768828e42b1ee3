"""Django's registration of the AuthZEN app."""

from django.apps import AppConfig


class AuthZENConfig(AppConfig):
    """The app's name and label."""

    name = "rolebook.authzen"
    label = "authzen"
