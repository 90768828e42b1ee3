"""Pending Requests: what I asked for, and what I must decide, over all my organizations (QPP-04, -05, -15)."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import not_conflicted, stages_in_office, stages_without_office
from rolebook.governance.models import RequestItem, Stage
from rolebook.governance.queries import paging
from rolebook.governance.queries.giving import Asked, RoleGives, what_it_gives
from rolebook.governance.queries.organization_search import matching
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import find_organization, public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Act, Rolebook

type Show = Literal["all", "mine", "to decide"]
type Sort = Literal["oldest", "newest", "person", "organization"]

SORTS: Mapping[Sort, str] = {
    "oldest": "Oldest first",
    "newest": "Newest first",
    "person": "By requester",
    "organization": "By organization",
}
"""The orders in which pending requests can be listed, with their names."""
_FIELDS: Mapping[Sort, str] = {
    "oldest": "opened_at",
    "newest": "opened_at",
    "person": "request__beneficiary__name",
    "organization": "organization__name",
}
_CARRIED = RequestItem.stages.through


@dataclass(frozen=True, slots=True)
class PendingRow:
    """One open stage of a request, as Pending Requests and View Users list it.

    Attributes:
        version: the request's version, and
        items_hash: the content that is shown; a decision names both, so that it binds what was seen (I5).
        mine: whether the viewer asked for it, or it is for them.
        may_decide: whether the viewer may approve or deny it now.
        stands_in: whether they would do so as the steward, because nobody else is left.
        waits_for: title of the office that decides.
        role_titles: what is asked for, in words: a role's title, "Remove" before what is to end.
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
    waits_for: str
    gives: tuple[RoleGives, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of pending requests is narrowed to.

    Attributes:
        organization_id: public id; only that organization.
        role_id: only requests for that role.
        request_id: public id; only that request's.
        search: part of a person's name or address, or of an organization's name, code or number.
    """

    organization_id: uuid.UUID | str | None = None
    role_id: str | None = None
    request_id: uuid.UUID | str | None = None
    search: str = ""

    def condition(self, standing: Standing) -> Q:
        """Return the SQL condition on stages. Raises NotFound for an organization that is not there."""
        chosen = Q(program_id=standing.program_id, state=Stage.State.OPEN)
        if self.organization_id is not None:
            chosen &= Q(
                organization=find_organization(standing.program_id, self.organization_id, standing.at)
            )
        if self.role_id:
            chosen &= Q(Exists(RequestItem.objects.filter(stages=OuterRef("pk"), role_id=self.role_id)))
        if self.request_id is not None:
            chosen &= Q(request__public_id=public_id_of(self.request_id))
        return chosen & _matches(self.search)


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


def count_to_decide(standing: Standing, most: int = 1_000, filters: Filters | None = None) -> int:
    """Return how many open stages the viewer must decide, counted no further than ``most``; one statement."""
    if not standing.offices(Act.DECIDE):
        return 0
    try:
        chosen = (filters or Filters()).condition(standing)
    except NotFound:
        return 0
    return len(Stage.objects.filter(chosen & decidable(standing)).values_list("pk")[:most])


def matching_stage_ids(
    viewer: Account, program_id: str, at: datetime, filters: Filters, *, most: int
) -> tuple[uuid.UUID, ...]:
    """Return the public ids of all stages that the viewer must decide and that match, no more than ``most``.

    Raises NotFound for an organization that is not there.
    """
    standing = viewer_standing(viewer, program_id, at)
    stages = Stage.objects.filter(filters.condition(standing) & decidable(standing))
    return tuple(stages.order_by("opened_at", "pk").values_list("public_id", flat=True)[:most])


def decidable(standing: Standing) -> Q:
    """Return the SQL condition for the stages that the viewer may decide, by office or as the steward."""
    seats = stages_in_office(standing) | stages_without_office(standing)
    return seats & not_conflicted(standing)


def _matches(search: str) -> Q:
    words = paging.search_words(search)
    if not words:
        return Q()
    return (
        Q(request__beneficiary__name__icontains=words)
        | Q(request__requester__name__icontains=words)
        | Q(request__beneficiary__email_key__contains=words)
        | matching(search, "organization__")
    )


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
    stages = Stage.objects.alias(sort_key=_sort_key(sort)).filter(chosen & _beyond(sort, after))
    down = "-" if sort == "newest" else ""
    stages = stages.order_by(f"{down}sort_key", f"{down}pk")
    # The stages with the items that they carry in one statement: a row an item, and nearly always one item a stage.
    carried = _CARRIED.objects.filter(stage__in=stages.values("pk")[: length + 1])
    carried = carried.alias(sort_key=_sort_key(sort, "stage__")).order_by(
        f"{down}sort_key", f"{down}stage", "requestitem__position"
    )
    if not all_decided:
        seats = Stage.objects.filter(decidable(standing), pk=OuterRef("stage"))
        carried = carried.annotate(decidable=Exists(seats))
    found: dict[int, Stage] = {}
    items: dict[int, list[RequestItem]] = {}
    decided: set[int] = set()
    for one in carried.select_related(
        "requestitem", "stage__organization", "stage__request__requester", "stage__request__beneficiary"
    ):
        found[one.stage_id] = one.stage
        items.setdefault(one.stage_id, []).append(one.requestitem)
        if all_decided or getattr(one, "decidable", False):
            decided.add(one.stage_id)
    rows = _rows_that_give(standing, list(found.values()), items, decided)
    keys = [(_key(stage, sort), stage.pk) for stage in found.values()]
    return paging.cut(rows, keys, length)


def _sort_key(sort: Sort, prefix: str = "") -> F | Coalesce:
    field = prefix + _FIELDS[sort]
    return Coalesce(field, Value("")) if sort == "organization" else F(field)


def _key(stage: Stage, sort: Sort) -> str:
    if sort == "person":
        return stage.request.beneficiary.name
    if sort == "organization":
        return "" if stage.organization is None else stage.organization.name
    return _opened(stage).isoformat()


def _beyond(sort: Sort, after: str | None) -> Q:
    """Return the condition for what comes after a key; a key of another order begins at the first page."""
    key: tuple[str | datetime, int] | None
    key = paging.from_text(after) if sort in ("person", "organization") else paging.instant_key(after)
    if key is None:
        return Q()
    past = "lt" if sort == "newest" else "gt"
    return Q(**{f"sort_key__{past}": key[0]}) | Q(**{"sort_key": key[0], f"pk__{past}": key[1]})


def _opened(stage: Stage) -> datetime:
    if stage.opened_at is None:
        raise ValueError("an open stage has no opening instant")
    return stage.opened_at


def pending_rows(
    standing: Standing, stages: Sequence[Stage], roles: Mapping[int, Sequence[str]] | None = None
) -> list[PendingRow]:
    """Return the rows of open stages, without what the roles would give: two statements more, however many stages.

    ``roles`` are the role ids that each stage's items name, where they are known: then one.
    """
    pks = [stage.pk for stage in stages]
    if not pks:
        return []
    decided = Stage.objects.filter(decidable(standing), pk__in=pks).values_list("pk", flat=True)
    known = roles_by_stage(pks) if roles is None else roles
    may = set(decided)
    rows = []
    for stage in stages:
        role_ids = tuple(known.get(stage.pk, ()))
        titles = tuple(role_title(standing.book, role_id) for role_id in role_ids or ("",))
        rows.append(_row(standing, stage, role_ids, titles, may_decide=stage.pk in may))
    return rows


def _rows_that_give(
    standing: Standing,
    stages: Sequence[Stage],
    items: Mapping[int, Sequence[RequestItem]],
    decided: Collection[int],
) -> list[PendingRow]:
    asked = [stage for stage in stages if stage.pk in decided]
    wishes = [
        Asked(stage.request.beneficiary_id, _added(items[stage.pk]), stage.organization) for stage in asked
    ]
    gives = dict(zip([stage.pk for stage in asked], what_it_gives(standing, wishes), strict=True))
    rows = []
    for stage in stages:
        carried = items[stage.pk]
        role_ids = tuple(item.role_id for item in carried)
        titles = tuple(dict.fromkeys(asked_title(standing.book, item) for item in carried))
        may = stage.pk in decided
        rows.append(_row(standing, stage, role_ids, titles, may_decide=may, gives=gives.get(stage.pk, ())))
    return rows


def _added(items: Sequence[RequestItem]) -> tuple[str, ...]:
    return tuple(item.role_id for item in items if item.kind == RequestItem.Kind.ADD_ROLE)


def _row(
    standing: Standing,
    stage: Stage,
    role_ids: tuple[str, ...],
    titles: tuple[str, ...],
    *,
    may_decide: bool,
    gives: tuple[RoleGives, ...] = (),
) -> PendingRow:
    request, place = stage.request, stage.organization
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
        role_titles=titles,
        organization_id=None if place is None else place.public_id,
        organization_name=None if place is None else place.name,
        organization_code=None if place is None else place.code,
        organization_kind_id=None if place is None else place.kind_id,
        reason=request.reason,
        submitted_at=request.submitted_at,
        opened_at=_opened(stage),
        mine=standing.account.pk in (request.requester_id, request.beneficiary_id),
        may_decide=may_decide,
        stands_in=may_decide
        and standing.office_over(Act.DECIDE, place, role_ids, stage.approver_role_id) is None,
        waits_for=role_title(standing.book, stage.approver_role_id),
        gives=gives,
    )


def roles_by_stage(stage_pks: Sequence[int]) -> dict[int, list[str]]:
    """Return the role ids that each stage's items name, in the items' order; one query."""
    items = RequestItem.objects.filter(stages__in=stage_pks).exclude(role_id="").order_by("position")
    roles: dict[int, list[str]] = {}
    for stage_pk, role_id in items.values_list("stages", "role_id"):
        roles.setdefault(stage_pk, []).append(role_id)
    return roles


def asked_title(book: Rolebook, item: RequestItem) -> str:
    """Return what an item asks for, as lists name it: "Account Manager", "Remove Account Manager"."""
    match item.kind:
        case RequestItem.Kind.REMOVE_ROLE:
            return f"Remove {role_title(book, item.role_id)}"
        case RequestItem.Kind.REMOVE_ACCESS:
            return "Remove access"
        case RequestItem.Kind.REACTIVATE:
            return "Open the account again"
    return role_title(book, item.role_id)


def role_title(book: Rolebook, role_id: str) -> str:
    """Return a role's title, or its id where the rolebook no longer has it; of no role: access apart from roles."""
    if not role_id:
        return "Access"
    role = book.role(role_id)
    return role_id if role is None else role.title
