"""The reviewer's page: accounts by organization, answers saved as one goes, an account submitted when it is ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.accounts.models import canonical_id
from rolebook.governance.flows.answer_review import Saved, answer_review
from rolebook.governance.flows.submit_review import Submitted, submit_review
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.review_campaigns import reviewer_for
from rolebook.governance.queries.review_card import AccountLines, with_notes
from rolebook.governance.queries.review_waiting import answering_of, has_report
from rolebook.governance.queries.review_work import (
    ACCOUNTS_A_PAGE,
    SHOWN,
    Asked,
    gone_elsewhere,
    one_account,
    submitted_before,
    worklist,
)
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.review_reach import Reviewer
from rolebook.governance.review_rows import review_of
from rolebook.web.answers import asked, first_address, next_address, program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest
from rolebook.web.reviews.posted import MOST_LINES, Posted, posted
from rolebook.web.reviews.told import told

_KEPT = ("show", "place", "search", "after")
"""What the page was narrowed to, which a form carries so that one comes back to it."""

CHANGED = "Something changed while you were looking. What you chose there was not saved."


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """An organization that the list can be narrowed to, with what is left there."""

    key: str
    name: str
    left: int
    chosen: bool


@program_view
@require_safe
def worklist_page(request: ProgramRequest, campaign_id: UUID) -> HttpResponse:
    """Show the accounts that wait for the viewer's answers; the steward without any sees how far the campaign is."""
    _, _, reviewer = reviewer_for(request.account, request.program.id, campaign_id, request.at)
    if reviewer is None:
        return HttpResponseRedirect(reverse("review-progress", args=[request.program.id, campaign_id]))
    return _worklist(request, reviewer, _asked(request, reviewer))


