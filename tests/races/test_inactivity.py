"""Two workers and a sign-in at the same instant: one result, on record (faults 20 and 58).

The closing is held for a moment between what it reads under its lock and what it writes. On PostgreSQL the same
meetings are held with the locks taken out, too, and then they must go wrong: somebody who has just signed in is closed.
"""

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from threading import Barrier, BrokenBarrierError
from threading import Event as Signal
from typing import Any

import pytest

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin
from rolebook.governance.flows import close_quiet as closing
from rolebook.governance.flows import record_sign_in
from rolebook.governance.flows.watch_quiet import watch_quiet
from rolebook.governance.models import HeldAtClosing, Participation
from rolebook.governance.refusals import NotAllowed
from rolebook.governance.replaying import compare_with_log
from rolebook.policy.months import months_after
from tests.support import iqcs
from tests.support.databases import CommittedDatabase
from tests.support.iqcs import PROGRAM
from tests.support.people import START, WEB
from tests.support.racing import counted, no_locks

END = months_after(START, 12, "America/Boise")
JOB = Origin("job")
PATIENCE = 4.0
"""Seconds for which a closing waits for a sign-in that a lock holds up."""
WITHOUT_LOCKS = 60.0
"""Seconds in which a sign-in that no lock holds up has surely come between; it takes a moment only."""


def slowly(call: Callable[..., Any], planned: Signal, checked: Signal, patience: float) -> Callable[..., Any]:
    """Make a call that says when it has its answer, and waits for the sign-in: in vain while a lock holds that up."""

    def run(*arguments: Any, **named: Any) -> Any:
        answer = call(*arguments, **named)
        planned.set()
        checked.wait(patience)
        return answer

    return run


def warned() -> Account:
    iqcs.begin()
    account = iqcs.manager("FWS-R6-BNR", "Mia Manager")
    iqcs.manager("FWS-R6-BNR", "Mona Manager")
    before = Participation.objects.get(account=account).quiet_ends_at
    assert before == END
    Participation.objects.update(quiet_warned_at=START, quiet_warned_days=7, quiet_official_told_at=START)
    return account


def meeting(database: CommittedDatabase, monkeypatch: pytest.MonkeyPatch, patience: float) -> str | None:
    """Let two workers close somebody who signs in; return what is wrong about what came of it."""
    account = warned()
    planned, checked = Signal(), Signal()
    monkeypatch.setattr(closing, "_put_off", slowly(closing._put_off, planned, checked, patience))
    signing_in = import_module("rolebook.governance.flows.record_sign_in")
    cancel = signing_in.cancel_recoveries

    def say_so(*arguments: Any) -> None:
        checked.set()
        cancel(*arguments)

    monkeypatch.setattr(signing_in, "cancel_recoveries", say_so)
    before = END - (END - START) / 1000

    def work() -> object:
        version, book = rolebook_in_force(PROGRAM, END)
        return closing.close_quiet(version, book, until=END, at=END, origin=JOB)

    def sign_in() -> object:
        assert planned.wait(60)
        return record_sign_in(acting_user=account, program_id=PROGRAM, at=before, origin=WEB)

    ends = database.in_threads([counted(work), counted(work), counted(sign_in, NotAllowed)])
    part = Participation.objects.get(account=account)
    closed = Event.objects.filter(
        tag="participation:status-changed", beneficiary_id=account.public_id
    ).count()
    signed = Event.objects.filter(tag="participation:signed-in", beneficiary_id=account.public_id).count()
    kept = HeldAtClosing.objects.filter(participation=part).count()
    came = (ends[2], part.status, closed, signed, kept, part.last_signed_in_at == before)
    if came not in [("done", "active", 0, 1, 0, True), ("NotAllowed", "closed", 1, 0, 2, False)]:
        return f"{came}"
    return "".join(str(finding) for finding in compare_with_log().findings) or None


def watching(database: CommittedDatabase) -> str | None:
    """Let three workers warn, then close, two people; return what is wrong about what is on record."""
    warned()
    Participation.objects.update(quiet_warned_at=None, quiet_warned_days=None, quiet_official_told_at=None)
    database.in_threads([lambda: watch_quiet(PROGRAM, at=END - (END - START) / 50, origin=JOB)] * 3)
    Participation.objects.update(quiet_official_told_at=START)
    database.in_threads([lambda: watch_quiet(PROGRAM, at=END, origin=JOB)] * 3)
    found = []
    for tag in ("participation:closing-near", "participation:status-changed"):
        told = Event.objects.filter(tag=tag)
        found.append((told.count(), told.values("beneficiary_id").distinct().count()))
    kept = HeldAtClosing.objects.count()
    return None if (found, kept) == ([(2, 2), (2, 2)], 4) else f"{found}, {kept} kept in mind"


@pytest.mark.fault(20)
@pytest.mark.fault(58)
@pytest.mark.invariant("I13")
@pytest.mark.requirement("IQCS-08")
def test_two_workers_and_a_sign_in_at_one_instant_come_to_one_result_on_record(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert meeting(committed_db, monkeypatch, PATIENCE) is None


@pytest.mark.postgres
@pytest.mark.fault(20)
@pytest.mark.invariant("I13")
def test_without_locks_who_signs_in_while_workers_close_them_does_not_come_to_one_result(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with no_locks():
        assert meeting(committed_db, monkeypatch, WITHOUT_LOCKS) is not None


@pytest.mark.fault(20)
@pytest.mark.invariant("I13")
@pytest.mark.requirement("IQCS-08")
def test_workers_that_watch_at_once_warn_and_close_everybody_once(committed_db: CommittedDatabase) -> None:
    assert watching(committed_db) is None


@pytest.mark.postgres
@pytest.mark.fault(20)
@pytest.mark.invariant("I13")
def test_without_locks_workers_that_watch_at_once_warn_or_close_somebody_twice(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_read = Barrier(3)

    def put_off(*arguments: Any) -> Any:
        answer = before(*arguments)
        with suppress(BrokenBarrierError):
            all_read.wait(timeout=20)
        return answer

    before = closing._put_off
    monkeypatch.setattr(closing, "_put_off", put_off)
    with no_locks():
        assert watching(committed_db) is not None
