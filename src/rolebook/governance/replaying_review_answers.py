"""What became of a campaign's items, compared with the events that tell it, while it is open and afterwards (I11).

An answer that was submitted and what silence removed are told by events. Sums of digests over both sides, which need no
memory, say whether they agree; only where they do not is each row compared with what is told of it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import ReviewCampaign, ReviewItem

_AT_ONCE = 1_000
_ANSWERED = (tags.REVIEW_SUBMITTED.name, tags.REVIEW_LAPSED.name)
_BY_ANSWER = frozenset({ReviewItem.Outcome.KEPT.value, ReviewItem.Outcome.REMOVED.value})

type Key = tuple[str, str]
"""What an item is about, and the public id of that."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of an item: what became of it and, where it was submitted, with which answer and by whom.

    Attributes:
        by: who had answered (public id).
        submitter: who submitted it (public id).
    """

    outcome: str
    answer: str = ""
    by: str | None = None
    submitter: str | None = None


def wrong_answers(campaign: ReviewCampaign) -> Iterator[str]:
    """Yield the rows that are not as the events of submitting and lapsing tell, or whose holding never ended."""
    if _sum(_told_answers(campaign)) != _sum(_found_answers(campaign)):
        yield from _differing(campaign)
    yield from _not_ended(campaign)


def what(item: ReviewItem) -> str:
    """Return what an item is about, in words."""
    holding = item.grant or item.access
    if holding is None:
        return f"the account {item.reviewed.account.user_id}"
    kind = "grant" if item.grant is not None else "access"
    return f"{kind} {holding.public_id} of {item.reviewed.account.user_id}"


def _sum(told: Iterable[tuple[Key, _Told]]) -> tuple[int, int]:
    """Return how many these are, and the sum of their digests: the same in whatever order they come."""
    number = total = 0
    for key, one in told:
        line = json.dumps([*key, one.outcome, one.answer, one.by, one.submitter])
        total += int.from_bytes(hashlib.sha256(line.encode()).digest())
        number += 1
    return number, total


def _silent(campaign: ReviewCampaign) -> frozenset[str]:
    """Return the outcomes that no event tells."""
    if campaign.closed_at is None:
        return frozenset({ReviewItem.Outcome.OPEN.value, ReviewItem.Outcome.ENDED.value})
    return frozenset({ReviewItem.Outcome.UNANSWERED.value, ReviewItem.Outcome.ENDED.value})


def _told_answers(campaign: ReviewCampaign) -> Iterator[tuple[Key, _Told]]:
    """Yield what the events tell of each item."""
    lapsed = _Told(ReviewItem.Outcome.REMOVED_UNANSWERED.value)
    campaign_id = str(campaign.public_id)
    # The text is looked through first, so that other campaigns' events are not read.
    events = Event.objects.filter(
        program_id=campaign.program_id, tag__in=_ANSWERED, content__contains=campaign_id
    )
    for tag, content in events.order_by("sequence").values_list("tag", "content").iterator():
        try:
            event = json.loads(content)
            told = event["new"]
            if told["campaign_id"] == campaign_id:
                yield from (
                    _told_by(event, told)
                    if tag == tags.REVIEW_SUBMITTED.name
                    else (
                        ((about, one), lapsed)
                        for about, name in (("role", "grants"), ("access", "accesses"))
                        for one in told[name]
                    )
                )
        except (ValueError, KeyError, TypeError):
            # An event that was written to tells nothing; the chain of hashes names it.
            continue


def _told_by(event: dict[str, Any], told: dict[str, Any]) -> Iterator[tuple[Key, _Told]]:
    for about, public_id, answer, by, *_ in told["answers"]:
        kept = answer == ReviewItem.Answer.KEEP
        outcome = ReviewItem.Outcome.KEPT if kept else ReviewItem.Outcome.REMOVED
        yield (about, public_id), _Told(outcome.value, answer, by, event["actor_id"])


def _found_answers(campaign: ReviewCampaign) -> Iterator[tuple[Key, _Told]]:
    """Yield what the rows say of each item of which an event would tell."""
    rows = ReviewItem.objects.filter(campaign=campaign).exclude(outcome__in=_silent(campaign))
    named = Coalesce("grant__public_id", "access__public_id", "reviewed__account__public_id")
    columns = rows.order_by("pk").annotate(named=named).values_list(
        "about", "named", "outcome", "answer", "answered_by__public_id", "submitted_by__public_id"
    )  # fmt: skip
    for about, public_id, outcome, answer, by, submitter in columns.iterator(chunk_size=_AT_ONCE):
        yield (about, str(public_id)), _found(outcome, answer, by, submitter)


def _found(outcome: str, answer: str, by: object, submitter: object) -> _Told:
    """Return what a row says; of what silence removed, a saved answer counts for nothing."""
    if outcome not in _BY_ANSWER:
        return _Told(outcome)
    return _Told(outcome, answer, *(None if one is None else str(one) for one in (by, submitter)))


def _differing(campaign: ReviewCampaign) -> Iterator[str]:
    """Yield what is wrong, row by row, then what is told of rows that are not there."""
    told, silent = dict(_told_answers(campaign)), _silent(campaign)
    rows = _rows(campaign)
    for item in rows.order_by("pk").iterator(chunk_size=_AT_ONCE):
        holding = item.grant or item.access
        named = item.reviewed.account.public_id if holding is None else holding.public_id
        wrong = _wrong(item, told.pop((item.about, str(named)), None), silent)
        if wrong is not None:
            yield f"item {item.pk} ({what(item)}): {wrong}"
    for (about, public_id), one in told.items():
        yield f"{about} {public_id}: found no item about it, expected one that was {one.outcome}"


def _wrong(item: ReviewItem, expected: _Told | None, silent: frozenset[str]) -> str | None:
    """Return what is wrong with what became of one item, None for nothing."""
    if expected is None and item.outcome in silent:
        return None
    by, submitter = (None if one is None else one.public_id for one in (item.answered_by, item.submitted_by))
    found = _found(item.outcome, item.answer, by, submitter)
    if expected is None or (found.outcome, found.answer) != (expected.outcome, expected.answer):
        said = f"found {item.outcome or 'open'} with the answer {item.answer or 'none'}"
        if expected is None:
            return f"{said}, expected no outcome by an answer"
        return f"{said}, expected {expected.outcome}" + (
            f" with the answer {expected.answer}" if expected.answer else ""
        )
    if found.by != expected.by:
        return f"found an answer by {found.by or 'nobody'}, expected one by {expected.by or 'nobody'}"
    if found.submitter != expected.submitter:
        whom = f"expected by {expected.submitter or 'nobody'}"
        return f"found it submitted by {found.submitter or 'nobody'}, {whom}"
    return None


def _not_ended(campaign: ReviewCampaign) -> Iterator[str]:
    """Yield what was settled as ended while it was held: nobody was asked about it any more."""
    ended = Q()
    for name in ("grant", "access"):
        for end in ("closed_at", "ends_at"):
            ended |= Q(**{f"{name}__{end}__isnull": False, f"{name}__{end}__lte": F("settled_at")})
    rows = _rows(campaign).filter(outcome=ReviewItem.Outcome.ENDED).exclude(about=ReviewItem.About.ACCOUNT)
    for item in rows.exclude(ended).order_by("pk").iterator(chunk_size=_AT_ONCE):
        yield f"item {item.pk} ({what(item)}): found ended, expected no such outcome while it was held"


def _rows(campaign: ReviewCampaign) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(campaign=campaign).select_related(
        "reviewed__account", "grant", "access", "answered_by", "submitted_by"
    )
