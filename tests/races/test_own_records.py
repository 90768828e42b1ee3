"""Two who prove the same record at the same moment: one of them has it (IQCS-01).

What says whether the record is taken waits until everybody has read it, or cannot. Two things hold it, each by itself:
the record's lock, by which the others are told in good order, and a unique index. On PostgreSQL each is taken out, and
both: only then have several people one record. The ledger locks the record for whoever opens a grant that is bound to
one, so the lock that registering takes first is not needed for this; the mutant takes out both.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, connection

from rolebook.governance import ledger, own_records
from rolebook.governance.models import Grant
from rolebook.governance.refusals import NotFound, Refused
from tests.support import grants, iqcs, responders
from tests.support.databases import CommittedDatabase
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.racing import counted, no_locks


def together(call: Callable[..., bool], number: int) -> Callable[..., bool]:
    """Make a call whose answer waits until so many have theirs, or until it is clear that the others cannot."""
    all_read = Barrier(number)

    def run(*arguments: Any) -> bool:
        answer = call(*arguments)
        with suppress(BrokenBarrierError):
            all_read.wait(timeout=2)
        return answer

    return run


def meeting(database: CommittedDatabase, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int]:
    """Let two prove one record by a code and one by a manager; return how it ended, and how many have it."""
    iqcs.begin()
    responders.imports()
    manager = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    people = [grants.user(f"Rosa {number}", PROGRAM) for number in range(3)]
    doing: list[Callable[[], Any]] = []
    for person in people[:2]:
        post = responders.Post()
        made = responders.asks(person, post=post)
        doing.append(lambda p=person, m=made, c=post.sent[0].code: responders.proves(p, m, c))  # type: ignore[misc]
    waiting = responders.asks(people[2], way="confirmation")
    doing.append(lambda: responders.answers(manager, waiting))
    monkeypatch.setattr(own_records, "is_taken", together(own_records.is_taken, 3))
    ends = database.in_threads([counted(one, Refused, NotFound, IntegrityError) for one in doing])
    have = Grant.objects.filter(record__identifier="R-104233", closed_at=None).count()
    return sorted(ends), have


@contextmanager
def no_record_locks() -> Iterator[None]:
    """The mutant: nobody locks a row, neither the flows nor the ledger."""
    with no_locks(), patch.object(ledger, "lock_rows", lambda _model, _ids: None):
        yield


def drop_the_index() -> None:
    """The other mutant, in the test's own copy of the database."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_account_of_a_record")


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I13")
def test_of_many_who_prove_one_record_at_once_one_has_it_and_the_others_are_told(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert meeting(committed_db, monkeypatch) == (["Refused", "Refused", "done"], 1)


@pytest.mark.postgres
@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I13")
def test_the_lock_of_a_record_alone_gives_it_to_one_of_many(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_the_index()
    assert meeting(committed_db, monkeypatch) == (["Refused", "Refused", "done"], 1)


@pytest.mark.postgres
@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I13")
def test_without_locks_the_unique_index_still_gives_a_record_to_one_though_the_others_fail_with_an_error(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with no_record_locks():
        assert meeting(committed_db, monkeypatch) == (["IntegrityError", "IntegrityError", "done"], 1)


@pytest.mark.postgres
@pytest.mark.invariant("I13")
def test_without_lock_and_index_several_people_have_one_record(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_the_index()
    with no_record_locks():
        assert meeting(committed_db, monkeypatch)[1] > 1
