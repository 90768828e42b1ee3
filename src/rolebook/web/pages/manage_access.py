"""Manage Access: Pending Requests and Connected Organizations (QPP-03 to QPP-06), and View Users."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.governance.queries import (
    connected_organizations,
    my_requests,
    pending_requests,
    users_of_organization,
)
from rolebook.governance.queries import home as waiting_at_home
from rolebook.governance.queries.audit_reach import may_see_audit_at
from rolebook.web.answers import asked, first_address, next_address, program_view
from rolebook.web.pages.decide_many import selecting
from rolebook.web.pages.removal import only_official_hint, removal_to_show
from rolebook.web.program import ProgramRequest

_MANY = 8
"""From this many rows on, a list gets a search box."""


@program_view
@require_safe
def manage_access(request: ProgramRequest) -> HttpResponse:
    """List what the viewer must decide over all organizations, what they asked for, and where they are connected."""
    viewer, program_id, at = request.account, request.program.id, request.at
    waiting = waiting_at_home(viewer, program_id, at)
    search, organization_search = asked(request, "search"), asked(request, "organization")
    to_decide = pending_requests(
        viewer, program_id, at, show="to decide", search=search, after=asked(request, "after")
    )
    connected = connected_organizations(
        viewer, program_id, at, search=organization_search, after=asked(request, "organizations-after")
    )
    near = "connected-organizations"
    return render(
        request,
        "pages/manage_access.html",
        {
            "decides": waiting.decides,
            "to_decide": to_decide,
            "to_decide_total": waiting.to_decide,
            "selecting": selecting(request, to_decide, after_name="after", search=search),
            "search": search,
            "searchable": bool(search) or waiting.to_decide >= _MANY,
            "next_url": next_address(request, "after", to_decide.next_after),
            "first_url": first_address(request, "after"),
            "mine": my_requests(viewer, program_id, at, state="pending"),
            "connected": connected,
            "counted": {row.organization.organization_id for row in connected.rows if row.may_view_users},
            "organization_search": organization_search,
            "organization_searchable": bool(organization_search) or len(connected.rows) >= _MANY,
            "connected_next_url": next_address(request, "organizations-after", connected.next_after, near),
            "connected_first_url": first_address(request, "organizations-after", near),
            "few_officials": few_officials(request, any(row.hint for row in connected.rows)),
            "removal": removal_to_show(request),
        },
    )


@program_view
@require_safe
def organization_users(request: ProgramRequest, organization_id: uuid.UUID) -> HttpResponse:
    """View Users: everybody connected to an organization, and everybody who has asked to be."""
    search = asked(request, "search")
    users = users_of_organization(
        request.account,
        organization_id,
        request.program.id,
        request.at,
        search=search,
        after=asked(request, "after"),
        pending_after=asked(request, "pending-after"),
    )
    return render(
        request,
        "pages/users.html",
        {
            "users": users,
            "selecting": selecting(
                request,
                users.pending,
                after_name="pending-after",
                search=search,
                organization_id=organization_id,
            ),
            "organization": users.organization,
            "search": search,
            "contact": users.contact,
            "next_url": next_address(request, "after", users.connected.next_after, "connected"),
            "first_url": first_address(request, "after", "connected"),
            "pending_next_url": next_address(request, "pending-after", users.pending.next_after, "pending"),
            "pending_first_url": first_address(request, "pending-after", "pending"),
            "few_officials": few_officials(request, users.hint is not None),
            "only_official_hint": only_official_hint(request),
            "removal": removal_to_show(request),
            "sees_audit": may_see_audit_at(request.account, request.program.id, organization_id, request.at),
        },
    )


def few_officials(request: ProgramRequest, advised: bool) -> str:
    """Return the program's hint for organizations with few officials, where there is one to advise (QPP-12)."""
    return (request.rolebook.hint("few_officials") or "") if advised else ""


def identifier_title(request: ProgramRequest) -> str:
    """Return what the program's organizations are known by: "TIN", or "TIN, APM Entity ID or Virtual Group ID"."""
    titles = list(dict.fromkeys(kind.identifier_title for kind in request.rolebook.organization_kinds))
    return " or ".join(part for part in (", ".join(titles[:-1]), *titles[-1:]) if part)
