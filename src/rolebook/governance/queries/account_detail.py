"""One account request for somebody who may see it: what is asked, its versions, who decided what, what one decides."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing
from rolebook.governance.course import waits_for_supervisor
from rolebook.governance.deciders import who_may_decide
from rolebook.governance.employing import employer_for, present_employment
from rolebook.governance.ended_meanwhile import TOLD, came_to_nothing, come_to_nothing
from rolebook.governance.facts import RowFacts
from rolebook.governance.models import (
    AccountForm,
    Attachment,
    Employment,
    Request,
    RequestItem,
    Stage,
)
from rolebook.governance.narrowing import told_items
from rolebook.governance.queries.account_preview import (
    Preview,
    change_in_words,
    changes_in_words,
    preview_of,
)
from rolebook.governance.queries.account_requests import items_by_version, leads_to_ask
from rolebook.governance.queries.attachments import may_read_attachments
from rolebook.governance.queries.course_steps import CourseStep
from rolebook.governance.queries.held_days import dates_in_words
from rolebook.governance.queries.item_days import days_in_words
from rolebook.governance.queries.naming import with_the
from rolebook.governance.queries.own_requests import state_shown
from rolebook.governance.queries.request_parts import Seen
from rolebook.governance.queries.requests import RequestDetail, request_detail
from rolebook.governance.queries.seeing import find_request, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.governance.submitting import Wish
from rolebook.policy.model import Act, Rolebook


@dataclass(frozen=True, slots=True)
class StageNow:
    """An open stage, and who may decide it now.

    Attributes:
        names: who may, for viewers who are told persons; else empty.
        decides: what it decides, each in words.
    """

    stage_id: uuid.UUID
    names: tuple[str, ...]
    decides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountRequestDetail:
    """An account request for somebody who may see it.

    Attributes:
        detail: the request as any other.
        form: the form of the present version.
        changes: each thing asked, in words, with what became of it.
        dates: a temporary detail's days in words, and of what has none apart; or "".
        preview: what the person will be able to do, against today; None once it is settled.
        versions: what changed from each version to the next, newest first.
        now: who may decide each open stage.
        before: the steps of the present version that were decided, in order; not the steps of who closes it.
        agreed: whether all of those approved all that was asked.
        held: whether the rest waits for the requester, because another agency denied its part.
        is_requester: whether the viewer asked for it.
        employment: who employs the person, as recorded.
        leads: who approved access of other agencies, by name, office and agency, under what it came to there.
        employer: who employs the person, as recorded or as stated.
        to_ask: who leads that agency.
        attachments: of the present version; earlier_attachments: those that only versions before it had.
        reads_attachments: whether the viewer is on the chain, and may read them.
    """

    detail: RequestDetail
    form: AccountForm
    changes: tuple[tuple[str, str], ...]
    dates: str
    preview: Preview | None
    versions: tuple[tuple[int, tuple[str, ...]], ...]
    now: tuple[StageNow, ...]
    before: tuple[CourseStep, ...]
    agreed: bool
    held: bool
    is_requester: bool
    waits_for_supervisor: bool
    employment: Employment | None
    leads: tuple[tuple[str, tuple[str, ...]], ...]
    employer: Organization | None
    to_ask: tuple[Account, ...]
    attachments: tuple[Attachment, ...]
    earlier_attachments: tuple[Attachment, ...]
    reads_attachments: bool


def account_request_detail(
    viewer: Account, request_id: uuid.UUID | str, program_id: str, at: datetime
) -> AccountRequestDetail:
    """Return an account request; it is seen by whom, and as much of it, as `request_detail` says.

    Raises NotFound for one without a form.
    """
    detail = request_detail(viewer, request_id, program_id, at)
    standing = viewer_standing(viewer, program_id, at)
    request = find_request(program_id, request_id)
    forms = {form.request_version: form for form in request.forms.select_related("employing_organization")}
    if request.version not in forms:
        raise NotFound
    seen = detail.seen
    items = {
        version: [item for item in some if seen.sees(item)]
        for version, some in items_by_version(request).items()
    }
    now = items[request.version]
    waiting = request.state in (Request.State.PENDING, Request.State.RETURNED)
    told = told_items(now)
    # Both: an item that waits narrows nothing where all has ended, one that is approved narrowed nothing.
    waits = [item for item in now if item.state in (RequestItem.State.PENDING, RequestItem.State.RETURNED)]
    nothing = come_to_nothing(RowFacts(standing.book), waits, at) | came_to_nothing(now)
    given = [item for item in now if item.pk not in nothing]
    employer = employer_for(request)
    before = tuple(step for step in detail.present.steps if step.verdict is not None)
    in_all = tuple(Attachment.objects.filter(forms__request=request).distinct().order_by("pk"))
    attached = tuple(forms[request.version].attachments.order_by("pk")) if in_all else ()
    return AccountRequestDetail(
        detail=detail,
        form=forms[request.version],
        changes=tuple(
            (_in_words(standing.book, item, nothing), state_shown(request.state, item.state)) for item in told
        ),
        dates=" ".join(days_in_words(standing.book, now, at)),
        preview=_preview(standing, request, given, seen) if waiting else None,
        versions=_versions(standing.book, forms, items),
        now=_deciding_now(standing, request, seen),
        before=before,
        agreed=_agreed(before, now),
        held=detail.line.held,
        is_requester=request.requester_id == viewer.pk,
        waits_for_supervisor=waits_for_supervisor(request),
        employment=present_employment(request.beneficiary, program_id),
        leads=_leads(request, before),
        employer=employer,
        to_ask=() if employer is None else leads_to_ask(viewer, program_id, employer, at),
        attachments=attached,
        earlier_attachments=tuple(one for one in in_all if one not in attached),
        reads_attachments=bool(in_all) and may_read_attachments(standing, request),
    )


def _in_words(book: Rolebook, item: RequestItem, nothing: Collection[int]) -> str:
    words = change_in_words(book, item)
    return f"{words} ({TOLD})" if item.pk in nothing else words


def _preview(standing: Standing, request: Request, items: Iterable[RequestItem], seen: Seen) -> Preview:
    """Return what the items seen come to; for who does not see all, of the codes held only those they look after."""
    wishes = _still_asked(list(items))
    if seen.is_whole:
        return preview_of(standing, request.beneficiary, wishes)
    asked = {wish.place_pk for wish in wishes}

    def sees(place: Organization) -> bool:
        return place.pk in asked or standing.may(Act.VIEW_USERS, place)

    return preview_of(standing, request.beneficiary, wishes, sees)


def _agreed(before: Iterable[CourseStep], items: Iterable[RequestItem]) -> bool:
    approved = all(step.verdict == Stage.State.APPROVED for step in before)
    return approved and all(item.state != RequestItem.State.DENIED for item in items)


def _still_asked(items: list[RequestItem]) -> list[Wish]:
    return [
        Wish(
            RequestItem.Kind(item.kind),
            item.role_id,
            item.organization,
            item.starts_at,
            item.ends_at,
            item.lower_levels,
        )
        for item in items
        if item.state in (RequestItem.State.PENDING, RequestItem.State.RETURNED)
    ]


_FORM_WORDS = {
    "request_type": "New or modification",
    "work_email": "Work e-mail",
    "work_phone": "Work phone",
    "job_title": "Job title",
    "supervisor_name": "Supervisor",
    "supervisor_email": "Supervisor's e-mail",
    "comments": "Comments",
    "employing_organization": "Works for",
}


def _versions(
    book: Rolebook, forms: dict[int, AccountForm], items: dict[int, list[RequestItem]]
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return what each version changed against the one before, newest first."""
    told: list[tuple[int, tuple[str, ...]]] = []
    for version in sorted(forms, reverse=True):
        before = forms.get(version - 1)
        if before is None:
            continue
        said = [
            f"{title}: {_written(before, name)} became {_written(forms[version], name)}"
            for name, title in _FORM_WORDS.items()
            if getattr(before, name) != getattr(forms[version], name)
        ]
        old = [_item_in_words(book, item) for item in told_items(items.get(version - 1, []))]
        new = [_item_in_words(book, item) for item in told_items(items.get(version, []))]
        said += _attachments_in_words(before, forms[version])
        said += [f"Asked now: {words}" for words in new if words not in old]
        said += [f"No longer asked: {words}" for words in old if words not in new]
        told.append((version, tuple(said)))
    return tuple(told)


