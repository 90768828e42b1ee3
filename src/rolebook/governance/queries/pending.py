"""Pending Requests: what I asked for, and what I must decide, over all my organizations (QPP-04, -05, -15)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import not_conflicted, stages_in_office, stages_without_office
from rolebook.governance.models import RequestItem, Stage
from rolebook.governance.queries import paging
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import find_organization, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Rolebook

type Show = Literal["all", "mine", "to decide"]


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
    """

    request_id: uuid.UUID
    stage_id: uuid.UUID
    version: int
    items_hash: str
    requester_name: str
    beneficiary_id: uuid.UUID
    beneficiary_name: str
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


def pending_requests(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    show: Show = "all",
    organization_id: uuid.UUID | str | None = None,
    role_id: str | None = None,
    search: str = "",
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[PendingRow]:
    """Return the open stages that the viewer asked for or must decide, oldest first.

    Args:
        viewer: who looks.
        program_id: the program.
        at: the instant of looking.
        show: everything, one's own, or what one must decide.
        organization_id: public id; only that organization. One that is not there gives an empty page.
        role_id: only requests for that role.
        search: part of a person's name, or of an organization's name, code or number.
        after: `Page.next_after` of the page before.
        limit: rows a page, at most 200.
    """
    standing = viewer_standing(viewer, program_id, at)
    chosen = Q(program_id=program_id, state=Stage.State.OPEN)
    if organization_id is not None:
        try:
            chosen &= Q(organization=find_organization(program_id, organization_id, at))
        except NotFound:
            return Page(())
    if role_id:
        chosen &= Q(Exists(RequestItem.objects.filter(stages=OuterRef("pk"), role_id=role_id)))
    chosen &= _matches(search)
    sources = [Stage.objects.filter(chosen & source) for source in _sources(standing, show)]
    return _page(standing, sources, after, limit, theirs=show == "to decide")


def pending_at(
    standing: Standing, organization_pk: int, *, search: str, after: str | None, limit: int
) -> Page[PendingRow]:
    """Return every open stage at one organization, oldest first; the caller asked whether they may be seen."""
    chosen = Q(program_id=standing.program_id, state=Stage.State.OPEN, organization_id=organization_pk)
    return _page(standing, [Stage.objects.filter(chosen & _matches(search))], after, limit)


def count_to_decide(standing: Standing, most: int = 1_000) -> int:
    """Return how many open stages the viewer must decide, counted no further than ``most``."""
    total = 0
    for source in _sources(standing, "to decide"):
        stages = Stage.objects.filter(source, program_id=standing.program_id, state=Stage.State.OPEN)
        total += len(stages.values_list("pk")[:most])
    return min(total, most)


def matching_stage_ids(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    organization_id: uuid.UUID | str | None = None,
    search: str = "",
    most: int,
) -> tuple[uuid.UUID, ...]:
    """Return the public ids of all stages that the viewer must decide and that match, no more than ``most``.

    Raises NotFound for an organization that is not there.
    """
    standing = viewer_standing(viewer, program_id, at)
    chosen = Q(program_id=program_id, state=Stage.State.OPEN) & _matches(search)
    if organization_id is not None:
        chosen &= Q(organization=find_organization(program_id, organization_id, at))
    found: list[uuid.UUID] = []
    for source in _sources(standing, "to decide"):
        stages = Stage.objects.filter(chosen & source).order_by("opened_at", "pk")
        found += stages.values_list("public_id", flat=True)[:most]
    return tuple(found[:most])


def _sources(standing: Standing, show: Show) -> list[Q]:
    """Return disjoint conditions, each of which an index serves; a page is merged from their first rows."""
    mine = Q(request__requester=standing.account) | Q(request__beneficiary=standing.account)
    sources: list[Q] = []
    if show in ("all", "mine"):
        sources.append(mine)
    if show in ("all", "to decide"):
        office = stages_in_office(standing)
        free = not_conflicted(standing.account)
        sources.append(office & free)
        sources.append(stages_without_office(standing) & ~office & free)
    return sources


def _matches(search: str) -> Q:
    words = paging.search_words(search)
    if not words:
        return Q()
    return (
        Q(request__beneficiary__name__icontains=words)
        | Q(request__requester__name__icontains=words)
        | Q(organization__search_key__contains=words)
    )


def _page(
    standing: Standing,
    sources: Sequence[QuerySet[Stage]],
    after: str | None,
    limit: int,
    *,
    theirs: bool = False,
) -> Page[PendingRow]:
    """Return one page merged from several sources, each read no further than the page is long.

    ``theirs``: the sources are those of "to decide", by office and as the steward; who decides is then known.
    """
    length = paging.bounded(limit)
    key = paging.instant_key(after)
    beyond = Q() if key is None else Q(opened_at__gt=key[0]) | Q(opened_at=key[0], pk__gt=key[1])
    found: dict[int, Stage] = {}
    seats: list[set[int]] = []
    for source in sources:
        stages = source.filter(beyond).select_related(
            "organization", "request__requester", "request__beneficiary"
        )
        of_source = {stage.pk: stage for stage in stages.order_by("opened_at", "pk")[: length + 1]}
        found.update(of_source)
        seats.append(set(of_source))
    ordered = sorted(found.values(), key=_key)[: length + 1]
    rows = pending_rows(standing, ordered, (seats[0], seats[1]) if theirs else None)
    keys = [(instant.isoformat(), pk) for instant, pk in map(_key, ordered)]
    return paging.cut(rows, keys, length)


def _key(stage: Stage) -> tuple[datetime, int]:
    if stage.opened_at is None:
        raise ValueError("an open stage has no opening instant")
    return (stage.opened_at, stage.pk)


def pending_rows(
    standing: Standing, stages: Sequence[Stage], seats: tuple[set[int], set[int]] | None = None
) -> list[PendingRow]:
    """Return the rows of open stages: two queries more, however many stages.

    ``seats`` are the stages that the viewer decides by their office, and as the steward, where that is known: then one.
    """
    pks = [stage.pk for stage in stages]
    roles = roles_by_stage(pks)
    office, without = _seats(standing, pks) if seats is None else seats
    mine = standing.account.pk
    return [
        PendingRow(
            request_id=stage.request.public_id,
            stage_id=stage.public_id,
            version=stage.request_version,
            items_hash=stage.items_hash,
            requester_name=stage.request.requester.name,
            beneficiary_id=stage.request.beneficiary.public_id,
            beneficiary_name=stage.request.beneficiary.name,
            role_ids=tuple(roles.get(stage.pk, ())),
            role_titles=tuple(role_title(standing.book, role) for role in roles.get(stage.pk, ())),
            organization_id=stage.organization.public_id if stage.organization else None,
            organization_name=stage.organization.name if stage.organization else None,
            organization_code=stage.organization.code if stage.organization else None,
            organization_kind_id=stage.organization.kind_id if stage.organization else None,
            reason=stage.request.reason,
            submitted_at=stage.request.submitted_at,
            opened_at=_key(stage)[0],
            mine=mine in (stage.request.requester_id, stage.request.beneficiary_id),
            may_decide=stage.pk in office or stage.pk in without,
            stands_in=stage.pk in without and stage.pk not in office,
            waits_for=role_title(standing.book, stage.approver_role_id),
        )
        for stage in stages
    ]


def _seats(standing: Standing, stage_pks: Sequence[int]) -> tuple[set[int], set[int]]:
    """Return which stages are the viewer's to decide by their office, and which as the steward; one query."""
    free = not_conflicted(standing.account)
    seats = (
        Stage.objects.filter(free, pk__in=stage_pks)
        .annotate(
            office=Case(When(stages_in_office(standing), then=True), default=False),
            without=Case(When(stages_without_office(standing), then=True), default=False),
        )
        .values_list("pk", "office", "without")
    )
    found = list(seats)
    return {pk for pk, office, _ in found if office}, {pk for pk, _, without in found if without}


def roles_by_stage(stage_pks: Sequence[int]) -> dict[int, list[str]]:
    """Return the role ids that each stage's items name, in the items' order; one query."""
    items = RequestItem.objects.filter(stages__in=stage_pks).exclude(role_id="").order_by("position")
    roles: dict[int, list[str]] = {}
    for stage_pk, role_id in items.values_list("stages", "role_id"):
        roles.setdefault(stage_pk, []).append(role_id)
    return roles


def role_title(book: Rolebook, role_id: str) -> str:
    """Return a role's title, or its id where the rolebook no longer has it."""
    role = book.role(role_id)
    return role_id if role is None else role.title
