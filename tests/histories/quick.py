"""Histories that lose no time with what they are not about."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from django.test import override_settings


@contextmanager
def quickly(books: Mapping[str, Any]) -> Iterator[None]:
    """Read rolebooks from memory, by the names of their folders, and hash passwords in no time."""
    with ExitStack() as stack:
        stack.enter_context(
            patch("rolebook.accounts.flows.rolebooks.read_rolebook", lambda folder: books[str(folder)])
        )
        hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
        stack.enter_context(override_settings(PASSWORD_HASHERS=[hasher]))
        yield