def _written(form: AccountForm, name: str) -> str:
    value = getattr(form, name)
    return f"{value.name} ({value.code})" if isinstance(value, Organization) else value or "empty"


def _attachments_in_words(before: AccountForm, after: AccountForm) -> list[str]:
    """Return which attachments came and went between two versions; one that was replaced by another is both."""
    old, new = (list(one.attachments.order_by("pk")) for one in (before, after))
    said = [f"Attached now: {one.name}" for one in new if one not in old]
    return said + [f"No longer attached: {one.name}" for one in old if one not in new]


def _item_in_words(book: Rolebook, item: RequestItem) -> str:
    dates = dates_in_words(book, item.starts_at, item.ends_at)
    return f"{change_in_words(book, item)}{f' ({dates})' if dates else ''}"


def _deciding_now(standing: Standing, request: Request, seen: Seen) -> tuple[StageNow, ...]:
    shown = [stage.pk for stage in seen.stages]
    stages = Stage.objects.filter(pk__in=shown, request_version=request.version, state=Stage.State.OPEN)
    found: list[StageNow] = []
    for stage in stages.select_related("organization", "request").order_by("pk"):
        people = who_may_decide(standing.book, stage, standing.at) if stage.pk in seen.named else ()
        names = tuple(person.name for person in people)
        carried = stage.items.filter(state=RequestItem.State.PENDING).select_related("organization")
        items = [item for item in carried.order_by("position") if seen.sees(item)]
        decides = changes_in_words(standing.book, items)
        found.append(StageNow(stage.public_id, names, decides))
    return tuple(found)


