"""What everybody holds, replayed from the log and compared with the tables of grants and access (I11), and reviews.

The log's own verification shows that the events are those that were written. This shows that the rows which give
power are what the events come to, so that somebody who writes into the tables, past the flows, is found as well.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any

from django.db.models import Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.audit import canonical, tags
from rolebook.audit.feed import tip_revision
from rolebook.audit.models import Event
from rolebook.governance.importing import rows_hash
from rolebook.governance.models import Access, Grant, Import, ReviewCampaign
from rolebook.governance.replay_findings import HoldingFinding, Replay, as_of_one_instant
from rolebook.governance.replaying_reviews import compare_campaign

_PEOPLE_AT_ONCE = 200
_ROWS_AT_ONCE = 500
_OPENED = (tags.GRANT_OPENED.name, tags.ACCESS_OPENED.name)
_CLOSED = (tags.GRANT_CLOSED.name, tags.ACCESS_CLOSED.name)

type Progress = Callable[[int, int], None]
type Told = dict[str, object]


@dataclass(slots=True)
class _Expected:
    """What the log says of one row."""

    kind: str
    opened_by: int = 0
    closed_by: int = 0
    told: Told = field(default_factory=dict)


def compare_with_log(*, program_id: str | None = None, progress: Progress | None = None) -> Replay:
    """Replay every event that opened or closed something and compare it with the rows, some people at a time.

    Each piece is read as of one instant, so that it may run while people work. ``program_id``: that program's only.
    ``progress`` is told (people done, people in all).
    """
    seen = Replay()
    last_import = Import.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    tip = tip_revision().sequence
    mine = Q() if program_id is None else Q(program_id=program_id)
    in_all, done, replayed = Account.objects.count(), 0, 0
    people = Account.objects.order_by("pk").values_list("pk", "public_id").iterator(chunk_size=_ROWS_AT_ONCE)
    for some in batched(people, _PEOPLE_AT_ONCE):
        with as_of_one_instant():
            replayed += _compare_people(dict(some), mine, tip, seen)
        done += len(some)
        if progress is not None:
            progress(done, in_all)
    told = Event.objects.filter(mine, tag__in=(*_OPENED, *_CLOSED), sequence__lte=tip).count()
    if told != replayed:
        explanation = (
            f"the log has {told} events of what people hold, and {replayed} of them are of people there are"
        )
        seen.add([HoldingFinding(0, explanation)])
    imported = dict(_import_events(mine))
    for whole in Import.objects.filter(mine, pk__lte=last_import).order_by("pk"):
        with as_of_one_instant():
            seen.add(_compare_import(whole, imported.get(str(whole.public_id))))
    for pk in ReviewCampaign.objects.filter(mine).order_by("pk").values_list("pk", flat=True):
        with as_of_one_instant():
            compare_campaign(pk, seen)
    return seen


def _compare_people(people: Mapping[int, uuid.UUID], mine: Q, tip: int, seen: Replay) -> int:
    """Compare what some people hold; return how many events up to ``tip`` told of it."""
    events = (
        Event.objects.filter(mine, beneficiary_id__in=people.values(), tag__in=(*_OPENED, *_CLOSED))
        .order_by("sequence")
        .values_list("sequence", "tag", "content")
    )
    expected: dict[str, _Expected] = {}
    replayed = 0
    for sequence, tag, content in events.iterator(chunk_size=_ROWS_AT_ONCE):
        replayed += sequence <= tip
        seen.add(_replay(expected, sequence, tag, content))
    for kind, rows in (("grant", _grants(mine, people)), ("access", _accesses(mine, people))):
        for row in rows.iterator(chunk_size=_ROWS_AT_ONCE):
            seen.grants += kind == "grant"
            seen.accesses += kind == "access"
            public_id = str(row["public_id"])
            seen.add(_compare(kind, row, expected.pop(public_id, None)))
    for public_id, missing in expected.items():
        opened = missing.opened_by or missing.closed_by
        explanation = f"{missing.kind} {public_id}: found no row, expected the one of event {opened}"
        seen.add([HoldingFinding(opened, explanation)])
    return replayed


def _replay(
    expected: dict[str, _Expected], sequence: int, tag: str, content: str
) -> Iterator[HoldingFinding]:
    """Take one event into account."""
    kind = tag.partition(":")[0]
    try:
        event = json.loads(content)
        new, public_id = event["new"], str(event["new"][f"{kind}_id"])
    except (ValueError, KeyError, TypeError):
        yield HoldingFinding(sequence, f"event {sequence}: found no {kind} in it, expected one")
        return
    one = expected.setdefault(public_id, _Expected(kind))
    if tag in _OPENED:
        if one.opened_by:
            yield HoldingFinding(sequence, f"{kind} {public_id}: event {one.opened_by} opened it already")
        one.opened_by = sequence
        names = ("role_id", "lower_levels", "starts_at", "ends_at", *_ORIGINS)
        one.told |= {name: new.get(name) for name in names}
        columns = ("program_id", "beneficiary_id", "organization_id")
        one.told |= {name: event.get(name) for name in columns}
    else:
        if one.closed_by:
            yield HoldingFinding(sequence, f"{kind} {public_id}: event {one.closed_by} closed it already")
        one.closed_by = sequence
        one.told["closed_at"] = new.get("closed_at")


def _compare(kind: str, row: Mapping[str, Any], expected: _Expected | None) -> Iterator[HoldingFinding]:
    """Compare one row with what the log says of it; what an import opened is compared as a whole, in the end."""
    name = f"{kind} {row['public_id']}"
    told = {} if expected is None else expected.told
    opened_by = 0 if expected is None else expected.opened_by
    if row["imported"] is None and not opened_by:
        yield HoldingFinding(0, f"{name}: found a row that no event opened, expected none")
        return
    if row["imported"] is not None and opened_by:
        yield HoldingFinding(
            opened_by, f"{name}: found an import as its origin, expected the one of event {opened_by}"
        )
    found = {
        "program_id": row["program_id"],
        "beneficiary_id": str(row["account__public_id"]),
        "organization_id": _text(row["organization__public_id"]),
        "role_id": row.get("role_id"),
        "lower_levels": row.get("lower_levels"),
        "starts_at": _instant(row["starts_at"]),
        "ends_at": _instant(row["ends_at"]),
        "request_item_id": _text(row["request_item__public_id"]),
        "designation_id": _text(row["designation__public_id"]),
        "registration_id": _text(row.get("registration__public_id")),
        "record_id": _text(row.get("record__public_id")),
    }
    for column, value in found.items() if opened_by else ():
        if told.get(column) != value:
            yield _differs(name, column, value, told.get(column), opened_by)
    closed_at = _instant(row["closed_at"])
    if told.get("closed_at") != closed_at:
        sequence = 0 if expected is None else expected.closed_by or opened_by
        yield _differs(name, "closed_at", closed_at, told.get("closed_at"), sequence)


def _differs(name: str, column: str, found: object, expected: object, sequence: int) -> HoldingFinding:
    source = f"as event {sequence} says" if sequence else "as no event says otherwise"
    return HoldingFinding(
        sequence, f"{name}: {column}: found {_shown(found)}, expected {_shown(expected)}, {source}"
    )


def _import_events(mine: Q) -> Iterator[tuple[str, tuple[int, str, Told]]]:
    """Return (id of the import, (sequence, tag, details)) of every event that tells of one; imports are few."""
    events = Event.objects.filter(mine, tag__in=_IMPORTS).order_by("sequence")
    for sequence, tag, content in events.values_list("sequence", "tag", "content").iterator():
        with suppress(ValueError, KeyError, TypeError):
            new = json.loads(content)["new"]
            yield str(new["import_id"]), (sequence, tag, new)


def _compare_import(whole: Import, told: tuple[int, str, Told] | None) -> Iterator[HoldingFinding]:
    """Compare the grants of an import with the digest that its event carries (docs/decisions/0017)."""
    name = f"import {whole.public_id}"
    if told is None:
        yield HoldingFinding(0, f"{name}: found a row that no event tells of, expected none")
        return
    sequence, tag, new = told
    if tag != tags.GRANTS_IMPORTED.name:
        return
    grants = (
        Grant.objects.filter(imported__imported=whole)
        .order_by("imported__line")
        .values_list(
            "public_id",
            "account__public_id",
            "role_id",
            "organization__public_id",
            "starts_at",
            "ends_at",
            "imported__public_id",
        )
    )
    number, opened = grants.count(), new.get("grants_opened")
    if number != opened:
        explanation = f"{name}: found {number} grants, expected {opened}, as event {sequence} says"
        yield HoldingFinding(sequence, explanation)
    elif rows_hash(grants.iterator(chunk_size=_ROWS_AT_ONCE)) != new.get("rows_hash"):
        explanation = f"{name}: found other grants than those that event {sequence} has the digest of"
        yield HoldingFinding(sequence, explanation)


_ORIGINS = ("request_item_id", "designation_id", "registration_id", "record_id")
_IMPORTS = (tags.GRANTS_IMPORTED.name, tags.ACCOUNTS_IMPORTED.name, tags.RESPONDER_RECORDS_IMPORTED.name)
_COLUMNS = (
    "public_id",
    "program_id",
    "account__public_id",
    "organization__public_id",
    "starts_at",
    "ends_at",
    "closed_at",
    "request_item__public_id",
    "designation__public_id",
    "imported",
)


def _grants(mine: Q, people: Iterable[int]) -> QuerySet[Grant, dict[str, Any]]:
    found: QuerySet[Grant, dict[str, Any]] = Grant.objects.filter(mine, account__in=people).values(
        *_COLUMNS, "role_id", "registration__public_id", "record__public_id"
    )
    return found.order_by("pk")


def _accesses(mine: Q, people: Iterable[int]) -> QuerySet[Access, dict[str, Any]]:
    found: QuerySet[Access, dict[str, Any]] = Access.objects.filter(mine, account__in=people).values(
        *_COLUMNS, "lower_levels"
    )
    return found.order_by("pk")


def _instant(value: datetime | None) -> str | None:
    return None if value is None else canonical.instant(value)


def _text(value: uuid.UUID | None) -> str | None:
    return None if value is None else str(value)


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
