"""Documentation under test: what can be set or typed is written down, and links lead somewhere."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PAGES = [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")]


def test_every_environment_variable_is_documented_and_every_documented_one_is_read() -> None:
    sources = [*(CHECKOUT / "src").rglob("*.py"), *(CHECKOUT / "tests").rglob("*.py"), CHECKOUT / "run"]
    sources += [*(CHECKOUT / "scripts").glob("*.sh"), *(CHECKOUT / "bench").rglob("*.py")]
    read = {name for path in sources for name in re.findall(r"[\"'{](ROLEBOOK_[A-Z_]+)\b", path.read_text())}
    django = (CHECKOUT / "src/rolebook/server/settings.py").read_text()
    django_settings = set(re.findall(r"^(ROLEBOOK_[A-Z_]+)\b", django, re.MULTILINE))
    told = set(re.findall(r"`(ROLEBOOK_[A-Z_]+)`", (CHECKOUT / "docs" / "settings.md").read_text()))
    assert sorted(read - django_settings - told) == []
    assert sorted(told - read) == []


def test_every_relative_link_of_a_page_leads_to_a_file() -> None:
    dead = [
        f"{page.relative_to(CHECKOUT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_every_decision_is_one_page_that_says_what_was_decided() -> None:
    for page in (CHECKOUT / "docs" / "decisions").glob("*.md"):
        lines = page.read_text().splitlines()
        assert lines[0].startswith("# "), page.name
        assert len(lines) <= 60, page.name


def test_every_layer_is_in_the_architecture_page() -> None:
    packages = {path.parent.name for path in (CHECKOUT / "src" / "rolebook").glob("*/__init__.py")}
    text = (CHECKOUT / "ARCHITECTURE.md").read_text()
    assert {name for name in packages if f"`{name}`" not in text} == set()
