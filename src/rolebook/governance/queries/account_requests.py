"""Account requests as people see them: the form that applies, the request with its versions, what waits for whom."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import book_of_version
from rolebook.governance.account_answers import (
    AccountAnswers,
    CodeAnswer,
    answers_of,
    applicable_type,
)
from rolebook.governance.authority import Standing
from rolebook.governance.course import waits_for_supervisor
from rolebook.governance.deciders import holders_at, who_may_decide
from rolebook.governance.employing import employer_for, present_employment
from rolebook.governance.flows.answer_as_supervisor import is_supervisor
from rolebook.governance.flows.submit_account_request import require_may_ask_for
from rolebook.governance.models import (
    Access,
    AccountDraft,
    AccountForm,
    Attachment,
    Employment,
    Grant,
    Participation,
    Request,
    RequestItem,
    Stage,
    SupervisorWord,
)
from rolebook.governance.queries.account_preview import (
    Preview,
    change_in_words,
    dates_in_words,
    preview_of,
)
from rolebook.governance.queries.attachments import may_read_attachments
from rolebook.governance.queries.held_days import held_days
from rolebook.governance.queries.requests import RequestDetail, request_detail
from rolebook.governance.queries.seeing import find_request, public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.governance.submitting import Wish
from rolebook.policy.model import Act, Role, Rolebook


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role on the form: what may be done with it; a role that is held may be extended where it ends by itself.

    ``days`` says in words when what is held, or was given for later, begins or ends; "" where it does neither.
    """

    role: Role
    held: bool
    ends: bool
    days: str


@dataclass(frozen=True, slots=True)
class RemovableAccess:
    """Access on the form that can be removed; ``days`` as of a `RoleChoice`."""

    access: Access
    days: str


@dataclass(frozen=True, slots=True)
class FormToFill:
    """What the form offers for a person, and why.

    Attributes:
        request_type: "new" or "modification", or "" where the program knows no types.
        employment: who employs the person, as recorded; None: the form asks for it.
        held: access that can be removed.
        draft: what was written before; None at the first time.
    """

    beneficiary: Account
    for_another: bool
    request_type: str
    employment: Employment | None
    roles: tuple[RoleChoice, ...]
    held: tuple[RemovableAccess, ...]
    draft: AccountDraft | None


def form_to_fill(
    viewer: Account, program_id: str, at: datetime, beneficiary_id: uuid.UUID | str | None = None
) -> FormToFill:
    """Return the form for the viewer, or for another person that they may ask for.

    Raises NotFound for a program without such requests and for a person who takes no part in it, NotAllowed for one
    that is not theirs to ask for.
    """
    standing = viewer_standing(viewer, program_id, at)
    if standing.book.access != "apart from roles":
        raise NotFound
    person = viewer if beneficiary_id is None else _person(program_id, beneficiary_id)
    require_may_ask_for(standing, person)
    grants = {
        grant.role_id: grant
        for grant in Grant.objects.filter(program_id=program_id, account=person, closed_at=None)
        .exclude(ends_at__lte=at)
        .order_by("starts_at", "pk")
    }
    held = Access.objects.filter(program_id=program_id, account=person, closed_at=None).exclude(
        ends_at__lte=at
    )
    offered = [
        role
        for role in standing.book.roles
        if role.obtained == "request" or (role.id in grants and role.obtained != "designation")
    ]
    return FormToFill(
        beneficiary=person,
        for_another=person.pk != viewer.pk,
        request_type=applicable_type(standing.book, person, at),
        employment=present_employment(person, program_id),
        roles=tuple(_choice(standing, role, grants.get(role.id)) for role in offered),
        held=tuple(
            RemovableAccess(access, held_days(standing, access))
            for access in held.select_related("organization").order_by("organization__code", "pk")
        ),
        draft=AccountDraft.objects.filter(program_id=program_id, author=viewer, beneficiary=person)
        .select_related("request")
        .first(),
    )


def _choice(standing: Standing, role: Role, grant: Grant | None) -> RoleChoice:
    if grant is None:
        return RoleChoice(role, held=False, ends=False, days="")
    return RoleChoice(role, held=True, ends=grant.ends_at is not None, days=held_days(standing, grant))


def _person(program_id: str, account_id: uuid.UUID | str) -> Account:
    joined = Participation.objects.filter(program_id=program_id, account__public_id=public_id_of(account_id))
    found = joined.select_related("account").first()
    if found is None:
        raise NotFound
    return found.account


