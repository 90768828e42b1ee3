"""Close the parts in a program whose people have not signed in for too long; several in one unit of work (IQCS-08).

Power has ended already, at ``quiet_ends_at``, judged at use. What is done here makes it lasting: the status, and what
was held, which a reactivation gives back (IQCS-10). Everything is judged again under the locks of the people: a sign-in
at the same instant either came before, and nothing is closed, or it is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from rolebook.accounts.models import Account, RolebookVersion
from rolebook.audit import tags
from rolebook.audit.recording import EVENTS_A_UNIT, Origin, UnitOfWork, unit_of_work
from rolebook.governance import locks
from rolebook.governance.authority import in_force, standing_of
from rolebook.governance.deciders import stages_in_office
from rolebook.governance.flows.change_status import escalate
from rolebook.governance.last_officials import last_of, officials_among
from rolebook.governance.leaving import end_for_quiet, settle_what_is_left
from rolebook.governance.models import Access, Grant, Participation, Request
from rolebook.governance.origins import Holding
from rolebook.governance.queries.stewards import is_steward_of, other_stewards
from rolebook.governance.quiet import FIELDS, watched
from rolebook.policy.model import STEWARD_ID, Rolebook

BATCH = 500
"""Participations read at once, whatever the number of those that are due."""
EVENTS = 400
"""Events planned for one unit of work, with room below the log's bound for what only shows under the locks."""
REASON = "Nobody signed in for {months} months."


@dataclass(slots=True)
class Closed:
    """What a run of closings did: parts closed, roles and access ended, ends that were put off instead."""

    parts: int = 0
    ended: int = 0
    put_off: int = 0


def due(program_id: str, at: datetime) -> Q:
    """Return the SQL condition for participations to be closed at ``at``: past their quiet, and warned."""
    return watched(program_id) & Q(quiet_ends_at__lte=at, quiet_warned_at__isnull=False)


def close_quiet(
    version: RolebookVersion, book: Rolebook, *, until: datetime, at: datetime, origin: Origin
) -> Closed:
    """Close every part that was due by ``until``, in batches of BATCH; memory does not grow with their number.

    The last official of a place of whom the stewards were not told in time, and the only steward, are put off by the
    declared grace, with an event.
    """
    done = Closed()
    after: tuple[datetime, int] | None = None
    while True:
        rows = Participation.objects.filter(due(book.program.id, until))
        if after is not None:
            rows = rows.filter(Q(quiet_ends_at__gt=after[0]) | Q(quiet_ends_at=after[0], pk__gt=after[1]))
        batch = list(
            rows.order_by("quiet_ends_at", "pk").values_list("pk", "account_id", "quiet_ends_at")[:BATCH]
        )
        if not batch:
            return done
        for some in _by_events({pk: account_pk for pk, account_pk, _ in batch}):
            _close_some(version, book, some, until, at, origin, done)
        pk, _, quiet_ends_at = batch[-1]
        after = None if quiet_ends_at is None else (quiet_ends_at, pk)


def _by_events(batch: dict[int, int]) -> Iterator[dict[int, int]]:
    """Split a batch (participation: account) so that each part's events fit into one unit of work."""
    number = dict.fromkeys(batch, 1)
    for model in (Grant, Access):
        held = model.objects.filter(participation__in=list(batch), closed_at=None).values("participation")
        for pk, count in held.annotate(held=Count("pk")).values_list("participation", "held"):
            number[pk] += count
    part: dict[int, int] = {}
    planned = 0
    for pk, account_pk in batch.items():
        if part and planned + number[pk] > EVENTS:
            yield part
            part, planned = {}, 0
        part[pk] = account_pk
        planned += number[pk]
    yield part


def _close_some(
    version: RolebookVersion,
    book: Rolebook,
    some: dict[int, int],
    until: datetime,
    at: datetime,
    origin: Origin,
    done: Closed,
) -> None:
    """Close some in one unit of work; what is left behind then is settled for each who left something."""
    with unit_of_work(at=at, origin=origin) as work:
        held, rows = _locked(book, some, at)
        parts = list(
            Participation.objects.filter(due(book.program.id, until), pk__in=list(some))
            .select_related("account")
            .order_by("account")
        )
        kept = _put_off(work, book, parts, at)
        done.put_off += len(kept)
        closing = [part for part in parts if part.pk not in kept]
        if not closing and not kept:
            work.nothing_happened()
            return
        done.ended += _close(work, held, version, book, closing, rows)
        done.parts += len(closing)
    for account in _who_asked(book.program.id, closing):
        settle_what_is_left(account, book.program.id, acting_user=None, at=at, origin=origin)


