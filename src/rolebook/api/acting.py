"""What one may do: each address calls one flow, the same as its page, and says what came of it."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal, Protocol
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from rolebook.api.calling import Call, acting
from rolebook.api.documents import REPEATING, changes
from rolebook.api.effects import taking_effect
from rolebook.api.problems import Problem
from rolebook.api.repeating import Answer, carried_out
from rolebook.api.routes import PROGRAM, router
from rolebook.api.shapes import Decision, EffectShape, Made
from rolebook.governance.deciding import AlreadyDecided, ReturnedForChange
from rolebook.governance.flows import decide_stage, remove_access, request_role, withdraw_request
from rolebook.governance.flows.attempt import LONGEST_TEXT, MOST_AT_ONCE
from rolebook.governance.flows.change_status import LONGEST_REASON, change_participation_status
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.flows.manage_clients import take_token_away
from rolebook.governance.flows.withdraw_part import withdraw_part
from rolebook.governance.models import Request


def _readable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("found a character that cannot be kept")
    return text


Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_readable)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_REASON), AfterValidator(_readable)]
RoleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class _Body(BaseModel):
    """What a call says; a member that is not known is refused, so that no misspelt one is left out in silence."""

    model_config = ConfigDict(extra="forbid")


class RoleWanted(_Body):
    """A role, and the organizations to hold it at; none for a role that is held at none."""

    role_id: RoleId
    organization_ids: list[UUID] = Field(default=[], max_length=MOST_AT_ONCE)
    reason: Text = ""


class Withdrawal(_Body):
    """Why a request is taken back; ``organization_id``: only what is asked for there."""

    reason: Text = ""
    organization_id: UUID | None = None


class Verdict(_Body):
    """A decision about what was seen: ``version`` and ``items_hash`` as the list of open stages told them."""

    verdict: Literal["approved", "denied"]
    version: int = Field(ge=1, le=1_000_000_000)
    items_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    reason: Text = ""


class Removal(_Body):
    """Why access is removed."""

    reason: Text = ""


class NewStatus(_Body):
    """The status that a person's part in the program gets, and why; the person reads it."""

    status: Literal["active", "deactivated", "closed"]
    reason: Line


@router.post(
    PROGRAM + "requests",
    url_name="api-request-role",
    response=changes(Made, HTTPStatus.CREATED),
    openapi_extra=REPEATING,
)
def ask(request: HttpRequest, program_id: str, body: RoleWanted) -> HttpResponse:
    """Ask for a role, at one organization or many."""
    call = acting(request, program_id)

    def carry_out() -> Answer:
        made = request_role(
            acting_user=call.account,
            program_id=program_id,
            role_id=body.role_id,
            organization_ids=body.organization_ids,
            reason=body.reason,
            at=call.at,
            origin=call.origin,
        )
        return _made(program_id, made, HTTPStatus.CREATED)

    return carried_out(request, call, carry_out)


