"""What a report of a review says before its accounts: how much came of what, and who did not answer (IQCS-13).

Every question is counted once. The closing puts the same numbers on record, and its mail and the report tell them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db.models import Count, F, QuerySet

from rolebook.governance.models import ReviewItem, ReviewPlace
from rolebook.governance.review_report import Record, Subject
from rolebook.governance.review_silence import left_at_places, silent_reviewers

MOST_NAMED = 1_000
"""Places and reviewers that a report names at most."""
_UNANSWERED = (
    ReviewItem.Outcome.OPEN,
    ReviewItem.Outcome.UNANSWERED,
    ReviewItem.Outcome.REMOVED_UNANSWERED,
)


def outcome_numbers(items: QuerySet[ReviewItem]) -> dict[str, int]:
    """Return how many roles and accesses were kept, removed by an answer, ended before, and had no submitted answer.

    The question about the account itself is none of them. What was removed for want of an answer is among
    ``unanswered``, and ``removed_unanswered`` says how much of that it is.
    """
    held = items.exclude(about=ReviewItem.About.ACCOUNT).order_by()
    return _numbers(dict(held.values_list("outcome").annotate(number=Count("pk"))))


def _numbers(found: Mapping[str, int]) -> dict[str, int]:
    def counted(outcomes: Iterable[str]) -> int:
        return sum(found.get(one, 0) for one in outcomes)

    return {
        "items": sum(found.values()),
        "kept": counted([ReviewItem.Outcome.KEPT]),
        "removed": counted([ReviewItem.Outcome.REMOVED]),
        "ended": counted([ReviewItem.Outcome.ENDED]),
        "unanswered": counted(_UNANSWERED),
        "removed_unanswered": counted([ReviewItem.Outcome.REMOVED_UNANSWERED]),
    }


class Besides:
    """Counts, while a report's accounts are read, what stands in their lines and not in its numbers.

    That is what was asked of other organizations about them, and what they hold that was not asked about.
    """

    def __init__(self) -> None:
        self._asked, self._not_asked = Counter[str](), 0

    def count(self, records: Iterable[Record]) -> None:
        """Count some accounts."""
        for line in (one for record in records for one in record["items"]):
            if not line["asked"]:
                self._not_asked += 1
            elif not line["asked_here"]:
                self._asked[line["outcome"]] += 1

    def numbers(self) -> dict[str, int]:
        """Return the numbers of what others were asked, as `outcome_numbers` does, and ``not_asked``."""
        return {**_numbers(self._asked), "not_asked": self._not_asked}


def number_words(numbers: Mapping[str, int], *, closed: bool) -> tuple[tuple[str, int], ...]:
    """Return what came of roles and access: the words of a report's page and files, and of the closing's mail.

    ``numbers`` are those of `outcome_numbers`; ``closed`` whether the campaign was closed by then.
    """
    removed = numbers.get("removed_unanswered", 0)
    left = numbers["unanswered"] - removed
    silent = [("Not answered, and removed", removed)] if removed else []
    if left or not removed:
        silent.append(("Not answered, and kept" if closed else "Not answered yet", left))
    return (
        ("Kept", numbers["kept"]),
        ("Removed by an answer", numbers["removed"]),
        ("Ended meanwhile", numbers["ended"]),
        *silent,
    )


def numbers_in_words(numbers: Mapping[str, int], *, closed: bool) -> str:
    """Return `number_words` in one line: "3 kept; 1 removed by an answer"."""
    return "; ".join(f"{number:,} {label.lower()}" for label, number in number_words(numbers, closed=closed))


def besides_words(summary: Record, *, closed: bool) -> str:
    """Return what a report's accounts list besides what its numbers count, in a sentence; "" for nothing.

    Reports that were made by earlier versions have none counted.
    """
    found = summary.get("besides") or {}
    asked, not_asked = found.get("items", 0), found.get("not_asked", 0)
    if not asked and not not_asked:
        return ""
    came = [f"{number:,} {label.lower()}" for label, number in number_words(found, closed=closed) if number]
    parts = [f"{asked:,} asked of others ({'; '.join(came)})"] if asked else []
    parts += [f"{not_asked:,} not asked about"] if not_asked else []
    total = asked + not_asked
    return f"{total:,} more {'is' if total == 1 else 'are'} listed with the accounts: {' and '.join(parts)}."


def summary_of(subject: Subject) -> Record:
    """Return what a report says before its accounts: numbers, and who did not answer."""
    silent = subject.items().filter(outcome__in=_UNANSWERED)
    place = subject.organization
    return {
        "organization": None if place is None else subject.past([place])[place.pk].name,
        **outcome_numbers(subject.items()),
        "unanswered_places": _silent_places(subject, silent),
        "reviewers": _reviewers(subject, silent),
    }


def _silent_places(subject: Subject, silent: QuerySet[ReviewItem]) -> list[Record]:
    """Return where something has no submitted answer, and how much: accounts apart; what moved counts where it went."""
    numbers: dict[int, list[int]] = {}
    for (place_pk, about), number in left_at_places(subject, silent).items():
        numbers.setdefault(place_pk, [0, 0])[about == ReviewItem.About.ACCOUNT] += number
    named = ReviewPlace.objects.filter(pk__in=numbers).select_related("organization")
    places = list(named.order_by("organization__name", "pk")[:MOST_NAMED])
    past = subject.past(place.organization for place in places)
    rows = list[Record]()
    for place in places:
        here = None if place.organization_id is None else past[place.organization_id]
        rows.append(
            {
                "organization": None if here is None else here.name,
                "code": None if here is None else here.code,
                "unanswered": numbers[place.pk][0],
                "accounts": numbers[place.pk][1],
            }
        )
    return rows


def _reviewers(subject: Subject, silent: QuerySet[ReviewItem]) -> list[Record]:
    """Return who submitted how much here, after those who submitted nothing though something was left to them."""
    given = subject.items().exclude(submitted_by=None).order_by().values("submitted_by")
    rows = given.annotate(name=F("submitted_by__name"), number=Count("pk")).order_by("name", "submitted_by")
    answered = {row["submitted_by"]: {"name": row["name"], "answers": row["number"]} for row in rows}
    nothing = [
        {"name": one.name, "answers": 0} for one in silent_reviewers(subject, silent, answered, MOST_NAMED)
    ]
    return [*nothing, *answered.values()][:MOST_NAMED]