def _worklist(request: ProgramRequest, reviewer: Reviewer, narrowed: Asked) -> HttpResponse:
    campaign = reviewer.campaign
    setattr(request, CURRENT_ENTRY, "reviews")
    page: Page[AccountLines] = Page(()) if campaign.closed_at else worklist(reviewer, narrowed)
    if narrowed.after and not page.rows:
        # Who has submitted all of the last page goes on with what the pages before it left.
        return HttpResponseRedirect(first_address(request, "after"))
    places = reviewer.places or ()
    shown = {
        "campaign": campaign,
        "review": reviewer.review,
        "page": page,
        "asked": narrowed,
        "kept": {name: asked(request, name) for name in _KEPT},
        "numbers": None if campaign.closed_at else answering_of(reviewer),
        "has_report": has_report(reviewer.standing, campaign) or administers(reviewer.standing),
        "places": [
            PlaceChoice(
                str(one.pk),
                "Answered by the steward" if one.organization is None else one.organization.name,
                max(0, one.questions - one.settled - getattr(one, "own", 0)),
                one.pk == narrowed.place_pk,
            )
            for one in places
        ]
        if len(places) > 1
        else [],
        "any_open": any(account.is_open for account in page.rows),
        "gone": () if campaign.closed_at or narrowed.after else gone_elsewhere(reviewer),
        "question": {one.about: one for one in reviewer.review.questions},
        "shown_at": request.at.isoformat(),
        "next_url": next_address(request, "after", page.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "reviews/worklist.html", shown)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def account_answers(request: ProgramRequest, campaign_id: UUID, account_id: UUID) -> HttpResponse:
    """Save the answers about one account and, where asked for, submit it; what changed meanwhile is said beside it."""
    if request.method != "POST":
        _, campaign, reviewer = reviewer_for(request.account, request.program.id, campaign_id, request.at)
        return _account(request, campaign, _found(reviewer, account_id))
    form = posted(request.POST)
    problems: tuple[str, ...] = ()
    saved: Saved | None = None
    done: Submitted | None = None
    try:
        saved = answer_review(
            acting_user=request.account,
            program_id=request.program.id,
            campaign_id=campaign_id,
            answers=form.answers,
            at=request.at,
            origin=request.origin,
        )
        if saved.not_saved:
            problems = (CHANGED,)
        elif request.POST.get("do") == "submit":
            asked_first = request.POST.get("sure") == "yes"
            if not asked_first and (ends := _ends(request, campaign_id, account_id, form, saved)):
                campaign, account = ends
                return _confirm(request, campaign, [account], by_itself=True)
            done = submit_review(
                acting_user=request.account,
                program_id=request.program.id,
                campaign_id=campaign_id,
                account_id=account_id,
                seen={**form.versions, **saved.versions},
                at=request.at,
                origin=request.origin,
            )
    except Refused as refusal:
        problems = said_of(refusal)
    as_json = request.headers.get("Accept", "").startswith("application/json")
    if as_json or problems:
        _, campaign, reviewer = reviewer_for(request.account, request.program.id, campaign_id, request.at)
        found = _found(reviewer, account_id)
        if as_json:
            return told(request, found, form, saved, problems)
        noted = with_notes(found, form.seen_after(saved), form.shown_at)
        title = "Not submitted" if saved is not None and not saved.not_saved else "Not everything was saved"
        return _account(request, campaign, noted, problems, title, status=409)
    messages.success(request, _said(done))
    return HttpResponseRedirect(_back(request, campaign_id, account_id, done is not None), status=303)


def _ends(
    request: ProgramRequest, campaign_id: UUID, account_id: UUID, form: Posted, saved: Saved
) -> tuple[ReviewCampaign, AccountLines] | None:
    """Return an account with its campaign when submitting it ends something, which is asked about first.

    None, too, where it is not ready, or anything is not as the viewer saw it: then submitting refuses with the reason.
    """
    _, campaign, reviewer = reviewer_for(request.account, request.program.id, campaign_id, request.at)
    account = _found(reviewer, account_id)
    seen = form.seen_after(saved)
    as_seen = all(seen.get(line.key) == line.version for line in account.lines if line.mine)
    return (campaign, account) if as_seen and account.ready and (account.closes or account.ending) else None


def _confirm(
    request: ProgramRequest,
    campaign: ReviewCampaign,
    ready: Sequence[AccountLines],
    *,
    by_itself: bool = False,
) -> HttpResponse:
    """Ask once, with everything named that ends, before accounts are submitted; ``by_itself``: one, from its card."""
    setattr(request, CURRENT_ENTRY, "reviews")
    first = _in_one_form(ready)
    question = review_of(campaign)[1].question("account")
    shown = {
        "campaign": campaign,
        "ready": first,
        "closing_answer": "Yes" if question is not None and question.yes_means == "remove" else "No",
        "alone": first[0] if by_itself else None,
        "more": len(ready) - len(first),
        "closing": sum(one.closes for one in first),
        "ending": sum(one.ending for one in first),
        "kept": {name: _typed(request, name) for name in _KEPT},
        "shown_at": request.at.isoformat(),
        "back_url": _back(
            request, campaign.public_id, first[0].account_id if by_itself else None, not by_itself
        ),
    }
    return render(request, "reviews/submit.html", shown)


def _found(reviewer: Reviewer | None, account_id: UUID) -> AccountLines:
    """Return an account of the viewer's. Raises NotFound."""
    found = None if reviewer is None else one_account(reviewer, account_id)
    if found is None:
        raise NotFound
    return found


def _account(
    request: ProgramRequest,
    campaign: ReviewCampaign,
    account: AccountLines,
    problems: tuple[str, ...] = (),
    title: str = "",
    status: int = 200,
) -> HttpResponse:
    setattr(request, CURRENT_ENTRY, "reviews")
    _, review = review_of(campaign)
    shown = {
        "campaign": campaign,
        "review": review,
        "account": account,
        "problems": problems,
        "summary_title": title,
        "kept": {name: _typed(request, name) for name in _KEPT},
        "question": {one.about: one for one in review.questions},
        "shown_at": request.at.isoformat(),
        "back_url": _back(request, campaign.public_id, account.account_id, False),
    }
    return render(request, "reviews/account.html", shown, status=status)


@program_view
@require_POST
def submit_answered(request: ProgramRequest, campaign_id: UUID) -> HttpResponse:
    """Ask once whether to submit the accounts of the page that are fully answered, and then submit each of them."""
    _, campaign, reviewer = reviewer_for(request.account, request.program.id, campaign_id, request.at)
    if reviewer is None:
        raise NotFound
    ready = [account for account in worklist(reviewer, _asked(request, reviewer)).rows if account.ready]
    if request.POST.get("sure") != "yes":
        return _confirm(request, campaign, ready)
    named = set(request.POST.getlist("account")[:ACCOUNTS_A_PAGE])
    form = posted(request.POST)
    confirmed = [account for account in ready if str(account.account_id) in named]
    # Who is not ready any more was confirmed, too: it is said, whatever happened to them since.
    others = {one for text in named if (one := canonical_id(text))} - {one.account_id for one in confirmed}
    again = len(submitted_before(reviewer, others, form.versions)) if others else 0
    refused = len(named) - len(confirmed) - again
    for account in confirmed:
        try:
            done = submit_review(
                acting_user=request.account,
                program_id=request.program.id,
                campaign_id=campaign_id,
                account_id=account.account_id,
                seen=form.versions,
                at=request.at,
                origin=request.origin,
            )
            again += done.sequence is None
        except Refused as refusal:
            refused += 1
            if any(one.code != "review_changed_meanwhile" for one in refusal.violations):
                messages.warning(request, f"{account.name}: {' '.join(said_of(refusal))}")
    _tell(request, len(named) - again - refused, again, refused)
    return HttpResponseRedirect(_back(request, campaign_id, None, True), status=303)


def _tell(request: ProgramRequest, submitted: int, again: int, refused: int) -> None:
    """Say what became of the accounts that somebody confirmed together."""
    if submitted:
        messages.success(request, f"{submitted:,} submitted. Removals take effect now.")
    if again:
        messages.success(request, f"{again:,} submitted already.")
    if refused:
        messages.warning(
            request,
            f"{refused:,} changed while you were looking, and were not submitted by you. Look at them again.",
        )


def _in_one_form(accounts: Sequence[AccountLines]) -> Sequence[AccountLines]:
    """Return the first of some accounts, as many as one form holds the lines of, and one in any case."""
    lines = accumulate(sum(line.mine for line in one.lines) for one in accounts)
    return accounts[: max(1, sum(number <= MOST_LINES for number in lines))]


def _said(done: Submitted | None) -> str:
    if done is None:
        return "Saved. Nothing takes effect before you submit the account."
    name = done.account.name
    if done.sequence is None:
        return f"{name} was submitted already."
    if done.account_closed:
        return f"{name} submitted: the account is closed, and {done.removed} removed. Taking effect now."
    if done.removed:
        return f"{name} submitted: {done.kept} kept, {done.removed} removed. Taking effect now."
    return f"{name} submitted: everything kept."


def _asked(request: ProgramRequest, reviewer: Reviewer) -> Asked:
    show = _typed(request, "show")
    places = {str(one.pk): one.pk for one in reviewer.places or ()}
    return Asked(
        next((one for one in SHOWN if one == show), "todo"),
        places.get(_typed(request, "place")),
        _typed(request, "search"),
        _typed(request, "after") or None,
    )


def _typed(request: ProgramRequest, name: str) -> str:
    """Return what the list is narrowed to, from the address or, in a form, from what it carries."""
    if request.method == "POST":
        return str(request.POST.get(name, "")).replace("\0", "")[:4_000].strip()
    return asked(request, name)


def _back(request: ProgramRequest, campaign_id: UUID, account_id: UUID | None, gone: bool) -> str:
    """Return the address of the list as it was, at the account unless that has left it."""
    kept = {name: value for name in _KEPT if (value := _typed(request, name))}
    address = reverse("review", args=[request.program.id, campaign_id])
    query = f"?{urlencode(kept)}" if kept else ""
    return address + query + ("#accounts" if gone or account_id is None else f"#account-{account_id}")
