"""Responder records of IQCS, and people who register for theirs."""

from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.flows.answer_registration import answer_registration
from rolebook.governance.flows.import_responder_records import RespondersImported, import_responder_records
from rolebook.governance.flows.register_own_record import ask_for_own_record, prove_own_record
from rolebook.governance.models import Grant, Registration
from rolebook.governance.own_records import RecordMail
from tests.support.iqcs import PROGRAM
from tests.support.people import COMMAND, START, WEB

RECORDS = """identifier,name,email,organization
R-104233,Rosa Ranger,rosa.ranger@fws.example,FWS-R6-BNR
R-104234,Fritz Forester,fritz@fws.example,FWS-R6-BNR
R-104235,Nora Nomail,,FWS-R6-BNR
"""


class Post:
    """Stands in for the outbox: what was mailed to addresses on records, newest last."""

    def __init__(self) -> None:
        """Nothing has been mailed yet."""
        self.sent: list[RecordMail] = []

    def __call__(self, mail: RecordMail) -> None:
        """Keep a mail."""
        self.sent.append(mail)


def imports(text: str = RECORDS, *, at: datetime = START, dry_run: bool = False) -> RespondersImported:
    """Import records as the operator."""
    return import_responder_records(
        program_id=PROGRAM, data=text.encode(), file="records.csv", at=at, origin=COMMAND, dry_run=dry_run
    )


def asks(
    account: Account,
    identifier: str = "R-104233",
    *,
    way: str = "mailed code",
    post: Post | None = None,
    at: datetime = START,
) -> Registration:
    """Say which record is one's own."""
    return ask_for_own_record(
        acting_user=account,
        program_id=PROGRAM,
        identifier=identifier,
        way=way,
        send=Post() if post is None else post,
        at=at,
        origin=WEB,
    )


def proves(account: Account, registration: Registration, code: str, *, at: datetime = START) -> Grant:
    """Type the mailed code."""
    return prove_own_record(
        acting_user=account,
        program_id=PROGRAM,
        registration_id=registration.public_id,
        code=code,
        at=at,
        origin=WEB,
    )


def answers(
    manager: Account,
    registration: Registration,
    *,
    confirmed: bool = True,
    reason: str = "",
    at: datetime = START,
) -> Registration:
    """A manager's word."""
    return answer_registration(
        acting_user=manager,
        program_id=PROGRAM,
        registration_id=registration.public_id,
        confirmed=confirmed,
        reason=reason,
        at=at,
        origin=WEB,
    )


def registered(account: Account, identifier: str = "R-104233", *, at: datetime = START) -> Grant:
    """Register by the mailed code."""
    post = Post()
    made = asks(account, identifier, post=post, at=at)
    return proves(account, made, post.sent[-1].code, at=at)
