"""Remove Access: asked once more, done, and confirmed in the lower right corner (QPP-10, -11)."""

import uuid

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.governance.flows.remove_access import remove_access
from rolebook.governance.queries import removal_preview, who_to_contact
from rolebook.governance.refusals import Refused
from rolebook.policy.words import sentence
from rolebook.web.answers import in_part, program_view
from rolebook.web.effects import effect_query
from rolebook.web.program import ProgramRequest

_OWN = frozenset({"own_access", "only_official", "own_removal"})
"""Codes that say that nobody removes themselves; the page then says who can."""
ONLY_OFFICIAL = "You cannot remove your own access. Nobody else here can do it either: contact the program."


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def remove_access_page(
    request: ProgramRequest, organization_id: uuid.UUID, account_id: uuid.UUID
) -> HttpResponse:
    """Ask whether to remove, as a dialog where one is open already and as a page otherwise; on POST do it."""
    try:
        if request.method == "POST":
            removal = remove_access(
                acting_user=request.account,
                program_id=request.program.id,
                organization_id=organization_id,
                beneficiary_id=account_id,
                at=request.at,
                origin=request.origin,
            )
            address = reverse("manage-access", args=[request.program.id])
            return HttpResponseRedirect(
                f"{address}{effect_query(removal.sequence)}#connected-organizations", status=303
            )
        preview = removal_preview(
            request.account, organization_id, account_id, request.program.id, request.at
        )
    except Refused as refusal:
        return _not_removed(request, organization_id, refusal)
    page = "partials/remove_dialog.html" if in_part(request) else "pages/remove.html"
    return render(request, page, {"preview": preview})


def _not_removed(request: ProgramRequest, organization_id: uuid.UUID, refusal: Refused) -> HttpResponse:
    own = any(violation.code in _OWN for violation in refusal.violations)
    contact = (
        who_to_contact(request.account, organization_id, request.program.id, request.at) if own else None
    )
    sentences = [sentence(v.code, **v.params) for v in refusal.violations if v.code not in _OWN]
    back_url = reverse("organization-users", args=[request.program.id, organization_id])
    shown = {
        "sentences": sentences,
        "contact": contact,
        "back_url": back_url,
        "only_official_hint": only_official_hint(request),
    }
    return render(request, "pages/not_removed.html", shown, status=409)


def only_official_hint(request: ProgramRequest) -> str:
    """Return what the only official of an organization who wants to leave is told (QPP-11)."""
    return request.rolebook.hint("only_official") or ONLY_OFFICIAL
