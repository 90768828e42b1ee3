"""When a role that somebody holds was last used, as far as it is known.

Decision points say which account used which privilege on which day, and no more (docs/decisions/0027): not where. So a
grant was last used on the latest day, not before it began, on which its person used a privilege of the role; and when
another of their grants gives that privilege, too, it may have been that one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from rolebook.governance.instants import date_in_words
from rolebook.governance.models import Grant, PrivilegeUse, UsageSpan
from rolebook.policy.model import Rolebook


@dataclass(frozen=True, slots=True)
class LastUse:
    """What is known of the use of one grant.

    Attributes:
        on: the last known day, in the program's zone; None when no use is known.
        privilege_id: a privilege of the role that was used on that day.
        perhaps_other: whether another grant of the person's gives each of the role's privileges that were used on that
            day, so that it may have been used through that one.
        days: on how many days, at least, the privilege was used.
        since_on: from which day on uses of the program are kept; None when no decision point ever told of any.
        whole: whether uses have been kept for as long as it has been held.
    """

    on: date | None
    privilege_id: str | None
    perhaps_other: bool
    days: int
    since_on: date | None
    whole: bool = False

    @property
    def none_in_words(self) -> str:
        """What that no use is known says: nothing where none are kept at all."""
        if self.since_on is None:
            return "not known"
        if self.whole:
            return "no use recorded since it was given"
        return f"no use recorded since recording began on {date_in_words(self.since_on)}"


_NOTHING_KEPT: Final = LastUse(None, None, perhaps_other=False, days=0, since_on=None)


def kept_since(program_id: str) -> date | None:
    """Return the day from which on uses of a program are kept, None when none ever were. One statement."""
    return UsageSpan.objects.filter(program_id=program_id).values_list("since_on", flat=True).first()


def last_uses(book: Rolebook, grants: Collection[Grant], at: datetime) -> Mapping[int, LastUse]:
    """Return what is known of the use of each grant, by its internal id. Three statements, however many there are.

    For queries that have judged what their viewer may see; all grants are of the rolebook's program.

    Args:
        book: the rolebook in force.
        grants: whose use is asked for; in force or closed.
        at: now; grants that others hold at this instant are what a use may be due to as well.
    """
    return last_uses_since(kept_since(book.program.id), book, grants, at)


def last_uses_since(
    since_on: date | None, book: Rolebook, grants: Collection[Grant], at: datetime
) -> Mapping[int, LastUse]:
    """Return the same where it was read already from which day on uses are kept; two statements."""
    if since_on is None:
        return dict.fromkeys((grant.pk for grant in grants), _NOTHING_KEPT)
    accounts = {grant.account_id for grant in grants}
    uses: dict[int, dict[str, PrivilegeUse]] = {}
    for use in PrivilegeUse.objects.filter(program_id=book.program.id, account__in=accounts):
        uses.setdefault(use.account_id, {})[use.privilege_id] = use
    held: dict[int, list[Grant]] = {}
    others = Grant.objects.filter(program_id=book.program.id, account__in=uses.keys(), starts_at__lte=at)
    for grant in others.only("pk", "account_id", "role_id", "starts_at", "ends_at", "closed_at"):
        held.setdefault(grant.account_id, []).append(grant)
    zone = ZoneInfo(book.program.zone)
    powers = {role_id: frozenset(book.powers(role_id)) for role_id in _role_ids(grants, held.values())}
    return {
        grant.pk: _last_use(
            grant,
            uses.get(grant.account_id, {}),
            held.get(grant.account_id, ()),
            powers=powers,
            zone=zone,
            since_on=since_on,
        )
        for grant in grants
    }


def _role_ids(grants: Iterable[Grant], held: Iterable[Sequence[Grant]]) -> set[str]:
    return {grant.role_id for grant in grants} | {grant.role_id for one in held for grant in one}


def _last_use(
    grant: Grant,
    uses: Mapping[str, PrivilegeUse],
    held: Sequence[Grant],
    *,
    powers: Mapping[str, frozenset[str]],
    zone: ZoneInfo,
    since_on: date,
) -> LastUse:
    """Return what one person's uses say about one of their grants."""
    possible = [
        use
        for privilege_id, use in uses.items()
        if privilege_id in powers[grant.role_id] and _in_force_on(grant, use.last_on, zone)
    ]
    latest = max((use.last_on for use in possible), default=None)
    if latest is None:
        whole = grant.starts_at.astimezone(zone).date() > since_on
        return LastUse(None, None, perhaps_other=False, days=0, since_on=since_on, whole=whole)
    that_day = sorted((use for use in possible if use.last_on == latest), key=lambda use: use.privilege_id)
    others = [other for other in held if other.pk != grant.pk and _in_force_on(other, latest, zone)]
    alone = [
        use for use in that_day if not any(use.privilege_id in powers[other.role_id] for other in others)
    ]
    told = (alone or that_day)[0]
    return LastUse(latest, told.privilege_id, perhaps_other=not alone, days=told.days, since_on=since_on)


def _in_force_on(grant: Grant, day: date, zone: ZoneInfo) -> bool:
    """Return whether a grant was in force at some instant of a day."""
    if grant.starts_at.astimezone(zone).date() > day:
        return False
    ends = [end for end in (grant.ends_at, grant.closed_at) if end is not None]
    return all(end > grant.starts_at and end.astimezone(zone).date() >= day for end in ends)
