"""A steward adds an organization, changes one, moves it, closes it or opens it again: shown first, asked, done."""

import uuid
from typing import Literal

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.accounts.models import Organization
from rolebook.governance.flows.close_organization import (
    close_organization,
    close_violations,
    reopen_organization,
    reopen_violations,
)
from rolebook.governance.flows.edit_organization import add_organization, edit_organization, record_digest
from rolebook.governance.flows.move_organization import TreeChanged, move_organization
from rolebook.governance.queries.steward_organizations import (
    organization_by_code,
    places_to_move_to,
    preview_move,
    preview_standing,
    stewards_organization,
)
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.refusals import Refused
from rolebook.policy.rules import Violation
from rolebook.policy.words import sentence
from rolebook.web.answers import asked, program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.effects import effect_query
from rolebook.web.places.forms import CONTACTS, AddForm, ReasonForm, RecordForm, present, show_refusal
from rolebook.web.places.pages import ENTRY
from rolebook.web.program import ProgramRequest


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def add_page(request: ProgramRequest) -> HttpResponse:
    """Ask for a new organization's kind, place and record, and add it."""
    stewards_standing(request.account, request.program.id, request.at)
    setattr(request, CURRENT_ENTRY, ENTRY)
    if request.method != "POST":
        form = AddForm(request.rolebook, initial={"kind": asked(request, "kind")})
        return render(request, "places/add.html", {"form": form})
    form = AddForm(request.rolebook, request.POST)
    if form.is_valid():
        try:
            parent_id = _parent_id(request, form.cleaned_data["parent"])
            added = add_organization(
                acting_user=request.account,
                program_id=request.program.id,
                kind_id=form.cleaned_data["kind"],
                parent_id=parent_id,
                typed=form.typed(),
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, f"{added.organization.name} was added.")
            return _to(request, added.organization)
    return render(request, "places/add.html", {"form": form}, status=422)


def _parent_id(request: ProgramRequest, text: str) -> uuid.UUID | None:
    if not text.strip():
        return None
    parent = organization_by_code(request.account, request.program.id, text, request.at)
    if parent is None:
        raise Refused([Violation("no_such_parent", {"field": "parent", "code": text.strip()})])
    return parent.public_id


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit_page(request: ProgramRequest, organization_id: uuid.UUID) -> HttpResponse:
    """Ask for another name, code, identifiers and contacts, and keep what was before."""
    organization = stewards_organization(request.account, request.program.id, organization_id, request.at)
    setattr(request, CURRENT_ENTRY, ENTRY)
    rows = organization.contacts.count() + CONTACTS
    if request.method != "POST":
        form = RecordForm(request.rolebook, rows, initial=present(organization, request.rolebook))
        return _edit(request, organization, form)
    form = RecordForm(request.rolebook, rows, request.POST)
    if form.is_valid():
        try:
            edited = edit_organization(
                acting_user=request.account,
                program_id=request.program.id,
                organization_id=organization_id,
                typed=form.typed(),
                shown=request.POST.get("shown", ""),
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            show_refusal(form, refusal)
        else:
            changed = edited.sequence is not None
            messages.success(request, "Your changes were saved." if changed else "Nothing was different.")
            return _to(request, edited.organization)
    return _edit(request, organization, form, status=422)


def _edit(
    request: ProgramRequest, organization: Organization, form: RecordForm, status: int = 200
) -> HttpResponse:
    shown = {"organization": organization, "form": form, "shown": record_digest(organization)}
    return render(request, "places/edit.html", shown, status=status)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def move_page(request: ProgramRequest, organization_id: uuid.UUID) -> HttpResponse:
    """Look for the new place, say who gains and who loses reach, and move."""
    organization = stewards_organization(request.account, request.program.id, organization_id, request.at)
    setattr(request, CURRENT_ENTRY, ENTRY)
    named = (request.POST.get("parent", "") if request.method == "POST" else asked(request, "parent"))[:100]
    form = ReasonForm(request.POST if request.method == "POST" else None, label_suffix="")
    problems: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            moved = move_organization(
                acting_user=request.account,
                program_id=request.program.id,
                organization_id=organization_id,
                parent_id=named,
                reason=form.cleaned_data["reason"],
                shown=request.POST.get("shown", ""),
                at=request.at,
                origin=request.origin,
            )
            return _changed(request, moved)
        except Refused as refusal:
            problems = said_of(refusal)
    return _move(request, organization, named, form, problems)


def _move(
    request: ProgramRequest,
    organization: Organization,
    named: str,
    form: ReasonForm,
    problems: tuple[str, ...],
) -> HttpResponse:
    program_id, search = request.program.id, asked(request, "search")
    preview = None
    if named:
        try:
            preview = preview_move(request.account, program_id, organization.public_id, named, request.at)
        except Refused as refusal:
            problems = problems or said_of(refusal)
    places = None
    if preview is None:
        places = places_to_move_to(request.account, program_id, organization.public_id, search, request.at)
    shown = {
        "organization": organization,
        "preview": preview,
        "places": places,
        "search": search,
        "form": form,
        "problems": problems,
        "summary_title": "This was not moved",
    }
    return render(request, "places/move.html", shown, status=409 if problems else 200)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def standing_page(
    request: ProgramRequest, organization_id: uuid.UUID, act: Literal["close", "reopen"]
) -> HttpResponse:
    """Say what closing an organization, or opening it again, would do; on POST do it."""
    organization = stewards_organization(request.account, request.program.id, organization_id, request.at)
    setattr(request, CURRENT_ENTRY, ENTRY)
    form = ReasonForm(request.POST if request.method == "POST" else None, label_suffix="")
    judge = close_violations if act == "close" else reopen_violations
    problems = tuple(sentence(one.code, **one.params) for one in judge(organization))
    possible = not problems
    if request.method == "POST" and form.is_valid():
        carry_out = close_organization if act == "close" else reopen_organization
        try:
            done = carry_out(
                acting_user=request.account,
                program_id=request.program.id,
                organization_id=organization_id,
                reason=form.cleaned_data["reason"],
                shown=request.POST.get("shown", ""),
                at=request.at,
                origin=request.origin,
            )
            return _changed(request, done)
        except Refused as refusal:
            problems = said_of(refusal)
    shown = {
        "organization": organization,
        "act": act,
        "preview": preview_standing(request.account, request.program.id, organization_id, request.at),
        "form": form,
        "possible": possible,
        "problems": problems,
        "summary_title": "This cannot be closed" if act == "close" else "This cannot be opened again",
    }
    return render(request, "places/standing.html", shown, status=409 if problems else 200)


def _changed(request: ProgramRequest, done: TreeChanged) -> HttpResponse:
    address = reverse("organization", args=[request.program.id, done.organization.public_id])
    return HttpResponseRedirect(address + effect_query(done.sequence), status=303)


def _to(request: ProgramRequest, organization: Organization) -> HttpResponse:
    address = reverse("organization", args=[request.program.id, organization.public_id])
    return HttpResponseRedirect(address, status=303)
