"""My requests, and one request with its course: who decided what and when, and what the role would let them do."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.accounts.queries import book_of_version
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Grant, Outcome, Request, RequestItem, Stage
from rolebook.governance.queries import paging
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import PendingRow, pending_rows, role_title
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import STEWARD_ID, Act, Power, Rolebook, StageSpec

AGAIN = (Request.State.DENIED, Request.State.WITHDRAWN, Request.State.RETURNED, Request.State.PARTLY_APPROVED)
"""States from which the requester may submit again (QPP-13)."""


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One thing asked, and what became of it."""

    kind: str
    role_id: str
    role_title: str
    organization_id: uuid.UUID | None
    organization_name: str | None
    organization_code: str | None
    organization_kind_id: str | None
    state: str


@dataclass(frozen=True, slots=True)
class CourseStep:
    """One stage of a request's course.

    Attributes:
        office: title of the role that decides.
        decided_by: name of who decided; None before, and for viewers who are told the office only.
        verdict: "approved", "denied", "returned"; None before.
    """

    stage_id: uuid.UUID
    title: str
    office: str
    organization_name: str | None
    state: str
    opened_at: datetime | None
    settled_at: datetime | None
    decided_by: str | None
    verdict: str | None
    reason: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request in a list of one's own."""

    request_id: uuid.UUID
    state: str
    version: int
    reason: str
    items: tuple[ItemLine, ...]
    requester_name: str
    beneficiary_name: str
    submitted_at: datetime
    settled_at: datetime | None
    waits_for: tuple[str, ...]
    waits_since: datetime | None
    may_withdraw: bool
    may_submit_again: bool


@dataclass(frozen=True, slots=True)
class RoleGives:
    """What a role that is asked for would let the beneficiary do, and which of it they could not do before."""

    role_id: str
    role_title: str
    powers: tuple[Power, ...]
    new_privilege_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class RequestDetail:
    """One request for somebody who may see it.

    Attributes:
        line: as in a list.
        beneficiary_email: contact, for those who decide or decided; None for others.
        course: the stages in order.
        to_decide: its open stages, with whether the viewer may decide each.
        gives: what each role asked for would let the beneficiary do.
        may_ask_again: whether the viewer denied it, and can ask the requester to submit again.
        asked_again_at: when the viewer did ask, or None.
        again_id: the request that was submitted in its place, if any.
    """

    line: RequestLine
    beneficiary_id: uuid.UUID
    beneficiary_email: str | None
    course: tuple[CourseStep, ...]
    to_decide: tuple[PendingRow, ...]
    gives: tuple[RoleGives, ...]
    may_ask_again: bool
    asked_again_at: datetime | None
    resubmission_of_id: uuid.UUID | None
    again_id: uuid.UUID | None


