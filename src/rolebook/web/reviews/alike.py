"""One answer for like items: the same role, or access to the same organization, counted and confirmed first."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.governance.flows.answer_review import Answered, answer_review
from rolebook.governance.queries.review_alike import MOST_ALIKE, AlikeItem, alike_items, kinds_alike
from rolebook.governance.queries.review_campaigns import reviewer_for
from rolebook.governance.refusals import NotFound, Refused
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest

_ANSWERS = {"keep": "Keep", "remove": "Remove"}


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def alike_page(request: ProgramRequest, campaign_id: UUID) -> HttpResponse:
    """Offer the kinds of like items that are not answered yet; name and count them; answer them once confirmed.

    Answering saves only: each account is still submitted by itself or with its page.
    """
    _, campaign, reviewer = reviewer_for(request.account, request.program.id, campaign_id, request.at)
    if reviewer is None or campaign.closed_at is not None:
        raise NotFound
    setattr(request, CURRENT_ENTRY, "reviews")
    shown: dict[str, object] = {"campaign": campaign, "most": MOST_ALIKE}
    if request.method != "POST":
        return render(request, "reviews/alike.html", {**shown, "kinds": kinds_alike(reviewer)})
    answer = str(request.POST.get("answer", ""))
    if answer not in _ANSWERS:
        raise BadRequest
    found = alike_items(reviewer, str(request.POST.get("kind", ""))[:300])
    if not found.items:
        return render(request, "reviews/alike.html", {**shown, "kinds": kinds_alike(reviewer), "none": True})
    together = found.together(answer)
    digest = _digest(together)
    shown |= {
        "found": found,
        "answer": answer,
        "word": _ANSWERS[answer],
        "digest": digest,
        "together": together,
        "apart": found.apart(answer),
        "against": found.against(answer),
    }
    if not together or request.POST.get("sure") != "yes" or request.POST.get("digest") != digest:
        changed = request.POST.get("sure") == "yes"
        return render(request, "reviews/alike_confirm.html", {**shown, "changed": changed})
    try:
        saved = answer_review(
            acting_user=request.account,
            program_id=request.program.id,
            campaign_id=campaign_id,
            answers=[Answered(one.about, one.public_id, answer, one.version) for one in together],
            together=len(together),
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        problems = said_of(refusal)
        return render(request, "reviews/alike_confirm.html", {**shown, "problems": problems}, status=409)
    messages.success(
        request,
        f"{saved.saved:,} answered {_ANSWERS[answer]}. Nothing takes effect before you submit the accounts.",
    )
    if saved.not_saved:
        messages.warning(request, f"{len(saved.not_saved):,} were answered by somebody else meanwhile.")
    return HttpResponseRedirect(reverse("review", args=[request.program.id, campaign_id]), status=303)


def _digest(together: Sequence[AlikeItem]) -> str:
    """Return a digest of exactly what is named, so that what is confirmed is what was shown."""
    named = "\n".join(f"{one.public_id} {one.version}" for one in together)
    return hashlib.sha256(named.encode()).hexdigest()
