"""A report of a review as tables: one line for each role and access of each account, with its answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rolebook.governance.files.cells import Cell, Line
from rolebook.governance.queries.review_quality import Quality
from rolebook.governance.review_report import Record

COLUMNS: tuple[tuple[str, int], ...] = (
    ("Name", 24),
    ("User ID", 16),
    ("E-mail", 28),
    ("Employer", 28),
    ("Status", 12),
    ("Last sign-in", 20),
    ("About", 10),
    ("Role or access", 28),
    ("Organization", 30),
    ("Code", 14),
    ("With lower levels", 10),
    ("From", 20),
    ("Promised end", 20),
    ("Ended", 20),
    ("Asked of", 28),
    ("Answer", 14),
    ("Answered by", 22),
    ("Answered at", 20),
    ("Submitted by", 22),
    ("What became of it", 24),
    ("When", 20),
    ("Asked before of", 28),
    ("Employed there since", 20),
)
QUALITY_COLUMNS: tuple[tuple[str, int], ...] = (
    ("Reviewer", 24),
    ("User ID", 16),
    ("Answers", 10),
    ("Removals", 10),
    ("Answered together with others", 14),
    ("Seconds between answers (median)", 14),
    ("Longest streak of keep", 14),
    ("Approved for each other", 14),
    ("Kept for each other", 14),
)
SILENT_COLUMNS: tuple[tuple[str, int], ...] = (
    ("Organization", 36),
    ("Code", 16),
    ("Roles and access", 12),
    ("Questions about accounts", 14),
)
OUTCOMES = {
    "": "Not answered yet",
    "kept": "Kept",
    "removed": "Removed by the review",
    "ended": "Ended before it was answered",
    "unanswered": "Not answered, kept",
    "removed unanswered": "Not answered, removed",
}
_NEVER_SUBMITTED = {
    "": "Answered, not submitted yet",
    "ended": "Answered, ended before it was submitted",
    "unanswered": "Answered, never submitted; kept",
    "removed unanswered": "Answered, never submitted; removed",
}
NOTHING_SUBMITTED = "submitted nothing"
ANSWERS = {"": "", "keep": "Keep", "remove": "Remove"}


def lines_of(records: Iterable[Record]) -> Iterator[Line]:
    """Yield the account's own question first, then a line for each role and access."""
    for record in records:
        head: list[Cell] = [
            record["name"],
            record["user_id"],
            record["email"],
            record["employer"],
            str(record["status"]).capitalize(),
            _instant(record["last_signed_in_at"]),
        ]
        yield [*head, "account", *[None] * 7, *_answer(record["account"])]
        for item in record["items"]:
            yield [
                *head,
                item["what"],
                f"{item['title']}, reaches every code" if item.get("everywhere") else item["title"],
                item["organization"],
                item["code"],
                item["lower_levels"] if item["what"] == "access" else None,
                _instant(item["starts_at"]),
                _instant(item["ends_at"]),
                _instant(item["ended_at"]),
                *_answer(item),
            ]


def _answer(told: Record) -> list[Cell]:
    if not told["asked"]:
        return [None, None, None, None, None, "Not asked about", None, None, None]
    moved = told.get("moved")
    return [
        told["asked_of"] or "The steward",
        ANSWERS[told["answer"]] or None,
        told["answered_by"],
        _instant(told["answered_at"]),
        told["submitted_by"],
        outcome_words(told),
        _instant(told["settled_at"]),
        None if moved is None else came_from(moved),
        None if moved is None else _instant(moved["employed_since"]),
    ]


def fact_lines(facts: Iterable[tuple[str, Cell]]) -> Iterator[Line]:
    """Yield, in the columns of the accounts, a line for each thing that a report says about itself."""
    for name, value in facts:
        if value is not None:
            yield _in_columns({"About": "report", "Name": name, "What became of it": value})


def silent_lines(summary: Record) -> Iterator[Line]:
    """Yield, in the columns of the accounts, a line for each place and each reviewer that did not answer."""
    for row in summary["unanswered_places"]:
        place = {"Organization": row["organization"] or "The steward", "Code": row["code"]}
        yield _in_columns({"About": "organization", **place, "What became of it": left_words(row)})
    for row in summary["reviewers"]:
        if not row["answers"]:
            told = {"About": "reviewer", "Name": row["name"], "What became of it": NOTHING_SUBMITTED}
            yield _in_columns(told)


def _in_columns(cells: Mapping[str, Cell]) -> list[Cell]:
    return [cells.get(title) for title, _ in COLUMNS]


def submitted_by_another(told: Record) -> str:
    """Return who submitted an answer, who is responsible for it as well, where somebody else gave it; "" elsewhere."""
    by = told.get("submitted_by") or ""
    return "" if by == told.get("answered_by") else by


def outcome_words(told: Record) -> str:
    """Return what became of something in words; of an answer that did not count, that, and not that there is none."""
    if not told["asked"]:
        return "Not asked about"
    words = _NEVER_SUBMITTED if told["answer"] else OUTCOMES
    return words.get(told["outcome"], OUTCOMES[told["outcome"]])


def place_words(row: Record) -> str:
    """Return who did not answer at a place, and how much."""
    return f"{row['organization'] or 'The steward'}: {left_words(row)}"


def left_words(row: Record) -> str:
    """Return how much is not answered at a place: roles and access, and questions about accounts apart."""
    roles, accounts = row["unanswered"], row.get("accounts") or 0
    numbers = (
        [f"{roles:,} {'role or access' if roles == 1 else 'roles and access'}"]
        if roles or not accounts
        else []
    )
    numbers += (
        [f"{accounts:,} {'question about an account' if accounts == 1 else 'questions about accounts'}"]
        if accounts
        else []
    )
    return f"{' and '.join(numbers)} not answered"


def came_from(moved: Record) -> str:
    """Return from where something came with its person and, where that was not the first one, who was asked first."""
    last, first = (moved[which] or "The steward" for which in ("from", "asked_first_of"))
    return last if last == first else f"{last} (asked first: {first})"


def _instant(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def quality_lines(rows: Sequence[Quality]) -> Iterator[Line]:
    """Yield a line a reviewer."""
    for row in rows:
        seconds = None if row.seconds is None else round(row.seconds)
        yield [
            row.name,
            row.user_id,
            row.answers,
            row.removals,
            row.together,
            seconds,
            row.keeps,
            row.in_return,
            row.kept_in_return,
        ]