def person_named(viewer: Account, program_id: str, name: str, at: datetime) -> Account | None:
    """Return who takes part in the program by exact user ID or e-mail address; only for who may ask for others."""
    standing = viewer_standing(viewer, program_id, at)
    if not standing.offices(Act.DECIDE):
        raise NotFound
    key = name.strip().casefold()
    parts = Participation.objects.filter(program_id=program_id).select_related("account")
    found = parts.filter(account__user_id=key).first() or parts.filter(account__email_key=key).first()
    return None if found is None else found.account


def codes_to_offer(viewer: Account, program_id: str, at: datetime, most: int = 300) -> list[tuple[str, str]]:
    """Return codes with names, for suggestions beside a field; the field takes any other code as well."""
    viewer_standing(viewer, program_id, at)
    places = Organization.objects.filter(program_id=program_id).exclude(closed_at__lte=at)
    return list(places.order_by("code").values_list("code", "name")[:most])


def leads_to_ask(
    viewer: Account, program_id: str, employer: Organization, at: datetime
) -> tuple[Account, ...]:
    """Return who leads the agency that employs a person: whom to ask about certificates and the form (IQCS-07, -15)."""
    standing = viewer_standing(viewer, program_id, at)
    found: dict[int, Account] = {}
    for stage in standing.book.approval.foreign_last:
        for account in holders_at(standing.book, stage.approver_role_id, employer, at):
            found[account.pk] = account
    return tuple(found[pk] for pk in sorted(found))


@dataclass(frozen=True, slots=True)
class StageNow:
    """An open stage: who may decide it now, and whether the steward stands in because nobody else is left."""

    stage_id: uuid.UUID
    names: tuple[str, ...]
    by_steward: bool


@dataclass(frozen=True, slots=True)
class AccountRequestDetail:
    """An account request for somebody who may see it.

    Attributes:
        detail: the request as any other.
        form: the form of the present version.
        changes: each thing asked, in words, with what became of it.
        dates: a temporary detail's days in words, or "".
        preview: what the person will be able to do, against today; None once it is settled.
        word: the supervisor's word on the present version.
        versions: what changed from each version to the next, newest first.
        now: who may decide each open stage.
        held: whether the rest waits for the requester, because another agency denied its part.
        is_requester: whether the viewer asked for it.
        employment: who employs the person, as recorded.
        leads: who approved access of other agencies, by name, office and agency.
        to_ask: who leads the person's own agency.
        attachments: of the present version; earlier_attachments: those that only versions before it had.
        reads_attachments: whether the viewer is on the chain, and may read them.
    """

    detail: RequestDetail
    form: AccountForm
    changes: tuple[tuple[str, str], ...]
    dates: str
    preview: Preview | None
    word: SupervisorWord | None
    versions: tuple[tuple[int, tuple[str, ...]], ...]
    now: tuple[StageNow, ...]
    held: bool
    is_requester: bool
    waits_for_supervisor: bool
    employment: Employment | None
    leads: tuple[str, ...]
    to_ask: tuple[Account, ...]
    attachments: tuple[Attachment, ...]
    earlier_attachments: tuple[Attachment, ...]
    reads_attachments: bool


def account_request_detail(
    viewer: Account, request_id: uuid.UUID | str, program_id: str, at: datetime
) -> AccountRequestDetail:
    """Return an account request; it is seen by whom `request_detail` says. Raises NotFound for one without a form."""
    detail = request_detail(viewer, request_id, program_id, at)
    standing = viewer_standing(viewer, program_id, at)
    request = find_request(program_id, request_id)
    forms = {form.request_version: form for form in request.forms.select_related("employing_organization")}
    if request.version not in forms:
        raise NotFound
    items = _items(request)
    now = items[request.version]
    word = SupervisorWord.objects.filter(form=forms[request.version]).select_related("answered_by").first()
    waiting = request.state in (Request.State.PENDING, Request.State.RETURNED)
    dated = next((item for item in now if item.ends_at), None)
    employer = employer_for(request)
    in_all = tuple(Attachment.objects.filter(forms__request=request).distinct().order_by("pk"))
    attached = tuple(forms[request.version].attachments.order_by("pk")) if in_all else ()
    return AccountRequestDetail(
        detail=detail,
        form=forms[request.version],
        changes=tuple((change_in_words(standing.book, item), item.state) for item in now),
        dates="" if dated is None else dates_in_words(standing.book, dated.starts_at, dated.ends_at),
        preview=preview_of(standing, request.beneficiary, _still_asked(now)) if waiting else None,
        word=word,
        versions=_versions(standing.book, forms, items),
        now=_deciding_now(standing, request),
        held=request.held_since is not None,
        is_requester=request.requester_id == viewer.pk,
        waits_for_supervisor=waits_for_supervisor(request),
        employment=present_employment(request.beneficiary, program_id),
        leads=_leads(request),
        to_ask=() if employer is None else leads_to_ask(viewer, program_id, employer, at),
        attachments=attached,
        earlier_attachments=tuple(one for one in in_all if one not in attached),
        reads_attachments=bool(in_all) and may_read_attachments(standing, request),
    )


