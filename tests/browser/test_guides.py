"""The guides are walked as they are written, step by step, in the demo's world; `./run screenshots` pictures them."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from playwright.sync_api import Browser, BrowserContext, Page

from rolebook.accounts import mailed_codes, second_factor
from rolebook.audit import clock
from rolebook.cli.server.demo_world.build import build_world
from tests.browser.conftest import PATIENCE, ZONE, Watch
from tests.guides import front, official, requester, steward
from tests.guides.reading import CHECKOUT, PICTURES, pictures_in, steps_of
from tests.guides.walking import WIDTH, Moment, Walk, Walker
from tests.support.databases import CommittedDatabase
from tests.support.serving import served

pytestmark = pytest.mark.browser
FOLDER = PICTURES if os.environ.get("ROLEBOOK_SCREENSHOTS") else None
LARGEST, LARGEST_TOGETHER = 120_000, 3_000_000
WALKS: dict[str, Walker] = {
    "for-requesters": requester.walk,
    "for-security-officials": official.walk,
    "for-stewards": steward.walk,
}


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """Let the clock stand still, and what is drawn by lot be the same each time: pictures are then, too."""
    now = Moment()
    monkeypatch.setattr(clock, "now", lambda: now.now)
    monkeypatch.setattr(clock, "now_micros", lambda: int(now.now.timestamp() * 1_000_000))
    monkeypatch.setattr(second_factor, "new_secret", lambda: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    monkeypatch.setattr(RecoveryCodes, "generate_seed", staticmethod(lambda: "5eed" * 20))
    monkeypatch.setattr(mailed_codes, "_new_digits", lambda: "4071 8826")
    return now


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo's world is kept once it is built."""
    return tmp_path_factory.mktemp("demo") / "world.sqlite3"


@pytest.fixture
def demo(committed_db: CommittedDatabase, moment: Moment, built: Path) -> Iterator[str]:
    """The demo's world as of the moment, served; built once."""
    from django.db import connection

    connection.ensure_connection()
    if built.exists():
        with sqlite3.connect(built) as kept:
            kept.backup(connection.connection)
    else:
        build_world(now=moment.now, practices=8, connected=14, waiting=5)
        with sqlite3.connect(built) as kept:
            connection.connection.backup(kept)
    with served() as url:
        yield url


@pytest.fixture
def open_page(browser: Browser, demo: str) -> Iterator[Callable[..., Page]]:
    """Return a function that gives a page of a browser in which nobody is signed in."""
    watch = Watch(demo)
    contexts: list[BrowserContext] = []

    def give(width: int = WIDTH, height: int = 700) -> Page:
        context = browser.new_context(
            base_url=demo,
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            timezone_id=ZONE,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("request", watch.request)
        context.on("console", watch.console)
        return context.new_page()

    yield give
    for context in contexts:
        context.close()
    assert watch.complaints == []


@pytest.mark.requirement(
    "QPP-01", "QPP-02", "QPP-04", "QPP-05", "QPP-06", "QPP-07", "QPP-10", "QPP-13", "QPP-16"
)
@pytest.mark.parametrize("guide", WALKS)
def test_a_guide_can_be_walked_as_it_is_written(
    moment: Moment, open_page: Callable[..., Page], guide: str
) -> None:
    walk = Walk(steps_of(guide), moment, FOLDER)
    WALKS[guide](walk, open_page)
    walk.done()


def test_the_pictures_of_the_readme_can_be_taken(moment: Moment, open_page: Callable[..., Page]) -> None:
    walk = Walk((), moment, FOLDER)
    front.walk(walk, open_page)
    assert tuple(walk.taken) == pictures_in((CHECKOUT / "README.md").read_text(encoding="utf-8"))


def test_every_picture_is_shown_somewhere_and_small() -> None:
    pages = [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]
    shown = {name for page in pages for name in pictures_in(page.read_text(encoding="utf-8"))}
    sizes = {file.stem: file.stat().st_size for file in PICTURES.iterdir()}
    assert set(sizes) == shown
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
    assert sum(sizes.values()) < LARGEST_TOGETHER
