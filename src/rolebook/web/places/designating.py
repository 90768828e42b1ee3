"""A steward designates: what is typed is judged beside its field, said in sentences, asked once more, and done."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.accounts.models import Account, Organization
from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.flows.designate_role import designate_role
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.instants import day_in_words
from rolebook.governance.queries.designations import (
    decides,
    designated_roles,
    designations,
    one_designation,
    person_to_designate,
    what_forbids_designation,
)
from rolebook.governance.queries.steward_organizations import organization_by_code
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.refusals import Refused
from rolebook.policy.model import STEWARD_ID, Role, Rolebook
from rolebook.policy.rules import Violation
from rolebook.policy.words import sentence
from rolebook.web.answers import asked, first_address, next_address, program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.effects import effect_query, effect_to_show
from rolebook.web.places.forms import ReasonForm
from rolebook.web.program import ProgramRequest

ENTRY = "designate"
_FIELD_OF = {
    "unknown_role": "role",
    "not_by_designation": "role",
    "needs_organization": "organization",
    "needs_no_organization": "organization",
    "wrong_kind_of_organization": "organization",
    "unknown_organization": "organization",
    "ends_in_the_past": "ends_on",
    "ends_before_start": "ends_on",
    "beneficiary_not_active": "person",
}
"""Which field a rule's violation is about; all others are about the person and the role together."""
_LAST_DAY = date(2199, 12, 31)


