"""Reports of reviews are made part by part in the background; at closing, the final ones, which stay (IQCS-13)."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import batched

from django.db.models import Q

from rolebook.accounts.models import Account, Organization
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.audit.tags import REVIEW_REPORTED
from rolebook.governance.models import Making, ReviewCampaign, ReviewReport, ReviewReportPart
from rolebook.governance.review_report import Subject, records_of, report_places
from rolebook.governance.review_summary import Besides, summary_of

ACCOUNTS_A_PART = 50
_PARTS_AT_ONCE = 8
KEPT_FOR = timedelta(days=7)
FRESH_FOR = timedelta(minutes=10)
"""A preliminary report that is not older is given again instead of a new one."""
TAKEN_FOR = timedelta(minutes=30)
MOST_A_RUN = 500

type Progress = Callable[[int, int], None]


def ask_for_report(
    *,
    acting_user: Account | None,
    campaign: ReviewCampaign,
    organization: Organization | None,
    at: datetime,
) -> ReviewReport:
    """Return the final report of a closed campaign, or a preliminary one: one that is fresh, else a new one to be made.

    Who may see it is the caller's question.
    """
    reports = ReviewReport.objects.filter(campaign=campaign, organization=organization)
    if campaign.closed_at is not None:
        return _final(campaign, organization, at)
    fresh = Q(state__in=[Making.WAITING, Making.MAKING]) | Q(as_of__gte=at - FRESH_FOR)
    known = reports.filter(fresh, is_final=False, asked_at__gte=at - KEPT_FOR).order_by("-pk").first()
    if known is not None:
        return known
    return ReviewReport.objects.create(
        program_id=campaign.program_id,
        campaign=campaign,
        organization=organization,
        asked_by=acting_user,
        asked_at=at,
    )


def _final(campaign: ReviewCampaign, organization: Organization | None, at: datetime) -> ReviewReport:
    report, _ = ReviewReport.objects.get_or_create(
        campaign=campaign,
        organization=organization,
        is_final=True,
        defaults={"program_id": campaign.program_id, "asked_at": at},
    )
    return report


def make_reports(at: datetime) -> int:
    """Lay out the final reports of closed campaigns, make what waits, forget old preliminary ones; return how many."""
    ReviewReport.objects.filter(is_final=False, asked_at__lt=at - KEPT_FOR).delete()
    for campaign in ReviewCampaign.objects.filter(closed_at__isnull=False).order_by("pk"):
        if not ReviewReport.objects.filter(campaign=campaign, is_final=True, organization=None).exists():
            closed_at = campaign.closed_at or at
            for organization in report_places(campaign, closed_at):
                _final(campaign, organization, at)
            # The whole campaign's comes last: with it, all of them are laid out.
            _final(campaign, None, at)
    waiting = ReviewReport.objects.filter(_free(at), state__in=[Making.WAITING, Making.MAKING])
    pks = list(waiting.order_by("pk").values_list("pk", flat=True)[:MOST_A_RUN])
    return sum(make_report(pk, at) for pk in pks)


def _free(at: datetime) -> Q:
    return Q(taken_at=None) | Q(taken_at__lt=at - TAKEN_FOR)


def make_report(pk: int, at: datetime, progress: Progress | None = None) -> bool:
    """Make one report; return whether it was not in somebody else's hands.

    A final one is made as of the closing, whenever it is made. What it says is read in pieces; a preliminary one says
    at which instant that began.
    """
    free = ReviewReport.objects.filter(_free(at), pk=pk, state__in=[Making.WAITING, Making.MAKING])
    if not free.update(taken_at=at, state=Making.MAKING, done=0):
        return False
    report = ReviewReport.objects.select_related("campaign__rolebook_version", "organization").get(pk=pk)
    closed_at = report.campaign.closed_at
    as_of = closed_at if report.is_final and closed_at is not None else at
    subject = Subject(report.campaign, report.organization, as_of)
    report.parts.all().delete()
    total = subject.people().order_by().count()
    digest, besides, done, number = hashlib.sha256(), Besides(), 0, 0
    for some in batched(records_of(subject), ACCOUNTS_A_PART * _PARTS_AT_ONCE):
        contents = [
            json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            for one in batched(some, ACCOUNTS_A_PART)
        ]
        ReviewReportPart.objects.bulk_create(
            ReviewReportPart(report=report, number=number + index, content=content)
            for index, content in enumerate(contents, start=1)
        )
        besides.count(some)
        for content in contents:
            digest.update(content.encode())
        number, done = number + len(contents), done + len(some)
        ReviewReport.objects.filter(pk=pk).update(done=done, total=max(total, done))
        if progress is not None:
            progress(done, max(total, done))
    summary = summary_of(subject) | {"besides": besides.numbers(), "accounts": done, "parts": number}
    digest.update(json.dumps(summary, ensure_ascii=False, sort_keys=True).encode())
    with unit_of_work(at=at, origin=Origin(via="job")) as work:
        ReviewReport.objects.filter(pk=pk).update(
            state=Making.MADE,
            as_of=as_of,
            summary=summary,
            digest=digest.hexdigest(),
            done=done,
            total=done,
            made_at=at,
        )
        if report.is_final:
            _record(work, report, digest.hexdigest(), done)
        else:
            work.nothing_happened()
    return True


def _record(work: UnitOfWork, report: ReviewReport, digest: str, accounts: int) -> None:
    place = report.organization
    work.record(
        REVIEW_REPORTED,
        program_id=report.program_id,
        organization_id=None if place is None else place.public_id,
        rolebook_version=report.campaign.rolebook_version.number,
        new={
            "campaign_id": report.campaign.public_id,
            "report_id": report.public_id,
            "accounts": accounts,
            "digest": digest,
        },
    )
