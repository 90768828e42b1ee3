"""The ways in which a walk is walked: at a desk, on a phone, with the keyboard alone, and without scripts.

A walk is written once, with Playwright's locators. With the keyboard alone, what a walk presses, fills in or chooses is
reached by Tab (or Shift+Tab, where it stands before), has to show that it has the focus and must not be hidden, and is
then used by Enter, Space, arrows and letters. What a mouse alone could do fails there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as TooLate

MOST_TABS = 250
_LONG = 60
_LONGEST_ON_THE_WAY = 4_000
_CONTROL = """
  const control = e => {
    const label = e.closest('label');
    return (label && label.control) || e.closest('a[href],button,summary,input,select,textarea,[tabindex]') || e;
  };
"""
_WHERE = (
    """e => {"""
    + _CONTROL
    + """
    const goal = control(e), here = document.activeElement;
    if (here === goal) return 'here';
    if (!here || here === document.body) return 'Tab';
    const after = here.compareDocumentPosition(goal) & Node.DOCUMENT_POSITION_FOLLOWING;
    const radios = goal.type === 'radio' && here.type === 'radio' && goal.name === here.name && goal.form === here.form;
    if (radios) return after ? 'ArrowDown' : 'ArrowUp';
    return after ? 'Tab' : 'Shift+Tab';
  }"""
)
_SHOWN = (
    """e => {"""
    + _CONTROL
    + """
    const goal = control(e), label = goal.labels && goal.labels[0];
    const drawn = (one, part) => {
      const style = getComputedStyle(one, part);
      return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
    };
    const visible = drawn(goal) || (label && (drawn(label) || drawn(label, '::before')));
    const boxes = [...goal.getClientRects(), ...(label ? label.getClientRects() : [])];
    const seen = boxes.some(box => [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]].some(([across, down]) => {
      const there = document.elementFromPoint(box.left + box.width * across, box.top + box.height * down);
      return there && (goal.contains(there) || there.contains(goal) || (label && label.contains(there)));
    }));
    return {visible: Boolean(visible), seen};
  }"""
)
_USE = (
    """e => {"""
    + _CONTROL
    + """
    const goal = control(e), kind = goal.type || '';
    if (kind === 'radio' && goal.checked) return {key: '', leaves: false};
    if (kind === 'checkbox' || kind === 'radio') return {key: ' ', leaves: false};
    if (!goal.matches('a[href],button,summary,input[type=submit]')) return {key: '', leaves: false};
    const scripted = goal.closest('[hx-get],[hx-post],[data-close-dialog],[type=button]');
    const sends = goal.matches('button') && goal.form && goal.type === 'submit';
    const valid = sends && (goal.form.noValidate || goal.formNoValidate || goal.form.checkValidity());
    return {key: 'Enter', leaves: !scripted && (goal.matches('a[href]') || Boolean(valid))};
  }"""
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to walk."""

    name: str
    width: int = 1280
    keyboard: bool = False
    javascript: bool = True

    def opening(self) -> dict[str, Any]:
        """Return what a page of this way is opened with."""
        return {"width": self.width, "javascript": self.javascript}


DESK = Way("at a desk")
PHONE = Way("on a phone", width=390)
KEYBOARD = Way("by keyboard alone", keyboard=True)
NO_SCRIPTS = Way("without scripts", javascript=False)

WAYS = (DESK, PHONE, KEYBOARD)


def walked(*ways: Way) -> pytest.MarkDecorator:
    """Let a test walk these ways; it takes the fixture ``way`` and opens its pages with ``**way.opening()``."""
    return pytest.mark.parametrize("way", ways, indirect=True, ids=lambda way: way.name)


every_way = walked(*WAYS)


def reach(locator: Locator) -> None:
    """Press Tab until the control that a locator names has the focus, which it has to show.

    Raises AssertionError where no tab stop is the control, or its focus cannot be seen.
    """
    for _ in range(MOST_TABS):
        key = locator.evaluate(_WHERE)
        if key == "here":
            break
        locator.page.keyboard.press(key)
    else:
        pytest.fail(f"{locator} is not reached by the keyboard")
    told = locator.evaluate(_SHOWN)
    assert told == {"visible": True, "seen": True}, f"the focus of {locator} cannot be seen: {told}"


def _click(locator: Locator, **_: object) -> None:
    locator.wait_for(state="attached")
    reach(locator)
    use, page = locator.evaluate(_USE), locator.page
    if not use["leaves"]:
        if use["key"]:
            page.keyboard.press(use["key"])
        return
    try:
        with page.expect_navigation(wait_until="domcontentloaded", timeout=_LONGEST_ON_THE_WAY):
            page.keyboard.press(use["key"])
    except TooLate:
        return  # a script took it over; what follows waits for what it does


def _fill(locator: Locator, value: str, **_: object) -> None:
    reach(locator)
    keys = locator.page.keyboard
    if locator.get_attribute("type") == "date":
        year, month, day = value.split("-")
        keys.type(month + day + year)
        return
    keys.press("Control+A")
    keys.press("Delete")
    if len(value) > _LONG or "\n" in value:
        keys.insert_text(value)  # as it is pasted
    else:
        keys.type(value)


def _check(locator: Locator, **_: object) -> None:
    reach(locator)
    if not locator.is_checked():
        locator.page.keyboard.press(" ")


def _uncheck(locator: Locator, **_: object) -> None:
    reach(locator)
    if locator.is_checked():
        locator.page.keyboard.press(" ")


def _select(locator: Locator, value: str | None = None, *, label: str | None = None, **_: object) -> None:
    reach(locator)
    wanted = locator.evaluate(
        "(e, [value, label]) => [...e.options].findIndex(o => o.value === value || o.text.trim() === (label ?? value))",
        [value, label],
    )
    assert wanted >= 0, f"{locator} has no {label or value}"
    for _step in range(MOST_TABS):
        here = locator.evaluate("e => e.selectedIndex")
        if here == wanted:
            return
        locator.page.keyboard.press("ArrowDown" if here < wanted else "ArrowUp")
    pytest.fail(f"{label or value} cannot be chosen in {locator} with arrows")


def _press(locator: Locator, key: str, **_: object) -> None:
    reach(locator)
    locator.page.keyboard.press(key)


def _letters(locator: Locator, text: str, **_: object) -> None:
    reach(locator)
    locator.page.keyboard.type(text)


def _not_by_keyboard(locator: Locator, *_: object, **__: object) -> None:
    pytest.fail(f"{locator} is used with a mouse")


_BY_KEYBOARD: dict[str, Callable[..., None]] = {
    "click": _click,
    "fill": _fill,
    "check": _check,
    "uncheck": _uncheck,
    "select_option": _select,
    "press": _press,
    "press_sequentially": _letters,
    **dict.fromkeys(("dblclick", "hover", "tap", "drag_to"), _not_by_keyboard),
}


def put_the_mouse_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on to the test's end, locators are used by keys only."""
    for name, by_keys in _BY_KEYBOARD.items():
        monkeypatch.setattr(Locator, name, by_keys)


def tab_stops(page: Page, number: int) -> list[str]:
    """Press Tab so many times; return what has the focus each time, as a person would name it."""
    found = []
    for _ in range(number):
        page.keyboard.press("Tab")
        found.append(
            page.evaluate("() => (document.activeElement.innerText || '').replace(/\\s+/g, ' ').trim()")
        )
    return found
