"""Failures that an operator can mend, as one sentence each: no traceback, and no reference to look up."""

import sys

_NOT_MIGRATED = ("no such table", "no such column", "does not exist")
_WRONG_OPTION = ("invalid connection option", 'missing "=" after')


def in_one_line(failure: BaseException) -> str | None:
    """Return what to read about ``failure``: a database or a file that cannot be used; None for anything else."""
    # Django is not imported for this: offline commands never load it, and then it cannot have failed.
    django_errors = sys.modules.get("django.db.utils")
    if django_errors is not None and isinstance(failure, django_errors.Error):
        return _of_database(failure, isinstance(failure, django_errors.OperationalError))
    if isinstance(failure, OSError) and failure.filename is not None:
        return f"{failure.filename}: {(failure.strerror or 'cannot be used').lower()}"
    return None


def _of_database(failure: BaseException, operational: bool) -> str | None:
    lines = str(failure).strip().splitlines()
    said = lines[0] if lines else type(failure).__name__
    if any(words in said for words in _NOT_MIGRATED) and not said.startswith("connection"):
        return "the database is not up to date: run 'rolebook migrate' first"
    unusable = operational or "file is not a database" in said
    if unusable or any(words in said for words in _WRONG_OPTION):
        return f"the database cannot be used: {said} (ROLEBOOK_DATABASE, see docs/settings.md)"
    return None
