"""The governance app: registers the triggers that hold its tables."""

from typing import override

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    """Participation, requests, stages, outcomes and grants."""

    name = "rolebook.governance"
    label = "governance"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        from rolebook.governance import report_triggers, review_triggers, triggers

        triggers.register_own()
        review_triggers.register_own()
        report_triggers.register_own()
