"""Open a campaign of a review: on the day that the rolebook declares, or on demand (IQCS-12)."""

from datetime import date, datetime, timedelta

from django.db import connection

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.importing import day_of, first_instant
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.queries.review_campaigns import find_review
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.review_digests import items_hash
from rolebook.governance.review_rows import bring_in, count_places
from rolebook.policy.model import Rolebook
from rolebook.policy.reviews import Review, due_day, due_on_demand
from rolebook.policy.rules import Violation

MOST_DAYS = 366
"""A campaign is due that many days after it opens, at most."""
LONGEST_NAME = 180
"""Letters of a review's title in that of a campaign, whose column holds it with a day."""
_OPENING_LOCK = 0x5265_7669_6577


def open_review(
    *,
    acting_user: Account | None,
    program_id: str,
    review_id: str,
    at: datetime,
    origin: Origin,
    opened_on: date | None = None,
    due_on: date | None = None,
) -> ReviewCampaign:
    """Open a campaign with all its items, in one transaction with its one event.

    Open to the steward and, with ``acting_user`` None, to the operator and the job. ``opened_on`` is the declared day
    for which a job opens it (today otherwise), ``due_on`` another last day than that of `due_on_demand`.

    Raises Refused when one is open, was opened for that day, finds nothing, or is due in the past or too late;
    NotFound for everybody else and for a review that the rolebook in force does not declare.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REVIEW, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        if acting_user is not None and not administers(acting_standing(acting_user, program_id, at)):
            raise NotFound
        version, book = rolebook_in_force(program_id, at)
        review = find_review(book, review_id)
        _one_at_a_time()
        today = day_of(at, book)
        declared = due_on_demand(review, today) if opened_on is None else due_day(review, opened_on)
        day, due = opened_on or today, due_on or declared
        _require_possible(review, program_id, today=today, day=day, due=due, book=book)
        due_at = first_instant(due + timedelta(days=1), book)
        campaign = ReviewCampaign.objects.create(
            program_id=program_id,
            review_id=review.id,
            rolebook_version=version,
            title=_title(review, program_id, day),
            opened_on=day,
            opened_at=at,
            opened_by=acting_user,
            due_at=due_at,
            closes_at=first_instant(due + timedelta(days=1 + review.overdue.close_after_days), book),
        )
        bring_in(campaign, book, review, at)
        campaign.accounts, campaign.items, campaign.items_hash = items_hash(campaign)
        if not campaign.accounts:
            raise Refused([Violation("review_finds_nothing", {"title": review.title})])
        campaign.save(update_fields=["accounts", "items", "items_hash"])
        count_places(campaign)
        _record(work, campaign)
    return campaign


def _title(review: Review, program_id: str, day: date) -> str:
    """Return what a campaign is called: by its year or month and, where another one is called so, by its day."""
    name = review.title[:LONGEST_NAME].rstrip()
    usual = f"{name} {day.year}" if review.opens_on else f"{name}, {day:%B %Y}"
    if ReviewCampaign.objects.filter(program_id=program_id, title=usual).exists():
        return f"{name}, {day:%B} {day.day}, {day.year}"
    return usual


def _record(work: UnitOfWork, campaign: ReviewCampaign) -> None:
    """Put the opening on record: one event for all the items, with their digest."""
    work.record(
        tags.REVIEW_OPENED,
        program_id=campaign.program_id,
        rolebook_version=campaign.rolebook_version.number,
        new={
            "campaign_id": campaign.public_id,
            "review_id": campaign.review_id,
            "opened_on": campaign.opened_on.isoformat(),
            "due_at": campaign.due_at,
            "closes_at": campaign.closes_at,
            "accounts": campaign.accounts,
            "items": campaign.items,
            "items_hash": campaign.items_hash,
        },
    )


def _one_at_a_time() -> None:
    """Let campaigns open one after the other: the second finds the first, instead of a constraint after a minute."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_OPENING_LOCK])


def _require_possible(
    review: Review, program_id: str, *, today: date, day: date, due: date, book: Rolebook
) -> None:
    campaigns = ReviewCampaign.objects.filter(program_id=program_id, review_id=review.id)
    running = campaigns.filter(closed_at=None).first()
    if running is not None:
        day_told = day_of(running.opened_at, book).isoformat()
        raise Refused([Violation("review_open_already", {"title": running.title, "day": day_told})])
    if campaigns.filter(opened_on=day).exists():
        raise Refused([Violation("review_opened_today", {"title": review.title})])
    if due < today:
        raise Refused([Violation("review_due_in_the_past")])
    if due > today + timedelta(days=MOST_DAYS):
        raise Refused([Violation("review_due_too_late", {"most": MOST_DAYS})])
