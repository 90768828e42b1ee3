"""Manage Access: Pending Requests and Connected Organizations (QPP-03 to QPP-06), and View Users."""

import uuid
from dataclasses import replace
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rolebook.governance.queries import (
    connected_organizations,
    my_requests,
    pending_requests,
    users_of_organization,
)
from rolebook.governance.queries import home as waiting_at_home
from rolebook.governance.queries.absences import may_be_away
from rolebook.governance.queries.audit_reach import may_see_audit_at
from rolebook.governance.queries.own_records import confirms_records
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import PendingRow
from rolebook.governance.queries.pending_order import SORTS, Sort
from rolebook.governance.queries.recoveries import lost_factors
from rolebook.governance.queries.to_decide import Filters
from rolebook.web.answers import asked, first_address, next_address, program_view
from rolebook.web.effects import effect_to_show
from rolebook.web.pages.besides import besides
from rolebook.web.pages.decide_many import selecting
from rolebook.web.pages.removal import only_official_hint
from rolebook.web.program import ProgramRequest

_FILTERS = ("search", "role", "sort")
_MANY = 8
"""From this many rows on, a list gets a search box."""


@program_view
@require_safe
def manage_access(request: ProgramRequest) -> HttpResponse:
    """List what the viewer must decide over all organizations, what they asked for, and where they are connected."""
    viewer, program_id, at = request.account, request.program.id, request.at
    filters, sort = pending_filters(request), pending_sort(request)
    narrowed = bool(filters.search or filters.role_id)
    waiting = waiting_at_home(viewer, program_id, at, filters if narrowed else None)
    to_decide: Page[PendingRow] = Page(())
    # Where the count found nothing, looking again would cost as much: a steward's goes through all that waits.
    if waiting.to_decide:
        to_decide = pending_requests(
            viewer,
            program_id,
            at,
            show="to decide",
            role_id=filters.role_id,
            search=filters.search,
            sort=sort,
            after=asked(request, "after"),
        )
    organization_search = asked(request, "organization")
    connected = connected_organizations(
        viewer, program_id, at, search=organization_search, after=asked(request, "organizations-after")
    )
    near = "connected-organizations"
    return render(
        request,
        "pages/manage_access.html",
        {
            "decides": waiting.decides,
            "may_be_away": may_be_away(viewer, program_id, at),
            "confirms_records": confirms_records(viewer, program_id, at),
            "to_decide": to_decide,
            "to_decide_total": waiting.to_decide,
            "besides": besides(waiting.besides, program_id),
            "lost_factors": lost_factors(viewer, program_id, at) if waiting.decides else (),
            "selecting": selecting(
                request, to_decide, after_name="after", filters=filters, total=waiting.to_decide
            ),
            "search": filters.search,
            "narrowed": narrowed,
            "searchable": narrowed or sort != "oldest" or waiting.to_decide >= _MANY,
            "roles": roles_to_filter_by(request, filters),
            "sorts": [(name, title, name == sort) for name, title in SORTS.items()],
            "export_url": export_address(request, reverse("pending-csv", args=[program_id]), _FILTERS),
            "next_url": next_address(request, "after", to_decide.next_after, "pending"),
            "first_url": first_address(request, "after"),
            "mine": Page(())
            if waiting.besides.asked == 0
            else my_requests(viewer, program_id, at, state="pending"),
            "connected": connected,
            "counted": {row.organization.organization_id for row in connected.rows if row.may_view_users},
            "organization_search": organization_search,
            "organization_searchable": bool(organization_search) or len(connected.rows) >= _MANY,
            "connected_next_url": next_address(request, "organizations-after", connected.next_after, near),
            "connected_first_url": first_address(request, "organizations-after", near),
            "few_officials": few_officials(request, any(row.hint for row in connected.rows)),
            "effect": effect_to_show(request),
        },
    )


@program_view
@require_safe
def organization_users(request: ProgramRequest, organization_id: uuid.UUID) -> HttpResponse:
    """View Users: everybody connected to an organization, and everybody who has asked to be."""
    filters = replace(pending_filters(request), organization_id=organization_id)
    users = users_of_organization(
        request.account,
        organization_id,
        request.program.id,
        request.at,
        role_id=filters.role_id,
        search=filters.search,
        after=asked(request, "after"),
        pending_after=asked(request, "pending-after"),
    )
    csv = reverse("organization-users-csv", args=[request.program.id, organization_id])
    return render(
        request,
        "pages/users.html",
        {
            "users": users,
            "selecting": selecting(request, users.pending, after_name="pending-after", filters=filters),
            "organization": users.organization,
            "search": filters.search,
            "narrowed": bool(filters.search or filters.role_id),
            "roles": roles_to_filter_by(request, filters),
            "contact": users.contact,
            "export_url": export_address(request, csv, ("search", "role")),
            "next_url": next_address(request, "after", users.connected.next_after, "connected"),
            "first_url": first_address(request, "after", "connected"),
            "pending_next_url": next_address(request, "pending-after", users.pending.next_after, "pending"),
            "pending_first_url": first_address(request, "pending-after", "pending"),
            "few_officials": few_officials(request, users.hint is not None),
            "only_official_hint": only_official_hint(request),
            "effect": effect_to_show(request),
            "sees_audit": may_see_audit_at(request.account, request.program.id, organization_id, request.at),
        },
    )


def pending_filters(request: ProgramRequest) -> Filters:
    """Return what a list of pending requests is narrowed to by its address; a role that there is not is left out."""
    role = request.rolebook.role(asked(request, "role"))
    return Filters(role_id=None if role is None else role.id, search=asked(request, "search"))


def pending_sort(request: ProgramRequest) -> Sort:
    """Return the order that the address asks for, else the oldest first."""
    wanted = asked(request, "sort")
    return next((name for name in SORTS if name == wanted), "oldest")


def roles_to_filter_by(request: ProgramRequest, filters: Filters) -> list[tuple[str, str, bool]]:
    """Return (id, title, whether chosen) of the roles that can be asked for."""
    roles = (role for role in request.rolebook.roles if role.obtained == "request")
    return [(role.id, role.title, role.id == filters.role_id) for role in roles]


def export_address(request: ProgramRequest, address: str, names: tuple[str, ...]) -> str:
    """Return the address of a list as a file, narrowed as the page is."""
    kept = {name: value for name in names if (value := asked(request, name))}
    return address + (f"?{urlencode(kept)}" if kept else "")


def few_officials(request: ProgramRequest, advised: bool) -> str:
    """Return the program's hint for organizations with few officials, where there is one to advise (QPP-12)."""
    return (request.rolebook.hint("few_officials") or "") if advised else ""


def identifier_title(request: ProgramRequest) -> str:
    """Return what the program's organizations are known by: "TIN", or "TIN, APM Entity ID or Virtual Group ID"."""
    titles = list(dict.fromkeys(kind.identifier_title for kind in request.rolebook.organization_kinds))
    return " or ".join(part for part in (", ".join(titles[:-1]), *titles[-1:]) if part)
