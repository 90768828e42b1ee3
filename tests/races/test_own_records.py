"""Two who prove the same record at the same moment: one of them has it (IQCS-01).

The flow is held between what it reads and what it writes: with `locks.lock_rows` made to do nothing, only the
database's constraint is left, and the second ends with its error instead of a refusal.
"""

from collections.abc import Callable
from typing import Any

import pytest

from rolebook.governance import own_records
from rolebook.governance.models import Grant
from rolebook.governance.refusals import NotFound, Refused
from tests.accounts.test_races import counted
from tests.races.test_people import slowly
from tests.support import grants, iqcs, responders
from tests.support.databases import CommittedDatabase
from tests.support.iqcs import MANAGER, PROGRAM


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I13")
def test_of_many_who_prove_one_record_at_once_one_has_it(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    iqcs.begin()
    responders.imports()
    manager = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    monkeypatch.setattr(own_records, "is_taken", slowly(own_records.is_taken))
    people = [grants.user(f"Rosa {number}", PROGRAM) for number in range(3)]
    doing: list[Callable[[], Any]] = []
    for person in people[:2]:
        post = responders.Post()
        made = responders.asks(person, post=post)
        doing.append(lambda p=person, m=made, c=post.sent[0].code: responders.proves(p, m, c))  # type: ignore[misc]
    waiting = responders.asks(people[2], way="confirmation")
    doing.append(lambda: responders.answers(manager, waiting))
    ends = committed_db.in_threads([counted(one, Refused, NotFound) for one in doing])
    assert sorted(ends) == ["Refused", "Refused", "done"]
    assert Grant.objects.filter(record__identifier="R-104233", closed_at=None).count() == 1
