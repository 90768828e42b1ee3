"""The course of a request, version by version: which office of which agency decided what, by whom, and when.

What a stage came to stands in its outcome. That the steward stood in for an office, and when each version was sent,
stands in the log alone, and is read there.
"""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rolebook.accounts.models import Organization
from rolebook.accounts.queries import book_of_version
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.deciders import is_overdue
from rolebook.governance.models import Outcome, Request, Stage, SupervisorWord
from rolebook.governance.queries.absences import Away
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.waits import Waiting, stage_waits
from rolebook.governance.whose_turn import Whose
from rolebook.policy.model import STEWARD_ID, Rolebook, StageSpec

_OUTCOMES = (tags.OUTCOME_APPROVED.name, tags.OUTCOME_DENIED.name, tags.OUTCOME_RETURNED.name)


@dataclass(frozen=True, slots=True)
class CourseStep:
    """One stage of a request's course.

    Attributes:
        office: title of the role that decides.
        waits: what it waits for, while it is open.
        agency: name of the agency for which the stage speaks, in a program in which each agency does; else "".
        is_foreign: whether that is another agency than the one that employs the person.
        decided_by: name of who decided; None before, and for viewers who are told the office only.
        stood_in: title of the steward where the steward decided in that office's place; else "".
        verdict: "approved", "denied", "returned"; None before.
        fell: whether it was approved in an earlier version, and counts no longer.
        delegate_for: name of the absent person for whom who decided did so; None for viewers told the office only.
        overdue: whether it has waited so long that the steward may decide it, too.
        away: who of its office is out of office, while it is open; for viewers who are told names.
    """

    stage_id: uuid.UUID
    version: int
    title: str
    office: str
    organization_name: str | None
    agency: str
    is_foreign: bool
    state: str
    opened_at: datetime | None
    settled_at: datetime | None
    decided_by: str | None
    verdict: str | None
    reason: str
    decided_at: datetime | None
    delegate_for: str | None
    overdue: bool
    waits: Waiting | None = None
    stood_in: str = ""
    fell: bool = False
    away: tuple[Away, ...] = ()


@dataclass(frozen=True, slots=True)
class CourseOfVersion:
    """The course of one version of a request.

    Attributes:
        sent_at: when it was sent.
        word: the supervisor's word on it, where one was asked.
        went_back: whether it went back to its requester without anybody's decision: who decides had changed.
        ended_with_account: whether not its requester withdrew it, but the closing or merging of an account.
        is_present: whether it is the version that counts.
    """

    version: int
    sent_at: datetime
    word: SupervisorWord | None
    went_back: bool
    ended_with_account: bool
    is_present: bool
    steps: tuple[CourseStep, ...]


@dataclass(frozen=True, slots=True)
class _Logged:
    """What only the log tells of a request: when each version was sent and came back, who withdrew it, where the
    steward stood in.
    """

    sent_at: Mapping[int, datetime]
    went_back: frozenset[int]
    ended_with_account: frozenset[int]
    stood_in: frozenset[str]

    @classmethod
    def of(cls, request: Request) -> "_Logged":
        moves = (tags.REQUEST_SUBMITTED, tags.REQUEST_RETURNED, tags.REQUEST_WITHDRAWN)
        wanted = (*_OUTCOMES, *(tag.name for tag in moves))
        events = Event.objects.filter(request_id=request.public_id, tag__in=wanted).order_by("sequence")
        sent_at: dict[int, datetime] = {}
        back: set[int] = set()
        ended: set[int] = set()
        stood_in: set[str] = set()
        for tag, occurred_at, actor_id, content in events.values_list(
            "tag", "occurred_at", "actor_id", "content"
        ):
            new = json.loads(content)["new"]
            if tag == tags.REQUEST_SUBMITTED.name:
                sent_at[new["version"]] = occurred_at
            elif tag == tags.REQUEST_RETURNED.name:
                back.add(new["version"])
            elif tag == tags.REQUEST_WITHDRAWN.name:
                if actor_id != request.requester.public_id:
                    ended.add(new["version"])
            elif new.get("stand_in"):
                stood_in.add(new["stage_id"])
        return cls(sent_at, frozenset(back), frozenset(ended), frozenset(stood_in))


