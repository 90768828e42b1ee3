"""Submitting a request under lock: rules first, then items, laid-out chains and the first open stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Organization
from rolebook.audit import tags
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.authority import Standing
from rolebook.governance.course import open_ready_stages
from rolebook.governance.facts import RowFacts, judge_changes
from rolebook.governance.laying_out import lay_out_request
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.participations import participation_of
from rolebook.governance.refusals import Refused
from rolebook.policy.rules import Change, ChangeKind, Moment


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing asked for; it becomes an item."""

    kind: RequestItem.Kind
    role_id: str
    organization: Organization | None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def submit(
    work: UnitOfWork,
    standing: Standing,
    wishes: Sequence[Wish],
    *,
    reason: str,
    resubmission_of: Request | None = None,
) -> Request:
    """Submit a request of the standing's account for themselves; people and organizations are locked.

    Raises Refused with everything that rules have against any of the wishes.
    """
    _judge(standing, wishes, None)
    participation_of(work, standing.account, standing.program_id, work.at)
    request = Request.objects.create(
        program_id=standing.program_id,
        requester=standing.account,
        beneficiary=standing.account,
        reason=reason,
        rolebook_version=standing.version,
        resubmission_of=resubmission_of,
        submitted_at=work.at,
    )
    _begin(work, standing, request, wishes)
    return request


def submit_next_version(
    work: UnitOfWork, standing: Standing, request: Request, wishes: Sequence[Wish]
) -> Request:
    """Submit a returned request again as its next version; nothing approved before counts for it (I5)."""
    _judge(standing, wishes, request)
    request.version += 1
    request.state = Request.State.PENDING
    request.rolebook_version = standing.version
    request.save(update_fields=["version", "state", "rolebook_version"])
    _begin(work, standing, request, wishes)
    return request


def _begin(work: UnitOfWork, standing: Standing, request: Request, wishes: Sequence[Wish]) -> None:
    items = [
        RequestItem(
            program_id=request.program_id,
            request=request,
            request_version=request.version,
            position=position,
            kind=wish.kind,
            role_id=wish.role_id,
            organization=wish.organization,
            starts_at=wish.starts_at,
            ends_at=wish.ends_at,
        )
        for position, wish in enumerate(wishes)
    ]
    RequestItem.objects.bulk_create(items)
    stages = lay_out_request(request, items, standing.book)
    places = [item.organization.public_id for item in items if item.organization is not None]
    again = request.resubmission_of
    work.record(
        tags.REQUEST_SUBMITTED,
        program_id=request.program_id,
        beneficiary_id=request.beneficiary.public_id,
        organization_id=places[0] if len(places) == 1 else None,
        request_id=request.public_id,
        rolebook_version=standing.version.number,
        new={
            "version": request.version,
            "items": [item.public_id for item in items],
            "organizations": places,
            "role_id": ", ".join(dict.fromkeys(item.role_id for item in items)),
            "stages": len(stages),
            "resubmission_of": None if again is None else again.public_id,
        },
        personal={"reason": request.reason or None},
    )
    open_ready_stages(work, request, work.at, standing.version.number)


def _judge(standing: Standing, wishes: Sequence[Wish], request: Request | None) -> None:
    person = str(standing.account.public_id)
    changes = [
        Change(
            kind=ChangeKind(wish.kind),
            moment=Moment.SUBMISSION,
            at=standing.at,
            beneficiary_id=person,
            requester_id=person,
            actor_id=person,
            role_id=wish.role_id or None,
            organization_id=None if wish.organization is None else str(wish.organization.public_id),
            request_id=None if request is None else str(request.public_id),
            starts_at=wish.starts_at,
            ends_at=wish.ends_at,
            submitted_at=standing.at,
        )
        for wish in wishes
    ]
    violations = judge_changes(changes, RowFacts(standing.book))
    if violations:
        raise Refused(violations)
