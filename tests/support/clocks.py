"""Instants for tests that choose when "now" is: on this machine and in the database, which agree."""

from datetime import datetime

import pytest

from rolebook.audit import agreed_clock, clock


def it_is(patch: pytest.MonkeyPatch, at: datetime) -> None:
    """Let every clock say so, from now on to the test's end."""
    patch.setattr(clock, "now", lambda: at)
    patch.setattr(agreed_clock, "_databases_now", lambda: at)
