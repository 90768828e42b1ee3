"""How log lines look."""

import logging
from types import TracebackType
from typing import override


class OneLine(logging.Formatter):
    """One line a record: no traceback, and no line break that a stranger sent (fault 32)."""

    @override
    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Return nothing: the message says what was refused."""
        del ei
        return ""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with control characters as escapes."""
        line = super().format(record)
        return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line)
