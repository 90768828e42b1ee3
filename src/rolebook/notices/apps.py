"""The notices app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Who is told what, by mail."""

    name = "rolebook.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
