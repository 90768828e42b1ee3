"""Verification of the log: every event against its hash, the chain, its columns and its personal data (I11).

It finds what was edited, deleted, inserted or swapped. Somebody who may write the database could also cut the
end off, compute the whole chain anew, or add forged events at the end: the first two show against a revision
kept outside of the database (faults 28, 29, 30), so keep what ``rolebook audit verify`` prints and give
it back with ``--expect``; the third shows in nothing that the database holds. Signed checkpoints,
published elsewhere by the server itself, will stand beside this module and be compared in the same place.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched

from rolebook.audit import canonical
from rolebook.audit.feed import BEGINNING, Revision
from rolebook.audit.models import Event, PersonalData

_CHUNK = 500
_MOST_FINDINGS = 100
_COLUMNS = ("program_id", "actor_id", "beneficiary_id", "organization_id", "request_id")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with the log.

    Attributes:
        sequence: the event it was found at.
        problem: gap, sequence, hash, chain, content, column, personal, or expectation.
        explanation: one line for people.
    """

    sequence: int
    problem: str
    explanation: str


@dataclass(slots=True)
class Verification:
    """What a verification saw.

    Attributes:
        events: how many events were read.
        program_events: how many of them belong to the program that was asked for.
        tip: the last one; keep it outside of the database.
        findings: what is wrong, the first bad sequence first, at most a hundred; empty when all is well.
    """

    events: int = 0
    program_events: int = 0
    tip: Revision = BEGINNING
    findings: list[Finding] = field(default_factory=list)

    def add(self, findings: Iterable[Finding]) -> None:
        """Keep findings, as long as there are not too many to read."""
        self.findings += findings
        del self.findings[_MOST_FINDINGS:]


def verify(
    *,
    expect: Iterable[Revision] = (),
    program_id: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Read the whole log once, in bounded memory, and compare everything with everything.

    Args:
        expect: revisions kept outside: each must still be in the log (finds a truncated or rewritten log).
        program_id: compare columns and personal data of this program's events only; the chain is always
            verified whole.
    """
    expected = {revision.sequence: revision.hash for revision in expect}
    seen = Verification()
    in_all = 0 if progress is None else Event.objects.count()
    rows = Event.objects.order_by("sequence", "id").iterator(chunk_size=_CHUNK)
    for chunk in batched(rows, _CHUNK):
        personal = _personal_of(chunk)
        for row in chunk:
            seen.add(_chain_findings(row, seen.tip))
            if program_id is None or row.program_id == program_id:
                seen.program_events += 1
                seen.add(_content_findings(row, personal.get(row.pk, {})))
            row_hash = bytes(row.hash)
            if expected.pop(row.sequence, row_hash) != row_hash:
                seen.add([_finding(row, "expectation", "the hash is not the one that was expected")])
            seen.tip = Revision(row.sequence, row_hash)
            seen.events += 1
        if progress is not None:
            progress(seen.events, max(in_all, seen.events))
    for sequence, expected_hash in expected.items():
        if Revision(sequence, expected_hash) != BEGINNING:
            seen.add([Finding(sequence, "expectation", f"event {sequence} was expected, and is not there")])
    return seen


def _personal_of(chunk: Iterable[Event]) -> Mapping[int, dict[str, PersonalData]]:
    found: dict[int, dict[str, PersonalData]] = {}
    for value in PersonalData.objects.filter(event__in=[row.pk for row in chunk]):
        found.setdefault(value.event_id, {})[value.field] = value
    return found


def _finding(row: Event, problem: str, explanation: str) -> Finding:
    return Finding(row.sequence, problem, f"event {row.sequence}: {explanation}")


def _chain_findings(row: Event, before: Revision) -> Iterator[Finding]:
    if row.sequence > before.sequence + 1:
        missing = f"{before.sequence + 1}" + (
            f" to {row.sequence - 1}" if row.sequence > before.sequence + 2 else ""
        )
        yield Finding(before.sequence + 1, "gap", f"event {missing}: missing")
    elif row.sequence <= before.sequence:
        yield _finding(row, "sequence", "the sequence is not the one after its predecessor's")
    if bytes(row.previous_hash) != before.hash:
        yield _finding(row, "chain", "it does not point at the hash of the event before it")
    if canonical.content_hash(row.content, row.event_version) != bytes(row.hash):
        yield _finding(row, "hash", "its content does not have its hash")


def _content_findings(row: Event, personal: Mapping[str, PersonalData]) -> Iterator[Finding]:
    try:
        content = json.loads(row.content)
        canonical_text = canonical.serialize(content)
    except (ValueError, TypeError, RecursionError):
        content, canonical_text = None, ""
    if not isinstance(content, dict) or canonical_text != row.content:
        yield _finding(row, "content", "its content is not in the canonical form")
        return
    for name, value in _told_by_columns(row).items():
        if content.get(name) != value:
            yield _finding(row, "column", f"the column {name} differs from the content")
    yield from _personal_findings(row, content.get("personal"), personal)


def _told_by_columns(row: Event) -> dict[str, object]:
    told: dict[str, object] = {
        "sequence": row.sequence,
        "previous_hash": bytes(row.previous_hash).hex(),
        "event_version": row.event_version,
        "tag": row.tag,
        "occurred_at": canonical.instant(row.occurred_at),
    }
    for name in _COLUMNS:
        value = getattr(row, name)
        told[name] = None if value is None else str(value)
    return told


def _personal_findings(
    row: Event, commitments: object, personal: Mapping[str, PersonalData]
) -> Iterator[Finding]:
    if not isinstance(commitments, dict):
        yield _finding(row, "content", "its content has no commitments to personal data")
        return
    for name in sorted(personal.keys() - commitments.keys()):
        yield _finding(row, "personal", f"the personal value {name!r} is not one of the event's")
    for name, committed in commitments.items():
        value = personal.get(name)
        if value is None:
            yield _finding(row, "personal", f"the personal value {name!r} is missing, and not marked erased")
        elif not _holds(value, committed):
            yield _finding(row, "personal", f"the personal value {name!r} differs from its commitment")


def _holds(value: PersonalData, committed: object) -> bool:
    """Whether a personal value is erased as a whole, or is the one that was committed to."""
    if value.erased_at is not None:
        return value.value is None and value.salt is None
    if value.value is None or value.salt is None:
        return False
    return canonical.commitment(bytes(value.salt), value.field, value.value) == committed
