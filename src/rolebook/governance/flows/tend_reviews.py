"""What time does to reviews: campaigns open on their day, are told of before and after they are due, and close."""

import logging
from datetime import datetime, timedelta

from rolebook.accounts.queries.rolebooks import programs_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.importing import day_of, first_instant
from rolebook.governance.models import ReviewCampaign, ReviewItem
from rolebook.governance.refusals import Refused
from rolebook.governance.review_course import bring_up_to_date, hold_campaign
from rolebook.governance.review_rows import count_places, review_of, scope_of, waiting
from rolebook.policy.model import Rolebook
from rolebook.policy.reviews import due_day, latest_opening

_log = logging.getLogger(__name__)
_JOB = Origin("job")
_OVERDUE_REMINDER = timedelta(days=7)
"""Once it is overdue, who has to answer is reminded every week."""


def tend_reviews(now: datetime) -> int:
    """Do what is due of every program's reviews, however long this was not run; return how much was done."""
    return open_due_reviews(now) + sum(
        _tend(campaign, now) for campaign in ReviewCampaign.objects.filter(closed_at=None).order_by("pk")
    )


def open_due_reviews(now: datetime) -> int:
    """Open the campaigns whose day has come, also late, as long as they are not due yet; return how many."""
    return sum(_open_due(book, now) for book in programs_in_force(now))


def _open_due(book: Rolebook, now: datetime) -> int:
    opened, today = 0, day_of(now, book)
    for review in book.reviews:
        day = latest_opening(review, today)
        if day is None or due_day(review, day) < today:
            continue
        mine = ReviewCampaign.objects.filter(program_id=book.program.id, review_id=review.id)
        if mine.filter(opened_on=day).exists() or mine.filter(closed_at=None).exists():
            continue
        if mine.filter(opened_on__gt=day).exists() or scope_of(book, review, now).is_empty():
            continue
        try:
            open_review(
                acting_user=None,
                program_id=book.program.id,
                review_id=review.id,
                at=now,
                origin=_JOB,
                opened_on=day,
            )
        except Refused as refusal:
            # Another worker was first: looked at again the next time.
            _log.info("the review %s of %s was not opened: %s", review.id, book.program.id, refusal)
            continue
        opened += 1
    return opened


def _tend(campaign: ReviewCampaign, now: datetime) -> int:
    """Bring one campaign up to date, remind, escalate, and close it when its time has come."""
    if now >= campaign.closes_at:
        try:
            close_review(
                acting_user=None,
                program_id=campaign.program_id,
                campaign_id=campaign.public_id,
                at=now,
                origin=_JOB,
            )
        except Refused:
            return 0
        return 1
    with unit_of_work(at=now, origin=_JOB) as work:
        held = hold_campaign(campaign.pk)
        if held.closed_at is not None:
            work.nothing_happened()
            return 0
        bring_up_to_date(work, held)
        count_places(held)
        left = waiting(ReviewItem.objects.filter(campaign=held)).exists()
        told = 0
        if left and _reminder_due(held, now):
            held.reminded_at = now
            work.record(
                tags.REVIEW_REMINDED,
                program_id=held.program_id,
                new={"campaign_id": held.public_id, "due_at": held.due_at},
            )
            told += 1
        if left and (to := _escalates_to(held, now)):
            held.escalated_at = now
            work.record(
                tags.REVIEW_ESCALATED,
                program_id=held.program_id,
                new={"campaign_id": held.public_id, "due_at": held.due_at, "escalate_to": to},
            )
            told += 1
        if told:
            held.save(update_fields=["reminded_at", "escalated_at"])
        else:
            work.nothing_happened()
    return told


def _reminder_due(campaign: ReviewCampaign, now: datetime) -> bool:
    """Return whether a day of reminding has come since the last reminder: the declared ones, then each week overdue."""
    book, review = review_of(campaign)
    last_day = day_of(campaign.due_at - timedelta(seconds=1), book)
    days = sorted(first_instant(last_day - timedelta(days=n), book) for n in review.remind_days_before)
    days.append(campaign.due_at)
    while days[-1] + _OVERDUE_REMINDER < campaign.closes_at:
        days.append(days[-1] + _OVERDUE_REMINDER)
    since = campaign.reminded_at or campaign.opened_at
    return any(since < day <= now for day in days)


def _escalates_to(campaign: ReviewCampaign, now: datetime) -> str | None:
    """Return the role to which a campaign is to be escalated now, or None."""
    book, review = review_of(campaign)
    overdue = review.overdue
    if overdue.escalate_to is None or campaign.escalated_at is not None:
        return None
    last_day = day_of(campaign.due_at - timedelta(seconds=1), book)
    from_at = first_instant(last_day + timedelta(days=1 + overdue.escalate_after_days), book)
    return overdue.escalate_to if now >= from_at else None
