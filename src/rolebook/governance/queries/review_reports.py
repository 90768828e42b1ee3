"""Reports of reviews for who may see them (IQCS-13): who answers for the whole organization, and the steward."""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from statistics import median

from django.db.models import Count

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Office, Standing
from rolebook.governance.models import Making, ReviewCampaign, ReviewItem, ReviewReport
from rolebook.governance.queries.paging import search_words
from rolebook.governance.queries.review_campaigns import find_campaign
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.queries.stewards import administers, stewards_standing
from rolebook.governance.refusals import NotFound
from rolebook.governance.review_reach import reporting_offices
from rolebook.governance.review_reciprocal import approved_in_return
from rolebook.governance.review_report import Record, report_places
from rolebook.governance.review_rows import review_of

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Reportable:
    """An organization whose report the viewer may have; None: the whole campaign's, the steward's."""

    organization_id: uuid.UUID | None
    name: str
    code: str


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
    """

    name: str
    user_id: str
    answers: int
    removals: int
    together: int
    seconds: float | None
    keeps: int
    in_return: int


_PAUSE = timedelta(minutes=10)
"""Who answers nothing for so long did something else meanwhile."""


def reportable(
    viewer: Account,
    program_id: str,
    campaign_id: uuid.UUID | str,
    at: datetime,
    *,
    search: str = "",
    limit: int = MOST_LISTED,
) -> tuple[ReviewCampaign, tuple[Reportable, ...]]:
    """Return a campaign and the organizations whose report the viewer may have, the first ``limit`` of them.

    ``search`` is part of a name or code; the whole campaign's, a steward's, is there whatever is looked for. Raises
    NotFound for who may have none.
    """
    standing = viewer_standing(viewer, program_id, at)
    campaign = find_campaign(program_id, campaign_id)
    offices = reporting_offices(standing, review_of(campaign)[1])
    places = [
        one for one in report_places(campaign, campaign.closed_at or at) if _may_have(standing, offices, one)
    ]
    if not places and not administers(standing):
        raise NotFound
    words = search_words(search)
    wanted = (one for one in places if words in one.name.casefold() or words in one.code.casefold())
    found = [Reportable(one.public_id, one.name, one.code) for one in islice(wanted, limit)]
    if administers(standing):
        found.insert(0, Reportable(None, "The whole campaign", ""))
    return campaign, tuple(found)


def subject_for(
    viewer: Account,
    program_id: str,
    campaign_id: uuid.UUID | str,
    organization_id: uuid.UUID | str | None,
    at: datetime,
) -> tuple[ReviewCampaign, Organization | None]:
    """Return the campaign and the organization (None: all) of a report that the viewer may have.

    Raises NotFound for every other, as if there were none.
    """
    standing = viewer_standing(viewer, program_id, at)
    campaign = find_campaign(program_id, campaign_id)
    if organization_id is None:
        if administers(standing):
            return campaign, None
        raise NotFound
    organization = Organization.objects.filter(
        program_id=program_id, public_id=public_id_of(organization_id)
    ).first()
    offices = reporting_offices(standing, review_of(campaign)[1])
    if organization is None or not _may_have(standing, offices, organization):
        raise NotFound
    return campaign, organization


def _may_have(standing: Standing, offices: Sequence[Office], organization: Organization) -> bool:
    """Return whether one of the `reporting_offices` is over an organization, or somebody is the program's steward."""
    return administers(standing) or any(office.covers(organization) for office in offices)


def find_report(viewer: Account, program_id: str, report_id: uuid.UUID | str, at: datetime) -> ReviewReport:
    """Return a report that the viewer may see today. Raises NotFound for every other."""
    report = (
        ReviewReport.objects.filter(program_id=program_id, public_id=public_id_of(report_id))
        .select_related("campaign__rolebook_version", "organization")
        .first()
    )
    if report is None:
        raise NotFound
    place = None if report.organization is None else report.organization.public_id
    subject_for(viewer, program_id, report.campaign.public_id, place, at)
    return report


def part_of(report: ReviewReport, number: int) -> tuple[Record, ...]:
    """Return the accounts of one part of a report; none for a part that there is not."""
    found = report.parts.filter(number=number).values_list("content", flat=True).first()
    return () if found is None else tuple(json.loads(found))


def records_in(report: ReviewReport) -> Iterator[Record]:
    """Yield the accounts of a report, one part of it in memory at a time."""
    if report.state != Making.MADE:
        raise ValueError("the report has not been made yet")
    for number in range(1, int(report.summary["parts"]) + 1):
        yield from part_of(report, number)


def quality_of(viewer: Account, program_id: str, campaign: ReviewCampaign, at: datetime) -> Sequence[Quality]:
    """Return how everybody answered in a campaign. Raises NotFound for everybody who is no steward."""
    stewards_standing(viewer, program_id, at)
    return quality(campaign)


def quality(campaign: ReviewCampaign) -> Sequence[Quality]:
    """Return how everybody answered in a campaign, by name; the caller has judged who may see it."""
    rows = ReviewItem.objects.filter(campaign=campaign).exclude(answered_by=None)
    answers = (
        rows.order_by("answered_by", "answered_at", "pk")
        .values_list("answered_by", "answered_at", "answer", "answered_together")
        .iterator(chunk_size=2000)
    )
    people = Account.objects.in_bulk(set(rows.order_by().values_list("answered_by", flat=True)))
    flagged = approved_in_return(rows).order_by().values_list("answered_by").annotate(number=Count("pk"))
    in_return = dict(flagged)
    found = [
        _quality(people[pk], group, in_return.get(pk, 0))
        for pk, group in groupby(answers, key=lambda row: row[0])
        if pk in people
    ]
    return sorted(found, key=lambda one: (one.name, one.user_id))


def _quality(
    person: Account, rows: Iterator[tuple[int | None, datetime | None, str, int]], in_return: int
) -> Quality:
    number = removals = together = streak = longest = 0
    gaps: list[float] = []
    last: datetime | None = None
    for _, at, answer, pressed in rows:
        number += 1
        together += pressed > 1
        removals += answer == ReviewItem.Answer.REMOVE
        streak = streak + 1 if answer == ReviewItem.Answer.KEEP else 0
        longest = max(longest, streak)
        if at is not None and at != last:
            if last is not None and at - last <= _PAUSE:
                gaps.append((at - last).total_seconds())
            last = at
    seconds = median(gaps) if gaps else None
    return Quality(person.name, person.user_id, number, removals, together, seconds, longest, in_return)
