"""The locks: complete, pinned by hash, free of addresses, and in step with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
LOCKS = sorted(path.name for path in CHECKOUT.glob("requirements*.lock"))


def names(lines: list[str]) -> set[str]:
    """The package names, with their extras, of requirement lines."""
    found = [
        re.match(r"[A-Za-z0-9._-]+(\[[a-z,-]+\])?", line) for line in lines if not line.startswith(("#", "-"))
    ]
    return {match.group(0).lower() for match in found if match is not None}


def test_pyproject_and_the_lock_source_name_the_same_packages() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    source = (CHECKOUT / "requirements" / "runtime.in").read_text().splitlines()
    assert names(project["dependencies"]) == names(source)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_by_version_and_hash_and_names_no_place(lock: str) -> None:
    text = (CHECKOUT / lock).read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert not re.search(r"https?:|file:|index-url|find-links| @ ", text)


def test_a_package_has_one_version_in_all_locks() -> None:
    pins: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", (CHECKOUT / lock).read_text(), re.MULTILINE):
            pins.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}