def has_form(program_id: str, request_id: uuid.UUID | str) -> bool:
    """Return whether a request was made with the form of an account request; says nothing about who may see it."""
    return AccountForm.objects.filter(
        program_id=program_id, request__public_id=public_id_of(request_id)
    ).exists()


def _items(request: Request) -> dict[int, list[RequestItem]]:
    found: dict[int, list[RequestItem]] = {}
    for item in request.items.select_related("organization").order_by("position"):
        found.setdefault(item.request_version, []).append(item)
    return found


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
        old = [_item_in_words(book, item) for item in items.get(version - 1, [])]
        new = [_item_in_words(book, item) for item in items.get(version, [])]
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


def _deciding_now(standing: Standing, request: Request) -> tuple[StageNow, ...]:
    stages = Stage.objects.filter(request=request, request_version=request.version, state=Stage.State.OPEN)
    found: list[StageNow] = []
    for stage in stages.select_related("organization", "request").order_by("pk"):
        people = who_may_decide(standing.book, stage, standing.at)
        own = {
            grant.account_id
            for grant in Grant.objects.filter(
                program_id=request.program_id, role_id=stage.approver_role_id, account__in=people
            )
        }
        names = tuple(person.name for person in people)
        found.append(StageNow(stage.public_id, names, by_steward=bool(people) and not own))
    return tuple(found)


def _leads(request: Request) -> tuple[str, ...]:
    """Return who approved access of another agency, by name: what the paper form has under Comments (IQCS-04)."""
    book = book_of_version(request.rolebook_version)
    outcomes = request.outcomes.filter(
        request_version=request.version, stage__is_foreign=True, verdict="approved"
    ).select_related("approver", "stage__organization")
    said: list[str] = []
    for outcome in outcomes.order_by("decided_at", "pk"):
        place, role = outcome.stage.organization, book.role(outcome.stage.approver_role_id)
        office = outcome.stage.approver_role_id if role is None else role.title
        where = "" if place is None else f" of {place.name}"
        said.append(f"{outcome.approver.name}, {office}{where}")
    return tuple(said)


def answers_of_request(request: Request) -> AccountAnswers:
    """Return the form of a request's present version as answers, to correct it."""
    form = request.forms.select_related("employing_organization").get(request_version=request.version)
    items = _items(request)[request.version]
    verbs = {RequestItem.Kind.ADD_ROLE: "add", RequestItem.Kind.REMOVE_ROLE: "remove"}
    codes = {RequestItem.Kind.ADD_ACCESS: "add", RequestItem.Kind.REMOVE_ACCESS: "remove"}
    draft = {
        "work_email": form.work_email,
        "work_phone": form.work_phone,
        "job_title": form.job_title,
        "employer_code": "" if form.employing_organization is None else form.employing_organization.code,
        "supervisor_name": form.supervisor_name,
        "supervisor_email": form.supervisor_email,
        "comments": form.comments,
        "roles": {item.role_id: verbs[RequestItem.Kind(item.kind)] for item in items if item.kind in verbs},
    }
    asked = tuple(
        CodeAnswer(item.organization.code, codes[RequestItem.Kind(item.kind)], item.lower_levels)
        for item in items
        if item.kind in codes and item.organization is not None
    )
    return answers_of({**draft, "codes": [code.as_content() for code in asked]})


def words_asked_of(viewer: Account, program_id: str, at: datetime) -> tuple[SupervisorWord, ...]:
    """Return the authorizations that are asked of the viewer as a supervisor, by their confirmed address."""
    viewer_standing(viewer, program_id, at)
    asked = SupervisorWord.objects.filter(
        program_id=program_id,
        state=SupervisorWord.State.ASKED,
        form__supervisor_email__iexact=viewer.email,
    ).select_related("form__request__beneficiary", "form__request__requester")
    return tuple(word for word in asked.order_by("asked_at", "pk") if is_supervisor(viewer, word))


def changes_of_word(word: SupervisorWord) -> tuple[tuple[str, ...], str]:
    """Return what a supervisor is asked about: each thing in words, and a detail's days; no viewer: the link is it."""
    request = word.form.request
    book = book_of_version(request.rolebook_version)
    items = _items(request)[word.form.request_version]
    dated = next((item for item in items if item.ends_at), None)
    dates = "" if dated is None else dates_in_words(book, dated.starts_at, dated.ends_at)
    return tuple(change_in_words(book, item) for item in items), dates
