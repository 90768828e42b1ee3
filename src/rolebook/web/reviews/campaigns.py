"""The list of reviews, and the steward's pages: open one on demand after a preview, how far it is, close it early."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rolebook.governance.flows.close_review import close_review, removes_unanswered
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.queries.review_campaigns import (
    MOST_PLACES,
    campaigns_of,
    declared_reviews,
    find_campaign,
    find_review,
    numbers_of,
    places_of,
    preview,
    seen_reviewer,
)
from rolebook.governance.queries.review_waiting import Answering, answering_of, has_report
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.stewards import administers, stewards_standing
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.review_rows import review_of
from rolebook.policy.model import Act
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest


@dataclass(frozen=True, slots=True)
class Mine:
    """An open campaign in which the viewer answers, and how far they are with what is theirs to answer."""

    campaign: ReviewCampaign
    numbers: Answering


class OpenForm(forms.Form):
    """The last day to answer: as declared, or after as many days as declared, unless another is chosen."""

    due_on = forms.DateField(
        label="Last day to answer",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the last day to answer.", "invalid": "Enter a day."},
    )


@program_view
@require_safe
def campaigns_page(request: ProgramRequest) -> HttpResponse:
    """Show what waits for the viewer's answers; to the steward all campaigns, and the reviews that are declared."""
    standing = viewer_standing(request.account, request.program.id, request.at)
    is_steward = administers(standing)
    if not standing.offices(Act.ANSWER_REVIEW) and not is_steward:
        raise NotFound
    campaigns = campaigns_of(request.program.id)
    mine = [
        Mine(campaign, answering_of(reviewer))
        for campaign in campaigns
        if campaign.closed_at is None and (reviewer := seen_reviewer(standing, campaign)) is not None
    ]
    shown = {
        "mine": mine,
        "is_steward": is_steward,
        "campaigns": campaigns if is_steward else (),
        "earlier": ()
        if is_steward
        else [one for one in campaigns if one.closed_at is not None and has_report(standing, one)],
        "declared": declared_reviews(viewer=request.account, program_id=request.program.id, at=request.at)
        if is_steward
        else (),
        "hint": request.rolebook.hint("review"),
    }
    return render(request, "reviews/reviews.html", shown)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def open_page(request: ProgramRequest, review_id: str) -> HttpResponse:
    """Show how much a review would ask about, and open it once confirmed; the steward's alone."""
    standing = stewards_standing(request.account, request.program.id, request.at)
    review = find_review(standing.book, review_id)
    setattr(request, CURRENT_ENTRY, "reviews")
    found = preview(standing.book, review, request.at)
    form = OpenForm(
        request.POST if request.method == "POST" else None,
        initial={"due_on": found.due_on},
        label_suffix="",
    )
    problems: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        due_on: date = form.cleaned_data["due_on"]
        try:
            campaign = open_review(
                acting_user=request.account,
                program_id=request.program.id,
                review_id=review.id,
                at=request.at,
                origin=request.origin,
                due_on=due_on,
            )
        except Refused as refusal:
            problems = said_of(refusal)
        else:
            messages.success(request, f"{campaign.title} is open. Who has to answer gets a mail.")
            address = reverse("review-progress", args=[request.program.id, campaign.public_id])
            return HttpResponseRedirect(address, status=303)
    shown = {
        "review": review,
        "preview": found,
        "form": form,
        "problems": problems,
        "summary_title": "The review was not opened",
    }
    status = 409 if problems else 422 if form.errors else 200
    return render(request, "reviews/open.html", shown, status=status)


@program_view
@require_safe
def campaign_page(request: ProgramRequest, campaign_id: UUID) -> HttpResponse:
    """Show how far a campaign is, and which organizations have most left; the steward's alone."""
    standing = stewards_standing(request.account, request.program.id, request.at)
    campaign = find_campaign(request.program.id, campaign_id)
    setattr(request, CURRENT_ENTRY, "reviews")
    _, review = review_of(campaign)
    numbers = numbers_of(campaign)
    places = places_of(campaign, MOST_PLACES + 1)
    shown = {
        "campaign": campaign,
        "review": review,
        "numbers": numbers,
        "since": max(0, numbers.holdings - campaign.items),
        "places": places[:MOST_PLACES],
        "most": MOST_PLACES if len(places) > MOST_PLACES else None,
        "answers": campaign.closed_at is None and seen_reviewer(standing, campaign) is not None,
        "overdue": campaign.closed_at is None and request.at >= campaign.due_at,
    }
    return render(request, "reviews/progress.html", shown)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def close_page(request: ProgramRequest, campaign_id: UUID) -> HttpResponse:
    """Say what closing does, and close a campaign once confirmed; the steward's alone."""
    stewards_standing(request.account, request.program.id, request.at)
    campaign = find_campaign(request.program.id, campaign_id)
    if campaign.closed_at is not None and request.method != "POST":
        raise NotFound
    setattr(request, CURRENT_ENTRY, "reviews")
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            close_review(
                acting_user=request.account,
                program_id=request.program.id,
                campaign_id=campaign_id,
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            problems = said_of(refusal)
        else:
            messages.success(request, f"{campaign.title} is closed.")
            address = reverse("review-progress", args=[request.program.id, campaign_id])
            return HttpResponseRedirect(address, status=303)
    shown = {
        "campaign": campaign,
        "numbers": numbers_of(campaign),
        "removes": removes_unanswered(campaign, request.at),
        "problems": problems,
        "summary_title": "The review was not closed",
    }
    return render(request, "reviews/close.html", shown, status=409 if problems else 200)