def _locked(
    book: Rolebook, some: dict[int, int], at: datetime
) -> tuple[locks.Held, dict[int, list[Holding]]]:
    """Lock the people, the program's stewards where one of them is to be closed, and the places of what they hold."""
    places: set[int | None] = set()
    for model in (Grant, Access):
        holding = model.objects.filter(participation__in=list(some), closed_at=None)
        places.update(holding.values_list("organization", flat=True).distinct())
    stewards = set(
        Grant.objects.filter(in_force(at), program_id=book.program.id, role_id=STEWARD_ID).values_list(
            "account_id", flat=True
        )
    )
    people = set(some.values())
    held = locks.lock(
        accounts=people | stewards if people & stewards else people,
        organizations={place for place in places if place is not None},
    )
    rows: dict[int, list[Holding]] = {}
    for one in _holdings(some):
        if one.organization_id is None or one.organization_id in held.organizations:
            rows.setdefault(one.participation_id, []).append(one)
    return held, rows


def _holdings(some: dict[int, int]) -> list[Holding]:
    found: list[Holding] = []
    for model in (Grant, Access):
        rows = model.objects.filter(participation__in=list(some), closed_at=None)
        found += rows.select_related("account", "organization").order_by("pk")
    return found


def _put_off(
    work: UnitOfWork, book: Rolebook, parts: Sequence[Participation], at: datetime
) -> frozenset[int]:
    """Move the end of who must not be closed yet; return their participations' ids."""
    until = at + timedelta(days=book.lifecycle.grace_days)
    kept: set[int] = set()
    officials = officials_among(book, [part.account_id for part in parts], at)
    for part in parts:
        if part.account_id not in officials:
            continue
        before = part.quiet_ends_at
        person_id = part.account.public_id
        places = () if part.quiet_official_told_at is not None else last_of(book, part.account, at)
        if _only_steward(book, part.account, at):
            part.quiet_ends_at = until
            work.record(
                tags.PARTICIPATION_CLOSING_MOVED,
                program_id=book.program.id,
                beneficiary_id=person_id,
                old={"quiet_ends_at": before},
                new={"quiet_ends_at": until},
            )
        elif places:
            part.quiet_ends_at, part.quiet_official_told_at = until, at
            work.record(
                tags.PARTICIPATION_LAST_OFFICIAL_NEAR,
                program_id=book.program.id,
                beneficiary_id=person_id,
                old={"quiet_ends_at": before},
                new={"quiet_ends_at": until, "places": list(places)},
            )
        else:
            continue
        part.save(update_fields=FIELDS)
        kept.add(part.pk)
    return frozenset(kept)


def _only_steward(book: Rolebook, account: Account, at: datetime) -> bool:
    mine = is_steward_of(account, book.program.id, at)
    return mine and not other_stewards(account, book.program.id, at)


def _close(
    work: UnitOfWork,
    held: locks.Held,
    version: RolebookVersion,
    book: Rolebook,
    closing: Sequence[Participation],
    rows: dict[int, list[Holding]],
) -> int:
    """Write the status of each and end what they hold; return how much that was."""
    reason = REASON.format(months=book.lifecycle.inactivity_months)
    officials = officials_among(book, [part.account_id for part in closing], work.at)
    offices = {
        part.pk: stages_in_office(standing_of(part.account, book.program.id, part.quiet_ends_at - _A_MOMENT))
        for part in closing
        if part.account_id in officials and part.quiet_ends_at is not None
    }
    Participation.objects.filter(pk__in=[part.pk for part in closing]).update(
        status=Participation.Status.CLOSED,
        status_cause=Participation.Cause.INACTIVITY,
        status_reason=reason,
        status_at=work.at,
        status_by=None,
    )
    ending: list[Holding] = []
    for part in closing:
        work.record(
            tags.PARTICIPATION_STATUS_CHANGED,
            program_id=book.program.id,
            beneficiary_id=part.account.public_id,
            rolebook_version=version.number,
            old={"status": part.status},
            new={
                "status": Participation.Status.CLOSED.value,
                "cause": Participation.Cause.INACTIVITY.value,
                "quiet_ends_at": part.quiet_ends_at,
            },
            personal={"reason": reason},
        )
        if part.pk in offices:
            escalate(work, part.account, book.program.id, offices[part.pk], work.at)
        ending += rows.get(part.pk, ())
    # What does not fit into this unit ends in others; the status has ended all power already.
    room = max(EVENTS_A_UNIT - len(work.buffered), 0)
    return end_for_quiet(work, held, ending[:room], work.at, version.number)


_A_MOMENT = timedelta(microseconds=1)


def _who_asked(program_id: str, closing: Sequence[Participation]) -> list[Account]:
    """Return those of the closed who have something left to settle: open requests, or holdings that did not fit in."""
    people = {part.account_id: part for part in closing}
    open_states = (Request.State.PENDING, Request.State.RETURNED)
    asked = Request.objects.filter(program_id=program_id, state__in=open_states)
    theirs = asked.filter(Q(beneficiary__in=people) | Q(requester__in=people))
    left = {pk for pair in theirs.values_list("beneficiary", "requester") for pk in pair} & set(people)
    for model in (Grant, Access):
        rows = model.objects.filter(participation__in=[part.pk for part in closing], closed_at=None)
        left |= set(rows.values_list("account", flat=True))
    return [people[pk].account for pk in sorted(left)]
