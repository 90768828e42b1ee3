"""A report of a review on paper: tagged PDF files (PDF/UA-1), typeset by typst, some hundred accounts a volume."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import batched
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst

import rolebook
from rolebook.governance.files.review_lines import ANSWERS, outcome_words
from rolebook.governance.review_report import Record

ACCOUNTS_A_VOLUME = 1_000
"""More than this stand in another PDF of the same archive: memory stays bounded."""
_FOLDER = Path(__file__).parent
_FONTS = Path(rolebook.__file__).parent / "web" / "matrix" / "fonts"


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


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(_FONTS)])


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
    try:
        return _typeset(data, paper.made_at)
    except typst.TypstError:
        # PDF/UA refuses a letter that no font of ours has: names in other scripts are then told by their user IDs.
        return _typeset(_in_known_letters(data), paper.made_at)


def _typeset(data: Mapping[str, Any], made_at: datetime) -> bytes:
    compiler = typst.Compiler(font_paths=_fonts(), root=str(_FOLDER))
    made = compiler.compile(
        input=(_FOLDER / "report.typ").read_bytes(),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards="ua-1",
        timestamp=made_at.replace(microsecond=0),
    )
    if not isinstance(made, bytes):
        raise TypeError("one document was asked for")
    return made


def _in_known_letters(value: Any) -> Any:
    """Return data with every letter outside of what the font has as a question mark."""
    if isinstance(value, str):
        return "".join(letter if letter in _KNOWN or " " <= letter <= "~" else "?" for letter in value)
    if isinstance(value, Mapping):
        return {name: _in_known_letters(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_known_letters(one) for one in value]
    return value


_KNOWN = frozenset(map(chr, range(0xA1, 0x180))) - {"\u00ad"} | set(
    "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00b7\u2022"
)


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
        outcome_words(record["account"]),
    ]
    for item in record["items"]:
        below = " with lower levels" if item["lower_levels"] else ""
        where = f" {item['code']}, {item['organization']}" if item["code"] else ""
        ended = f" (ended {_day(item['ended_at'], zone)})" if item["ended_at"] else ""
        yield ["", "", "", f"{item['title']}{where}{below}{ended}", _answer(item, zone), outcome_words(item)]


def _answer(told: Record, zone: str) -> str:
    if not told["asked"] or not told["answer"]:
        return ""
    return f"{ANSWERS[told['answer']]}, by {told['answered_by']}, {_day(told['answered_at'], zone)}"


def _day(text: Any, zone: str) -> str:
    return "" if text is None else datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).date().isoformat()
