"""The audit app: its triggers are dropped before SQLite rebuilds a table and reinstalled after every
migrate; a SQLite file keeps a write-ahead log."""

from typing import override

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class AuditConfig(AppConfig):
    """Registers the log's own triggers and keeps every registered trigger installed."""

    name = "rolebook.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        from rolebook.audit import triggers, write_ahead

        triggers.register_own()
        connection_created.connect(write_ahead.switch, dispatch_uid="rolebook-write-ahead")
        pre_migrate.connect(triggers.before_migrate, dispatch_uid="rolebook-triggers")
        post_migrate.connect(triggers.after_migrate, dispatch_uid="rolebook-triggers")
