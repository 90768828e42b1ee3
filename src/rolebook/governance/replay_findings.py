"""What comparing the rows with the log finds (I11), and how a piece of it is read as of one instant."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction

_MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class HoldingFinding:
    """A row that is not what the log says, or an event that has no row.

    Attributes:
        sequence: the event that tells of it; 0 where none does.
        explanation: one line for people: which row, what was found, what the log says.
    """

    sequence: int
    explanation: str


@dataclass(slots=True)
class Replay:
    """What a replay saw: how many rows of which kind it compared, and what is wrong, at most a hundred."""

    grants: int = 0
    accesses: int = 0
    campaigns: int = 0
    items: int = 0
    findings: list[HoldingFinding] = field(default_factory=list)

    def add(self, findings: Iterable[HoldingFinding]) -> None:
        """Keep findings, as long as there are not too many to read."""
        self.findings += findings
        del self.findings[_MOST_FINDINGS:]


@contextmanager
def as_of_one_instant() -> Iterator[None]:
    """Read what stands inside as it was at one instant; on SQLite a transaction is that already."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
