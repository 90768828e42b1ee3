"""Walking a guide: each step in its order, what it says seen on the page, and its pictures taken."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.guides.reading import GuideStep
from tests.guides.shrinking import shrink

WIDTH = 1200
_LOOKS = 100
_SEEN = """() => {
    const fields = [...document.querySelectorAll('select')].map(one => one.selectedOptions[0]?.text ?? '');
    const hidden = document.getElementById('navigation')?.textContent ?? '';
    return [document.body.innerText, hidden, ...fields].join('\\n');
}"""
_MARK = """element => {
    element.style.outline = '3px solid #d54309'; element.style.outlineOffset = '3px'; element.dataset.marked = '';
}"""
_UNMARK = """() => document.querySelectorAll('[data-marked]').forEach(one => {
    one.style.outline = ''; one.style.outlineOffset = ''; delete one.dataset.marked;
})"""


@dataclass
class Moment:
    """The clock of a walk: stands still, and goes on by a minute with each step."""

    now: datetime = datetime(2026, 3, 10, 19, 5, tzinfo=UTC)

    def pass_minutes(self, minutes: int = 1) -> None:
        """Let some minutes pass."""
        self.now += timedelta(minutes=minutes)


@dataclass
class Walk:
    """A walk through a guide.

    Attributes:
        steps: what the guide says.
        moment: the clock that the pages show.
        folder: where pictures go; None: they are not kept.
    """

    steps: tuple[GuideStep, ...]
    moment: Moment
    folder: Path | None
    taken: list[str] = field(default_factory=list)
    _walked: list[str] = field(default_factory=list)
    _seen: str = ""

    @contextmanager
    def step(self, title: str, page: Page) -> Iterator[GuideStep]:
        """Do the guide's next step, which must have this title; all that it says is to be seen on the way."""
        said = self.steps[len(self._walked)]
        assert title == said.title
        self._walked.append(title)
        self.moment.pass_minutes()
        self._seen = ""
        self.look(page)
        before = len(self.taken)
        yield said
        self._see(page, said)
        assert self.taken[before:] == list(said.pictures)

    def _see(self, page: Page, said: GuideStep) -> None:
        """Look until all words of a step were seen: the next page may be on its way."""
        missing: list[str] = []
        for _ in range(_LOOKS):
            self.look(page)
            missing = [words for words in said.shown if words not in self._seen]
            if not missing:
                return
            page.wait_for_timeout(100)
        raise AssertionError(f"{said.title}: the page does not show {missing}")

    def look(self, page: Page) -> None:
        """Remember what is on the page now."""
        self._seen += " ".join(page.locator("body").evaluate(_SEEN).split()) + "\n"

    def picture(self, page: Page, name: str, *, press: Locator | None = None, height: int = 620) -> None:
        """Take a picture of what is on the screen, with what is to be pressed outlined."""
        self.look(page)
        self.taken.append(name)
        page.wait_for_load_state()
        if press is not None:
            press.evaluate(_MARK)
        if self.folder is not None:
            take(page, self.folder / f"{name}.png", height)
        page.evaluate(_UNMARK)

    def done(self) -> None:
        """Be sure that nothing of the guide was left out."""
        assert self._walked == [step.title for step in self.steps]


def take(page: Page, file: Path, height: int) -> None:
    """Write a picture of the screen, from where it is scrolled to, without caret and movement."""
    page.mouse.move(0, 0)
    screen = page.viewport_size
    assert screen is not None
    clip: FloatRect = {"x": 0, "y": 0, "width": screen["width"], "height": min(height, screen["height"])}
    file.write_bytes(shrink(page.screenshot(animations="disabled", caret="hide", clip=clip)))


def go(page: Page, entry: str) -> None:
    """Follow an entry of the navigation."""
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name=entry, exact=True)
    link.click()
    expect(link).to_have_attribute("aria-current", "page")
    page.wait_for_load_state()


type Walker = Callable[[Walk, Callable[..., Page]], None]


def digits(words: str) -> str:
    """Return the code in the words of a mail."""
    found = re.search(r"\b(\d{4}) ?(\d{4})\b", words)
    assert found is not None, words
    return found.group(1) + found.group(2)
