"""One request with its course: who decided what and when, and what the role would let them do."""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import OuterRef, Subquery

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import still_decides
from rolebook.governance.models import Outcome, Request, RequestItem, Stage
from rolebook.governance.queries.absences import away_at
from rolebook.governance.queries.course_steps import CourseOfVersion, course_of, stage_outcome
from rolebook.governance.queries.giving import Asked, RoleGives, what_it_gives
from rolebook.governance.queries.own_requests import AGAIN, RequestLine, request_line, with_people
from rolebook.governance.queries.pending import PendingRow, pending_rows
from rolebook.governance.queries.request_parts import Parts, Seen, laid_out, seen_of
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.governance.whose_turn import whose_turns
from rolebook.policy.model import STEWARD_ID, Act


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """That an office which denied a request asked its requester to submit it again (QPP-13)."""

    at: datetime
    office: str
    organization_name: str | None


@dataclass(frozen=True, slots=True)
class RequestDetail:
    """One request for somebody who may see it.

    Attributes:
        line: as in a list.
        beneficiary_email: contact, for those who decide or decided; None for others.
        seen: how much of it the viewer sees.
        tells_names: whether the viewer is told persons at every stage (docs/decisions/0033).
        course: the stages of each version in order, the newest version first.
        to_decide: its open stages that the viewer sees, with whether they may decide each; where they may decide
            several, with what the roles would give at each one's place.
        gives: what each role asked for would let the beneficiary do at the place of the one stage that the viewer may
            decide; empty where they may decide several.
        may_ask_again: whether the viewer denied it, and can ask the requester to submit again.
        asked_again_at: when the viewer did ask, or None.
        asked_again: who last asked the viewer, who made it, to submit it again; None once they did.
        again_id: the request that was submitted in its place, if any.
        may_designate: whether the viewer names stewards, of whom another is needed where nobody can decide it.
    """

    line: RequestLine
    beneficiary_id: uuid.UUID
    beneficiary_email: str | None
    seen: Seen
    tells_names: bool
    course: tuple[CourseOfVersion, ...]
    to_decide: tuple[PendingRow, ...]
    gives: tuple[RoleGives, ...]
    may_ask_again: bool
    asked_again_at: datetime | None
    asked_again: AskedAgain | None
    resubmission_of_id: uuid.UUID | None
    again_id: uuid.UUID | None
    may_designate: bool

    @property
    def present(self) -> CourseOfVersion:
        """The course of the version that counts."""
        return self.course[0]


def request_detail(
    viewer: Account, request_id: uuid.UUID | str, program_id: str, at: datetime
) -> RequestDetail:
    """Return one request.

    It is seen by its requester and beneficiary, by those who decide one of its stages, or decided one and could today,
    and by those who may view the users of an organization of one: each as much as `seen_of` says. Raises NotFound for
    everybody else.
    """
    standing = viewer_standing(viewer, program_id, at)
    public_id = public_id_of(request_id)
    requests = with_people(Request.objects.filter(program_id=program_id, public_id=public_id))
    later = Request.objects.filter(resubmission_of=OuterRef("pk")).order_by("pk")
    request = (
        requests.annotate(again_id=Subquery(later.values("public_id")[:1]))
        .select_related("resubmission_of", "rolebook_version")
        .first()
    )
    if request is None:
        raise NotFound
    stages = laid_out(request)
    parts = Parts.of(request)
    rows = pending_rows(standing, _open(stages), parts.by_stage, that_give=True)
    by_id = {row.stage_id: row for row in rows}
    deciding = [row for row in rows if row.may_decide]
    seen = seen_of(standing, request, stages, parts, {row.stage_id for row in deciding})
    open_stages = _open(seen.stages)
    whose = whose_turns(standing.book, open_stages, at)
    denied = _denied_by(standing, seen.stages, parts)
    again = request.again_id
    of_viewer = request.requester_id == viewer.pk and again is None
    asked = _asked_again(request) if denied or (of_viewer and request.state in AGAIN) else ()
    asked_again_at = next((at for at, by, _ in asked if by == viewer.public_id), None) if denied else None
    named = [stage for stage in open_stages if stage.pk in seen.named]
    away = away_at(standing.book, named, at) if named else {}
    course = course_of(request, seen.stages, whose, away, named=seen.named)
    items = seen.parts.lines(standing, seen.stages, whose, course[0].word)
    return RequestDetail(
        line=seen.line(request_line(standing, request, items)),
        beneficiary_id=request.beneficiary.public_id,
        beneficiary_email=None if seen.own else request.beneficiary.email,
        seen=seen,
        tells_names=seen.tells_names,
        course=course,
        to_decide=_told_once([by_id[stage.public_id] for stage in open_stages]),
        gives=_gives(standing, request, seen.parts, deciding),
        may_ask_again=denied and again is None and asked_again_at is None,
        asked_again_at=asked_again_at,
        asked_again=_asked_by(asked, course) if of_viewer else None,
        resubmission_of_id=request.resubmission_of.public_id if request.resubmission_of else None,
        again_id=again,
        may_designate=standing.may_over_role(Act.DESIGNATE, None, STEWARD_ID),
    )


def _open(stages: Iterable[Stage]) -> list[Stage]:
    return [stage for stage in stages if stage.state == Stage.State.OPEN]


def _denied_by(standing: Standing, stages: Iterable[Stage], parts: Parts) -> bool:
    """Return whether the viewer denied one of the stages, and could decide it today, too."""
    return any(
        found.approver_id == standing.account.pk
        and found.verdict == Outcome.Verdict.DENIED
        and still_decides(standing, stage, [item.role_id for item in parts.by_stage.get(stage.pk, ())])
        for stage in stages
        if (found := stage_outcome(stage)) is not None
    )


def _asked_again(request: Request) -> Sequence[tuple[datetime, uuid.UUID | None, str]]:
    """Return when, by whom and as what the requester of a denied request was asked to submit it again (QPP-13)."""
    asked = Event.objects.filter(request_id=request.public_id, tag=tags.REQUEST_ASKED_AGAIN.name)
    return list(asked.order_by("sequence").values_list("occurred_at", "actor_id", "content"))


def _asked_by(
    asked: Sequence[tuple[datetime, uuid.UUID | None, str]], course: Sequence[CourseOfVersion]
) -> AskedAgain | None:
    """Return the office that asked last, as the course names it."""
    steps = {str(step.stage_id): step for run in course for step in run.steps}
    for at, _, content in reversed(asked):
        step = steps.get(json.loads(content)["new"]["stage_id"])
        if step is not None:
            return AskedAgain(at, step.office, step.organization_name)
    return None


def _told_once(rows: Sequence[PendingRow]) -> tuple[PendingRow, ...]:
    """Return rows, without what the roles give where the viewer decides one alone: the request tells it then."""
    if sum(row.may_decide for row in rows) > 1:
        return tuple(rows)
    return tuple(replace(row, gives=()) for row in rows)


def _gives(
    standing: Standing, request: Request, parts: Parts, deciding: Sequence[PendingRow]
) -> tuple[RoleGives, ...]:
    """Return what the roles asked for give: where the viewer decides, if that is one row; nothing with more, each of
    which tells it for its own place; and who decides nothing, at the first place that they see.
    """
    if deciding:
        return deciding[0].gives if len(deciding) == 1 else ()
    first: dict[str, RequestItem] = {}
    for item in parts.items:
        if item.role_id:
            first.setdefault(item.role_id, item)
    asked = [Asked(request.beneficiary_id, (item.role_id,), item.organization) for item in first.values()]
    return tuple(one for gives in what_it_gives(standing, asked) for one in gives)
