"""The parts of one request, and which of them somebody sees: stage by stage and item by item (docs/decisions/0033)."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from rolebook.accounts.models import Organization
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import still_decides
from rolebook.governance.models import Request, RequestItem, Stage, SupervisorWord
from rolebook.governance.narrowing import told_items
from rolebook.governance.queries.course_steps import stage_outcome
from rolebook.governance.queries.own_requests import ItemLine, RequestLine, item_line, state_shown
from rolebook.governance.queries.pending import pending_rows
from rolebook.governance.queries.stewards import administers
from rolebook.governance.queries.waits import stage_waits, word_waits
from rolebook.governance.refusals import NotFound
from rolebook.governance.whose_turn import Whose
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class Parts:
    """The items of a request's present version, and which stages carry each; one statement."""

    items: tuple[RequestItem, ...]
    stage_pks: Mapping[int, tuple[int, ...]]
    by_stage: Mapping[int, tuple[RequestItem, ...]]

    @classmethod
    def of(cls, request: Request) -> "Parts":
        """Read a request's parts."""
        carried = RequestItem.stages.through.objects.filter(stage__request=request)
        items: dict[int, RequestItem] = {}
        stages: dict[int, list[int]] = {}
        by_stage: dict[int, list[RequestItem]] = {}
        for one in carried.select_related("requestitem__organization").order_by("requestitem__position"):
            item = one.requestitem
            by_stage.setdefault(one.stage_id, []).append(item)
            if item.request_version == request.version:
                items[item.pk] = item
                stages.setdefault(item.pk, []).append(one.stage_id)
        return cls(
            tuple(items.values()),
            {pk: tuple(some) for pk, some in stages.items()},
            {pk: tuple(some) for pk, some in by_stage.items()},
        )

    def lines(
        self,
        standing: Standing,
        stages: Sequence[Stage],
        whose: Mapping[int, Whose],
        word: SupervisorWord | None,
    ) -> tuple[ItemLine, ...]:
        """Return the items as lists show them, with what each waits for.

        ``whose`` each open stage is; ``word``: the supervisor's on the present version, if any was asked.
        """
        first = word_waits(word)
        waits = {stage.pk: stage_waits(standing.book, stage, whose) for stage in stages}
        return tuple(
            item_line(
                standing,
                item,
                [
                    wait
                    for wait in (first, *(waits.get(pk) for pk in self.stage_pks.get(item.pk, ())))
                    if wait is not None and item.state == RequestItem.State.PENDING
                ],
            )
            for item in told_items(self.items)
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody sees of a request.

    Attributes:
        own: whether they asked for it, or it is for them.
        stages: those that they see, as they were laid out.
        parts: the items that they see.
        named: internal ids of the stages at which they are told persons, and not offices only.
        is_whole: whether that is all of it.
        item_pks: internal ids of the items of any version that they see; None: all.
    """

    own: bool
    stages: tuple[Stage, ...]
    parts: Parts
    named: frozenset[int]
    is_whole: bool
    item_pks: frozenset[int] | None = None

    def sees(self, item: RequestItem) -> bool:
        """Return whether they see an item, of whatever version."""
        return self.item_pks is None or item.pk in self.item_pks

    @property
    def tells_names(self) -> bool:
        """Whether persons are told at every stage."""
        return bool(self.stages) and len(self.named) == len(self.stages)

    def line(self, line: RequestLine) -> RequestLine:
        """Return the request's line, with what its items seen here came to where others are not seen."""
        if self.is_whole:
            return line
        states = {state_shown(line.state, item.state) for item in self.parts.items}
        if RequestItem.State.PENDING in states:
            return replace(line, state=Request.State.PENDING.value, settled_at=None)
        settled = [stage.settled_at for stage in self.stages if stage.settled_at is not None]
        state = Request.State.DENIED.value
        if len(states) == 1:
            [state] = states
        elif RequestItem.State.APPROVED in states:
            state = Request.State.PARTLY_APPROVED.value
        return replace(line, state=state, settled_at=max(settled, default=line.settled_at))


def laid_out(request: Request) -> list[Stage]:
    """Return the stages of all versions as they were laid out, with places and outcomes; one statement.

    Chains that others wait for come before those that wait, the closing stages last.
    """
    told = Stage.objects.select_related("organization", "outcome__approver", "outcome__delegate_for")
    stages = list(told.filter(request=request).order_by("pk"))
    for stage in stages:
        stage.request = request
    return stages


def sees_whole(standing: Standing, request: Request) -> bool:
    """Return whether somebody who neither made a request nor is its beneficiary sees all of it, as `seen_of` says.

    At most five statements, none for who sees every part anyway.
    """
    if _sees_every_part(standing):
        return True
    stages, parts = laid_out(request), Parts.of(request)
    open_stages = [stage for stage in stages if stage.state == Stage.State.OPEN]
    rows = pending_rows(standing, open_stages, parts.by_stage)
    try:
        seen = seen_of(standing, request, stages, parts, {row.stage_id for row in rows if row.may_decide})
    except NotFound:
        return False
    return seen.is_whole


def _sees_every_part(standing: Standing) -> bool:
    """Return whether they see all of any request of which they see some: stewards, and where agencies decide for one
    another.
    """
    return standing.book.approval.employing_chain or administers(standing)


def seen_of(
    standing: Standing,
    request: Request,
    stages: Sequence[Stage],
    parts: Parts,
    deciding: Collection[uuid.UUID],
) -> Seen:
    """Return what the viewer sees of a request. Raises NotFound where that is nothing.

    Its requester and beneficiary see all of it, a steward too, and officials where agencies decide for one another
    (IQCS-04). Other officials see the stages and items of their places, and of none: where they may view the users, may
    decide now (``deciding``, public ids), or decided and could today. Persons are told at those places alone.
    """
    own = standing.account.pk in (request.requester_id, request.beneficiary_id)
    viewed: dict[int | None, bool] = {}

    def views(place: Organization | None) -> bool:
        key = None if place is None else place.pk
        if key not in viewed:
            viewed[key] = standing.may(Act.VIEW_USERS, place)
        return viewed[key]

    theirs = {
        stage.organization_id
        for stage in stages
        if views(stage.organization) or stage.public_id in deciding or _decided(standing, stage, parts)
    }
    if not own and not theirs:
        raise NotFound
    decides = frozenset(theirs)
    told = decides if own else decides | {None}
    everything = administers(standing) if own else _sees_every_part(standing)
    named = frozenset(stage.pk for stage in stages if everything or stage.organization_id in told)
    if own or everything:
        return Seen(own, tuple(stages), parts, named, is_whole=True)
    # A stage of theirs is seen with all that it decides; an item at a place of theirs with all who decide it.
    items = {
        item.pk
        for stage in stages
        for item in parts.by_stage.get(stage.pk, ())
        if stage.organization_id in decides or item.organization_id in told or views(item.organization)
    }
    return _part(stages, parts, items, told, named)


def _part(
    stages: Sequence[Stage],
    parts: Parts,
    items: Collection[int],
    places: Collection[int | None],
    named: frozenset[int],
) -> Seen:
    """Return some items, with the stages that carry them or are at ``places``.

    Raises NotFound where the present version asks for none of them.
    """
    kept = tuple(
        stage
        for stage in stages
        if stage.organization_id in places
        or any(item.pk in items for item in parts.by_stage.get(stage.pk, ()))
    )
    shown = replace(parts, items=tuple(item for item in parts.items if item.pk in items))
    if not shown.items:
        raise NotFound
    whole = len(shown.items) == len(parts.items) and len(kept) == len(stages)
    return Seen(False, kept, shown, named, is_whole=whole, item_pks=frozenset(items))


def _decided(standing: Standing, stage: Stage, parts: Parts) -> bool:
    """Return whether the viewer, or an account that was merged into theirs, decided a stage, and could today, too."""
    outcome = stage_outcome(stage)
    me = standing.account.pk
    if outcome is None or me not in (outcome.approver_id, outcome.approver.merged_into_id):
        return False
    return still_decides(standing, stage, [item.role_id for item in parts.by_stage.get(stage.pk, ())])
