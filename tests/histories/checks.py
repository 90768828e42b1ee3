"""What must be so after every move: the rows, who may decide, what the decision point says, and the laws."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import F, Q

from rolebook.audit import feed
from rolebook.audit.models import Event
from rolebook.audit.verification import verify
from rolebook.authzen.state import State
from rolebook.decision.instants import micros
from rolebook.governance.authority import standing_of
from rolebook.governance.models import Grant, Outcome, Request, RequestItem, Stage
from rolebook.governance.queries.to_decide import decidable
from rolebook.governance.replaying import compare_with_log
from tests.histories.programs import ASKED, PLACES, PRIVILEGES

if TYPE_CHECKING:
    from tests.histories.playing import Playing

ACTS = ("act:decide", "act:remove", "act:designate")


class Follower:
    """A decision point that follows the log, as `rolebook serve` has one in every process."""

    def __init__(self) -> None:
        self.revision = feed.tip_revision()
        self.state = State()
        self.state.load()

    def follow(self) -> None:
        """Apply what happened since it followed last."""
        reached = False
        while not reached:
            events, reached = feed.events_after(self.revision)
            self.state.apply(events)
            if events:
                self.revision = feed.Revision(events[-1].sequence, events[-1].hash)


def the_rows_are_those_of_the_model(run: "Playing") -> None:
    """Requests, items, stages and grants are in the states that the model has them in."""
    numbers = {request.pk: index for index, request in enumerate(run.requests)}
    people = {account.pk: index for index, account in enumerate(run.accounts)}
    places = {place.pk: index for index, place in enumerate(run.world.places)}
    wishes = run.model.wishes
    requests = Request.objects.values_list("pk", "state", "version")
    assert {numbers[pk]: (state, version) for pk, state, version in requests} == {
        index: (wish.state, wish.version) for index, wish in enumerate(wishes)
    }
    items = RequestItem.objects.values_list("request", "request_version", "organization", "role_id", "state")
    assert sorted((numbers[r], v, _place(places, o), role, s) for r, v, o, role, s in items) == sorted(
        (index, item.version, _text(item.place), wish.role, item.state)
        for index, wish in enumerate(wishes)
        for item in wish.items
    )
    stages = Stage.objects.values_list(
        "request",
        "request_version",
        "approver_role_id",
        "organization",
        "position",
        "state",
        "outcome__approver",
    )
    assert sorted(
        (numbers[r], v, office, _place(places, o), position, state, people.get(by, -1))
        for r, v, office, o, position, state, by in stages
    ) == sorted(
        (
            index,
            stage.version,
            stage.office,
            _text(stage.place),
            stage.position,
            stage.state,
            -1 if stage.approver is None else stage.approver,
        )
        for index, wish in enumerate(wishes)
        for stage in wish.stages
    )
    grants = Grant.objects.values_list(
        "account", "program", "role_id", "organization", "starts_at", "ends_at", "closed_at"
    )
    assert sorted(
        str((people[a], p, role, _place(places, o), starts, ends, closed))
        for a, p, role, o, starts, ends, closed in grants
    ) == sorted(
        str((one.person, one.program, one.role, _text(one.place), one.starts, one.ends, one.closed))
        for one in run.model.held
    )


def _place(places: dict[int, int], pk: int | None) -> str:
    return _text(None if pk is None else places[pk])


def _text(place: int | None) -> str:
    return "" if place is None else str(place)


def the_same_people_may_decide(run: "Playing") -> None:
    """Everybody's queue, by the offices they hold now, is the one that the model gives them."""
    numbers = {request.pk: index for index, request in enumerate(run.requests)}
    for program_id in ASKED:
        waiting = Stage.objects.filter(program_id=program_id, state="open", request__state="pending")
        expected: dict[int, list[tuple[int, str, int]]] = {who: [] for who in range(len(run.accounts))}
        for index, wish in enumerate(run.model.wishes):
            for stage in wish.stages if wish.program == program_id else ():
                for who in run.model.deciders(wish, stage):
                    expected[who].append((index, _text(stage.place), stage.position))
        mine = [wish for wish in run.model.wishes if wish.program == program_id]
        if not any(stage.state == "open" for wish in mine for stage in wish.stages):
            assert not waiting.exists()
            continue
        places = {place.pk: index for index, place in enumerate(run.world.places)}
        # Everybody who may, and of all others one after another.
        turn = run.turns % len(run.accounts)
        for who in sorted({turn, *(one for one, theirs in expected.items() if theirs)}):
            account = run.accounts[who]
            standing = standing_of(account, program_id, run.model.at)
            found = waiting.filter(decidable(standing) if standing.person.active else Q(pk__in=()))
            rows = found.values_list("request", "organization", "position")
            assert sorted((numbers[r], _place(places, o), p) for r, o, p in rows) == sorted(expected[who]), (
                f"the queue of {who} in {program_id}"
            )


