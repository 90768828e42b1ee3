"""What a card of the reviewer's page holds: an account with its lines, and what changed since it was seen. Pure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rolebook.governance.queries.review_advice import Advice


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is asked about an account, or stands beside it for information.

    Attributes:
        key: how it is called in forms: "role.<public id>".
        mine: whether the viewer may answer it now.
        used: when the role was last used, in words; "" where that is no question.
        earlier: what was answered in the last campaign, in words; "" where nothing.
        is_new: whether it was given since the last campaign opened, and not asked about there.
        ended_at: when the grant or access ended; it needs no answer then.
        moved: from where it came as another organization employs the person, or where it went; "" where it stayed.
        in_return: that its approver was approved for by its person, in words; "" where they were not.
        note: what changed since the viewer saw it, in words; "" where nothing did.
    """

    key: str
    about: str
    title: str
    where: str
    since: datetime
    until: datetime | None
    answer: str
    answered_by: str
    answered_at: datetime | None
    version: int
    outcome: str
    settled_at: datetime | None
    submitted_by: str
    mine: bool
    ended_at: datetime | None = None
    used: str = ""
    earlier: str = ""
    is_new: bool = False
    advice: Advice | None = None
    moved: str = ""
    in_return: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """That somebody submitted what an organization answers about an account; ``place`` "": what none does."""

    by: str
    place: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountLines:
    """An account with everything that the page says about it.

    Attributes:
        employer: the organization that employs the person, or "" when none was recorded at the opening; where access
            is not held apart from roles, one at which the viewer answers something about them.
        employer_code: its code; "" where there is none.
        gone: what the last campaign knew and is held no more, in words.
        ready: whether everything of the viewer's is answered, and something can be submitted.
        left: how many of the viewer's lines are not answered yet.
        is_theirs: whether anything of it is the viewer's to answer, or was until another organization employed them.
        is_open: whether the viewer may answer any of it now.
        submitted: who submitted what was the viewer's, for which organization and when, the earliest first.
    """

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    employer: str
    employer_code: str
    status: str
    last_signed_in_at: datetime | None
    lines: tuple[Line, ...]
    gone: tuple[str, ...]
    ready: bool
    left: int
    is_theirs: bool
    is_open: bool
    submitted: tuple[Submission, ...]

    @property
    def closes(self) -> bool:
        """Whether the viewer's answers, once submitted, close the account, with everything that is theirs to answer."""
        return any(line.mine and line.about == "account" and line.answer == "remove" for line in self.lines)

    @property
    def ending(self) -> int:
        """How many roles and access the viewer's answers end, once submitted."""
        mine = (line for line in self.lines if line.mine and line.about != "account")
        return sum(self.closes or line.answer == "remove" for line in mine)


def with_notes(account: AccountLines, seen: Mapping[str, int], shown_at: datetime | None) -> AccountLines:
    """Return an account with, beside each line, what changed since the viewer saw it (``seen``: versions by key)."""
    lines = tuple(replace(line, note=_note(line, seen, shown_at)) for line in account.lines)
    return replace(account, lines=lines)


def _note(line: Line, seen: Mapping[str, int], shown_at: datetime | None) -> str:
    if line.settled_at is not None and line.submitted_by:
        if line.key not in seen and shown_at is not None and line.settled_at <= shown_at:
            return ""
        removed = ": it is removed" if line.answer == "remove" else ""
        return f"{line.submitted_by} submitted it meanwhile{removed}."
    if line.ended_at is not None and (shown_at is None or line.ended_at > shown_at):
        return "It ended since you saw it, and needs no answer."
    if line.moved and not line.mine:
        return line.moved if line.key in seen else ""
    if line.key not in seen:
        return "It was given since you saw the account." if line.mine else ""
    if line.version != seen[line.key]:
        if line.moved and not line.answer:
            return line.moved
        said = {"keep": "answered Keep", "remove": "answered Remove"}.get(line.answer, "took the answer back")
        return f"{line.answered_by or 'Somebody'} {said} since you saw it."
    return ""
