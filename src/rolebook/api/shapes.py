"""What the API answers: shapes of what queries return, by the names that those give. What is not here is not told."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Read from the attributes of what a query returned."""

    model_config = ConfigDict(from_attributes=True)


class Listed[Row: Shape](BaseModel):
    """One page of a list. ``next`` is the parameter ``after`` of the page that follows; null on the last."""

    items: list[Row]
    next: str | None = None


class ProgramShape(Shape):
    """A program that the token is for."""

    id: str
    name: str
    short_name: str
    zone: str


class WhyShape(Shape):
    """What opened a grant, and who decided it: an office, or a person where the caller is told persons."""

    how: str
    by: str | None
    at: datetime
    reason: str
    request_id: UUID | None


class RoleShape(Shape):
    """A role that somebody holds."""

    grant_id: UUID
    role_id: str
    role_title: str
    starts_at: datetime
    ends_at: datetime | None


class HeldShape(Shape):
    """A grant of the caller's own, with why they have it."""

    role: RoleShape
    organization_id: UUID | None
    organization_name: str | None
    organization_code: str | None
    begins_later: bool
    why: WhyShape | None


class CodeShape(Shape):
    """An organization that the caller holds apart from roles."""

    organization_name: str
    organization_code: str
    lower_levels: bool
    starts_at: datetime
    ends_at: datetime | None
    begins_later: bool
    why: WhyShape


class MyAccess(BaseModel):
    """All that the caller holds, now or later."""

    roles: list[HeldShape]
    access: list[CodeShape]


class WaitShape(Shape):
    """Who has to decide, where, and since when.

    ``whose`` is "office", "steward" (nobody is left in that office), "nobody", or "supervisor", whose ``name`` is told.
    """

    whose: str
    name: str
    office: str
    organization_name: str | None
    since: datetime


class ItemShape(Shape):
    """One thing that was asked for, and what became of it."""

    kind: str
    role_id: str
    role_title: str
    organization_id: UUID | None
    organization_name: str | None
    organization_code: str | None
    state: str
    waits: list[WaitShape]


class RequestShape(Shape):
    """A request, as lists show it."""

    request_id: UUID
    state: str
    version: int
    reason: str
    requester_name: str
    beneficiary_name: str
    submitted_at: datetime
    settled_at: datetime | None
    items: list[ItemShape]
    may_withdraw: bool
    may_submit_again: bool


class StepShape(Shape):
    """One step of a request's course. ``decided_by`` is told to whom the pages tell persons."""

    stage_id: UUID
    title: str
    office: str
    organization_name: str | None
    agency: str
    state: str
    opened_at: datetime | None
    settled_at: datetime | None
    verdict: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str


class CourseShape(Shape):
    """The course of one version of a request."""

    version: int
    sent_at: datetime
    is_present: bool
    steps: list[StepShape]


class PendingShape(Shape):
    """An open stage. A decision names ``version`` and ``items_hash``, so that it binds what was seen.

    ``shown_whole``: it is decided only on its page, where all that is asked for stands.
    """

    stage_id: UUID
    request_id: UUID
    version: int
    items_hash: str
    requester_name: str
    beneficiary_id: UUID
    beneficiary_name: str
    beneficiary_email: str
    role_ids: list[str]
    role_titles: list[str]
    organization_id: UUID | None
    organization_name: str | None
    organization_code: str | None
    reason: str
    submitted_at: datetime
    opened_at: datetime
    may_decide: bool
    stands_in: bool
    overdue: bool
    waits_for: str
    shown_whole: bool


class RequestDetailShape(BaseModel):
    """One request with its course, and the stages that the caller may decide."""

    request: RequestShape
    course: list[CourseShape]
    to_decide: list[PendingShape]


class OrganizationShape(Shape):
    """An organization as pages name it; ``identifiers`` are pairs of a scheme's title and a number."""

    organization_id: UUID
    name: str
    code: str
    kind_title: str
    identifiers: list[tuple[str, str]]


class ConnectedShape(Shape):
    """An organization of the caller's. Numbers are null where they may not view its users.

    What is pending is counted to 1,000.
    """

    organization: OrganizationShape
    role_titles: list[str]
    may_view_users: bool
    number_of_officials: int | None
    number_pending: int | None
    only_official: bool


class UserShape(Shape):
    """A person connected to an organization."""

    account_id: UUID
    name: str
    user_id: str
    email: str
    roles: list[RoleShape]
    is_active: bool
    may_remove: bool
    last_signed_in_at: datetime | None


class PersonHeldShape(Shape):
    """What a person of the program holds."""

    role_id: str | None
    role_title: str | None
    organization: str | None
    organization_id: UUID | None
    starts_at: datetime
    ends_at: datetime | None


class PersonShape(Shape):
    """A person of the program, as its stewards see them."""

    account_id: UUID
    name: str
    user_id: str
    email: str
    status: str
    held: list[PersonHeldShape]
    last_signed_in_at: datetime | None


class DesignationShape(Shape):
    """A designation in force. ``why_kept``: "own" or "only steward" where the caller cannot end it."""

    grant_id: UUID
    account_id: UUID
    name: str
    user_id: str
    role_title: str
    organization_name: str
    starts_at: datetime
    ends_at: datetime | None
    designated_by: str
    reason: str
    why_kept: str


class ClientShape(Shape):
    """An application that may ask the decision point."""

    client_id: UUID
    name: str
    prefix: str
    operations: list[str]
    reasons: bool
    created_at: datetime
    ends_at: datetime | None
    revoked_at: datetime | None
    last_on: date | None
    counts: bool


class Made(BaseModel):
    """A request that was made or changed."""

    request_id: UUID
    state: str
    version: int


class Decision(BaseModel):
    """What a decision came to: "decided", "already decided" by oneself before, or "returned" to its requester."""

    stage_id: UUID
    request_id: UUID
    result: str
    verdict: str


class EffectShape(BaseModel):
    """Whether a change holds at every decision point.

    ``status`` is "taking effect" or "confirmed"; ``awaited`` says how many decision points may still answer from before
    the change; ``confirmed_after_seconds`` is measured by the server that was asked all the while, and else null.
    """

    sequence: int | None
    status: str
    what: str
    happened_at: datetime | None
    awaited: int
    confirmed_after_seconds: float | None