class DesignateForm(forms.Form):
    """Who gets which role where, until when and why."""

    person = forms.CharField(
        label="Person",
        max_length=254,
        help_text="User ID or e-mail address of their account",
        error_messages={"required": "Enter the person's user ID or e-mail address."},
    )
    role = forms.ChoiceField(
        label="Role",
        error_messages={"required": "Choose the role.", "invalid_choice": "Choose one of the roles."},
    )
    organization = forms.CharField(
        label="Organization",
        max_length=200,
        required=False,
    )
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Leave it empty where it has no end",
        error_messages={"invalid": "Write the day as year-month-day, such as 2026-11-21."},
    )
    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_TEXT,
        help_text="Goes on record, and the person reads it",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why. It goes on record, and the person is told."},
    )

    def __init__(self, book: Rolebook, *args: object, **kwargs: object) -> None:
        """Offer the roles that are given by designation, and say which of them are held at an organization."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.label_suffix = ""
        roles = designated_roles(book)
        self.fields["organization"].help_text = _about_place(book, roles)
        role = self.fields["role"]
        if isinstance(role, forms.ChoiceField):
            role.choices = [("", "Choose a role"), *((one.id, one.title) for one in roles)]

    def ends_at(self, zone: str) -> datetime | None:
        """Return the instant at which the last day ends in an IANA time zone."""
        day = self.cleaned_data.get("ends_on")
        if day is None:
            return None
        after = min(day, _LAST_DAY) + timedelta(days=1)
        return datetime.combine(after, time(), ZoneInfo(zone)).astimezone(UTC)


def _about_place(book: Rolebook, roles: Sequence[Role]) -> str:
    """Say of the field for an organization for which roles it is needed."""
    at_one = [one.title for one in roles if book.held_at_organization(one)]
    at_none = [one.title for one in roles if not book.held_at_organization(one)]
    if not at_one:
        return "Leave it empty: no role that is designated here is held at an organization"
    if not at_none:
        return "Its code or number"
    if len(at_none) <= len(at_one):
        return f"Its code or number; needed for every role but {_listed(at_none)}"
    return f"Its code or number; needed for {_listed(at_one)}, and empty for every other role"


def _listed(titles: Sequence[str]) -> str:
    *others, last = titles
    return f"{', '.join(others)} and {last}" if others else last


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def designate_page(request: ProgramRequest) -> HttpResponse:
    """List designations in force, and take a new one: checked, then shown in sentences, then done."""
    stewards_standing(request.account, request.program.id, request.at)
    if request.method != "POST":
        given = {name: asked(request, name) for name in ("person", "role", "organization")}
        return _page(request, DesignateForm(request.rolebook, initial=given))
    form = DesignateForm(request.rolebook, request.POST)
    found = _checked(request, form)
    if found is None or request.POST.get("step") == "change":
        return _page(request, form, status=200 if request.POST.get("step") == "change" else 422)
    person, organization = found
    if request.POST.get("step") != "confirm":
        return _confirm(request, form, person, organization)
    try:
        grant = designate_role(
            acting_user=request.account,
            program_id=request.program.id,
            role_id=form.cleaned_data["role"],
            beneficiary_id=person.public_id,
            organization_id=None if organization is None else organization.public_id,
            reason=form.cleaned_data["reason"],
            ends_at=form.ends_at(request.program.zone),
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        _show(form, refusal.violations)
        return _page(request, form, status=409)
    title = _title(request.rolebook, grant.role_id)
    where = "" if organization is None else f" at {organization.name}"
    messages.success(request, f"{person.name} is now {title}{where}.")
    return HttpResponseRedirect(reverse("designate", args=[request.program.id]), status=303)


def _checked(request: ProgramRequest, form: DesignateForm) -> tuple[Account, Organization | None] | None:
    """Return whom and where the form means, or None with what is wrong beside the fields."""
    if not form.is_valid():
        return None
    typed, program_id = form.cleaned_data, request.program.id
    person = person_to_designate(request.account, program_id, typed["person"], request.at)
    organization = None
    wrong: list[Violation] = []
    if person is None:
        wrong.append(Violation("no_such_user", {"field": "person", "name": typed["person"]}))
    if typed["organization"]:
        organization = organization_by_code(request.account, program_id, typed["organization"], request.at)
        if organization is None:
            told = {"field": "organization", "code": typed["organization"]}
            wrong.append(Violation("no_such_organization", told))
    if person is not None and not wrong:
        wrong += what_forbids_designation(
            request.account,
            program_id,
            typed["role"],
            person,
            organization,
            request.at,
            ends_at=form.ends_at(request.program.zone),
        )
    _show(form, wrong)
    return None if wrong or person is None else (person, organization)


def _show(form: forms.Form, violations: list[Violation] | tuple[Violation, ...]) -> None:
    for violation in violations:
        field = _FIELD_OF.get(violation.code) or str(violation.params.get("field") or "")
        form.add_error(field if field in form.fields else None, sentence(violation.code, **violation.params))


def _page(request: ProgramRequest, form: DesignateForm, status: int = 200) -> HttpResponse:
    page = designations(request.account, request.program.id, request.at, after=asked(request, "after"))
    shown = {
        "form": form,
        "rows": page.rows,
        "next_url": next_address(request, "after", page.next_after),
        "first_url": first_address(request, "after"),
        "effect": effect_to_show(request),
    }
    return render(request, "places/designate.html", shown, status=status)


def _confirm(
    request: ProgramRequest, form: DesignateForm, person: Account, organization: Organization | None
) -> HttpResponse:
    shown = {
        "form": form,
        "person": person,
        "role_title": _title(request.rolebook, form.cleaned_data["role"]),
        "organization": organization,
        "sentences": _sentences(request, form, person, organization),
    }
    return render(request, "places/designate_confirm.html", shown)


def _sentences(
    request: ProgramRequest, form: DesignateForm, person: Account, organization: Organization | None
) -> list[str]:
    """Return what the designation does, in the order in which it matters."""
    role_id, name = form.cleaned_data["role"], person.name
    where = f"{request.program.name}" if organization is None else organization.name
    title = _title(request.rolebook, role_id)
    until = form.ends_at(request.program.zone)
    end = ", with no end"
    if until is not None:
        end = f", to the end of {day_in_words(until - timedelta(minutes=1), request.program.zone)}"
    told = [f"{name} ({person.user_id}) becomes {title} at {where}, from now on{end}."]
    if role_id == STEWARD_ID:
        told.append(
            "A steward administers the program: organizations, people, designations, and the requests for "
            "which nobody else is left. You stay steward as well."
        )
    elif decides(request.rolebook, role_id):
        told.append(f"{name} decides who else has access there.")
    told.append("It takes effect in every application within seconds. It is on record under your name.")
    return [*told, f"{name} is told by e-mail, with your reason."]


def _title(book: Rolebook, role_id: str) -> str:
    role = book.role(role_id)
    return role_id if role is None else role.title


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def end_page(request: ProgramRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Ask whether a designation is to end; on POST end it."""
    one = one_designation(request.account, request.program.id, grant_id, request.at)
    setattr(request, CURRENT_ENTRY, ENTRY)
    form = ReasonForm(request.POST if request.method == "POST" else None, label_suffix="")
    problems: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            removal = end_designation(
                acting_user=request.account,
                program_id=request.program.id,
                grant_id=grant_id,
                reason=form.cleaned_data["reason"],
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            problems = said_of(refusal)
        else:
            address = reverse("designate", args=[request.program.id])
            return HttpResponseRedirect(address + effect_query(removal.sequence), status=303)
    shown = {"one": one, "form": form, "problems": problems, "summary_title": "This was not ended"}
    return render(request, "places/designate_end.html", shown, status=409 if problems else 200)
