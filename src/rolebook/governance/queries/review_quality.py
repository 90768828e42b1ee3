"""How people answered in a review (IQCS-13), for the program's eyes only: counted in the database, however much."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL

from rolebook.accounts.models import Account
from rolebook.governance.models import ReviewCampaign, ReviewItem
from rolebook.governance.queries.paging import Page, cut, following, from_text
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.review_reciprocal import approved_in_return, kept_in_return

REVIEWERS_A_PAGE = 15


@dataclass(frozen=True, slots=True)
class Quality:
    """How somebody answered in a campaign, for the program's eyes only.

    Attributes:
        name: who.
        answers: how many items they answered.
        removals: how many of these with "remove".
        together: how many were answered with others by one press.
        seconds: the median time between two presses that are no more than ten minutes apart; None for fewer than two.
        keeps: the longest streak of "keep", one after the other.
        in_return: how many of the items had been approved by somebody for whom their person approved something.
        kept_in_return: how many of the items they kept of people who kept something of theirs.
    """

    name: str
    user_id: str
    answers: int
    removals: int
    together: int
    seconds: float | None
    keeps: int
    in_return: int
    kept_in_return: int


_PAUSE = timedelta(minutes=10)
"""Who answers nothing for so long did something else meanwhile."""

_SECONDS = {
    "postgresql": "EXTRACT(EPOCH FROM answered_at - before)",
    "sqlite": "(julianday(answered_at) - julianday(before)) * 86400",
}
# From one to the next in the index: as many steps as people, who are few beside their answers.
_WHO = """
WITH RECURSIVE who(person) AS (
    SELECT MIN(answered_by_id) FROM governance_reviewitem WHERE campaign_id = %s AND answered_by_id IS NOT NULL
    UNION ALL
    SELECT (SELECT MIN(answered_by_id) FROM governance_reviewitem WHERE campaign_id = %s AND answered_by_id > person)
    FROM who WHERE person IS NOT NULL
) SELECT person FROM who WHERE person IS NOT NULL
"""
# A streak is what stands between two answers that are no "keep": each of these begins another one. The median is the
# middle one or, of an even number, the mean of the two in the middle.
_QUALITY = """
WITH answers AS (
    SELECT answered_by_id AS person, answered_at, answer, answered_together,
        LAG(answered_at) OVER in_turn AS before,
        SUM(CASE WHEN answer = 'keep' THEN 0 ELSE 1 END) OVER in_turn AS streak
    FROM governance_reviewitem
    WHERE campaign_id = %s AND {people}
    WINDOW in_turn AS (PARTITION BY answered_by_id ORDER BY answered_at, id)
), streaks AS (
    SELECT person, COUNT(*) AS answers,
        COUNT(CASE WHEN answer = 'remove' THEN 1 END) AS removals,
        COUNT(CASE WHEN answered_together > 1 THEN 1 END) AS together,
        COUNT(CASE WHEN answer = 'keep' THEN 1 END) AS keeps
    FROM answers GROUP BY person, streak
), gaps AS (
    SELECT person, {seconds} AS seconds FROM answers WHERE answered_at > before
), ranked AS (
    SELECT person, seconds, ROW_NUMBER() OVER (PARTITION BY person ORDER BY seconds) AS place,
        COUNT(*) OVER (PARTITION BY person) AS number
    FROM gaps WHERE seconds <= %s
), medians AS (
    SELECT person, AVG(seconds) AS seconds FROM ranked
    WHERE place IN ((number + 1) / 2, (number + 2) / 2) GROUP BY person
)
SELECT s.person, SUM(s.answers), SUM(s.removals), SUM(s.together), MAX(s.keeps), MAX(m.seconds)
FROM streaks s LEFT JOIN medians m ON m.person = s.person GROUP BY s.person
"""


def quality_of(
    viewer: Account, program_id: str, campaign: ReviewCampaign, at: datetime, after: str | None = None
) -> Page[Quality]:
    """Return how people answered in a campaign, by name, a page of them. Raises NotFound for who is no steward.

    Four statements besides; only the answers of those on the page are put in order.
    """
    stewards_standing(viewer, program_id, at)
    people = _who_answered(campaign).filter(following(from_text(after), "name"))
    rows = list(people.order_by("name", "pk")[: REVIEWERS_A_PAGE + 1])
    page = cut(rows, [(one.name, one.pk) for one in rows], REVIEWERS_A_PAGE)
    return Page(tuple(_counted(campaign, page.rows)), page.next_after)


def quality(campaign: ReviewCampaign) -> Sequence[Quality]:
    """Return how everybody answered in a campaign, by name; the caller has judged who may see it.

    Four statements, a row a reviewer.
    """
    people = _who_answered(campaign)
    return _counted(campaign, list(people.order_by("name", "user_id")))


def _who_answered(campaign: ReviewCampaign) -> QuerySet[Account]:
    who = RawSQL(_WHO, [campaign.pk, campaign.pk])  # noqa: S611 - a constant statement
    return Account.objects.filter(pk__in=who)


def _answered(campaign: ReviewCampaign) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(campaign=campaign, answered_by__isnull=False)


def _counted(campaign: ReviewCampaign, people: Collection[Account]) -> list[Quality]:
    """Return how each of some people answered, in their order; three statements, none for nobody."""
    if not people:
        return []
    pks = [one.pk for one in people]
    theirs = f"answered_by_id IN ({', '.join(['%s'] * len(pks))})"
    with connection.cursor() as cursor:
        counted = _QUALITY.format(seconds=_SECONDS[connection.vendor], people=theirs)
        cursor.execute(counted, [campaign.pk, *pks, _PAUSE.total_seconds() + _ROUNDING])
        found = {pk: rest for pk, *rest in cursor.fetchall()}
    flagged = approved_in_return(_answered(campaign).filter(answered_by__in=pks)).order_by()
    in_return = dict(flagged.values_list("answered_by").annotate(number=Count("pk")))
    kept = kept_in_return(campaign, pks)
    return [
        _quality(one, found[one.pk], in_return.get(one.pk, 0), kept.get(one.pk, 0))
        for one in people
        if one.pk in found
    ]


def _quality(person: Account, counted: Sequence[Any], in_return: int, kept: int) -> Quality:
    answers, removals, together, keeps, seconds = counted
    return Quality(
        name=person.name,
        user_id=person.user_id,
        answers=int(answers),
        removals=int(removals),
        together=int(together),
        seconds=None if seconds is None else round(float(seconds), 3),
        keeps=int(keeps),
        in_return=in_return,
        kept_in_return=kept,
    )


_ROUNDING = 0.0005
"""SQLite knows days as floating-point numbers, which miss ten minutes by less."""
