"""Reports of reviews: which there are, one with its accounts part by part, its files, and how people answered."""

import uuid

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.governance.making import ask_for_file
from rolebook.governance.making_report_files import KIND, PDF, XLSX, asked_words, csv_of, ending_of, title_of
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import Making, ReviewReport
from rolebook.governance.queries.review_campaigns import find_campaign
from rolebook.governance.queries.review_quality import quality_of
from rolebook.governance.queries.review_reports import (
    MOST_LISTED,
    find_report,
    part_of,
    reportable,
    subject_for,
)
from rolebook.governance.queries.stewards import is_steward
from rolebook.governance.refusals import NotFound
from rolebook.governance.review_report import Subject
from rolebook.governance.review_summary import besides_words, numbers_in_words
from rolebook.web.answers import asked, first_address, in_part, next_address, program_view, with_parameters
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.csv_files import csv_file
from rolebook.web.program import ProgramRequest

ENTRY = "reviews"
ACCOUNTS_AT_ONCE = 200
"""A report of so many accounts is made while one waits; a larger one by a worker, with its progress shown."""
SILENT_AT_ONCE = 50
"""Organizations and reviewers that did not answer, on one page of a report."""
_BUSY = (Making.WAITING, Making.MAKING)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def reports_page(request: ProgramRequest, campaign_id: uuid.UUID) -> HttpResponse:
    """List the organizations whose report the viewer may have, and make one that is asked for."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    if request.method == "POST":
        return _ask(request, campaign_id)
    search = asked(request, "search")
    campaign, found = reportable(
        request.account, request.program.id, campaign_id, request.at, search=search, limit=MOST_LISTED + 1
    )
    listed = [one for one in found if one.organization_id is not None]
    whole = [one for one in found if one.organization_id is None]
    shown = {
        "campaign": campaign,
        "places": [*whole, *listed[:MOST_LISTED]],
        "search": search,
        "found_none": not listed,
        "most": MOST_LISTED if len(listed) > MOST_LISTED else None,
        "steward": is_steward(request.account, request.program.id, request.at),
    }
    return render(request, "review_reports/reports.html", shown)


def _ask(request: ProgramRequest, campaign_id: uuid.UUID) -> HttpResponse:
    named = request.POST.get("organization", "").replace("\0", "")[:40] or None
    campaign, organization = subject_for(request.account, request.program.id, campaign_id, named, request.at)
    report = ask_for_report(
        acting_user=request.account, campaign=campaign, organization=organization, at=request.at
    )
    if report.state == Making.WAITING:
        at = campaign.closed_at if report.is_final and campaign.closed_at is not None else request.at
        people = Subject(campaign, organization, at).people().order_by()
        if people[: ACCOUNTS_AT_ONCE + 1].count() <= ACCOUNTS_AT_ONCE:
            make_report(report.pk, request.at)
    return HttpResponseRedirect(
        reverse("review-report", args=[request.program.id, report.public_id]), status=303
    )


@program_view
@require_safe
def report_page(request: ProgramRequest, report_id: uuid.UUID) -> HttpResponse:
    """Show a report, some accounts a page; while it is made, how far it is."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    report = find_report(request.account, request.program.id, report_id, request.at)
    busy = report.state in _BUSY
    shown = {
        "report": report,
        "title": title_of(report),
        "busy": busy,
        "percent": round(100 * report.done / report.total) if report.total else 0,
    }
    if in_part(request):
        return render(request, "review_reports/state.html", shown)
    if not busy:
        number = _number(asked(request, "part"))
        parts = int(report.summary["parts"])
        shown |= {
            "summary": report.summary,
            "asked": asked_words(report),
            "came": numbers_in_words(report.summary, closed=report.is_final),
            "besides": besides_words(report.summary, closed=report.is_final),
            "records": [
                record | {"lines": [record["account"] | {"title": "The account"}, *record["items"]]}
                for record in part_of(report, number)
            ],
            "number": number,
            "parts": parts,
            "next_url": with_parameters(request, {"part": str(number + 1)}) if number < parts else "",
            "first_url": with_parameters(request, {"part": None}) if number > 1 else "",
            **_silent(request, report),
        }
    return render(request, "review_reports/report.html", shown)


def _silent(request: ProgramRequest, report: ReviewReport) -> dict[str, object]:
    """Return who did not answer, a page of it: first the organizations, then the reviewers, as the report has them."""
    places = report.summary["unanswered_places"]
    people = [row for row in report.summary["reviewers"] if not row["answers"]]
    pages = max(1, -(-(len(places) + len(people)) // SILENT_AT_ONCE))
    number = min(_number(asked(request, "silent")), pages)
    first = (number - 1) * SILENT_AT_ONCE
    last = first + SILENT_AT_ONCE
    more = with_parameters(request, {"silent": str(number + 1)}, "silent-title")
    return {
        "silent_places": places[first:last],
        "silent_people": people[max(0, first - len(places)) : max(0, last - len(places))],
        "places_in_all": len(places),
        "people_in_all": len(people),
        "silent_number": number,
        "silent_pages": pages,
        "silent_next": more if number < pages else "",
        "silent_first": with_parameters(request, {"silent": None}, "silent-title") if number > 1 else "",
    }


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _made(request: ProgramRequest, report_id: uuid.UUID) -> ReviewReport:
    report = find_report(request.account, request.program.id, report_id, request.at)
    if report.state != Making.MADE:
        raise NotFound
    return report


@program_view
@require_safe
def report_csv(request: ProgramRequest, report_id: uuid.UUID) -> HttpResponse:
    """Give a report as CSV, as it is read."""
    report = _made(request, report_id)
    return csv_file(request, _name(report), csv_of(report))


@program_view
@require_POST
def ask_for_report_file(request: ProgramRequest, report_id: uuid.UUID, wanted: str) -> HttpResponse:
    """Let a report be made as XLSX or PDF in the background."""
    report = _made(request, report_id)
    if wanted not in (XLSX, PDF):
        raise NotFound
    ending = ending_of(report, wanted)
    made = ask_for_file(
        acting_user=request.account,
        program_id=request.program.id,
        kind=KIND,
        asked={"report_id": str(report.public_id)},
        ending=ending,
        name=f"{request.program.id}-{_name(report)}.{ending}",
        at=request.at,
    )
    return HttpResponseRedirect(reverse("made-file", args=[request.program.id, made.public_id]), status=303)


def _name(report: ReviewReport) -> str:
    place = "all" if report.organization is None else report.organization.code
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in place)
    standing = "final" if report.is_final else "preliminary"
    return f"user-audit-report-{kept}-{report.campaign.opened_on.isoformat()}-{standing}"


@program_view
@require_safe
def quality_page(request: ProgramRequest, campaign_id: uuid.UUID) -> HttpResponse:
    """Show a steward how people answered, some a page."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    campaign = find_campaign(request.program.id, campaign_id)
    after = asked(request, "after") or None
    page = quality_of(request.account, request.program.id, campaign, request.at, after)
    shown = {
        "campaign": campaign,
        "rows": page.rows,
        "next_url": next_address(request, "after", page.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "review_reports/quality.html", shown)