def _leads(request: Request, before: Iterable[CourseStep]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return who approved access of other agencies, by name: what the paper form has under Comments (IQCS-04).

    For each agency what it came to, and its people: it has authorized only once every step of its run is approved.
    Whoever sees the request is told (docs/decisions/0033); a steward who stood in is named as that.
    """
    steps = {step.stage_id: step for step in before}
    stages = Stage.objects.filter(request=request, request_version=request.version, is_foreign=True)
    runs: dict[str, list[Stage]] = {}
    for stage in stages.select_related("outcome__approver").order_by("outcome__decided_at", "pk"):
        runs.setdefault(stage.chain_id, []).append(stage)
    told: dict[str, list[str]] = {}
    for run in runs.values():
        approved = [stage for stage in run if stage.state == Stage.State.APPROVED]
        for stage in approved:
            step = steps[stage.public_id]
            office = f"{step.office} of {step.organization_name}"
            as_steward = (
                f"{step.stood_in}, standing in for {with_the(step.office)} of {step.organization_name}"
            )
            said = f"{stage.outcome.approver.name}, {as_steward if step.stood_in else office}"
            told.setdefault(_authority_of(run, step.agency), []).append(said)
    return tuple((words, tuple(people)) for words, people in sorted(told.items()))


def _authority_of(run: list[Stage], agency: str) -> str:
    """Return what the approvals in the run of another agency come to."""
    states = {stage.state for stage in run}
    if states == {Stage.State.APPROVED}:
        return "Authorized by other agencies"
    if Stage.State.DENIED in states:
        return f"Approved at {agency} before it was denied there"
    return f"Approved so far at {agency}"
