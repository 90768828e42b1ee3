"""What the page of a review recommends, always with its reason and never chosen beforehand. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

QUIET_DAYS = 180
"""Without a sign-in or a use for so long, something is perhaps no longer needed."""
_RECENT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation and its reason, as a sentence."""

    answer: Literal["keep", "remove"]
    reason: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of something that a review asks about.

    Attributes:
        about: "account", "role" or "access".
        today: the day in the program's zone.
        signed_in_on: the account's last sign-in; None: never.
        used_on: the role's last known use; None: none known.
        uses_kept_since: from which day on uses are known; None: they are not.
        since_on: since when it is held; for an account, since when it takes part.
        other_agency: whether another organization than the employing one answers for it.
        employer: the name of the employing organization; "" when none is recorded.
        roles: how many roles of the account are in force.
        asked_first: whether the account is asked about by itself, so that its lines need not say it again.
        accesses: how many organizations it has access to, where what it is about reaches only these; None elsewhere.
    """

    about: str
    today: date
    signed_in_on: date | None
    used_on: date | None
    uses_kept_since: date | None
    since_on: date
    other_agency: bool
    employer: str
    roles: int
    accesses: int | None
    asked_first: bool = False


def advise(known: Known) -> Advice | None:
    """Return a recommendation, or None where nothing known speaks for one."""
    long_ago = known.today - timedelta(days=QUIET_DAYS)
    if known.since_on <= long_ago and (known.about == "account" or not known.asked_first):
        if known.signed_in_on is None:
            return Advice("remove", "They have never signed in.")
        if known.signed_in_on <= long_ago:
            return Advice("remove", f"They have not signed in since {_written(known.signed_in_on)}.")
    if known.about == "role":
        return _of_role(known, long_ago)
    if known.about == "access":
        if not known.roles:
            return Advice("remove", "It gives nothing: they hold no role.")
        if known.other_agency and known.employer:
            return None
    if known.about == "account" and not known.roles and not known.accesses:
        return Advice("remove", "They hold no role any more.")
    return None


def _of_role(known: Known, long_ago: date) -> Advice | None:
    if known.accesses == 0:
        return Advice("remove", "It gives nothing: they have access to no organization code.")
    if known.used_on is not None:
        if known.used_on <= long_ago:
            return Advice("remove", f"It was last used on {_written(known.used_on)}, as far as is known.")
        if known.used_on > known.today - timedelta(days=_RECENT_DAYS):
            return Advice("keep", f"It was used on {_written(known.used_on)}.")
        return None
    kept = known.uses_kept_since
    if kept is not None and kept <= long_ago and known.since_on <= long_ago:
        return Advice("remove", f"No use of it is known since {_written(kept)}.")
    return None


def day_in(at: datetime | None, zone: ZoneInfo) -> date | None:
    """Return the day of an instant in a zone, None for none."""
    return None if at is None else at.astimezone(zone).date()


def _written(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"
