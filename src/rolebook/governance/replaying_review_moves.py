"""What moved in a review, compared with the events that tell it and with the records of who employs people (I11)."""

import json
from collections.abc import Iterator
from typing import Any

from rolebook.audit import canonical, tags
from rolebook.audit.models import Event
from rolebook.governance.models import ReviewCampaign, ReviewMove
from rolebook.governance.review_moving import told_move

type Key = tuple[str, str, str]
"""A move: what it is about, that one's public id, and the public id of the record of employment."""
type ToldMove = tuple[int, list[Any], object]
"""What an event tells of a move: its number, what `told_move` says, and when."""

_ABOUT, _ABOUT_ID, _EMPLOYMENT = 0, 1, 4
_COLUMNS = (
    "about", "what it is about", "from", "to", "employment", "answer left behind", "who had answered", "when answered"
)  # fmt: skip


def wrong_moves(campaign: ReviewCampaign) -> Iterator[tuple[int, str]]:
    """Yield what is wrong about the moves of a campaign: rows in the order of the items, then those that are not there.

    Each with the number of the event that tells the move, 0 where none does. Two statements.
    """
    told = _told_moves(campaign)
    rows = ReviewMove.objects.filter(campaign=campaign).select_related(
        "item__reviewed__account", "item__grant", "item__access", "from_place__organization",
        "place__organization", "employment", "answered_by",
    )  # fmt: skip
    last: ReviewMove | None = None
    for move in rows.order_by("item", "pk").iterator(chunk_size=1_000):
        before = last.place_id if last is not None and last.item_id == move.item_id else move.item.place_id
        found = [canonical.to_json(one, "a move") for one in _told(move)]
        expected = told.pop(_key(found), None)
        wrong = _wrong(move, before) or _differing(move, found, expected)
        if wrong is not None:
            yield 0 if expected is None else expected[0], f"move {move.pk} of item {move.item_id}: {wrong}"
        last = move
    for (about, public_id, employment), (sequence, _, _) in told.items():
        gone = f"found no move by the record of employment {employment}"
        yield sequence, f"{about} {public_id}: {gone}, expected one, as event {sequence} says"


def _wrong(move: ReviewMove, before: int) -> str | None:
    campaigns = {move.item.campaign_id, move.place.campaign_id, move.from_place.campaign_id}
    if campaigns != {move.campaign_id}:
        return "found an item or a place of another review, expected those of this one"
    if move.employment.participation_id != move.item.reviewed.participation_id:
        return "found a record of another person's employer, expected one of this person's"
    if move.employment.organization_id != move.place.organization_id:
        return (
            "found it to go to another organization than the one that employs the person, expected that one"
        )
    if move.from_place_id != before:
        return "found it to come from where it was not answered, expected the place before"
    if move.moved_at < move.employment.recorded_at:
        return "found it to move before another employer was recorded, expected later"
    return None


def _differing(move: ReviewMove, found: list[canonical.Json], expected: ToldMove | None) -> str | None:
    """Return in what a move is not as its event tells, None for nothing."""
    if expected is None:
        return "found a move that no event tells, expected none"
    sequence, told, at = expected
    moved_at = canonical.instant(move.moved_at)
    for name, here, there in zip((*_COLUMNS, "moved_at"), (*found, moved_at), (*told, at), strict=False):
        if here != there:
            return f"{name}: found {here or 'none'}, expected {there or 'none'}, as event {sequence} says"
    return None


def _told(move: ReviewMove) -> list[canonical.Detail]:
    places = (move.from_place.organization, move.place.organization)
    return told_move(move, *(None if one is None else one.public_id for one in places))


def _key(told: list[Any]) -> Key:
    return str(told[_ABOUT]), str(told[_ABOUT_ID]), str(told[_EMPLOYMENT])


def _told_moves(campaign: ReviewCampaign) -> dict[Key, ToldMove]:
    """Return what the events tell of each move of a campaign."""
    found: dict[Key, ToldMove] = {}
    events = Event.objects.filter(program_id=campaign.program_id, tag=tags.REVIEW_MOVED.name)
    for sequence, content in events.order_by("sequence").values_list("sequence", "content").iterator():
        try:
            event = json.loads(content)
            if event["new"]["campaign_id"] == str(campaign.public_id):
                moves = event["new"]["moves"]
                found |= {_key(told): (sequence, told, event["occurred_at"]) for told in moves}
        except (ValueError, KeyError, TypeError, IndexError):
            # An event that was written to tells nothing; the chain of hashes names it.
            continue
    return found
