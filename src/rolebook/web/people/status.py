"""Deactivate, close or reopen somebody's part in a program: said in sentences, asked once more, done."""

import uuid

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.governance.flows.change_status import LONGEST_REASON, change_participation_status
from rolebook.governance.models import Participation
from rolebook.governance.queries.one_person import OnePerson, Without, one_person, without_person
from rolebook.governance.refusals import Refused
from rolebook.policy.words import sentence
from rolebook.web.account.forms import say
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.effects import effect_query
from rolebook.web.people.pages import ENTRY
from rolebook.web.program import ProgramRequest
from rolebook.web.templatetags.rolebook import counted_on

_STATUS = {
    "deactivate": Participation.Status.DEACTIVATED,
    "close": Participation.Status.CLOSED,
    "reopen": Participation.Status.ACTIVE,
}
"""What the address says, and the status that it gives."""


class ReasonForm(forms.Form):
    """Why, in the steward's words."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        help_text="One line. It goes on record, and the person reads it.",
        error_messages={"required": "Say why. It goes on record, and the person is told."},
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def status_page(request: ProgramRequest, account_id: uuid.UUID, act: str) -> HttpResponse:
    """Say what a change of status does, and ask for the reason; on POST do it."""
    if act not in _STATUS:
        raise Http404
    setattr(request, CURRENT_ENTRY, ENTRY)
    person = one_person(request.account, request.program.id, account_id, request.at)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            done = change_participation_status(
                acting_user=request.account,
                program_id=request.program.id,
                beneficiary_id=account_id,
                status=_STATUS[act],
                reason=form.cleaned_data["reason"],
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            say(form, None, said_of(refusal))
        else:
            address = reverse("steward-person", args=[request.program.id, account_id])
            return HttpResponseRedirect(address + effect_query(done.sequence), status=303)
    without = without_person(request.account, request.program.id, account_id, request.at)
    closed = act == "deactivate" and person.participation_status == Participation.Status.CLOSED
    shown = {
        "person": person,
        "act": act,
        "form": form,
        "sentences": _sentences(person, without, act),
        "closed": sentence("closed_not_deactivated") if closed else "",
        "possible": not (closed or person.is_viewer or (person.only_steward and act != "reopen")),
    }
    failed = request.method == "POST"
    return render(request, "people/status.html", shown, status=409 if failed else 200)


def _sentences(person: OnePerson, without: Without, act: str) -> list[str]:
    """Return what the change does, the gravest first."""
    name, held = person.row.name, person.number_of_roles + person.number_of_codes
    if act == "reopen":
        if person.participation_status == Participation.Status.CLOSED and not person.gives_back:
            return [
                f"{name} can sign in to the program again, and holds nothing in it.",
                "What they held ended when they were closed. They ask for it again, and those who decide "
                "such requests decide.",
            ]
        return [f"{name} can sign in to the program again, and holds what has not ended since."]
    told = [f"{name} can do nothing in the program any more, from their next click on, in any application."]
    if act == "close" and held and not person.gives_back:
        roles, codes = person.number_of_roles, person.number_of_codes
        both = [
            _number(number, word)
            for number, word in ((roles, "role"), (codes, "organization code"))
            if number
        ]
        told.append(f"{' and '.join(both)} they hold {'ends' if held == 1 else 'end'} for good.")
    elif held:
        told.append("What they hold is kept, and counts again once they are reopened.")
    pending = person.number_waiting
    if pending:
        told.append(f"{_number(pending, 'request')} of theirs {'is' if pending == 1 else 'are'} withdrawn.")
    if without.only_official_of:
        places = ", ".join(without.only_official_of)
        told.append(f"They are the only official of {places}: requests there then wait for you.")
    if without.waits_only_for_them:
        number = _number(without.waits_only_for_them, "request")
        told.append(f"{number} that only they can decide now then wait for the steward.")
    return [*told, f"{name} is told by e-mail, with your reason."]


def _number(number: int, word: str) -> str:
    return counted_on(number, f"{word},{word}s")
