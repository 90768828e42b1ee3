"""A decision point whose wall clock a file steps: `python -m tests.staleness.process FOLDER HOST PORT`.

With ROLEBOOK_TEST_MUTANT=lease it trusts its copy for ever: the fault that leases are against.
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


def main() -> int:
    """Put the stepped clock in, and be a decision point."""
    stepped_by = Path(sys.argv.pop(1)) / "stepped-by"
    import django

    django.setup()
    from rolebook.audit import clock
    from rolebook.audit.following import LogFollower
    from rolebook.authzen import process

    def offset() -> int:
        return int(stepped_by.read_text() or "0")

    clock.now = lambda: datetime.now(UTC) + timedelta(seconds=offset())
    clock.now_micros = lambda: time.time_ns() // 1_000 + offset() * 1_000_000
    if os.environ.get("ROLEBOOK_TEST_MUTANT") == "lease":
        LogFollower.is_fresh = lambda self: self._revision is not None  # type: ignore[method-assign]
    return process.main()


if __name__ == "__main__":
    sys.exit(main())
