"""What one may read: the queries of the pages, by the same names. None decides here who may see what."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from pydantic import Field, StringConstraints

from rolebook.accounts.queries import rolebook_in_force
from rolebook.api import shapes
from rolebook.api.authenticating import caller_of
from rolebook.api.calling import page_key, reading
from rolebook.api.documents import reads
from rolebook.api.routes import PROGRAM, router
from rolebook.governance.queries import (
    connected_organizations,
    my_access,
    my_requests,
    pending_requests,
    request_detail,
    users_of_organization,
)
from rolebook.governance.queries.clients import clients_of
from rolebook.governance.queries.codes import my_codes
from rolebook.governance.queries.designations import designations
from rolebook.governance.queries.paging import DEFAULT_LIMIT, MOST_ROWS, Page
from rolebook.governance.queries.people import PeopleFilter, people_of_program

Word = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Search = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
RequestState = Literal["", "pending", "returned", "approved", "partly approved", "denied", "withdrawn"]
After = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[A-Za-z0-9_=-]*$")]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS)]


def _page(page: Page[Any]) -> dict[str, object]:
    return {"items": page.rows, "next": page.next_after}


@router.get("/programs", url_name="api-programs", response=reads(shapes.Listed[shapes.ProgramShape]))
def programs(request: HttpRequest) -> dict[str, object]:
    """The program that the token is for."""
    caller = caller_of(request)
    _, book = rolebook_in_force(caller.token.program_id, caller.at)
    return {"items": [book.program]}


@router.get(PROGRAM + "my-access", url_name="api-my-access", response=reads(shapes.MyAccess))
def own_access(request: HttpRequest, program_id: str) -> dict[str, object]:
    """All that you hold, now or later, and why."""
    with reading(request, program_id) as call:
        return {
            "roles": my_access(call.account, program_id, call.at),
            "access": my_codes(call.account, program_id, call.at),
        }


@router.get(PROGRAM + "requests", url_name="api-requests", response=reads(shapes.Listed[shapes.RequestShape]))
def own_requests(
    request: HttpRequest,
    program_id: str,
    state: RequestState = "",
    search: Search = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """The requests that you made or that are for you, newest first."""
    key = page_key(after)
    with reading(request, program_id) as call:
        return _page(
            my_requests(
                call.account, program_id, call.at, state=state or None, search=search, after=key, limit=limit
            )
        )


@router.get(
    PROGRAM + "requests/{uuid:request_id}",
    url_name="api-request",
    response=reads(shapes.RequestDetailShape),
)
def one_request(request: HttpRequest, program_id: str, request_id: UUID) -> dict[str, object]:
    """One request with its course: which office decided what, and when."""
    with reading(request, program_id) as call:
        detail = request_detail(call.account, request_id, program_id, call.at)
        deciding = [row for row in detail.to_decide if row.may_decide]
        return {"request": detail.line, "course": detail.course, "to_decide": deciding}


@router.get(
    PROGRAM + "to-decide", url_name="api-to-decide", response=reads(shapes.Listed[shapes.PendingShape])
)
def to_decide(
    request: HttpRequest,
    program_id: str,
    role_id: Word = "",
    search: Search = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """The open stages that wait for you, over all your organizations, oldest first."""
    key = page_key(after)
    with reading(request, program_id) as call:
        return _page(
            pending_requests(
                call.account,
                program_id,
                call.at,
                show="to decide",
                role_id=role_id or None,
                search=search,
                after=key,
                limit=limit,
            )
        )


@router.get(
    PROGRAM + "organizations",
    url_name="api-organizations",
    response=reads(shapes.Listed[shapes.ConnectedShape]),
)
def organizations(
    request: HttpRequest,
    program_id: str,
    search: Search = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """The organizations where you hold something, or whose users you may view, by name."""
    key = page_key(after)
    with reading(request, program_id) as call:
        return _page(
            connected_organizations(call.account, program_id, call.at, search=search, after=key, limit=limit)
        )


@router.get(
    PROGRAM + "organizations/{uuid:organization_id}/users",
    url_name="api-organization-users",
    response=reads(shapes.Listed[shapes.UserShape]),
)
def organization_users(
    request: HttpRequest,
    program_id: str,
    organization_id: UUID,
    search: Search = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """Who is connected to an organization (View Users), by name."""
    key = page_key(after)
    with reading(request, program_id) as call:
        users = users_of_organization(
            call.account,
            organization_id,
            program_id,
            call.at,
            show="connected",
            search=search,
            after=key,
            limit=limit,
        )
        return _page(users.connected)


@router.get(PROGRAM + "people", url_name="api-people", response=reads(shapes.Listed[shapes.PersonShape]))
def people(
    request: HttpRequest,
    program_id: str,
    search: Search = "",
    role_id: Word = "",
    status: Literal["", "active", "deactivated", "closed"] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, object]:
    """Everybody of the program with what they hold, by name; for stewards."""
    key = page_key(after)
    wanted = PeopleFilter(search=search, status=status, role_id=role_id)
    with reading(request, program_id) as call:
        return _page(
            people_of_program(call.account, program_id, call.at, wanted=wanted, after=key, limit=limit)
        )


@router.get(
    PROGRAM + "designations",
    url_name="api-designations",
    response=reads(shapes.Listed[shapes.DesignationShape]),
)
def designated(
    request: HttpRequest, program_id: str, after: After = "", limit: Limit = DEFAULT_LIMIT
) -> dict[str, object]:
    """The designations in force, the latest first; for stewards."""
    key = page_key(after)
    with reading(request, program_id) as call:
        return _page(designations(call.account, program_id, call.at, after=key, limit=limit))


@router.get(PROGRAM + "clients", url_name="api-clients", response=reads(shapes.Listed[shapes.ClientShape]))
def clients(request: HttpRequest, program_id: str) -> dict[str, object]:
    """The applications that may ask the decision point, or might once; for stewards."""
    with reading(request, program_id) as call:
        return {"items": clients_of(call.account, program_id, call.at)}