def _made(program_id: str, made: Request, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    body = Made(request_id=made.public_id, state=made.state, version=made.version)
    return Answer(status, body, reverse("api-request", args=[program_id, made.public_id]))


@router.post(
    PROGRAM + "requests/{uuid:request_id}/withdraw",
    url_name="api-withdraw",
    response=changes(Made),
    openapi_extra=REPEATING,
)
def withdraw(request: HttpRequest, program_id: str, request_id: UUID, body: Withdrawal) -> HttpResponse:
    """Take a request of your own back, whole or at one organization."""
    call = acting(request, program_id)

    def carry_out() -> Answer:
        if body.organization_id is None:
            made = withdraw_request(
                acting_user=call.account,
                program_id=program_id,
                request_id=request_id,
                reason=body.reason,
                at=call.at,
                origin=call.origin,
            )
        else:
            made = withdraw_part(
                acting_user=call.account,
                program_id=program_id,
                request_id=request_id,
                organization_id=body.organization_id,
                at=call.at,
                origin=call.origin,
            )
        return _made(program_id, made)

    return carried_out(request, call, carry_out)


@router.post(
    PROGRAM + "stages/{uuid:stage_id}/decision",
    url_name="api-decide",
    response=changes(Decision),
    openapi_extra=REPEATING,
)
def decide(request: HttpRequest, program_id: str, stage_id: UUID, body: Verdict) -> HttpResponse:
    """Approve or deny an open stage that waits for you."""
    call = acting(request, program_id)
    return carried_out(request, call, lambda: _decided(call, stage_id, body))


def _decided(call: Call, stage_id: UUID, body: Verdict) -> Answer:
    """Decide as a list's press does: what its page alone shows whole is decided there."""
    came = decide_stage(
        acting_user=call.account,
        program_id=call.program_id,
        stage_id=stage_id,
        verdict=body.verdict,
        reason=body.reason,
        shown_version=body.version,
        shown_hash=body.items_hash,
        from_list=True,
        at=call.at,
        origin=call.origin,
    )
    result, verdict = "decided", body.verdict
    match came:
        case AlreadyDecided(by_you=True, state=state) if state == body.verdict:
            result = "already decided"
        case AlreadyDecided(state=state):
            detail = f"It was {state} already. Your call changed nothing."
            raise Problem(HTTPStatus.CONFLICT, "already-decided", detail)
        case ReturnedForChange():
            result = "returned"
        case _:
            pass
    told = Decision(
        stage_id=stage_id, request_id=came.stage.request.public_id, result=result, verdict=verdict
    )
    return Answer(HTTPStatus.OK, told)


class _Recorded(Protocol):
    """What a flow says that took power away: the event to follow, if it wrote one."""

    @property
    def sequence(self) -> int | None:
        """Its number in the log."""


def _taken(
    request: HttpRequest, program_id: str, flow: Callable[..., _Recorded], **about: UUID | str
) -> HttpResponse:
    """Carry out a flow that takes power away; ``about``: what it is told beside who acts, in what, and when."""
    call = acting(request, program_id)
    done = partial(
        flow, acting_user=call.account, program_id=program_id, at=call.at, origin=call.origin, **about
    )
    return carried_out(request, call, lambda: taking_effect(call, done().sequence))


_TAKEN = changes(EffectShape, HTTPStatus.ACCEPTED, HTTPStatus.OK)


@router.post(
    PROGRAM + "organizations/{uuid:organization_id}/users/{uuid:account_id}/remove-access",
    url_name="api-remove-access",
    response=_TAKEN,
    openapi_extra=REPEATING,
)
def remove(
    request: HttpRequest, program_id: str, organization_id: UUID, account_id: UUID, body: Removal
) -> HttpResponse:
    """End everything that a person holds at an organization (Remove Access)."""
    return _taken(
        request,
        program_id,
        remove_access,
        organization_id=organization_id,
        beneficiary_id=account_id,
        reason=body.reason,
    )


@router.post(
    PROGRAM + "designations/{uuid:grant_id}/end",
    url_name="api-end-designation",
    response=_TAKEN,
    openapi_extra=REPEATING,
)
def end(request: HttpRequest, program_id: str, grant_id: UUID, body: Removal) -> HttpResponse:
    """End a role that was designated; for stewards."""
    return _taken(request, program_id, end_designation, grant_id=grant_id, reason=body.reason)


@router.post(
    PROGRAM + "people/{uuid:account_id}/status",
    url_name="api-person-status",
    response=_TAKEN,
    openapi_extra=REPEATING,
)
def change_status(request: HttpRequest, program_id: str, account_id: UUID, body: NewStatus) -> HttpResponse:
    """Deactivate, close or reopen a person's part in the program; for stewards."""
    return _taken(
        request,
        program_id,
        change_participation_status,
        beneficiary_id=account_id,
        status=body.status,
        reason=body.reason,
    )


@router.post(
    PROGRAM + "clients/{uuid:client_id}/revoke",
    url_name="api-revoke-client",
    response=_TAKEN,
    openapi_extra=REPEATING,
)
def revoke_client(request: HttpRequest, program_id: str, client_id: UUID) -> HttpResponse:
    """Take an application's token for the decision point away; for stewards."""
    return _taken(request, program_id, take_token_away, client_id=client_id)
