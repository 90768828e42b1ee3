"""A removal is confirmed, not hoped for: no evaluation sent after the confirmation gets a yes.

Real processes, real requests. What holds the law, and that these tests can fail, stands in
`test_removal_confirmed_model.py`, where every interleaving is the test's choice and the protections are taken out.
"""

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.audit.followers import confirmation
from rolebook.audit.models import Follower
from rolebook.audit.verification import verify
from rolebook.governance.flows import remove_access
from tests.authzen.asking import VIEW, evaluation, token_for
from tests.races.decision_points import DecisionPointProcess, decision_points
from tests.support import grants, people
from tests.support.databases import CommittedDatabase

LEASE = 1.0
THREADS = 8


class World:
    """A practice with officials: one who removes, and many whose access is removed."""

    def __init__(self, many: int) -> None:
        people.activate()
        self.practice = people.practice()
        self.remover = grants.official(self.practice, "Olga Official")
        self.many = [people.new_user(f"Person {number}").account for number in range(many)]
        for account in self.many:
            grants.designated(account, grants.OFFICIAL, self.practice)
        self.token = token_for()

    def may(self, account: Account) -> dict[str, Any]:
        return evaluation(account, VIEW, self.practice)

    def remove(self, account: Account) -> int:
        removal = remove_access(
            acting_user=self.remover,
            program_id="qpp",
            organization_id=self.practice.public_id,
            beneficiary_id=account.public_id,
            at=clock.now(),
            origin=people.WEB,
        )
        return removal.sequence


def wait_until_confirmed(sequence: int) -> None:
    end = time.monotonic() + 60
    while not confirmation(sequence).confirmed:
        assert time.monotonic() < end, "never confirmed"
        time.sleep(0.005)


def rounds_without_a_yes(
    database: CommittedDatabase, world: World, points: list[DecisionPointProcess]
) -> int:
    """Remove everybody, from several threads at once; return how often a yes came after a confirmation."""

    def some(number: int) -> Callable[[], int]:
        def run() -> int:
            stale = 0
            for account in world.many[number::THREADS]:
                assert all(point.says(world.may(account)) for point in points)
                wait_until_confirmed(world.remove(account))
                answers = [point.ask(world.may(account)) for point in points]
                stale += sum(status == 200 and answer["decision"] for status, answer in answers)
            return stale

        return run

    return sum(database.in_threads([some(number) for number in range(THREADS)]))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.postgres
@pytest.mark.invariant("I7", "I10")
@pytest.mark.fault(25)
def test_after_a_confirmation_neither_of_two_decision_points_says_yes_in_1000_removals(
    committed_db: CommittedDatabase,
) -> None:
    world = World(1000)
    with decision_points(committed_db, count=2, token=world.token, lease_seconds=LEASE) as points:
        assert all(point.says(world.may(world.remover)) for point in points)
        assert Follower.objects.count() == 2
        assert rounds_without_a_yes(committed_db, world, points) == 0
        assert all(point.says(world.may(world.remover)) for point in points)
    assert verify().findings == []


@pytest.mark.invariant("I7", "I10")
@pytest.mark.fault(25)
def test_after_a_confirmation_one_decision_point_never_says_yes(committed_db: CommittedDatabase) -> None:
    world = World(40)
    with decision_points(committed_db, count=1, token=world.token, lease_seconds=LEASE) as points:
        assert rounds_without_a_yes(committed_db, world, points) == 0


@pytest.mark.slow
@pytest.mark.invariant("I7")
@pytest.mark.fault(25)
def test_a_decision_point_stopped_past_its_lease_never_gives_a_stale_yes(
    committed_db: CommittedDatabase,
) -> None:
    world = World(5)
    with decision_points(committed_db, count=1, token=world.token, lease_seconds=LEASE) as (point,):
        for account in world.many:
            assert point.says(world.may(account))
            point.signal(signal.SIGSTOP)
            sequence = world.remove(account)
            wait_until_confirmed(sequence)
            sent = [point.send(point.connect(), world.may(account)) for _ in range(8)]
            point.signal(signal.SIGCONT)
            answers = [point.read(connection) for connection in sent]
            assert all(status == 503 or not answer["decision"] for status, answer in answers), answers
            assert point.says(world.may(account)) is False


@pytest.mark.slow
@pytest.mark.invariant("I7")
@pytest.mark.fault(56)
def test_a_killed_decision_point_delays_a_confirmation_and_does_not_prevent_it(
    committed_db: CommittedDatabase,
) -> None:
    world = World(2)
    with decision_points(committed_db, count=2, token=world.token, lease_seconds=LEASE) as (killed, alive):
        first, second = world.many
        assert killed.says(world.may(first))
        assert alive.says(world.may(first))
        killed.signal(signal.SIGKILL)
        killed.process.wait()
        wait_until_confirmed(world.remove(first))
        assert alive.ask(world.may(first)) == (200, {"decision": False})
        # The one that lives forgets the other's row, and then nobody waits for it.
        end = time.monotonic() + 60
        while Follower.objects.count() > 1:
            assert time.monotonic() < end
            time.sleep(0.05)
        wait_until_confirmed(world.remove(second))
        assert alive.ask(world.may(second)) == (200, {"decision": False})


def test_a_decision_point_that_ends_in_order_leaves_no_registration(committed_db: CommittedDatabase) -> None:
    world = World(1)
    with decision_points(committed_db, count=1, token=world.token, lease_seconds=LEASE) as (point,):
        assert point.says(world.may(world.many[0]))
        point.process.terminate()
        point.process.wait(30)
        assert not Follower.objects.exists()