def course_of(
    request: Request,
    stages: Sequence[Stage],
    whose: Mapping[int, Whose],
    away: Mapping[int, tuple[Away, ...]],
    *,
    named: Collection[int],
) -> tuple[CourseOfVersion, ...]:
    """Return a request's course, the newest version first; titles are those of the rolebook of its present version.

    Args:
        request: read with its rolebook version.
        stages: those that the viewer sees, as they were laid out, with places and outcomes.
        whose: whose each open stage is (`whose_turns`).
        away: who of an open stage's office is away.
        named: the stages at which the viewer is told persons, and not offices only.

    One statement, two more where access is held apart from roles.
    """
    book = book_of_version(request.rolebook_version)
    titles, agencies, logged = _stage_titles(book), _agencies(book, stages), _Logged.of(request)
    words = _words(request) if book.access == "apart from roles" else {}
    steps: dict[int, list[CourseStep]] = {version: [] for version in range(request.version, 0, -1)}
    for stage in stages:
        title, agency = _title(titles, stage), agencies.get(stage.pk, "")
        step = _step(book, stage, title, agency, tell_names=stage.pk in named)
        by_steward = str(stage.public_id) in logged.stood_in
        steps[stage.request_version].append(
            replace(
                step,
                waits=stage_waits(book, stage, whose),
                stood_in=book.steward.title if by_steward else "",
                fell=step.state == Stage.State.APPROVED and step.version < request.version,
                away=away.get(stage.pk, ()),
            )
        )
    return tuple(
        CourseOfVersion(
            version=version,
            sent_at=logged.sent_at.get(version, request.submitted_at),
            word=words.get(version),
            went_back=version in logged.went_back,
            ended_with_account=version in logged.ended_with_account,
            is_present=version == request.version,
            steps=tuple(some),
        )
        for version, some in steps.items()
    )


def _step(book: Rolebook, stage: Stage, title: str, agency: str, *, tell_names: bool) -> CourseStep:
    """Return what the rows of a stage tell of it."""
    outcome = stage_outcome(stage)
    represented = None if outcome is None else outcome.delegate_for
    return CourseStep(
        stage_id=stage.public_id,
        version=stage.request_version,
        title=title,
        office=role_title(book, stage.approver_role_id),
        organization_name=None if stage.organization is None else stage.organization.name,
        agency=agency,
        is_foreign=stage.is_foreign,
        state=stage.state,
        opened_at=stage.opened_at,
        settled_at=stage.settled_at,
        decided_by=outcome.approver.name if outcome is not None and tell_names else None,
        verdict=None if outcome is None else outcome.verdict,
        reason="" if outcome is None else outcome.reason,
        decided_at=None if outcome is None else outcome.decided_at,
        delegate_for=represented.name if represented is not None and tell_names else None,
        overdue=stage.state == Stage.State.OPEN and is_overdue(stage),
    )


def stage_outcome(stage: Stage) -> Outcome | None:
    """Return the outcome of a stage, or None."""
    return getattr(stage, "outcome", None)


def _words(request: Request) -> dict[int, SupervisorWord]:
    words = SupervisorWord.objects.filter(form__request=request).select_related("form")
    return {word.form.request_version: word for word in words}


def _agencies(book: Rolebook, stages: Sequence[Stage]) -> dict[int, str]:
    """Return for each stage the organization at the top of its own; nothing where agencies do not speak for theirs."""
    if not book.approval.employing_chain:
        return {}
    tops = {
        stage.pk: int(next(step for step in stage.organization.path.split("/") if step))
        for stage in stages
        if stage.organization is not None
    }
    names = dict(Organization.objects.filter(pk__in=set(tops.values())).values_list("pk", "name"))
    return {pk: names[top] for pk, top in tops.items()}


def _title(titles: Mapping[tuple[str, str], str], stage: Stage) -> str:
    # A run is named for its chain and what it runs for.
    chain_id = stage.chain_id.partition(":")[0]
    return titles.get((chain_id, stage.spec_id)) or titles.get(("", stage.spec_id), stage.spec_id)


def _stage_titles(book: Rolebook) -> dict[tuple[str, str], str]:
    """Return the titles of stages by chain and id; those that belong to no chain, under the chain ""."""
    own = {(chain.id, spec.id): spec.title for chain in book.chains for spec in chain.stages}
    shared = {("", spec.id): spec.title for specs in _shared_stages(book) for spec in specs}
    return {**own, **shared, ("", STEWARD_ID): book.steward.title}


def _shared_stages(book: Rolebook) -> tuple[tuple[StageSpec, ...], ...]:
    return (book.approval.closing, book.approval.foreign_first, book.approval.foreign_last)