def my_requests(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    state: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[RequestLine]:
    """Return the requests that the viewer made or that are for them, newest first."""
    standing = viewer_standing(viewer, program_id, at)
    length = paging.bounded(limit)
    requests = _with_parts(Request.objects.filter(program_id=program_id)).filter(
        Q(requester=viewer) | Q(beneficiary=viewer)
    )
    if state:
        requests = requests.filter(state=state)
    key = paging.instant_key(after)
    if key is not None:
        requests = requests.filter(Q(submitted_at__lt=key[0]) | Q(submitted_at=key[0], pk__lt=key[1]))
    found = list(requests.order_by("-submitted_at", "-pk")[: length + 1])
    lines = [_line(standing, request) for request in found]
    return paging.cut(lines, [(one.submitted_at.isoformat(), one.pk) for one in found], length)


def request_detail(
    viewer: Account, request_id: uuid.UUID | str, program_id: str, at: datetime
) -> RequestDetail:
    """Return one request.

    It is seen by its requester and beneficiary, by those who decide or decided one of its stages, and by those who may
    view the users of an organization that it names. Raises NotFound for everybody else.
    """
    standing = viewer_standing(viewer, program_id, at)
    public_id = public_id_of(request_id)
    requests = _with_parts(Request.objects.filter(program_id=program_id, public_id=public_id))
    request = requests.select_related("resubmission_of").first()
    if request is None:
        raise NotFound
    stages = list(request.stages.all())
    own = viewer.pk in (request.requester_id, request.beneficiary_id)
    rows = tuple(pending_rows(standing, [stage for stage in stages if stage.state == Stage.State.OPEN]))
    official = (
        any(row.may_decide for row in rows)
        or any(stage_outcome(stage) and stage.outcome.approver_id == viewer.pk for stage in stages)
        or any(standing.may(Act.VIEW_USERS, stage.organization) for stage in stages)
    )
    if not own and not official:
        raise NotFound
    denied = denied_by(request, viewer)
    asked_again_at = _asked_again_at(request, viewer) if denied else None
    again = request.resubmissions.order_by("pk").values_list("public_id", flat=True).first()
    return RequestDetail(
        line=_line(standing, request),
        beneficiary_id=request.beneficiary.public_id,
        beneficiary_email=request.beneficiary.email if official else None,
        course=_course(request, stages, tell_names=official),
        to_decide=rows,
        gives=_gives(standing, request),
        may_ask_again=denied and again is None and asked_again_at is None,
        asked_again_at=asked_again_at,
        resubmission_of_id=request.resubmission_of.public_id if request.resubmission_of else None,
        again_id=again,
    )


def denied_by(request: Request, account: Account) -> bool:
    """Return whether ``account`` denied a stage of the request."""
    return Outcome.objects.filter(request=request, approver=account, verdict=Outcome.Verdict.DENIED).exists()


def _asked_again_at(request: Request, viewer: Account) -> datetime | None:
    """Return when the viewer asked the requester to submit a denied request again, or None (QPP-13)."""
    asked = Event.objects.filter(
        request_id=request.public_id, tag=tags.REQUEST_ASKED_AGAIN.name, actor_id=viewer.public_id
    )
    return asked.order_by("sequence").values_list("occurred_at", flat=True).first()


def stage_outcome(stage: Stage) -> Outcome | None:
    """Return the outcome of a stage, or None."""
    return getattr(stage, "outcome", None)


def _with_parts(requests: QuerySet[Request]) -> QuerySet[Request]:
    # As they were laid out: chains that others wait for come before those that wait, the closing stages last.
    stages = Stage.objects.select_related("organization", "outcome__approver").order_by("pk")
    items = RequestItem.objects.select_related("organization").order_by("position")
    again = Request.objects.filter(resubmission_of=OuterRef("pk"))
    found = requests.annotate(was_submitted_again=Exists(again))
    return found.select_related("requester", "beneficiary", "rolebook_version").prefetch_related(
        Prefetch("stages", stages), Prefetch("items", items)
    )


def _line(standing: Standing, request: Request) -> RequestLine:
    waiting = [stage for stage in request.stages.all() if stage.state == Stage.State.OPEN]
    opened = [stage.opened_at for stage in waiting if stage.opened_at is not None]
    asked = standing.account.pk == request.requester_id
    pending = request.state in (Request.State.PENDING, Request.State.RETURNED)
    return RequestLine(
        request_id=request.public_id,
        state=request.state,
        version=request.version,
        reason=request.reason,
        items=tuple(
            _item(standing.book, item)
            for item in request.items.all()
            if item.request_version == request.version
        ),
        requester_name=request.requester.name,
        beneficiary_name=request.beneficiary.name,
        submitted_at=request.submitted_at,
        settled_at=request.settled_at,
        waits_for=tuple(dict.fromkeys(role_title(standing.book, one.approver_role_id) for one in waiting)),
        waits_since=min(opened, default=None),
        may_withdraw=asked and pending,
        may_submit_again=asked
        and request.state in AGAIN
        and not getattr(request, "was_submitted_again", False),
    )


def _item(book: Rolebook, item: RequestItem) -> ItemLine:
    place = item.organization
    return ItemLine(
        kind=item.kind,
        role_id=item.role_id,
        role_title=role_title(book, item.role_id),
        organization_id=None if place is None else place.public_id,
        organization_name=None if place is None else place.name,
        organization_code=None if place is None else place.code,
        organization_kind_id=None if place is None else place.kind_id,
        state=item.state,
    )


def _course(request: Request, stages: Sequence[Stage], *, tell_names: bool) -> tuple[CourseStep, ...]:
    """Return the course; titles are those of the rolebook under which the request was laid out."""
    book = book_of_version(request.rolebook_version)
    titles = _stage_titles(book)
    steps: list[CourseStep] = []
    for stage in stages:
        outcome = stage_outcome(stage)
        steps.append(
            CourseStep(
                stage_id=stage.public_id,
                title=titles.get((_chain_of(stage), stage.spec_id))
                or titles.get(("", stage.spec_id), stage.spec_id),
                office=role_title(book, stage.approver_role_id),
                organization_name=None if stage.organization is None else stage.organization.name,
                state=stage.state,
                opened_at=stage.opened_at,
                settled_at=stage.settled_at,
                decided_by=outcome.approver.name if outcome is not None and tell_names else None,
                verdict=None if outcome is None else outcome.verdict,
                reason="" if outcome is None else outcome.reason,
                decided_at=None if outcome is None else outcome.decided_at,
            )
        )
    return tuple(steps)


def _chain_of(stage: Stage) -> str:
    """Return the id of the chain that a stage's run is of: a run is named for its chain and what it runs for."""
    return stage.chain_id.partition(":")[0]


def _stage_titles(book: Rolebook) -> dict[tuple[str, str], str]:
    """Return the titles of stages by chain and id; those that belong to no chain, under the chain ""."""
    own = {(chain.id, spec.id): spec.title for chain in book.chains for spec in chain.stages}
    shared = {("", spec.id): spec.title for specs in _shared_stages(book) for spec in specs}
    return {**own, **shared, ("", STEWARD_ID): book.steward.title}


def _shared_stages(book: Rolebook) -> tuple[tuple[StageSpec, ...], ...]:
    return (book.approval.closing, book.approval.foreign_first, book.approval.foreign_last)


def _gives(standing: Standing, request: Request) -> tuple[RoleGives, ...]:
    held = Grant.objects.filter(
        in_force(standing.at), program_id=standing.program_id, account=request.beneficiary_id
    ).values_list("role_id", flat=True)
    able = {privilege_id for role_id in held for privilege_id in standing.book.powers(role_id)}
    asked = dict.fromkeys(
        item.role_id
        for item in request.items.all()
        if item.role_id and item.request_version == request.version
    )
    return tuple(
        RoleGives(
            role_id=role_id,
            role_title=role_title(standing.book, role_id),
            powers=tuple(standing.book.powers(role_id).values()),
            new_privilege_ids=frozenset(standing.book.powers(role_id)) - able,
        )
        for role_id in asked
    )
