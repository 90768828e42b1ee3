"""A steward ends an access token of somebody's: asked once more, done."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.governance.flows.end_personal_token import end_personal_token
from rolebook.governance.queries.one_person import one_person
from rolebook.governance.queries.personal_tokens import tokens_of_person
from rolebook.web.answers import program_view
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.people.pages import ENTRY
from rolebook.web.program import ProgramRequest


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def end_token_page(request: ProgramRequest, account_id: uuid.UUID, token_id: uuid.UUID) -> HttpResponse:
    """Ask whether a person's token is to end; on POST end it."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    person = one_person(request.account, request.program.id, account_id, request.at)
    going = tokens_of_person(request.account, request.program.id, account_id, request.at)
    token = next((one for one in going if one.token_id == token_id), None)
    if token is None:
        raise Http404
    if request.method == "POST":
        end_personal_token(
            acting_user=request.account,
            program_id=request.program.id,
            token_id=token_id,
            at=request.at,
            origin=request.origin,
        )
        messages.success(request, f"The token “{token.name}” was ended. It is refused from now on.")
        address = reverse("steward-person", args=[request.program.id, account_id])
        return HttpResponseRedirect(address, status=303)
    return render(request, "people/end_token.html", {"person": person, "token": token})
