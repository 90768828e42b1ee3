"""What may change in a snapshot, one dataclass a change; the follower of the log makes them from what is so now.

Applying a change twice is the same as applying it once.
"""

from dataclasses import dataclass

from rolebook.decision.compiled import CompiledProgram
from rolebook.decision.evaluation import Person
from rolebook.decision.tree import OrganizationTree


@dataclass(frozen=True, slots=True)
class AccountReplaced:
    """All that is so of an account now, in place of what was known of it; of one not known yet, all the same."""

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


type Change = AccountReplaced | TreeSwapped | ProgramSwapped
