"""What may change in a snapshot, one dataclass a change; the follower of the log makes them from events.

Applying a change twice is the same as applying it once. An account is closed until an `AccountStatus`, or the
load, says that it is active.
"""

from dataclasses import dataclass
from datetime import datetime

from rolebook.decision.compiled import CompiledProgram
from rolebook.decision.evaluation import Access, Holding, Person
from rolebook.decision.tree import OrganizationTree


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """The account, or its participation in this program, was opened, closed, deactivated or reactivated."""

    subject_id: str
    active: bool


@dataclass(frozen=True, slots=True)
class RecordLinked:
    """The account's own record was set; None when it has none any more."""

    subject_id: str
    record_id: str | None


@dataclass(frozen=True, slots=True)
class GrantOpened:
    """The ledger opened a grant; one with the same id is replaced."""

    subject_id: str
    holding: Holding


@dataclass(frozen=True, slots=True)
class GrantClosed:
    """The ledger closed a grant. One that is not known needs no closing."""

    subject_id: str
    holding_id: str
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class AccessOpened:
    """Access apart from roles was granted; one with the same id is replaced."""

    subject_id: str
    access: Access


@dataclass(frozen=True, slots=True)
class AccessClosed:
    """Access apart from roles was closed. One that is not known needs no closing."""

    subject_id: str
    access_id: str
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class AccountReplaced:
    """All that is so of an account now, in place of what was known of it."""

    subject_id: str
    person: Person


@dataclass(frozen=True, slots=True)
class TreeSwapped:
    """Organizations were added, moved or taken away: the whole new tree."""

    tree: OrganizationTree


@dataclass(frozen=True, slots=True)
class ProgramSwapped:
    """Another version of the rolebook is in force: the whole compiled program."""

    program: CompiledProgram


type AccountChange = (
    AccountReplaced | AccountStatus | RecordLinked | GrantOpened | GrantClosed | AccessOpened | AccessClosed
)
type Change = AccountChange | TreeSwapped | ProgramSwapped
