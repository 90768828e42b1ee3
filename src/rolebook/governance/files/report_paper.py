"""A report of a review on paper: tagged PDF files (PDF/UA-1), typeset by typst, some hundred accounts a volume."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

from rolebook.governance.files.review_lines import ANSWERS, came_from, outcome_words, submitted_by_another
from rolebook.governance.files.typesetting import typeset
from rolebook.governance.review_report import Record

ACCOUNTS_A_VOLUME = 500
"""More than this stand in another PDF of the same archive: typesetting so many takes some 230 MB, and no more."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a report says about itself on paper.

    Attributes:
        title: such as "IQCS Annual User Audit: U.S. Fish and Wildlife Service".
        standing: whether it is final or preliminary, and as of when.
        program: the program's name.
        language: of the texts.
        zone: the program's IANA time zone.
        made_at: when it was made.
        facts: (what, number or day) each.
        silent: who did not answer, a line each.
    """

    title: str
    standing: str
    program: str
    language: str
    zone: str
    made_at: datetime
    facts: Sequence[tuple[str, str]]
    silent: Sequence[str]


def volumes(paper: Paper, records: Iterable[Record]) -> Iterator[bytes]:
    """Yield the report as one PDF, or several where it has more accounts than one holds; one of them in memory."""
    number = 0
    for number, some in enumerate(batched(records, ACCOUNTS_A_VOLUME), start=1):
        yield _pdf(paper, some, first=number == 1, volume=number)
    if number == 0:
        yield _pdf(paper, (), first=True, volume=1)


def _pdf(paper: Paper, records: Sequence[Record], *, first: bool, volume: int) -> bytes:
    on = paper.made_at.astimezone(ZoneInfo(paper.zone))
    data = {
        "title": paper.title if first else f"{paper.title}, part {volume}",
        "standing": paper.standing,
        "program": paper.program,
        "language": paper.language,
        "year": on.year,
        "month": on.month,
        "day": on.day,
        "first_page": 1,
        "facts": list(paper.facts) if first else [],
        "silent": list(paper.silent) if first else [],
        "rows": [row for record in records for row in _rows(record, paper.zone)]
        or [["None", "", "", "", "", ""]],
    }
    return typeset(data, paper.made_at)


def _rows(record: Record, zone: str) -> Iterator[list[str]]:
    """Yield an account's own line, then one for each role and access, as texts."""
    seen = _day(record["last_signed_in_at"], zone) or "never"
    who = f"{record['user_id']} · {record['employer'] or 'no employer on record'} · {record['status']}"
    yield [
        record["name"],
        who,
        seen,
        "The account",
        _answer(record["account"], zone),
        _became(record["account"], zone),
    ]
    for item in record["items"]:
        below = " with lower levels" if item["lower_levels"] else ""
        below += ", reaches every code" if item.get("everywhere") else ""
        where = f" {item['code']}, {item['organization']}" if item["code"] else ""
        ended = f" (ended {_day(item['ended_at'], zone)})" if item["ended_at"] else ""
        yield ["", "", "", f"{item['title']}{where}{below}{ended}", _answer(item, zone), _became(item, zone)]


def _became(told: Record, zone: str) -> str:
    """Return what became of something and, where it moved with its person, from where and since when."""
    moved, words = told.get("moved"), outcome_words(told)
    if moved is None:
        return words
    since = _day(moved["employed_since"], zone)
    return f"{words} (came from {came_from(moved)}: {told['asked_of']} employs them since {since})"


def _answer(told: Record, zone: str) -> str:
    if not told["asked"] or not told["answer"]:
        return ""
    another = submitted_by_another(told)
    by = f"{told['answered_by']}, {_day(told['answered_at'], zone)}{f'; submitted by {another}' if another else ''}"
    return f"{ANSWERS[told['answer']]}, by {by}"


def _day(text: Any, zone: str) -> str:
    return "" if text is None else datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).date().isoformat()
