"""One organization for who is connected to it, and the stewards' list of all with its file."""

import uuid
from typing import cast

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.accounts.identifiers import schemes_of
from rolebook.governance.queries.organization_page import organization_page
from rolebook.governance.queries.steward_organizations import (
    STATES,
    Exported,
    State,
    Wanted,
    exported_organizations,
    stewards_organizations,
)
from rolebook.web.answers import asked, first_address, next_address, program_view
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.csv_files import csv_file, csv_lines
from rolebook.web.effects import effect_to_show
from rolebook.web.pages.manage_access import few_officials
from rolebook.web.program import ProgramRequest

ENTRY = "steward-organizations"
_CONTACT = ("contact_for", "contact_name", "contact_email", "contact_phone")
_SAID = {"open": "Open", "closed": "Closed", "all": "Open and closed"}


class Search(forms.Form):
    """What the list is narrowed to; every field stands in the address."""

    search = forms.CharField(
        label="Organization",
        help_text="Name, code or number, also a former one",
        required=False,
        max_length=200,
    )
    kind = forms.ChoiceField(label="Kind", required=False)
    state = forms.ChoiceField(label="State", choices=list(_SAID.items()), required=False)

    def __init__(self, request: ProgramRequest) -> None:
        kinds = [(kind.id, kind.title) for kind in request.rolebook.organization_kinds]
        given = {name: asked(request, name) for name in ("search", "kind", "state")}
        if given["kind"] not in dict(kinds):
            given["kind"] = ""
        if given["state"] not in STATES:
            given["state"] = "open"
        super().__init__(given, label_suffix="")
        kind = self.fields["kind"]
        if isinstance(kind, forms.ChoiceField):
            kind.choices = [("", "All"), *kinds]
        self.wanted = Wanted(given["search"], given["kind"], cast("State", given["state"]))


@program_view
@require_safe
def stewards_list(request: ProgramRequest) -> HttpResponse:
    """List the organizations of the program for its stewards."""
    search = Search(request)
    page = stewards_organizations(
        request.account, request.program.id, request.at, search.wanted, after=asked(request, "after")
    )
    shown = {
        "search": search,
        "searched": search.wanted != Wanted(),
        "rows": page.rows,
        "query": request.GET.urlencode(),
        "next_url": next_address(request, "after", page.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "places/organizations.html", shown)


@program_view
@require_safe
def organization_view(request: ProgramRequest, organization_id: uuid.UUID) -> HttpResponse:
    """Show one organization to somebody who is connected to it, looks after it, or administers the program."""
    page = organization_page(request.account, request.program.id, organization_id, request.at)
    setattr(request, CURRENT_ENTRY, ENTRY if page.may_administer else "manage-access")
    shown = {
        "page": page,
        "organization": page.organization,
        "few_officials": few_officials(request, page.hint is not None),
        "effect": effect_to_show(request) if page.may_administer else None,
    }
    return render(request, "places/organization.html", shown)


@program_view
@require_safe
def export_organizations(request: ProgramRequest) -> HttpResponse:
    """Give the organizations that the list would show as CSV, as they are read; an import reads the file again."""
    rows = exported_organizations(request.account, request.program.id, request.at, Search(request).wanted)
    schemes = list(schemes_of(request.rolebook))
    columns = ["code", "name", "kind", "parent", *schemes, *_CONTACT]
    return csv_file(request, "organizations", csv_lines(columns, (_cells(row, schemes) for row in rows)))


def _cells(row: Exported, schemes: list[str]) -> list[str]:
    told = row.contact
    whom = [""] * len(_CONTACT) if told is None else [told.purpose, told.name, told.email, told.phone]
    numbers = [row.identifiers.get(scheme, "") for scheme in schemes]
    return [row.code, row.name, row.kind_id, row.parent_code, *numbers, *whom]
