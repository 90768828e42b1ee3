"""Vouch for somebody who lost the second factor: how to make sure that it is them, and the voucher's own code."""

import uuid
from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.accounts.person_models import Recovery
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.governance.flows.recover_second_factor import Vouch, refuse_recovery, vouch_for_recovery
from rolebook.governance.queries.recoveries import RecoveryToVouch, recovery_to_vouch
from rolebook.governance.refusals import Refused
from rolebook.notices.outbox import account_mails
from rolebook.web.account.forms import Code, say
from rolebook.web.account.pages import too_many
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest

_FIELDS = {
    "wrong_security_code": "code",
    "not_said_how": "told",
    "not_made_sure": "made_sure",
    "reason_needed": "reason",
}


class VouchForm(forms.Form):
    """How the voucher made sure, and a code of their own."""

    how = forms.ChoiceField(
        label="How did you make sure that it is them?",
        choices=[("", "Choose"), *Recovery.How.choices],
        error_messages={"required": "Choose how you made sure."},
    )
    told = forms.CharField(
        label="What you did, and when",
        max_length=2_000,
        help_text="For example: “Called her on the practice's number at 10; she told me about Monday's meeting.”",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what you did. It goes on record."},
    )
    made_sure = forms.BooleanField(
        label="I made sure myself that it is this person. I answer for it.",
        error_messages={"required": "Confirm that you made sure yourself."},
    )
    code = Code(
        "Your own security code",
        help_text="Of your authenticator app, or one of your recovery codes.",
        autofocus=False,
    )


class RefuseForm(forms.Form):
    """Why it is stopped."""

    reason = forms.CharField(
        label="Why do you stop it?",
        max_length=1_000,
        help_text="For example: “She did not ask for it.” It goes on record.",
        error_messages={"required": "Say why. It goes on record."},
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def vouch_page(request: ProgramRequest, recovery_id: uuid.UUID) -> HttpResponse:
    """Say who lost the second factor and how to make sure, and take the voucher's word."""
    setattr(request, CURRENT_ENTRY, "manage-access")
    recovery = recovery_to_vouch(request.account, request.program.id, recovery_id, request.at)
    form = VouchForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            vouch_for_recovery(
                acting_user=request.account,
                program_id=request.program.id,
                recovery_id=recovery_id,
                vouch=Vouch(told["how"], told["told"], told["made_sure"], told["code"]),
                wait=timedelta(hours=settings.ROLEBOOK.recovery_wait_hours),
                at=request.at,
                origin=request.origin,
                send=account_mails(request.at),
            )
        except Refused as refusal:
            for violation, said in zip(refusal.violations, said_of(refusal), strict=True):
                say(form, _FIELDS.get(violation.code), said)
        except TooManyAttempts as limit:
            return too_many(request, "people/vouch.html", _shown(recovery, form, RefuseForm()), limit)
        else:
            messages.success(request, f"You vouched for {recovery.name}. They were told by mail.")
            return HttpResponseRedirect(reverse("home", args=[request.program.id]), status=303)
    failed = request.method == "POST"
    return render(
        request, "people/vouch.html", _shown(recovery, form, RefuseForm()), status=422 if failed else 200
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def refuse_page(request: ProgramRequest, recovery_id: uuid.UUID) -> HttpResponse:
    """Stop a recovery, because it is not the person or nobody could make sure."""
    setattr(request, CURRENT_ENTRY, "manage-access")
    recovery = recovery_to_vouch(request.account, request.program.id, recovery_id, request.at)
    form = RefuseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            refuse_recovery(
                acting_user=request.account,
                program_id=request.program.id,
                recovery_id=recovery_id,
                reason=form.cleaned_data["reason"],
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            say(form, None, said_of(refusal))
        else:
            messages.success(request, f"It was stopped. {recovery.name} keeps the second factor they have.")
            return HttpResponseRedirect(reverse("home", args=[request.program.id]), status=303)
    failed = request.method == "POST"
    shown = _shown(recovery, VouchForm(), form)
    return render(request, "people/vouch.html", shown, status=422 if failed else 200)


def _shown(recovery: RecoveryToVouch, form: VouchForm, refusing: RefuseForm) -> dict[str, object]:
    return {
        "recovery": recovery,
        "vouching": form,
        "refusing": refusing,
        "form": refusing if refusing.is_bound else form,
        "wait_hours": settings.ROLEBOOK.recovery_wait_hours,
    }
