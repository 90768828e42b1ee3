"""Somebody enters a program in 32 windows at once: they take part in it once (fault 19)."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import IntegrityError

from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.models import Event
from rolebook.audit.verification import verify
from rolebook.governance import participations
from rolebook.governance.flows import record_sign_in
from rolebook.governance.models import Participation
from tests.support import people
from tests.support.databases import CommittedDatabase
from tests.support.people import START, WEB
from tests.support.racing import counted, no_locks

pytestmark = [pytest.mark.slow, pytest.mark.invariant("I13"), pytest.mark.fault(19)]
WINDOWS = 32


def together[Found](call: Callable[..., Found], number: int) -> Callable[..., Found]:
    """Make a call whose answer waits until so many have theirs."""
    all_have = Barrier(number)

    def run(*arguments: object) -> Found:
        answer = call(*arguments)
        with suppress(BrokenBarrierError):
            all_have.wait(timeout=5)
        return answer

    return run


def entering(database: CommittedDatabase, windows: int = WINDOWS) -> tuple[Counter[str], int, int]:
    """Let somebody new enter QPP in so many windows: how it ended, how many parts there are, and how often it began."""
    people.activate()
    person = people.user_with_totp("Wanda Windows").account

    def enter() -> Participation:
        return record_sign_in(acting_user=person, program_id="qpp", at=START, origin=WEB)

    ends = Counter(database.in_threads([counted(enter, IntegrityError)] * windows))
    begun = Event.objects.filter(tag="participation:started", beneficiary_id=person.public_id)
    return ends, Participation.objects.filter(account=person).count(), begun.count()


def test_who_enters_a_program_in_32_windows_at_once_takes_part_in_it_once(
    committed_db: CommittedDatabase,
) -> None:
    assert entering(committed_db) == (Counter(done=WINDOWS), 1, 1)
    assert Event.objects.filter(tag="participation:signed-in").count() == WINDOWS
    assert verify().findings == []


@pytest.mark.postgres
def test_without_the_lock_some_windows_fail_and_the_index_alone_keeps_it_to_one(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: what reads whether there is a part waits until both have read, and nobody locks the account."""
    monkeypatch.setattr(participations, "rolebook_in_force", together(rolebook_in_force, 2))
    with no_locks():
        assert entering(committed_db, 2) == (Counter(done=1, IntegrityError=1), 1, 1)
