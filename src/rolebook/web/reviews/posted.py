"""What a form of answers holds: a choice a line, the version that was seen of it, and when the page was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import QueryDict

from rolebook.accounts.models import canonical_id
from rolebook.governance.flows.answer_review import Answered, Saved
from rolebook.governance.models import ReviewItem

ANSWER, SEEN = "answer-", "seen-"
_ABOUT = frozenset(ReviewItem.About.values)
MOST_LINES = 2_000
"""Lines that one form holds: two fields each, which the settings' DATA_UPLOAD_MAX_NUMBER_FIELDS lets in (I12)."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The answers of one form, with the versions that its page showed, by key, and when it was made."""

    answers: tuple[Answered, ...]
    seen: Mapping[str, int]
    shown_at: datetime | None

    @property
    def versions(self) -> dict[tuple[str, UUID], int]:
        """The versions that were seen as the flows want them."""
        return {_named(key): version for key, version in self.seen.items()}

    def seen_after(self, saved: Saved | None) -> dict[str, int]:
        """Return the versions that were seen, by key, with those that the viewer's own answers made of them."""
        made = {} if saved is None else saved.versions
        return {**self.seen, **{f"{about}.{public_id}": at for (about, public_id), at in made.items()}}


def posted(data: QueryDict) -> Posted:
    """Read a form. Raises BadRequest for one that no page of ours makes."""
    seen = {name[len(SEEN) :]: _number(value) for name, value in data.items() if name.startswith(SEEN)}
    if len(seen) > MOST_LINES:
        raise BadRequest
    answers = []
    for key, version in seen.items():
        about, public_id = _named(key)
        answer = str(data.get(ANSWER + key, ""))
        if answer not in ReviewItem.Answer.values:
            raise BadRequest
        if answer:
            answers.append(Answered(about, public_id, answer, version))
    return Posted(tuple(answers), seen, _instant(str(data.get("shown_at", ""))))


def _named(key: str) -> tuple[str, UUID]:
    about, _, text = key.partition(".")
    public_id = canonical_id(text)
    if about not in _ABOUT or public_id is None:
        raise BadRequest
    return about, public_id


def _number(value: object) -> int:
    text = str(value)
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadRequest
    return int(text)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