def decisions_are_those_of_the_model(run: "Playing") -> None:
    """A decision point that follows the log answers as the model does, for everybody, everywhere (I10)."""
    run.follower.follow()
    at = micros(run.model.at)
    for program_id, (first, *_) in ASKED.items():
        state = run.follower.state.programs[program_id]
        where = [None, *(n for n, place in enumerate(PLACES) if place.program == program_id)]
        assert first in where
        for who, account in enumerate(run.accounts):
            subject = str(account.public_id)
            for place in where:
                public = None if place is None else str(run.world.places[place].public_id)
                for action in (*PRIVILEGES[program_id], *ACTS):
                    said = state.check(subject, action, public, at, None)
                    assert said == run.model.may(who, program_id, action, place), (
                        f"may {who} {action} at {place} in {program_id}: {said}"
                    )


def locks_were_taken_in_order(locked: Sequence[str]) -> None:
    """I13: people, organizations, requests, the log: in this order in every unit of work, and each once."""
    for unit in " ".join(locked).split("begin"):
        order = [name for name in ("Account", "Organization", "Request", "log") if name in unit.split()]
        assert unit.split() == order, f"locked {unit}"


def the_laws_hold() -> None:
    """I1, I5, I6: no row is of two programs; what was decided is what was asked; nobody decides for themselves."""
    assert not list(_broken_laws())


def _broken_laws() -> Iterator[str]:
    if Outcome.objects.filter(
        Q(approver=F("request__requester")) | Q(approver=F("request__beneficiary"))
    ).exists():
        yield "I6: somebody decided for themselves"
    if Outcome.objects.exclude(
        items_hash=F("stage__items_hash"), request_version=F("stage__request_version")
    ).exists():
        yield "I5: an outcome is bound to something else than its stage"
    if Grant.objects.filter(
        Q(request_item__isnull=False)
        & (~Q(request_item__state="approved") | ~Q(request_item__role_id=F("role_id")))
    ).exists():
        yield "I5: a grant was opened that nobody approved"
    if Grant.objects.exclude(organization=None).exclude(organization__program=F("program")).exists():
        yield "I1: a grant of one program stands in another"
    with connection.cursor() as cursor:
        cursor.execute(_TWICE)
        if cursor.fetchone()[0]:
            yield "I6: somebody decided two stages of one item"


_TWICE = """
SELECT COUNT(*) FROM (
    SELECT 1 FROM governance_outcome o
    JOIN governance_requestitem_stages s ON s.stage_id = o.stage_id
    GROUP BY s.requestitem_id, o.approver_id HAVING COUNT(*) > 1
) AS twice
"""


def the_log_tells_all(run: "Playing") -> None:
    """At the end: the log verifies, and its grant events alone come to the grants that there are."""
    assert not verify().findings
    replay = compare_with_log()
    assert not replay.findings
    assert replay.grants == len(run.model.held)
    assert Event.objects.filter(tag__startswith="outcome:").count() == Outcome.objects.count()
    assert len(run.requests) == Request.objects.count()
