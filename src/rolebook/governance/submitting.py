"""Submitting a request under lock: rules first, then items, laid-out chains and the first open stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.canonical import Detail
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.authority import Standing
from rolebook.governance.course import open_ready_stages
from rolebook.governance.facts import RowFacts, judge_changes
from rolebook.governance.laying_out import lay_out_request
from rolebook.governance.models import AccountForm, Attachment, Request, RequestItem, SupervisorWord
from rolebook.governance.narrowing import is_kept, narrowed_places
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
    lower_levels: bool = False

    @property
    def place_pk(self) -> int | None:
        """Internal id of the organization that the wish names."""
        return None if self.organization is None else self.organization.pk


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """What the form of an account request says besides the items (see `AccountForm`).

    ``token_hash`` and ``authorized_until`` are of the link that the supervisor is mailed.
    """

    request_type: str
    employing_organization: Organization | None
    work_email: str
    work_phone: str
    job_title: str
    supervisor_name: str
    supervisor_email: str
    comments: str
    token_hash: str
    authorized_until: datetime
    attachments: tuple[Attachment, ...] = ()


def submit(
    work: UnitOfWork,
    standing: Standing,
    wishes: Sequence[Wish],
    *,
    reason: str,
    resubmission_of: Request | None = None,
    beneficiary: Account | None = None,
    form: FormAnswers | None = None,
) -> Request:
    """Submit a request of the standing's account, for themselves or for ``beneficiary``; people and places are locked.

    Raises Refused with everything that rules have against any of the wishes.
    """
    person = standing.account if beneficiary is None else beneficiary
    _judge(standing, wishes, None, person, form)
    participation_of(work, person, standing.program_id, work.at)
    request = Request.objects.create(
        program_id=standing.program_id,
        requester=standing.account,
        beneficiary=person,
        reason=reason,
        rolebook_version=standing.version,
        resubmission_of=resubmission_of,
        submitted_at=work.at,
    )
    _begin(work, standing, request, wishes, form)
    return request


def submit_next_version(
    work: UnitOfWork,
    standing: Standing,
    request: Request,
    wishes: Sequence[Wish],
    form: FormAnswers | None = None,
) -> Request:
    """Submit a returned request again as its next version; nothing approved before counts for it (I5)."""
    _judge(standing, wishes, request, request.beneficiary, form)
    request.version += 1
    request.state = Request.State.PENDING
    request.rolebook_version = standing.version
    request.save(update_fields=["version", "state", "rolebook_version"])
    _begin(work, standing, request, wishes, form)
    return request


def _begin(
    work: UnitOfWork,
    standing: Standing,
    request: Request,
    wishes: Sequence[Wish],
    form: FormAnswers | None,
) -> None:
    if form is not None:
        # Before the stages: whom the form names as employer decides, until there is a record of it.
        _write_form(work, standing, request, form)
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
            lower_levels=wish.lower_levels,
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
            "role_id": ", ".join(dict.fromkeys(item.role_id for item in items if item.role_id)),
            "stages": len(stages),
            "resubmission_of": None if again is None else again.public_id,
            **({} if form is None else {"request_type": form.request_type}),
            **_attached(form),
        },
        personal={"reason": (request.reason if form is None else form.comments) or None},
    )
    open_ready_stages(work, request, work.at, standing.version.number)


def _attached(form: FormAnswers | None) -> dict[str, list[Detail]]:
    """Return what the log keeps of attachments: which they are, and the digests of their bytes."""
    if form is None or not form.attachments:
        return {}
    return {
        "attachments": [one.public_id for one in form.attachments],
        "digests": [one.digest for one in form.attachments],
    }


def _write_form(work: UnitOfWork, standing: Standing, request: Request, form: FormAnswers) -> None:
    """Keep the form of the request's version, and ask the supervisor."""
    kept = AccountForm.objects.create(
        program_id=request.program_id,
        request=request,
        request_version=request.version,
        request_type=form.request_type,
        employing_organization=form.employing_organization,
        work_email=form.work_email,
        work_phone=form.work_phone,
        job_title=form.job_title,
        supervisor_name=form.supervisor_name,
        supervisor_email=form.supervisor_email,
        comments=form.comments,
    )
    kept.attachments.set(form.attachments)
    word = SupervisorWord.objects.create(
        program_id=request.program_id,
        form=kept,
        token_hash=form.token_hash,
        asked_at=work.at,
        expires_at=form.authorized_until,
    )
    work.record(
        tags.SUPERVISOR_ASKED,
        program_id=request.program_id,
        beneficiary_id=request.beneficiary.public_id,
        request_id=request.public_id,
        rolebook_version=standing.version.number,
        new={"word_id": word.public_id, "version": request.version, "expires_at": word.expires_at},
        personal={"name": form.supervisor_name, "email": form.supervisor_email},
    )


def change_of_wish(
    wish: Wish,
    standing: Standing,
    person: Account,
    request: Request | None = None,
    request_type: str | None = None,
    *,
    narrows: bool = False,
) -> Change:
    """Return what a wish of the standing's account for ``person`` would change, for the rules at submission.

    ``narrows``: it is access that another wish beside it takes away with its lower levels.
    """
    asker = str(standing.account.public_id)
    return Change(
        kind=ChangeKind(wish.kind),
        moment=Moment.SUBMISSION,
        at=standing.at,
        beneficiary_id=str(person.public_id),
        requester_id=asker,
        actor_id=asker,
        role_id=wish.role_id or None,
        organization_id=None if wish.organization is None else str(wish.organization.public_id),
        request_id=None if request is None else str(request.public_id),
        request_type=request_type,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        submitted_at=standing.at if request is None else request.submitted_at,
        lower_levels=wish.lower_levels,
        narrows=narrows,
    )


def _judge(
    standing: Standing,
    wishes: Sequence[Wish],
    request: Request | None,
    person: Account,
    form: FormAnswers | None,
) -> None:
    request_type = None if form is None or not form.request_type else form.request_type
    narrowed = narrowed_places(wishes)
    changes = [
        change_of_wish(wish, standing, person, request, request_type, narrows=is_kept(wish, narrowed))
        for wish in wishes
    ]
    employing = None if form is None else form.employing_organization
    named = [wish.organization.pk for wish in wishes if wish.organization is not None]
    places = Organization.objects.filter(pk__in=named, program_id=standing.program_id)
    certificates = form is not None and any(one.is_certificate for one in form.attachments)
    facts = RowFacts(standing.book, employing=employing, places=places, certificates=certificates)
    violations = judge_changes(changes, facts)
    if violations:
        raise Refused(violations)
