"""Reports of reviews for who may see them (IQCS-13): who answers for the whole organization, and the steward."""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Office, Standing
from rolebook.governance.models import Making, ReviewCampaign, ReviewReport
from rolebook.governance.queries.paging import search_words
from rolebook.governance.queries.review_campaigns import find_campaign
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound
from rolebook.governance.review_reach import reporting_offices
from rolebook.governance.review_report import Record, report_places
from rolebook.governance.review_rows import review_of

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Reportable:
    """An organization whose report the viewer may have; None: the whole campaign's, the steward's."""

    organization_id: uuid.UUID | None
    name: str
    code: str


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
