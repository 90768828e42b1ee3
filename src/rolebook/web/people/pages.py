"""People, for stewards: everybody of the program, searched and filtered, as a file; and one person."""

import uuid
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.governance.queries.fsid import has_fsids
from rolebook.governance.queries.one_person import LISTS, OnePerson, list_of_person, one_person
from rolebook.governance.queries.paging import DEFAULT_LIMIT
from rolebook.governance.queries.people import (
    Held,
    PeopleFilter,
    PersonRow,
    everybody,
    people_of_program,
)
from rolebook.governance.queries.personal_tokens import tokens_of_person
from rolebook.web.answers import asked, first_address, next_address, program_view
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.csv_files import csv_file, csv_lines
from rolebook.web.effects import effect_to_show
from rolebook.web.program import ProgramRequest

ENTRY = "steward-people"
STATUSES = (
    ("", "Any"),
    ("active", "Active"),
    ("deactivated", "Deactivated"),
    ("closed", "Closed"),
)


class Search(forms.Form):
    """What is looked for; every field stands in the address."""

    search = forms.CharField(
        label="Person", help_text="Name, user ID or e-mail", required=False, max_length=200
    )
    organization = forms.CharField(
        label="Organization", help_text="Name, code or number", required=False, max_length=200
    )
    role = forms.ChoiceField(label="Role", required=False)
    status = forms.ChoiceField(label="Status", choices=STATUSES, required=False)

    def __init__(self, request: ProgramRequest) -> None:
        """Read the address; roles are those of the rolebook in force."""
        super().__init__({name: asked(request, name) for name in self.base_fields}, label_suffix="")
        book = request.rolebook
        roles = [(role.id, role.title) for role in (*book.roles, book.steward)]
        cast("forms.ChoiceField", self.fields["role"]).choices = [
            ("", "Any"),
            ("none", "No role"),
            *roles,
        ]

    @property
    def wanted(self) -> PeopleFilter:
        """What was asked; a choice that there is not counts as none."""
        self.is_valid()
        told = self.cleaned_data
        return PeopleFilter(
            search=told.get("search", ""),
            status=told.get("status", ""),
            role_id=told.get("role", ""),
            organization=told.get("organization", ""),
        )


@program_view
@require_safe
def people_page(request: ProgramRequest) -> HttpResponse:
    """List who takes part in the program, by name; nobody but a steward sees that there is a page."""
    search = Search(request)
    found = people_of_program(
        request.account, request.program.id, request.at, wanted=search.wanted, after=asked(request, "after")
    )
    shown = {
        "search": search,
        "searched": any(asked(request, name) for name in Search.base_fields),
        "rows": found.rows,
        "has_fsids": has_fsids(request.rolebook),
        "query": request.GET.urlencode(),
        "next_url": next_address(request, "after", found.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "people/people.html", shown)


@program_view
@require_safe
def export_people(request: ProgramRequest) -> HttpResponse:
    """Give everybody who matches as CSV, as it is read: one line a person."""
    rows = everybody(request.account, request.program.id, request.at, Search(request).wanted)
    zone, with_fsid = ZoneInfo(request.program.zone), has_fsids(request.rolebook)
    fsid = ["FSID"] if with_fsid else []
    columns = ["Name", "User ID", "E-mail", "Status", *fsid, "Holds", "Last sign-in"]
    return csv_file(request, "people", csv_lines(columns, (_cells(row, zone, with_fsid) for row in rows)))


def _cells(row: PersonRow, zone: ZoneInfo, with_fsid: bool) -> list[str]:
    held = "; ".join(_held(one) for one in row.held)
    fsid = [row.fsid] if with_fsid else []
    return [row.name, row.user_id, row.email, row.status, *fsid, held, _instant(row.last_signed_in_at, zone)]


def _held(held: Held) -> str:
    return " at ".join(part for part in (held.role_title or "Access", held.organization) if part)


def _instant(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(timespec="seconds")


@program_view
@require_safe
def person_page(request: ProgramRequest, account_id: uuid.UUID) -> HttpResponse:
    """Show one person: status, what they hold, what they asked for, and what a steward can do."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    viewer, program_id, at = request.account, request.program.id, request.at
    person = one_person(viewer, program_id, account_id, at)
    search = asked(request, "search")
    shown = {
        "person": person,
        "search": search,
        "searchable": bool(search) or max(_numbers(person)) > DEFAULT_LIMIT,
        "has_fsids": has_fsids(request.rolebook),
        "tokens": tokens_of_person(viewer, program_id, account_id, at),
        "effect": effect_to_show(request),
    }
    for name in LISTS:
        after = asked(request, f"{name}-after")
        page = list_of_person(viewer, program_id, person, at, name, search=search, after=after)
        shown[name] = page.rows
        shown[f"{name}_next_url"] = next_address(request, f"{name}-after", page.next_after, name)
        shown[f"{name}_first_url"] = first_address(request, f"{name}-after", name)
    return render(request, "people/person.html", shown)


def _numbers(person: OnePerson) -> tuple[int, int, int]:
    return person.number_of_roles, person.number_of_codes, person.number_of_requests
