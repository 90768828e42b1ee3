"""What must be in order before a server starts on a database: migrations applied, triggers installed."""

from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from rolebook.audit import triggers


def check_at_start(using: str = "default") -> str | None:
    """Return one line that says why the database must not be served, and what to do; None when it may.

    Raises django.db.Error when the database cannot be reached.
    """
    executor = MigrationExecutor(connections[using])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:3])
        more = f" and {len(plan) - 3} more" if len(plan) > 3 else ""
        return f"database: found unapplied migrations ({names}{more}); run `rolebook migrate`"
    missing = triggers.check_installed(using)
    if missing:
        names = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        return f"database: found protecting triggers missing or altered ({names}); run `rolebook migrate`"
    return None
