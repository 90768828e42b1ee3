"""Two who prove the same record at the same moment: one of them has it (IQCS-01).

What says whether the record is taken waits until everybody has read it, or cannot.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from rolebook.governance import own_records
from rolebook.governance.models import Grant
from rolebook.governance.refusals import NotFound, Refused
from tests.accounts.test_races import counted
from tests.support import grants, iqcs, responders
from tests.support.databases import CommittedDatabase
from tests.support.iqcs import MANAGER, PROGRAM


def together(call: Callable[..., bool], number: int) -> Callable[..., bool]:
    """Make a call whose answer waits until so many have theirs, or until it is clear that the others cannot."""
    all_read = Barrier(number)

    def run(*arguments: Any) -> bool:
        answer = call(*arguments)
        with suppress(BrokenBarrierError):
            all_read.wait(timeout=2)
        return answer

    return run


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I13")
def test_of_many_who_prove_one_record_at_once_one_has_it(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    ends = committed_db.in_threads([counted(one, Refused, NotFound) for one in doing])
    assert sorted(ends) == ["Refused", "Refused", "done"]
    assert Grant.objects.filter(record__identifier="R-104233", closed_at=None).count() == 1
