"""Lists "on that day" as files: one line for each role or access that somebody held, with what stood behind it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from rolebook.governance.files.cells import Cell, Line
from rolebook.governance.models import Stage
from rolebook.governance.past.behind import Behind, Decided
from rolebook.governance.queries.naming import designating_office, office_in_words
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.then_rows import HeldThen, PersonThen
from rolebook.policy.model import Rolebook

COLUMNS: tuple[tuple[str, int], ...] = (
    ("Name", 24),
    ("User ID", 16),
    ("E-mail", 28),
    ("Status then", 13),
    ("Role or access", 28),
    ("Organization", 32),
    ("Code", 14),
    ("With lower levels", 10),
    ("From", 20),
    ("Promised end", 20),
    ("Given by", 14),
    ("Asked by", 22),
    ("Asked at", 20),
    ("Decisions", 60),
    ("Decided, designated or approved by", 24),
    ("Decided, designated or recorded at", 20),
    ("Approved in the earlier system on", 14),
    ("Source", 24),
    ("Recorded here only later", 12),
    ("Ended at", 20),
    ("Ended because", 24),
    ("Ended by", 22),
    ("Moved from account", 16),
    ("Request", 38),
    ("Last sign-in then", 20),
    ("Employed by then", 32),
)
"""(title, width in a spreadsheet) of each column."""

HOW = {
    "request": "A request",
    "reactivation": "A reactivation",
    "designation": "Designation",
    "import": "Import",
    "registration": "Registration",
}
ENDS = {
    "promised end": "Its promised end came",
    "removed": "It was removed",
    "request": "A request to remove it was approved",
    "designation ended": "The designation was ended",
    "account closed": "The account was closed",
    "merged": "It moved to the person's other account",
    "own decision": "The accounts of one person were merged, and the other account had given it",
    "held already": "The accounts of one person were merged, and the other account held the same",
    "not possible": "The accounts of one person were merged, and a rule keeps the other account from it",
    "review": "A review removed it",
    "inactivity": "The account was closed, as nobody had signed in for too long",
    "codes checked": "The code was found to be no longer needed",
}
"""What the words of the ledger mean; one that a newer version wrote is shown as it is."""


def lines_of(people: Iterable[PersonThen], book: Rolebook) -> Iterator[Line]:
    """Yield one line for each thing held."""
    for person in people:
        for held in person.held:
            yield _line(person, held, book)


def _line(person: PersonThen, held: HeldThen, book: Rolebook) -> Line:
    known = held.behind
    ended = known.ended
    cells: tuple[Cell, ...] = (
        person.name,
        person.user_id,
        person.email,
        person.status,
        held.title,
        held.organization_name,
        held.organization_code,
        held.lower_levels if held.role_id is None else None,
        held.starts_at,
        held.ends_at,
        given_by(known),
        known.requester,
        known.asked_at,
        "; ".join(decision_words(one, book) for one in known.decided) or None,
        by_words(known, book),
        known.at,
        known.approved_on,
        known.source or None,
        held.recorded_later,
        None if ended is None else ended.at,
        None if ended is None else end_words(known),
        None if ended is None else ended.by,
        known.moved_from,
        None if known.request_id is None else str(known.request_id),
        person.last_signed_in_at,
        person.employer or None,
    )
    return cells


def given_by(known: Behind) -> str:
    """Return what gave something, in words; of what a reactivation gave back also what gave it first."""
    how = HOW[known.how]
    return how if known.before is None else f"{how}; before it: {HOW[known.before.how].lower()}"


def by_words(known: Behind, book: Rolebook) -> str | None:
    """Return who decided or designated last: the name, or the office to who is not told names; None: the operator."""
    if known.by is not None or known.named:
        return known.by
    if known.how == "designation":
        return None if known.by_operator else designating_office(book)
    last = next((one for one in known.decided if one.at == known.at), None)
    return None if last is None else office_in_words(book, last.approver_role_id, last.organization)


def decision_words(one: Decided, book: Rolebook) -> str:
    """Return a stage and its outcome in words: "Agency Lead at USAF: approved by Lea Lead on 2026-03-01"."""
    where = "" if one.organization is None else f" at {one.organization}"
    role = role_title(book, one.approver_role_id)
    if not one.verdict or one.at is None:
        return f"{role}{where}: {state_words(one)}"
    by = "" if one.by is None else f" by {one.by}"
    return f"{role}{where}: {one.verdict}{by} on {_day(one.at, book)}"


def state_words(one: Decided) -> str:
    """Return how a stage that nobody decided stood, in words."""
    label = Stage.State(one.state).label
    return label[:1].lower() + label[1:]


def end_words(known: Behind) -> str:
    """Return why something ended, in words; empty while it has not."""
    return "" if known.ended is None else why_in_words(known.ended.why)


def why_in_words(why: str) -> str:
    """Return a word of the ledger's for why something ended as a sentence."""
    return ENDS.get(why, why[:1].upper() + why[1:])


def _day(at: datetime, book: Rolebook) -> str:
    return at.astimezone(ZoneInfo(book.program.zone)).date().isoformat()
