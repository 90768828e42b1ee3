"""One request with its course: who decided what and when, and what the role would let them do."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import stages_with_nobody_left, still_decides
from rolebook.governance.models import Outcome, Request, RequestItem, Stage
from rolebook.governance.queries.absences import away_at
from rolebook.governance.queries.course_steps import CourseOfVersion, course_of, stage_outcome
from rolebook.governance.queries.giving import Asked, RoleGives, what_it_gives
from rolebook.governance.queries.own_requests import (
    ItemLine,
    RequestLine,
    item_line,
    request_line,
    waiting,
    with_people,
)
from rolebook.governance.queries.pending import PendingRow, pending_rows
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class RequestDetail:
    """One request for somebody who may see it.

    Attributes:
        line: as in a list.
        beneficiary_email: contact, for those who decide or decided; None for others.
        tells_names: whether the viewer is told persons, or offices only (docs/decisions/0033).
        course: the stages of each version in order, the newest version first.
        to_decide: its open stages, with whether the viewer may decide each.
        gives: what each role asked for would let the beneficiary do.
        may_ask_again: whether the viewer denied it, and can ask the requester to submit again.
        asked_again_at: when the viewer did ask, or None.
        again_id: the request that was submitted in its place, if any.
    """

    line: RequestLine
    beneficiary_id: uuid.UUID
    beneficiary_email: str | None
    tells_names: bool
    course: tuple[CourseOfVersion, ...]
    to_decide: tuple[PendingRow, ...]
    gives: tuple[RoleGives, ...]
    may_ask_again: bool
    asked_again_at: datetime | None
    resubmission_of_id: uuid.UUID | None
    again_id: uuid.UUID | None

    @property
    def present(self) -> CourseOfVersion:
        """The course of the version that counts."""
        return self.course[0]


@dataclass(frozen=True, slots=True)
class Parts:
    """The items of a request's present version, and which stages carry each; one statement."""

    items: tuple[RequestItem, ...]
    stage_pks: Mapping[int, tuple[int, ...]]
    by_stage: Mapping[int, tuple[RequestItem, ...]]

    @classmethod
    def of(cls, request: Request) -> "Parts":
        """Read a request's parts."""
        carried = RequestItem.stages.through.objects.filter(stage__request=request)
        items: dict[int, RequestItem] = {}
        stages: dict[int, list[int]] = {}
        by_stage: dict[int, list[RequestItem]] = {}
        for one in carried.select_related("requestitem__organization").order_by("requestitem__position"):
            item = one.requestitem
            by_stage.setdefault(one.stage_id, []).append(item)
            if item.request_version == request.version:
                items[item.pk] = item
                stages.setdefault(item.pk, []).append(one.stage_id)
        return cls(
            tuple(items.values()),
            {pk: tuple(some) for pk, some in stages.items()},
            {pk: tuple(some) for pk, some in by_stage.items()},
        )

    def lines(
        self, standing: Standing, stages: Sequence[Stage], left: Collection[int]
    ) -> tuple[ItemLine, ...]:
        """Return the items as lists show them, with what each waits for; ``left`` are the stages of the steward."""
        waits = {
            stage.pk: waiting(
                standing.book,
                stage.approver_role_id,
                None if stage.organization is None else stage.organization.name,
                stage.opened_at,
                left=stage.pk in left,
            )
            for stage in stages
            if stage.state == Stage.State.OPEN and stage.opened_at is not None
        }
        return tuple(
            item_line(standing, item, [waits[pk] for pk in self.stage_pks.get(item.pk, ()) if pk in waits])
            for item in self.items
        )


