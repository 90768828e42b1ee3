"""Days at the command line: a day of a program's time zone, which means its end, or a minute of it."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from rolebook.governance.past.days import Moment

_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%dT%H:%M"


class Typed(NamedTuple):
    """A day as it was typed, and the minute of it, if there was one."""

    day: date
    minute: time | None


class _DayOrMinute(click.ParamType[Typed]):
    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Typed:
        if isinstance(value, Typed):
            return value
        text = str(value)
        for form in (_MINUTE, f"{_MINUTE}:%S"):
            try:
                found = datetime.strptime(text, form)  # noqa: DTZ007 - the program's zone is not known yet
            except ValueError:
                continue
            return Typed(found.date(), found.time())
        try:
            return Typed(datetime.strptime(text, _DAY).date(), None)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self.fail(
                f"found {text!r}, expected a day as 2026-03-03, or a minute as 2026-03-03T14:30", param, ctx
            )


DAY_OR_MINUTE = _DayOrMinute()


def moment_asked(program: str, typed: Typed, now: datetime) -> "Moment":
    """Return the instant that a day or minute of a program's zone means; what is none ends the command."""
    from rolebook.accounts.queries import NoRolebook, rolebook_in_force
    from rolebook.governance.past.days import FIRST_DAY, NotYet, moment_of

    try:
        _, book = rolebook_in_force(program, now)
    except NoRolebook as missing:
        raise click.ClickException(str(missing)) from None
    try:
        return moment_of(typed.day, typed.minute, book, now)
    except NotYet:
        there = now.astimezone(ZoneInfo(book.program.zone))
        raise click.ClickException(
            f"found {typed.day}, expected a day or minute that has come: "
            f"it is {there:%Y-%m-%dT%H:%M} in {there.tzinfo}, the time zone of {program}"
        ) from None
    except ValueError:
        raise click.ClickException(f"found {typed.day}, expected a day from {FIRST_DAY} on") from None
