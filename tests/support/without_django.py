"""A pytest plugin that makes Django absent: whatever imports it fails, as where it is not installed."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import override

import pytest

ABSENT = frozenset({"django", "allauth", "django_htmx", "psycopg"})


class AbsentFinder(MetaPathFinder):
    """Finds nothing, loudly, for the packages that are to be absent."""

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {fullname!r} (made absent)", name=fullname)
        return None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the settings of pytest-django, which is absent, too."""
    parser.addini("DJANGO_SETTINGS_MODULE", "unused here")
    parser.addini("django_find_project", "unused here", type="bool", default=False)


sys.meta_path.insert(0, AbsentFinder())