def request_detail(
    viewer: Account, request_id: uuid.UUID | str, program_id: str, at: datetime
) -> RequestDetail:
    """Return one request.

    It is seen by its requester and beneficiary, by those who decide or decided one of its stages, and by those who may
    view the users of an organization that it names. Raises NotFound for everybody else.
    """
    standing = viewer_standing(viewer, program_id, at)
    public_id = public_id_of(request_id)
    requests = with_people(Request.objects.filter(program_id=program_id, public_id=public_id))
    # As they were laid out: chains that others wait for come before those that wait, the closing stages last.
    laid_out = Stage.objects.select_related(
        "organization", "outcome__approver", "outcome__delegate_for"
    ).order_by("pk")
    request = (
        requests.select_related("resubmission_of", "rolebook_version")
        .prefetch_related(Prefetch("stages", laid_out))
        .first()
    )
    if request is None:
        raise NotFound
    stages = list(request.stages.all())
    own = viewer.pk in (request.requester_id, request.beneficiary_id)
    parts = Parts.of(request)
    open_stages = [stage for stage in stages if stage.state == Stage.State.OPEN]
    rows = tuple(pending_rows(standing, open_stages, parts.by_stage))
    left = _left_to_steward(standing, open_stages)
    official = (
        any(row.may_decide for row in rows)
        or any(stage_outcome(stage) and stage.outcome.approver_id == viewer.pk for stage in stages)
        or any(standing.may(Act.VIEW_USERS, stage.organization) for stage in stages)
    )
    if not own and not official:
        raise NotFound
    denied = _denied_by(standing, stages, parts)
    asked_again_at = _asked_again_at(request, viewer) if denied else None
    again = request.resubmissions.order_by("pk").values_list("public_id", flat=True).first()
    return RequestDetail(
        line=request_line(standing, request, parts.lines(standing, stages, left)),
        beneficiary_id=request.beneficiary.public_id,
        beneficiary_email=request.beneficiary.email if official else None,
        tells_names=official,
        course=course_of(
            request,
            stages,
            left,
            away_at(standing.book, open_stages, at) if official else {},
            tell_names=official,
        ),
        to_decide=rows,
        gives=_gives(standing, request, parts),
        may_ask_again=denied and again is None and asked_again_at is None,
        asked_again_at=asked_again_at,
        resubmission_of_id=request.resubmission_of.public_id if request.resubmission_of else None,
        again_id=again,
    )


def _denied_by(standing: Standing, stages: Iterable[Stage], parts: Parts) -> bool:
    """Return whether the viewer denied one of the stages, and could decide it today, too."""
    return any(
        found.approver_id == standing.account.pk
        and found.verdict == Outcome.Verdict.DENIED
        and still_decides(standing, stage, [item.role_id for item in parts.by_stage.get(stage.pk, ())])
        for stage in stages
        if (found := stage_outcome(stage)) is not None
    )


def _asked_again_at(request: Request, viewer: Account) -> datetime | None:
    """Return when the viewer asked the requester to submit a denied request again, or None (QPP-13)."""
    asked = Event.objects.filter(
        request_id=request.public_id, tag=tags.REQUEST_ASKED_AGAIN.name, actor_id=viewer.public_id
    )
    return asked.order_by("sequence").values_list("occurred_at", flat=True).first()


def _left_to_steward(standing: Standing, open_stages: Sequence[Stage]) -> frozenset[int]:
    """Return which open stages the steward decides because nobody is left in their office; one statement."""
    if not open_stages:
        return frozenset()
    nobody = stages_with_nobody_left(standing.book, standing.at)
    left = Stage.objects.filter(nobody, pk__in=[stage.pk for stage in open_stages])
    return frozenset(left.values_list("pk", flat=True))


def _gives(standing: Standing, request: Request, parts: Parts) -> tuple[RoleGives, ...]:
    """Return what each role asked for gives, at the first organization that it is asked for at."""
    first: dict[str, RequestItem] = {}
    for item in parts.items:
        if item.role_id:
            first.setdefault(item.role_id, item)
    asked = [Asked(request.beneficiary_id, (item.role_id,), item.organization) for item in first.values()]
    return tuple(one for gives in what_it_gives(standing, asked) for one in gives)
