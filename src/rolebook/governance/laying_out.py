"""Laying out a request's chains as stages, by the program's rolebook (`rolebook.policy.approval`), at submission."""

from collections.abc import Sequence
from dataclasses import dataclass

from rolebook.accounts.models import Organization, RolebookVersion
from rolebook.governance.content import items_hash
from rolebook.governance.models import Request, RequestItem, Stage
from rolebook.policy.model import PLACE_ORGANIZATION, PLACE_PARENT, Chain, Rolebook, StageSpec


class NoChain(LookupError):
    """The rolebook has no chain for an item: nobody could decide it."""


@dataclass(frozen=True, slots=True)
class Laid:
    chain_id: str
    spec_id: str
    position: int
    approver_role_id: str
    organization_pk: int | None
    items: tuple[int, ...]
    follows: tuple[int, ...]


def lay_out_request(
    request: Request, items: Sequence[RequestItem], book: Rolebook
) -> tuple[Stage, ...]:
    """Write the stages of the request's present version, all waiting, bound to their items. Raises NoChain."""
    laid = laid_stages(book, items)
    by_position = {item.position: item for item in items}
    stages: list[Stage] = []
    for one in laid:
        carried = [by_position[position] for position in one.items]
        stage = Stage.objects.create(
            program_id=request.program_id,
            request=request,
            request_version=request.version,
            chain_id=one.chain_id,
            spec_id=one.spec_id,
            position=one.position,
            approver_role_id=one.approver_role_id,
            organization_id=one.organization_pk,
            items_hash=items_hash(request, request.version, carried),
        )
        stage.items.set(carried)
        stage.follows.set([stages[index] for index in one.follows])
        stages.append(stage)
    return tuple(stages)


def laid_stages(book: Rolebook, items: Sequence[RequestItem]) -> tuple[Laid, ...]:
    laid: list[Laid] = []
    for item in items:
        chain = _chain_for(book, item.organization)
        run = chain.id if item.organization is None else f"{chain.id}@{item.organization.public_id}"
        for position, spec in enumerate(chain.stages):
            follows = (len(laid) - 1,) if position else ()
            laid.append(
                Laid(
                    run, spec.id, position, spec.approver_role_id, _place(spec, item.organization),
                    (item.position,), follows,
                )
            )
    return tuple(laid)


def _chain_for(book: Rolebook, organization: Organization | None) -> Chain:
    for chain in book.chains:
        if organization is None:
            if chain.everywhere:
                return chain
        elif organization.code in chain.organizations or organization.kind_id in chain.kinds:
            return chain
    raise NoChain("no chain")


def _place(spec: StageSpec, organization: Organization | None) -> int | None:
    if organization is None or spec.place not in (PLACE_ORGANIZATION, PLACE_PARENT):
        return None
    return organization.pk


def layout_has_changed(version: RolebookVersion, book: Rolebook, request: Request) -> bool:
    """Return whether the rolebook in force would lay the request out differently from how it was."""
    if version.pk == request.rolebook_version_id:
        return False
    items = list(
        request.items.filter(request_version=request.version).select_related("organization").order_by("position")
    )
    try:
        now = laid_stages(book, items)
    except NoChain:
        return True
    stages = Stage.objects.filter(request=request, request_version=request.version)
    then = {
        (
            stage.chain_id,
            stage.position,
            stage.spec_id,
            stage.approver_role_id,
            stage.organization_id,
            frozenset(item.position for item in stage.items.all()),
        )
        for stage in stages.prefetch_related("items")
    }
    return then != {
        (
            one.chain_id,
            one.position,
            one.spec_id,
            one.approver_role_id,
            one.organization_pk,
            frozenset(one.items),
        )
        for one in now
    }
