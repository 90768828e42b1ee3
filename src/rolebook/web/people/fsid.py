"""Somebody's FSID, for whom the role matrix lets manage it."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.governance.flows.set_fsid import set_fsid
from rolebook.governance.queries.fsid import fsid_of
from rolebook.governance.queries.pending import role_title
from rolebook.governance.refusals import Refused
from rolebook.web.account.forms import say
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest


class FsidForm(forms.Form):
    """The number; empty takes it away."""

    fsid = forms.CharField(
        label="FSID",
        required=False,
        max_length=40,
        help_text="4 to 12 letters and digits. Leave it empty to remove it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def fsid_page(request: ProgramRequest, account_id: uuid.UUID) -> HttpResponse:
    """Show somebody's FSID and take another; not found for everybody out of one's reach."""
    setattr(request, CURRENT_ENTRY, "manage-access")
    person = fsid_of(request.account, request.program.id, account_id, request.at)
    form = FsidForm(request.POST if request.method == "POST" else None, initial={"fsid": person.fsid})
    if request.method == "POST" and form.is_valid():
        try:
            changed = set_fsid(
                acting_user=request.account,
                program_id=request.program.id,
                beneficiary_id=account_id,
                fsid=form.cleaned_data["fsid"],
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            say(form, "fsid", said_of(refusal))
        else:
            said = f"{person.name} has the FSID {changed.fsid}." if changed.fsid else "The FSID was removed."
            messages.success(request, said)
            address = reverse("person-fsid", args=[request.program.id, account_id])
            return HttpResponseRedirect(address, status=303)
    held = [(role_title(request.rolebook, role_id), place) for role_id, place in person.held]
    shown = {"person": person, "held": held, "form": form}
    return render(request, "people/fsid.html", shown, status=422 if request.method == "POST" else 200)
