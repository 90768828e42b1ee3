"""Flows that meet at the same instant, on a real PostgreSQL with eight connections (I13).

Every race is run twice: with the locks, when nothing may ever go wrong, and with the locks taken out, when the very
same checks must find something wrong within the rounds. A race whose mutant survives proves nothing.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance import locks
from rolebook.governance.deciding import AlreadyDecided
from rolebook.governance.flows import Removal, remove_access
from rolebook.governance.models import Grant, Outcome, Request, Stage
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.grants import LATER, OFFICIAL, STAFF, asks, decides, designated, waiting

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.invariant("I13")]

CONNECTIONS = 8
ROUNDS = int(os.environ.get("ROLEBOOK_RACE_ROUNDS", "120"))

type Call = Callable[[], object]
type Refusal = Refused | NotAllowed | NotFound


@dataclass
class Round:
    """What meets in one round, what it is about, and how each call ended."""

    calls: Sequence[Call]
    about: dict[str, object] = field(default_factory=dict)
    results: dict[int, object] = field(default_factory=dict)


def answer(call: Call) -> object:
    """The result of a call; what it raised is a result too, and judged with the others."""
    try:
        return call()
    except Exception as raised:
        return raised


def run(
    database: CommittedDatabase, prepare: Callable[[int], Callable[[], Round]], rounds: int
) -> list[Round]:
    """Run rounds of two calls that start together, in lanes side by side, one connection a call.

    ``prepare(lane)`` makes what a lane's rounds share, and returns what makes the next round.
    """
    lanes = CONNECTIONS // 2
    next_round = [prepare(lane) for lane in range(lanes)]
    done: list[list[Round]] = [[] for _ in range(lanes)]
    meetings = [threading.Barrier(2, timeout=60) for _ in range(lanes)]

    def seat(lane: int, place: int) -> Callable[[], None]:
        def play() -> None:
            try:
                for _ in range(rounds // lanes):
                    if place == 0:
                        done[lane].append(next_round[lane]())
                    meetings[lane].wait()
                    current = done[lane][-1]
                    current.results[place] = answer(current.calls[place])
                    meetings[lane].wait()
            except BaseException:
                meetings[lane].abort()
                raise

        return play

    database.in_threads([seat(lane, place) for lane in range(lanes) for place in range(2)])
    return [one for lane in done for one in lane]


@contextmanager
def no_locks() -> Iterator[None]:
    """The mutant: nobody locks a row."""
    with patch.object(locks, "lock_rows", lambda _model, _ids: None):
        yield


def with_and_without_locks(
    database: CommittedDatabase,
    prepare: Callable[[int], Callable[[], Round]],
    wrong: Callable[[Round], str | None],
    without: Callable[[], AbstractContextManager[None]] = no_locks,
) -> None:
    """Nothing is wrong in any round under locks; something is found in as many rounds `without` them."""
    found = [complaint for one in run(database, prepare, ROUNDS) if (complaint := wrong(one))]
    assert found == []
    with without():
        # The mutant may need fewer rounds, never more; 40 at a time until it is caught.
        for _ in range(max(1, ROUNDS // 40)):
            if any(wrong(one) for one in run(database, prepare, 40)):
                return
    pytest.fail("the race found nothing wrong with the locks taken out: it proves nothing")


def _in_office(practice: Organization) -> Account:
    account = people.new_user().account
    people.give_factor(account)
    grants.placed(account, OFFICIAL, practice)
    return account


def _remove(by: Account, whom: Account, practice: Organization) -> Removal:
    return remove_access(
        acting_user=by,
        program_id=practice.program_id,
        organization_id=practice.public_id,
        beneficiary_id=whom.public_id,
        at=LATER,
        origin=people.WEB,
    )


def _sequence(tag: str, **about: object) -> int | None:
    return Event.objects.filter(tag=tag, **about).values_list("sequence", flat=True).first()


@pytest.mark.fault(16, 17)
def test_two_officials_who_decide_a_request_at_once_make_one_decision(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")
        first, second = grants.official(practice, "First"), grants.official(practice, "Second")

        def next_round() -> Round:
            stage = waiting(people.new_user().account, practice)
            return Round(
                [lambda: decides(first, stage, "approved"), lambda: decides(second, stage, "denied")],
                {"stage": stage},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        stage = one.about["stage"]
        assert isinstance(stage, Stage)
        kinds = sorted(type(result).__name__ for result in one.results.values())
        if kinds != ["AlreadyDecided", "Outcome"]:
            return f"the two were told {kinds}"
        outcome = Outcome.objects.get(stage=stage)
        second = next(r for r in one.results.values() if isinstance(r, AlreadyDecided))
        if second.by != outcome.approver:
            return "the second was not told who decided"
        opened = Grant.objects.filter(request_item__request=stage.request_id).count()
        return None if opened == (outcome.verdict == "approved") else f"{opened} grants were opened"

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.requirement("QPP-11")
@pytest.mark.fault(15)
def test_of_two_officials_who_remove_each_other_at_once_one_stays(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")

        def next_round() -> Round:
            one, other = _in_office(practice), _in_office(practice)
            return Round(
                [lambda: _remove(one, other, practice), lambda: _remove(other, one, practice)],
                {"people": (one, other)},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        people_of_round = one.about["people"]
        left = Grant.objects.filter(account__in=people_of_round, closed_at=None).count()  # type: ignore[misc]
        removed = [r for r in one.results.values() if isinstance(r, Removal)]
        refused = [r for r in one.results.values() if isinstance(r, NotFound | NotAllowed)]
        if (len(removed), len(refused), left) != (1, 1, 1):
            return f"{len(removed)} removed, {len(refused)} were refused, {left} are left: {one.results}"
        return None

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.invariant("I7")
@pytest.mark.fault(18, 23)
def test_nothing_is_approved_after_the_approver_was_removed(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")
        colleague = grants.official(practice, "Colleague")

        def next_round() -> Round:
            approver = _in_office(practice)
            stage = waiting(people.new_user().account, practice)
            return Round(
                [lambda: decides(approver, stage), lambda: _remove(colleague, approver, practice)],
                {"approver": approver, "request": stage.request},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        approver, request = one.about["approver"], one.about["request"]
        assert isinstance(approver, Account)
        assert isinstance(request, Request)
        if not isinstance(one.results[1], Removal):
            return f"the removal ended with {one.results[1]!r}"
        removed = _sequence("access:removed", beneficiary_id=approver.public_id)
        approved = _sequence("outcome:approved", request_id=request.public_id)
        if approved is None:
            refused = isinstance(one.results[0], NotFound)
            return None if refused else f"the approval ended with {one.results[0]!r}"
        return None if removed is not None and approved < removed else "approved after the removal"

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(21)
def test_two_requests_at_once_do_not_jointly_break_one_category(committed_db: CommittedDatabase) -> None:
    people.activate("iqies")

    def prepare(lane: int) -> Callable[[], Round]:
        state = Organization.objects.filter(program_id="iqies", kind_id="state").order_by("pk")[lane]
        jurisdiction = Organization.objects.filter(program_id="iqies", kind_id="mac_jurisdiction").order_by(
            "pk"
        )[lane]

        def next_round() -> Round:
            person = grants.user(program_id="iqies")
            return Round(
                [
                    lambda: asks(person, state, role_id="state_general_user", program_id="iqies"),
                    lambda: asks(person, jurisdiction, role_id="mac_user", program_id="iqies"),
                ],
                {"person": person},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        made = Request.objects.filter(beneficiary=one.about["person"]).count()  # type: ignore[misc]
        codes = [v.code for r in one.results.values() if isinstance(r, Refused) for v in r.violations]
        return None if (made, codes) == (1, ["other_category_pending"]) else f"{made} requests, {one.results}"

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(21)
def test_an_approval_and_a_designation_at_once_give_a_role_once(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")
        official = grants.official(practice)
        steward = grants.steward()

        def next_round() -> Round:
            person = people.new_user().account
            stage = waiting(person, practice, OFFICIAL)
            return Round(
                [
                    lambda: decides(official, stage),
                    lambda: designated(person, OFFICIAL, practice, by=steward, at=LATER),
                ],
                {"person": person},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        held = Grant.objects.filter(account=one.about["person"], closed_at=None).count()  # type: ignore[misc]
        return None if held == 1 else f"held {held} times: {one.results}"

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.fault(17)
def test_a_request_that_is_submitted_twice_at_once_is_made_once(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")

        def next_round() -> Round:
            person = grants.user()
            ask = lambda: asks(person, practice, role_id=STAFF)  # noqa: E731
            return Round([ask, ask], {"person": person})

        return next_round

    def wrong(one: Round) -> str | None:
        made = Request.objects.filter(beneficiary=one.about["person"]).count()  # type: ignore[misc]
        refused = [r for r in one.results.values() if isinstance(r, Refused)]
        return None if (made, len(refused)) == (1, 1) else f"{made} requests, {one.results}"

    with_and_without_locks(committed_db, prepare, wrong)
