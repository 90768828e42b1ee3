"""Events for tests: a few flows' worth of log, with personal data of every sort."""

import uuid
from datetime import UTC, datetime, timedelta

from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
WEB = Origin("web", address="192.0.2.7", session="browser-1")
JOB = Origin("job")
NORA = uuid.UUID("01a20078-8dc9-7682-9a7b-000000000001")
OTTO = uuid.UUID("01a20078-8dc9-7682-9a7b-000000000002")


def register(name: str = "Nora New", account_id: uuid.UUID = NORA, at: datetime = START) -> UnitOfWork:
    """Record that somebody registered."""
    with unit_of_work(at=at, origin=WEB, actor_id=account_id) as work:
        work.record(
            tags.ACCOUNT_REGISTERED,
            beneficiary_id=account_id,
            new={"status": "active"},
            personal={"name": name, "email": "nora@example.org", "user_id": None},
        )
    return work


def sign_in(account_id: uuid.UUID = OTTO, at: datetime = START) -> UnitOfWork:
    """Record a sign-in."""
    with unit_of_work(at=at, origin=WEB, actor_id=account_id) as work:
        work.record(tags.ACCOUNT_SIGNED_IN, beneficiary_id=account_id, new={"method": "totp"})
    return work


def some_days(flows: int = 6) -> None:
    """Record a few flows of several events each, some with personal data, some of a program."""
    for number in range(flows):
        at = START + timedelta(days=number, microseconds=number)
        register(f"Person {number}", uuid.UUID(int=number + 1), at)
        with unit_of_work(at=at, origin=JOB) as work:
            work.record(tags.REQUEST_SETTLED, program_id="qpp", request_id=NORA, new={"state": "denied"})
            work.record(
                tags.OUTCOME_DENIED,
                program_id="qpp",
                beneficiary_id=OTTO,
                rolebook_version=1,
                personal={"reason": f"no: {number}"},
            )
