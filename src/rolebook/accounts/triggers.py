"""What the database itself refuses in this app: rewriting an activated rolebook, or an agreement to a statement.

The snapshot of the decision point and every process keep a version in memory for good, because it never changes.
"""

from rolebook.audit.triggers import append_only, register

APP = "accounts"


def register_own() -> None:
    """Register the triggers of versions and agreements."""
    register(append_only(APP, "accounts_rolebookversion", ("id", ("program_id", "number"))))
    register(append_only(APP, "accounts_statementagreement", ("id",)))
