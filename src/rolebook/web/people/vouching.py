"""Vouch for somebody who lost the second factor: how to make sure that it is them, and the voucher's own code."""

import uuid
from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from rolebook.accounts import passkeys
from rolebook.accounts.models import Account
from rolebook.accounts.passkeys import PasskeyRefused
from rolebook.accounts.person_models import Recovery
from rolebook.accounts.queries.credentials import factors_of
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.governance.flows.recover_second_factor import (
    ask_voucher_for_passkey,
    refuse_recovery,
    vouch_for_recovery,
)
from rolebook.governance.queries.recoveries import RecoveryToVouch, recovery_to_vouch
from rolebook.governance.refusals import Refused
from rolebook.governance.voucher_proof import Vouch
from rolebook.notices.outbox import account_mails
from rolebook.web.account.forms import Code, say
from rolebook.web.account.pages import too_many
from rolebook.web.account.passkey_answers import FIELD, give, refused, taken_answer, too_many_times
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest

_WRONG_PASSKEY = "Your passkey was not accepted. Try again, or use a code."
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

    def __init__(self, data: QueryDict | None, voucher: Account) -> None:
        """Ask for a code only where no passkey of the voucher's takes its place."""
        super().__init__(data)
        factors = factors_of(voucher)
        self.proves_nothing = not (factors.authenticator_since or factors.passkeys)
        """Whether the voucher's second factor is an identity provider's alone, which confirms no single act."""
        self.passkeys = bool(factors.passkeys) and passkeys.site() is not None
        self.by_passkey = self.passkeys and data is not None and bool(data.get(FIELD))
        if self.by_passkey:
            self.fields["code"].required = False
        if not self.passkeys:
            return
        code = self.fields["code"]
        kinds = "Of your authenticator app, or one of your recovery codes."
        if factors.authenticator_since is None:
            code.label, kinds = "One of your recovery codes", "Each is good once."
        code.help_text = f"{kinds} Leave it empty to confirm with a passkey."
        code.error_messages["required"] = "Enter the code, or confirm with a passkey."


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
    form = VouchForm(request.POST if request.method == "POST" else None, request.account)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            vouch_for_recovery(
                acting_user=request.account,
                program_id=request.program.id,
                recovery_id=recovery_id,
                vouch=Vouch(
                    told["how"],
                    told["told"],
                    told["made_sure"],
                    told["code"],
                    taken_answer(request) if form.by_passkey else None,
                ),
                wait=timedelta(hours=settings.ROLEBOOK.recovery_wait_hours),
                at=request.at,
                origin=request.origin,
                send=account_mails(request.at),
            )
        except Refused as refusal:
            for violation, said in zip(refusal.violations, said_of(refusal), strict=True):
                say(form, _FIELDS.get(violation.code), said)
        except PasskeyRefused:
            say(form, None, _WRONG_PASSKEY)
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
@require_POST
def ask_vouch_passkey(request: ProgramRequest, recovery_id: uuid.UUID) -> JsonResponse:
    """Check what was typed, and answer with what the browser is to ask a device of the voucher's (JSON)."""
    recovery_to_vouch(request.account, request.program.id, recovery_id, request.at)
    form = VouchForm(request.POST, request.account)
    form.fields["code"].required = False
    if not form.is_valid():
        field, sentences = next(iter(form.errors.items()))
        return refused(str(sentences[0]), field=field)
    try:
        asked = ask_voucher_for_passkey(acting_user=request.account, at=request.at, origin=request.origin)
    except PasskeyRefused:
        return refused(_WRONG_PASSKEY)
    except TooManyAttempts as limit:
        return too_many_times(limit)
    return give(request, asked)


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
    shown = _shown(recovery, VouchForm(None, request.account), form)
    return render(request, "people/vouch.html", shown, status=422 if failed else 200)


def _shown(recovery: RecoveryToVouch, form: VouchForm, refusing: RefuseForm) -> dict[str, object]:
    return {
        "recovery": recovery,
        "vouching": form,
        "refusing": refusing,
        "form": refusing if refusing.is_bound else form,
        "wait_hours": settings.ROLEBOOK.recovery_wait_hours,
    }
