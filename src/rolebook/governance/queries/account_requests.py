"""Account requests as people see them: the form that applies, the request with its versions, what waits for whom."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import book_of_version
from rolebook.governance.account_answers import (
    NARROW,
    AccountAnswers,
    CodeAnswer,
    answers_of,
    applicable_type,
)
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import holders_at
from rolebook.governance.employing import present_employment
from rolebook.governance.flows.answer_as_supervisor import is_supervisor
from rolebook.governance.flows.submit_account_request import require_may_ask_for
from rolebook.governance.models import (
    Access,
    AccountDraft,
    AccountForm,
    Employment,
    Grant,
    Participation,
    Request,
    RequestItem,
    SupervisorWord,
)
from rolebook.governance.narrowing import narrows, told_items
from rolebook.governance.origins import Holding
from rolebook.governance.queries.account_preview import (
    changes_in_words,
    why_out,
)
from rolebook.governance.queries.held_days import held_days
from rolebook.governance.queries.item_days import days_in_words
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.reactivating import comes_back, part_out
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Act, Role


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role on the form: what may be done with it.

    What comes back to a person whose part is out counts as held: the same request may extend or remove it (IQCS-10).

    Attributes:
        held: whether it is held, or was given for later days.
        begins_later: whether none of it has begun: there is nothing to extend, but other days may be asked for.
        ends: whether what has begun ends by itself, so that it may be extended.
        days: when what is held, or was given for later, begins or ends, in words; "" where it does neither.
    """

    role: Role
    held: bool
    begins_later: bool
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
        why_out: where the person's part gives no power and the request opens it again, why, in a sentence; else "".
            What is held is then what comes back.
        draft: what was written before; None at the first time.
    """

    beneficiary: Account
    for_another: bool
    request_type: str
    employment: Employment | None
    roles: tuple[RoleChoice, ...]
    held: tuple[RemovableAccess, ...]
    draft: AccountDraft | None
    why_out: str


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
    out = part_out(person, program_id, at)
    held = _held_now(person, program_id, at) if out is None else comes_back(standing.book, out, at).back
    grants: dict[str, list[Grant]] = {}
    for one in sorted(held, key=lambda one: (one.starts_at, one.pk)):
        if isinstance(one, Grant):
            grants.setdefault(one.role_id, []).append(one)
    accesses = [one for one in held if isinstance(one, Access)]
    # Another role is ended otherwise: no chain is laid out for it, so nobody's office may cover it.
    offered = [role for role in standing.book.roles if role.obtained == "request"]
    return FormToFill(
        beneficiary=person,
        for_another=person.pk != viewer.pk,
        request_type=applicable_type(standing.book, person, at),
        employment=present_employment(person, program_id),
        roles=tuple(_choice(standing, role, grants.get(role.id, ())) for role in offered),
        held=tuple(
            RemovableAccess(access, held_days(standing, access))
            for access in sorted(accesses, key=lambda one: (one.organization.code, one.pk))
        ),
        draft=own_draft(viewer, program_id, person),
        why_out="" if out is None else why_out(standing.book, out),
    )


def _held_now(person: Account, program_id: str, at: datetime) -> tuple[Holding, ...]:
    still = Q(program_id=program_id, account=person, closed_at=None) & ~Q(ends_at__lte=at)
    return (
        *Grant.objects.filter(still),
        *Access.objects.filter(still).select_related("organization"),
    )


def own_draft(author: Account, program_id: str, beneficiary: Account) -> AccountDraft | None:
    """Return what somebody is writing for a person, or None.

    What was to correct a request that is no longer theirs to correct, as one withdrawn since, asks anew.
    """
    drafts = AccountDraft.objects.filter(program_id=program_id, author=author, beneficiary=beneficiary)
    found = drafts.select_related("request").first()
    if found is not None and found.request is not None and found.request.state != Request.State.RETURNED:
        found.request = None
    return found


def _choice(standing: Standing, role: Role, grants: Sequence[Grant]) -> RoleChoice:
    begun = [one for one in grants if one.starts_at <= standing.at]
    return RoleChoice(
        role,
        held=bool(grants),
        begins_later=bool(grants) and not begun,
        ends=bool(begun) and all(one.ends_at is not None for one in begun),
        days=", and ".join(filter(None, (held_days(standing, one) for one in grants))),
    )


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


def has_form(program_id: str, request_id: uuid.UUID | str) -> bool:
    """Return whether a request was made with the form of an account request; says nothing about who may see it."""
    return AccountForm.objects.filter(
        program_id=program_id, request__public_id=public_id_of(request_id)
    ).exists()


def items_by_version(request: Request) -> dict[int, list[RequestItem]]:
    """Return the items of each version of a request, by position."""
    found: dict[int, list[RequestItem]] = {}
    for item in request.items.select_related("organization").order_by("position"):
        found.setdefault(item.request_version, []).append(item)
    return found


def answers_of_request(request: Request) -> AccountAnswers:
    """Return the form of a request's present version as answers, to correct it, or to ask anew what has ended.

    What somebody denied of a request that came back is asked for again only by who writes it in.
    """
    form = request.forms.select_related("employing_organization").get(request_version=request.version)
    items = items_by_version(request)[request.version]
    if request.state == Request.State.RETURNED:
        items = [item for item in items if item.state != RequestItem.State.DENIED]
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
        **_days_asked(request, items),
    }
    asked = tuple(
        CodeAnswer(
            item.organization.code,
            NARROW if narrows(item) else codes[RequestItem.Kind(item.kind)],
            item.lower_levels and not narrows(item),
        )
        for item in told_items(items)
        if item.kind in codes and item.organization is not None
    )
    return answers_of({**draft, "codes": [code.as_content() for code in asked]})


def _days_asked(request: Request, items: Sequence[RequestItem]) -> dict[str, str]:
    """Return the first and the last day of a temporary detail as they were typed; all dated items have the same.

    What a narrowing keeps has the days of what was held.
    """
    zone = ZoneInfo(book_of_version(request.rolebook_version).program.zone)
    dated = next((item for item in told_items(items) if item.starts_at or item.ends_at), None)
    starts_at, ends_at = (None, None) if dated is None else (dated.starts_at, dated.ends_at)
    last = None if ends_at is None else ends_at - timedelta(seconds=1)
    return {
        "starts_on": "" if starts_at is None else starts_at.astimezone(zone).date().isoformat(),
        "ends_on": "" if last is None else last.astimezone(zone).date().isoformat(),
    }


def words_asked_of(viewer: Account, program_id: str, at: datetime) -> tuple[SupervisorWord, ...]:
    """Return the authorizations that are asked of the viewer as a supervisor, by their confirmed address."""
    viewer_standing(viewer, program_id, at)
    asked = SupervisorWord.objects.filter(
        program_id=program_id,
        state=SupervisorWord.State.ASKED,
        form__supervisor_email__iexact=viewer.email,
    ).select_related("form__request__beneficiary", "form__request__requester")
    return tuple(word for word in asked.order_by("asked_at", "pk") if is_supervisor(viewer, word))


def changes_of_word(word: SupervisorWord, at: datetime) -> tuple[tuple[str, ...], str]:
    """Return what a supervisor is asked about: each thing in words, and a detail's days; no viewer: the link is it."""
    request = word.form.request
    book = book_of_version(request.rolebook_version)
    items = items_by_version(request)[word.form.request_version]
    return changes_in_words(book, items), " ".join(days_in_words(book, items, at))
