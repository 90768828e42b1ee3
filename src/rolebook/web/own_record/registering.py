"""Register for one's own record: name it, then type the code mailed to the address on it, or wait for a word."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.governance.flows.register_own_record import ask_for_own_record, prove_own_record
from rolebook.governance.queries.own_records import OwnRecord, own_record
from rolebook.governance.refusals import Refused
from rolebook.notices.responders import record_mails
from rolebook.policy.model import Records
from rolebook.web.account.forms import say
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest

_WAYS = {
    "mailed code": "Mail a code to the address on the record",
    "confirmation": "Ask the manager who keeps the record",
}


class IdentifierForm(forms.Form):
    """Which record it is, and how to show it."""

    identifier = forms.CharField(
        max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    way = forms.ChoiceField(label="How to show that it is yours", widget=forms.RadioSelect)

    def __init__(self, records: Records, *args: object, **named: object) -> None:
        """Name the identifier as the program does, and offer the ways that it has."""
        super().__init__(*args, **named)  # type: ignore[arg-type]  # as Django's own
        field = self.fields["identifier"]
        field.label = records.identifier_title[:1].upper() + records.identifier_title[1:]
        field.help_text = f"For example {records.identifier_example}" if records.identifier_example else ""
        field.error_messages["required"] = f"Type the {records.identifier_title}."
        way = self.fields["way"]
        assert isinstance(way, forms.ChoiceField)  # noqa: S101  # as declared above
        way.choices = [(one, _WAYS[one]) for one in records.proofs]
        way.initial = records.proofs[0]
        way.error_messages["required"] = "Choose how to show that it is yours."


class CodeForm(forms.Form):
    """The code that was mailed."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Eight digits, from the mail",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": "Type the code of the mail."},
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def own_record_page(request: ProgramRequest) -> HttpResponse:
    """Show one's own record, or where one stands with registering; take the identifier on POST."""
    found = own_record(request.account, request.program.id, request.at)
    if request.method != "POST":
        return _page(request, found, IdentifierForm(found.records, label_suffix=""))
    form = IdentifierForm(found.records, request.POST, label_suffix="")
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        made = ask_for_own_record(
            acting_user=request.account,
            program_id=request.program.id,
            identifier=form.cleaned_data["identifier"],
            way=form.cleaned_data["way"],
            send=record_mails(request.at),
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        say(form, "identifier", said_of(refusal))
        return _page(request, found, form, status=422)
    except TooManyAttempts:
        say(form, "identifier", ("You have asked too often. Try again tomorrow, or ask your manager.",))
        return _page(request, found, form, status=429)
    if made.proof_id is None:
        return HttpResponseRedirect(reverse("own-record", args=[request.program.id]), status=303)
    address = reverse("own-record-code", args=[request.program.id, made.public_id])
    return HttpResponseRedirect(address, status=303)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def code_page(request: ProgramRequest, registration_id: uuid.UUID) -> HttpResponse:
    """Take the code that was mailed to the address on the record."""
    found = own_record(request.account, request.program.id, request.at)
    waiting = found.waiting
    if waiting is None or waiting.public_id != registration_id or waiting.proof_id is None:
        return HttpResponseRedirect(reverse("own-record", args=[request.program.id]))
    form = CodeForm(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            grant = prove_own_record(
                acting_user=request.account,
                program_id=request.program.id,
                registration_id=registration_id,
                code=form.cleaned_data["code"],
                at=request.at,
                origin=request.origin,
            )
        except CodeRefused as refused:
            again = "Ask for another code." if refused.spent else "Look at the mail again."
            say(form, "code", (f"This code is not right, or its time is over. {again}",))
        except Refused as refusal:
            say(form, "code", said_of(refusal))
        else:
            identifier = "" if grant.record is None else grant.record.identifier
            messages.success(request, f"The record {identifier} is yours. You can use it now.")
            return HttpResponseRedirect(reverse("own-record", args=[request.program.id]), status=303)
    setattr(request, CURRENT_ENTRY, "my-access")
    shown = {"form": form, "found": found, "waiting": waiting}
    return render(request, "own_record/code.html", shown, status=422 if form.errors else 200)


def _page(request: ProgramRequest, found: OwnRecord, form: IdentifierForm, status: int = 200) -> HttpResponse:
    setattr(request, CURRENT_ENTRY, "my-access")
    return render(request, "own_record/own.html", {"found": found, "form": form}, status=status)
