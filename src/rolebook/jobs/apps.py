"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Work beside requests, and its schedule."""

    name = "rolebook.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"
