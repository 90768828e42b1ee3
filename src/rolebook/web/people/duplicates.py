"""Possible duplicates, and merging two accounts of one person: what it does in sentences, asked once more, done."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import SamePerson
from rolebook.accounts.texts import fold_user_id
from rolebook.governance.flows.merge_accounts import merge_accounts, require_steward
from rolebook.governance.flows.name_same_person import tell_apart
from rolebook.governance.queries.duplicates import MergePreview, merge_preview, possible_duplicates
from rolebook.governance.queries.one_person import one_person
from rolebook.governance.refusals import Refused
from rolebook.policy.words import sentence
from rolebook.web.account.forms import say
from rolebook.web.answers import asked, program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.effects import effect_query
from rolebook.web.people.pages import ENTRY
from rolebook.web.program import ProgramRequest


class MergeForm(forms.Form):
    """How the steward knows, and what was shown."""

    reason = forms.CharField(
        label="How do you know that it is one person?",
        max_length=1_000,
        help_text="For example: “Both told me so on the phone on Nov 21.” It goes on record.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say how you know. It goes on record."},
    )
    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)
    sure = forms.BooleanField(
        label="I have read what happens, and I know that it cannot be undone.",
        error_messages={"required": "Confirm that you have read what happens."},
    )


@program_view
@require_safe
def duplicates_page(request: ProgramRequest) -> HttpResponse:
    """List pairs of accounts that may be one person's; nobody but a steward sees that there is a page."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    pairs = possible_duplicates(request.account, request.program.id, request.at)
    sources = dict(SamePerson.Source.choices)
    shown = {"pairs": [(pair, sources.get(pair.source, pair.source)) for pair in pairs]}
    return render(request, "people/duplicates.html", shown)


@program_view
@require_safe
def other_account(request: ProgramRequest, account_id: uuid.UUID) -> HttpResponse:
    """Lead from a person to the merge with the account whose user ID was typed."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    person = one_person(request.account, request.program.id, account_id, request.at)
    typed = asked(request, "user_id")
    other = Account.objects.filter(
        user_id=fold_user_id(typed), participations__program_id=request.program.id
    ).first()
    if other is not None and other.public_id != person.row.account_id:
        address = reverse("merge", args=[request.program.id, account_id, other.public_id])
        return HttpResponseRedirect(address)
    problem = f"Nobody else in {request.program.short_name} has the user ID “{typed}”." if typed else ""
    shown = {"person": person, "typed": typed, "problems": [problem] if problem else []}
    return render(request, "people/other_account.html", shown, status=404 if typed else 200)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def merge_page(request: ProgramRequest, kept_id: uuid.UUID, closed_id: uuid.UUID) -> HttpResponse:
    """Say what merging does, and ask for the reason; on POST do it, if it is still what was shown."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    preview = merge_preview(request.account, request.program.id, kept_id, closed_id, request.at)
    form = MergeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            done = merge_accounts(
                acting_user=request.account,
                program_id=request.program.id,
                kept_id=kept_id,
                closed_id=closed_id,
                shown=form.cleaned_data["shown"],
                reason=form.cleaned_data["reason"],
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            say(form, None, said_of(refusal))
        else:
            address = reverse("steward-person", args=[request.program.id, kept_id])
            return HttpResponseRedirect(address + effect_query(done.sequence), status=303)
    shown = {"preview": preview, "form": form, "forbidden": _forbidden(request, preview)}
    return render(request, "people/merge.html", shown, status=409 if request.method == "POST" else 200)


def _forbidden(request: ProgramRequest, preview: MergePreview) -> list[str]:
    """Return what stands against the merge, for people: by the rules, and by whose accounts they are."""
    told = [sentence(violation.code, **violation.params) for violation in preview.plan.violations]
    try:
        require_steward(
            request.account, request.program.id, preview.plan.kept, preview.plan.closed, request.at
        )
    except Refused as refusal:
        told += said_of(refusal)
    return told


@program_view
@require_POST
def told_apart(request: ProgramRequest, kept_id: uuid.UUID, closed_id: uuid.UUID) -> HttpResponse:
    """Put on record that the two are different people."""
    try:
        tell_apart(
            acting_user=request.account,
            program_id=request.program.id,
            one_id=kept_id,
            other_id=closed_id,
            reason="",
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        messages.error(request, " ".join(said_of(refusal)))
    else:
        messages.success(request, "They are on record as two people, and are not listed any more.")
    return HttpResponseRedirect(reverse("duplicates", args=[request.program.id]), status=303)
