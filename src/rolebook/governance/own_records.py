"""Records that people register for: their identifiers, whose a record is, and what is mailed about one (IQCS-01)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from rolebook.accounts.models import Account
from rolebook.governance.models import Grant, Registration, ResponderRecord
from rolebook.policy.model import Records, Rolebook
from rolebook.policy.rules import Violation

LONGEST_IDENTIFIER = 60
CONFIRMATION_LIFETIME = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class RecordMail:
    """What is mailed to the address on a record: a code for who says that it is theirs, or that it is taken.

    Attributes:
        account: who says so.
        code: in clear; empty where the record is somebody's already, and its address is warned.
    """

    registration: Registration
    record: ResponderRecord
    account: Account
    code: str


type SendRecordMail = Callable[[RecordMail], None]
"""Puts the mail into the outbox within the flow's transaction; never sends it itself."""


def clean_identifier(records: Records, typed: str) -> str | None:
    """Return an identifier as it is stored: in capitals, without spaces; None for one that no record can have."""
    found = "".join(typed.split()).upper()
    if not found or len(found) > LONGEST_IDENTIFIER or not found.isprintable():
        return None
    pattern = records.identifier_pattern
    return found if pattern is None or re.fullmatch(pattern, found) else None


def is_taken(record: ResponderRecord | None) -> bool:
    """Return whether a record is somebody's own: a role bound to it is open. One statement, with or without one."""
    return Grant.objects.filter(record_id=0 if record is None else record.pk, closed_at=None).exists()


def taken_violations(book: Rolebook, record: ResponderRecord) -> tuple[Violation, ...]:
    """Return a violation where a record is somebody's own already: it is one account's (IQCS-01)."""
    if not is_taken(record):
        return ()
    return (Violation("record_taken", {"record": "record" if book.records is None else book.records.title}),)


def own_record_of(account: Account, program_id: str) -> Grant | None:
    """Return the open grant that binds a record to somebody, with the record; None without one."""
    grants = Grant.objects.filter(
        program_id=program_id, account=account, closed_at=None, record__isnull=False
    )
    return grants.select_related("record__organization", "registration__answered_by").first()
