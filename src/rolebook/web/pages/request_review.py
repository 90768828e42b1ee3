"""Request a Role, last step: the whole request in sentences, with what the rules say; it is sent once."""

from collections.abc import Sequence
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.accounts.models import Organization
from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.flows.request_role import request_role
from rolebook.governance.queries.asking_for import usual_wait, what_it_would_give, who_would_decide
from rolebook.governance.queries.places import PlaceToAsk, places_to_ask, what_forbids
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Role
from rolebook.policy.rules import Violation
from rolebook.policy.words import sentence
from rolebook.web.answers import asked, program_view
from rolebook.web.pages.asking import (
    CHOSEN,
    STEPS,
    STEPS_WITHOUT_PLACE,
    address,
    choice,
    chosen_in,
    forget_reason,
    in_address,
    keep_reason,
    kept_reason,
    requested_role,
)
from rolebook.web.pages.role_cards import deciders_of
from rolebook.web.program import ProgramRequest

_BACK = {"role": "request-a-role", "organizations": "request-role"}


class ReasonForm(forms.Form):
    """The one thing that is typed: why the role is needed."""

    reason = forms.CharField(
        label="Why do you need this role?",
        help_text="Whoever decides reads it. A sentence is enough.",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": f"Write {LONGEST_TEXT:,} characters at most."},
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def review_request(request: ProgramRequest, role_id: str) -> HttpResponse:
    """Show the whole request with what the rules say, take the reason, and send it on POST.

    The organizations stand in the address, and in the form that is sent: what was shown is what is asked for.
    """
    role = requested_role(request, role_id)
    ids = chosen_in(request.POST.get(CHOSEN, "") or asked(request, CHOSEN))
    has_place = request.rolebook.held_at_organization(role)
    if ids and not has_place:
        raise NotFound
    places: tuple[PlaceToAsk, ...] = ()
    if has_place:
        places = places_to_ask(request.account, request.program.id, role.id, ids, request.at)
        if not places:
            return HttpResponseRedirect(reverse("request-role", args=[request.program.id, role.id]))
    if request.method == "POST":
        back = _BACK.get(request.POST.get("back", ""))
        return _go_back(request, role, places, back) if back else _send(request, role, places)
    form = ReasonForm(initial={"reason": kept_reason(request, role)})
    return _review(request, role, places, form)


def _go_back(request: ProgramRequest, role: Role, places: Sequence[PlaceToAsk], back: str) -> HttpResponse:
    """Go back a step and keep what was typed."""
    keep_reason(request, role, request.POST.get("reason", ""))
    if back == "request-a-role":
        return HttpResponseRedirect(reverse(back, args=[request.program.id]), status=303)
    organizations = [place.organization for place in places]
    return HttpResponseRedirect(address(back, request, role, organizations), status=303)


def _send(request: ProgramRequest, role: Role, places: Sequence[PlaceToAsk]) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _review(request, role, places, form, status=422)
    organizations = [place.organization for place in places]
    try:
        made = request_role(
            acting_user=request.account,
            program_id=request.program.id,
            role_id=role.id,
            organization_ids=[one.public_id for one in organizations],
            reason=form.cleaned_data["reason"],
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        return _refused(request, role, places, form, refusal.violations)
    forget_reason(request)
    where = f" at {organizations[0].name}" if organizations else ""
    where += f" and {len(organizations) - 1} more" if len(organizations) > 1 else ""
    messages.success(request, f"Your request for {role.title}{where} was sent.")
    return HttpResponseRedirect(reverse("request", args=[request.program.id, made.public_id]), status=303)


def _refused(
    request: ProgramRequest,
    role: Role,
    places: Sequence[PlaceToAsk],
    form: ReasonForm,
    violations: Sequence[Violation],
) -> HttpResponse:
    """Show the request that a first press has made; else say what keeps this one from being sent."""
    if {violation.code for violation in violations} == {"role_already_pending"}:
        waiting = {place.request_id for place in places}
        if not places:
            messages.info(request, " ".join(sentence(one.code, **one.params) for one in violations))
            return HttpResponseRedirect(reverse("my-requests", args=[request.program.id]), status=303)
        if len(waiting) == 1 and None not in waiting:
            messages.info(request, "This request was sent already. Here it is.")
            sent = reverse("request", args=[request.program.id, waiting.pop()])
            return HttpResponseRedirect(sent, status=303)
    return _review(request, role, places, form, violations=violations, status=409)


def _review(
    request: ProgramRequest,
    role: Role,
    places: Sequence[PlaceToAsk],
    form: ReasonForm,
    *,
    violations: Sequence[Violation] = (),
    status: int = 200,
) -> HttpResponse:
    viewer, program_id, at = request.account, request.program.id, request.at
    asking: list[Organization] = [place.organization for place in places if place.state == "free"]
    left_out = [choice(place) for place in places if place.state != "free"]
    said = list(violations)
    if not places and not said:
        said = list(what_forbids(viewer, program_id, role.id, at))
    elif places and not asking:
        said = [violation for place in places for violation in place.violations]
    everywhere: list[Organization | None] = [None]
    wait = usual_wait(program_id, role.id, asking, at)
    shown = {
        "role": role,
        "organizations": asking,
        "number": len(asking),
        "left_out": left_out if asking else [],
        "at": in_address(asking),
        "gives": what_it_would_give(viewer, program_id, role.id, asking or everywhere, at),
        "deciders": who_would_decide(viewer, program_id, asking, at) if asking else (),
        "decided_by": "" if asking else deciders_of(request.rolebook, role),
        "usually": "" if wait is None else in_words(wait.time),
        "usually_where": None if wait is None else wait.where,
        "form": form,
        "problems": tuple(dict.fromkeys(sentence(one.code, **one.params) for one in said)),
        "may_send": bool(asking) or not (places or said),
        "steps": STEPS if places else STEPS_WITHOUT_PLACE,
        "places_url": address("request-role", request, role, asking) if places else "",
    }
    return render(request, "pages/review_request.html", shown, status=status)


def in_words(wait: timedelta) -> str:
    """Return how long a decision usually takes: "less than a day", "about 3 days"."""
    hours = wait.total_seconds() / 3600
    if hours <= 1:
        return "within an hour"
    if hours <= 24:
        return "less than a day"
    return f"about {round(hours / 24)} day{'s' if round(hours / 24) != 1 else ''}"
