"""Pending Requests: what I asked for, and what I must decide, over all my organizations (QPP-04, -05, -15)."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Exists, F, OuterRef, Q, Subquery, Value

from rolebook.accounts.models import Account, Organization
from rolebook.governance.asked_words import newest_words
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import is_overdue
from rolebook.governance.models import RequestItem, Stage
from rolebook.governance.narrowing import narrows, told_items
from rolebook.governance.queries import paging
from rolebook.governance.queries.giving import Asked, RoleGives, what_it_gives
from rolebook.governance.queries.paging import OnPage, Page
from rolebook.governance.queries.pending_order import Sort, beyond, key_of, opened, sort_key
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.to_decide import Filters, decidable
from rolebook.governance.refusals import NotFound
from rolebook.governance.together import shown_whole
from rolebook.governance.whose_turn import Whose, whose_turn
from rolebook.policy.model import Act, Rolebook

type Show = Literal["all", "mine", "to decide"]
_CARRIED = RequestItem.stages.through
_TOLD = ("decidable", "whole", "words", "whose")


@dataclass(frozen=True, slots=True)
class PendingRow:
    """One open stage of a request, as Pending Requests and View Users list it.

    Attributes:
        version: the request's version, and
        items_hash: the content that is shown; a decision names both, so that it binds what was seen (I5).
        mine: whether the viewer asked for it, or it is for them.
        may_decide: whether the viewer may approve or deny it now.
        stands_in: whether they would do so as the steward: nobody else is left, or it is
        overdue: it has waited so long that the steward may decide it, too.
        waits_for: title of the office that decides.
        whose: whose the stage is, for who may not decide it: that office's, the steward's, or nobody's.
        role_titles: what is asked for, in words: a role's title, "Remove" before what is to end.
        reason: what was written to the version that counts now.
        shown_whole: whether it is decided only on the request's page, where all that is asked stands.
        ends_all: whether a denial ends the whole request, and not only what this stage decides.
        gives: what the roles that are to be added would let the person do there, and what of it is new, for who may
            decide.
    """

    request_id: uuid.UUID
    stage_id: uuid.UUID
    version: int
    items_hash: str
    requester_name: str
    beneficiary_id: uuid.UUID
    beneficiary_name: str
    beneficiary_email: str
    role_ids: tuple[str, ...]
    role_titles: tuple[str, ...]
    organization_id: uuid.UUID | None
    organization_name: str | None
    organization_code: str | None
    organization_kind_id: str | None
    reason: str
    submitted_at: datetime
    opened_at: datetime
    mine: bool
    may_decide: bool
    stands_in: bool
    overdue: bool
    waits_for: str
    shown_whole: bool
    ends_all: bool
    whose: Whose
    gives: tuple[RoleGives, ...] = ()


def pending_requests(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    show: Show = "all",
    organization_id: uuid.UUID | str | None = None,
    role_id: str | None = None,
    search: str = "",
    sort: Sort = "oldest",
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[PendingRow]:
    """Return the open stages that the viewer asked for or must decide; two statements, however many.

    Args:
        viewer: who looks.
        program_id: the program.
        at: the instant of looking.
        show: everything, one's own, or what one must decide.
        organization_id: public id; only that organization. One that is not there gives an empty page.
        role_id: only requests for that role.
        search: part of a person's name or address, or of an organization's name, code or number.
        sort: the order.
        after: `Page.next_after` of the page before.
        limit: rows a page, at most 200.
    """
    standing = viewer_standing(viewer, program_id, at)
    try:
        chosen = Filters(organization_id, role_id, None, search).condition(standing)
    except NotFound:
        return Page(())
    if show == "to decide":
        return _page(standing, chosen & decidable(standing), after, limit, sort=sort, all_decided=True)
    mine = Q(request__requester=standing.account) | Q(request__beneficiary=standing.account)
    seen = mine if show == "mine" else mine | decidable(standing)
    return _page(standing, chosen & seen, after, limit, sort=sort)


def pending_at(
    standing: Standing,
    organization: Organization,
    *,
    role_id: str | None = None,
    search: str,
    after: str | None,
    limit: int,
) -> Page[PendingRow]:
    """Return every open stage at one organization, oldest first; the caller asked whether they may be seen."""
    chosen = Filters(role_id=role_id, search=search).condition(standing) & Q(organization=organization)
    return _page(standing, chosen, after, limit)


def _page(
    standing: Standing,
    chosen: Q,
    after: str | None,
    limit: int,
    *,
    sort: Sort = "oldest",
    all_decided: bool = False,
) -> Page[PendingRow]:
    """Return one page of open stages. ``all_decided``: the condition lets nothing in that the viewer may not decide."""
    length = paging.bounded(limit)
    stages = Stage.objects.alias(sort_key=sort_key(sort)).filter(chosen & beyond(sort, after))
    down = "-" if sort == "newest" else ""
    stages = stages.order_by(f"{down}sort_key", f"{down}pk")
    # The stages with the items that they carry in one statement: a row an item, and nearly always one item a stage.
    page = Subquery(stages.values("pk")[: length + 1])
    carried = _CARRIED.objects.filter(OnPage(F("stage"), page))
    carried = carried.alias(sort_key=sort_key(sort, "stage__")).order_by(
        f"{down}sort_key", f"{down}stage", "requestitem__position"
    )
    carried = carried.annotate(
        decidable=Value(value=True) if all_decided else _seat(standing, "stage"),
        whole=Exists(Stage.objects.filter(shown_whole(), pk=OuterRef("stage"))),
        words=newest_words("stage__request__"),
        # Who decides it themselves is not told for whom it waits.
        whose=Value(Whose.OFFICE.value) if all_decided else _turn(standing),
    )
    found: dict[int, Stage] = {}
    items: dict[int, list[RequestItem]] = {}
    told: dict[int, _Told] = {}
    for one in carried.select_related(
        "requestitem", "stage__organization", "stage__request__requester", "stage__request__beneficiary"
    ):
        found[one.stage_id] = one.stage
        items.setdefault(one.stage_id, []).append(one.requestitem)
        told[one.stage_id] = _Told(*(getattr(one, name) for name in _TOLD))
    rows = _rows_that_give(standing, list(found.values()), items, told)
    keys = [(key_of(stage, sort), stage.pk) for stage in found.values()]
    return paging.cut(rows, keys, length)


def _seat(standing: Standing, stage: str) -> Exists:
    return Exists(Stage.objects.filter(decidable(standing), pk=OuterRef(stage)))


def _turn(standing: Standing) -> Subquery:
    stages = Stage.objects.filter(pk=OuterRef("stage")).annotate(turn=whose_turn(standing.book, standing.at))
    return Subquery(stages.values("turn")[:1])


@dataclass(frozen=True, slots=True)
class _Told:
    """What a statement tells of a stage besides its columns, for a row."""

    may_decide: bool
    whole: bool
    words: str
    whose: str


def pending_rows(
    standing: Standing,
    stages: Sequence[Stage],
    items: Mapping[int, Sequence[RequestItem]] | None = None,
    *,
    that_give: bool = False,
) -> list[PendingRow]:
    """Return the rows of open stages: two statements more, however many stages.

    ``items`` are those that each stage carries, where they are known: then one. ``that_give``: with what the roles
    would give, one more.
    """
    pks = [stage.pk for stage in stages]
    if not pks:
        return []
    asked = Stage.objects.filter(pk__in=pks).annotate(
        decidable=_seat(standing, "pk"),
        whole=Exists(Stage.objects.filter(shown_whole(), pk=OuterRef("pk"))),
        words=newest_words("request__"),
        whose=whose_turn(standing.book, standing.at),
    )
    told = {pk: _Told(*rest) for pk, *rest in asked.values_list("pk", *_TOLD)}
    known = items_by_stage(pks) if items is None else items
    if that_give:
        return _rows_that_give(standing, stages, {pk: known.get(pk, ()) for pk in pks}, told)
    return [_row(standing, stage, known.get(stage.pk, ()), told[stage.pk]) for stage in stages]


def _rows_that_give(
    standing: Standing,
    stages: Sequence[Stage],
    items: Mapping[int, Sequence[RequestItem]],
    told: Mapping[int, _Told],
) -> list[PendingRow]:
    asked = [stage for stage in stages if told[stage.pk].may_decide]
    wishes = [
        Asked(stage.request.beneficiary_id, _added(items[stage.pk]), stage.organization) for stage in asked
    ]
    gives = dict(zip([stage.pk for stage in asked], what_it_gives(standing, wishes), strict=True))
    return [
        _row(standing, stage, items[stage.pk], told[stage.pk], gives.get(stage.pk, ())) for stage in stages
    ]


def _added(items: Sequence[RequestItem]) -> tuple[str, ...]:
    return tuple(item.role_id for item in items if item.kind == RequestItem.Kind.ADD_ROLE)


def _row(
    standing: Standing,
    stage: Stage,
    items: Sequence[RequestItem],
    told: _Told,
    gives: tuple[RoleGives, ...] = (),
) -> PendingRow:
    request, place = stage.request, stage.organization
    role_ids = tuple(item.role_id for item in items if item.role_id)
    return PendingRow(
        request_id=request.public_id,
        stage_id=stage.public_id,
        version=stage.request_version,
        items_hash=stage.items_hash,
        requester_name=request.requester.name,
        beneficiary_id=request.beneficiary.public_id,
        beneficiary_name=request.beneficiary.name,
        beneficiary_email=request.beneficiary.email,
        role_ids=role_ids,
        role_titles=tuple(dict.fromkeys(asked_title(standing.book, item) for item in told_items(items))),
        organization_id=None if place is None else place.public_id,
        organization_name=None if place is None else place.name,
        organization_code=None if place is None else place.code,
        organization_kind_id=None if place is None else place.kind_id,
        reason=told.words,
        submitted_at=request.submitted_at,
        opened_at=opened(stage),
        mine=standing.account.pk in (request.requester_id, request.beneficiary_id),
        may_decide=told.may_decide,
        stands_in=told.may_decide
        and standing.office_over(Act.DECIDE, place, role_ids, stage.approver_role_id) is None,
        overdue=is_overdue(stage),
        waits_for=role_title(standing.book, stage.approver_role_id),
        shown_whole=told.whole,
        whose=Whose(told.whose),
        ends_all=standing.book.approval.employing_chain and not stage.is_foreign,
        gives=gives,
    )


def items_by_stage(stage_pks: Sequence[int]) -> dict[int, list[RequestItem]]:
    """Return the items that each stage carries, in their order; one query."""
    carried = _CARRIED.objects.filter(stage__in=stage_pks).select_related("requestitem")
    items: dict[int, list[RequestItem]] = {}
    for one in carried.order_by("requestitem__position"):
        items.setdefault(one.stage_id, []).append(one.requestitem)
    return items


def roles_by_stage(stage_pks: Sequence[int]) -> dict[int, list[str]]:
    """Return the role ids that each stage's items name, in the items' order; one query."""
    items = items_by_stage(stage_pks)
    return {pk: [item.role_id for item in some if item.role_id] for pk, some in items.items()}


def asked_titles(book: Rolebook, items: Iterable[RequestItem]) -> str:
    """Return what items ask for, as lists name it, each once."""
    return ", ".join(dict.fromkeys(asked_title(book, item) for item in told_items(items)))


def asked_title(book: Rolebook, item: RequestItem) -> str:
    """Return what an item asks for, as lists name it: "Account Manager", "Remove Account Manager"."""
    match item.kind:
        case RequestItem.Kind.REMOVE_ROLE:
            return f"Remove {role_title(book, item.role_id)}"
        case RequestItem.Kind.REMOVE_ACCESS:
            return "Narrow access" if narrows(item) else "Remove access"
        case RequestItem.Kind.REACTIVATE:
            return "Open the account again"
    return role_title(book, item.role_id)


def role_title(book: Rolebook, role_id: str) -> str:
    """Return a role's title, or its id where the rolebook no longer has it; of no role: access apart from roles."""
    if not role_id:
        return "Access"
    role = book.role(role_id)
    return role_id if role is None else role.title
