"""How people stood at an instant, from the log's events alone: active or not, signed in when, employed by whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.calendar_clock import end_of_quiet

type Events = Iterable[tuple[str, datetime, dict[str, Any]]]


@dataclass(frozen=True)
class Quiet:
    """How a program ends a part for want of a sign-in: after so many months, and never sooner than the grace."""

    months: int
    zone: ZoneInfo
    grace: timedelta


@dataclass
class Standing:
    """How somebody stands in a program as far as the events were read.

    ``started``: whether they have a part; ``employer`` is an organization's id; ``since`` from when quiet counts;
    ``quiet_ends_at`` when it ends the part.
    """

    whole: str = "active"
    part: str = "active"
    started: bool = False
    last_signed_in_at: datetime | None = None
    employer: str | None = None
    since: datetime | None = None
    quiet_ends_at: datetime | None = None

    def status(self, at: datetime) -> str:
        """The status of the account where that is not active, else of the part, which quiet ends at its instant."""
        if self.whole != "active" or self.part != "active":
            return self.part if self.whole == "active" else self.whole
        return "closed" if self.quiet_ends_at is not None and self.quiet_ends_at <= at else "active"


def standings(events: Events, program_id: str, at: datetime, quiet: Quiet | None) -> Mapping[str, Standing]:
    """Everybody who is told of by ``at``, by account id; ``quiet``: None where a program closes nobody for it."""
    found: dict[str, Standing] = {}
    for tag, when, told in events:
        if when > at or told["program_id"] not in (None, program_id):
            continue
        if tag == "participations:counted" and quiet is not None:
            for one in found.values():
                _count_anew(one, when, quiet)
        if told["beneficiary_id"] is not None:
            _hear(found.setdefault(told["beneficiary_id"], Standing()), tag, when, told, quiet)
    return found


def _hear(one: Standing, tag: str, when: datetime, told: dict[str, Any], quiet: Quiet | None) -> None:
    """Take one event about somebody."""
    new = told["new"]
    if tag == "account:status-changed":
        one.whole = new["status"]
    elif tag == "employment:recorded":
        one.employer = told["organization_id"]
    elif tag in ("participation:started", "participation:status-changed"):
        one.part, one.started = new["status"], True
        if one.part == "active" and quiet is not None:
            one.since = when
            one.quiet_ends_at = _end(when, quiet)
    elif tag in ("participation:signed-in", "participation:sign-in-taken-over"):
        one.last_signed_in_at = instant(new["last_signed_in_at"])
        if tag == "participation:signed-in":
            one.since = when
    if tag.startswith("participation:") and "quiet_ends_at" in new:
        one.quiet_ends_at = instant(new["quiet_ends_at"])


def _count_anew(one: Standing, when: datetime, quiet: Quiet) -> None:
    if one.since is not None and one.part == "active":
        counted = _end(one.since, quiet)
        one.quiet_ends_at = max(counted, when + quiet.grace)


@cache
def _end(since: datetime, quiet: Quiet) -> datetime:
    """The slow calendar's end of quiet, counted once: a history asks for the same ones at every instant."""
    return end_of_quiet(since, quiet.months, quiet.zone)


def instant(text: str | None) -> datetime | None:
    """An instant as an event has it; None for none."""
    return None if text is None else datetime.fromisoformat(text)
