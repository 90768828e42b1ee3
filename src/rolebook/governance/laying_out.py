"""A request's chains, laid out as stages by the program's rolebook (`rolebook.policy.approval`), at submission."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from rolebook.accounts.models import Organization, RolebookVersion
from rolebook.governance.content import items_hash
from rolebook.governance.employing import employer_for
from rolebook.governance.models import Request, RequestItem, Stage, TreeChange
from rolebook.policy.approval import AskedItem, LaidStage, chain_for, lay_out
from rolebook.policy.model import STEWARD_ID, Rolebook
from rolebook.policy.organizations import OrganizationPath, OrganizationRef
from rolebook.policy.rules import ChangeKind

CLOCK_SKEW = timedelta(hours=1)
"""How far the clocks of two machines may be apart."""
type Place = tuple[int, str, str, int | None, frozenset[int]]
"""Position in its run, stage id, approver role, internal id of the organization, positions of the items."""


def lay_out_request(request: Request, items: Sequence[RequestItem], book: Rolebook) -> tuple[Stage, ...]:
    """Write the stages of the request's present version, all waiting, each bound to its items."""
    by_key = {str(item.position): item for item in items}
    layout = _laid(book, items, request)
    stages = {laid.key: _stage(request, laid, by_key) for laid in layout}
    Stage.objects.bulk_create(stages.values())
    carried = RequestItem.stages.through
    carried.objects.bulk_create(
        carried(stage_id=stages[laid.key].pk, requestitem_id=by_key[key].pk)
        for laid in layout
        for key in laid.item_keys
    )
    follows = Stage.follows.through
    follows.objects.bulk_create(
        follows(from_stage_id=stages[laid.key].pk, to_stage_id=stages[key].pk)
        for laid in layout
        for key in laid.after
    )
    return tuple(stages.values())


def _stage(request: Request, laid: LaidStage, by_key: Mapping[str, RequestItem]) -> Stage:
    return Stage(
        program_id=request.program_id,
        request=request,
        request_version=request.version,
        chain_id=laid.run_id,
        spec_id=laid.stage_id,
        position=laid.position,
        approver_role_id=laid.approver_role_id,
        organization_id=_pk(laid.organization_id),
        is_foreign=laid.foreign,
        items_hash=items_hash(request, request.version, [by_key[key] for key in laid.item_keys]),
    )


def layout_has_changed(version: RolebookVersion, book: Rolebook, request: Request) -> bool:
    """Return whether the request would be laid out otherwise now: by another rolebook or tree, or employer."""
    same_book = version.pk == request.rolebook_version_id and not book.approval.employing_chain
    changes = TreeChange.objects.filter(
        program_id=request.program_id, changed_at__gte=request.submitted_at - CLOCK_SKEW
    )
    if same_book and not changes.exists():
        return False
    return laid_out_otherwise(book, request)


def laid_out_otherwise(book: Rolebook, request: Request) -> bool:
    """Return whether a request's stages are not those that the rolebook lays out for it at the present places.

    Other titles are no difference; other places, roles, orders or items are.
    """
    stages = Stage.objects.filter(request=request, request_version=request.version)
    then = {_place_of(stage) for stage in stages.prefetch_related("items")}
    return then != {_place(laid) for laid in _laid_now(book, request)}


def is_asked_still(book: Rolebook, stage: Stage) -> bool:
    """Return whether the rolebook lays out a stage for its request at the present places, and as foreign as it is."""
    now = {(_place(laid), laid.foreign) for laid in _laid_now(book, stage.request)}
    return (_place_of(stage), stage.is_foreign) in now


def _laid_now(book: Rolebook, request: Request) -> tuple[LaidStage, ...]:
    items = request.items.filter(request_version=request.version).select_related("organization")
    return _laid(book, list(items.order_by("position")), request)


def _place_of(stage: Stage) -> Place:
    items = frozenset(item.position for item in stage.items.all())
    return (stage.position, stage.spec_id, stage.approver_role_id, stage.organization_id, items)


def _place(laid: LaidStage) -> Place:
    items = frozenset(int(key) for key in laid.item_keys)
    return (laid.position, laid.stage_id, laid.approver_role_id, _pk(laid.organization_id), items)


def _laid(book: Rolebook, items: Sequence[RequestItem], request: Request) -> tuple[LaidStage, ...]:
    employer = employer_for(request) if book.approval.employing_chain else None
    named = [item.organization for item in items if item.organization is not None]
    # Nobody is in office at a closed place: what is to be removed there is decided where the next one above is open.
    everywhere = [*named, employer] if employer is not None else named
    paths = paths_of(everywhere, open_only=book.approval.employing_chain)
    return lay_out(
        book,
        [
            AskedItem(str(item.position), ChangeKind(item.kind), paths.get(item.organization_id or 0, ()))
            for item in items
        ],
        employing=() if employer is None else paths[employer.pk],
        vouching_role_ids=_roles_of_their_word(book, items, employer),
    )


def _roles_of_their_word(
    book: Rolebook, items: Sequence[RequestItem], employer: Organization | None
) -> frozenset[str]:
    """Return the roles whose word a representative's request to reactivate somebody, and nothing else, is (IQCS-10).

    The closing stages are asked anyhow; a program without any leaves nothing out, for something must be decided.
    """
    asks_for_more = any(item.kind != RequestItem.Kind.REACTIVATE for item in items)
    if asks_for_more or not book.approval.closing:
        return frozenset()
    # Of whom no employer is on record the steward is the representative.
    return frozenset({STEWARD_ID}) if employer is None else chain_roles(book, employer)


def paths_of(
    organizations: Sequence[Organization], *, open_only: bool = False
) -> dict[int, OrganizationPath]:
    """Return each organization's path from the top, by internal id; one query for those above.

    ``open_only``: without those on it that are closed.
    """
    steps = {one.pk: [int(step) for step in one.path.split("/") if step] for one in organizations}
    references = {one.pk: OrganizationRef(str(one.pk), one.code, one.kind_id) for one in organizations}
    closed = {one.pk for one in organizations if one.closed_at is not None}
    above = {pk for path in steps.values() for pk in path} - set(references)
    if above:
        found = Organization.objects.filter(pk__in=above).values_list("pk", "code", "kind_id", "closed_at")
        for pk, code, kind_id, closed_at in found:
            references[pk] = OrganizationRef(str(pk), code, kind_id)
            closed |= set() if closed_at is None else {pk}
    left_out = closed if open_only else set()
    return {
        pk: tuple(references[step] for step in path if step not in left_out) for pk, path in steps.items()
    }


def chain_roles(book: Rolebook, organization: Organization) -> frozenset[str]:
    """Return the roles that decide in an organization's chain, or about it across agencies; none without a chain."""
    return chain_roles_of(book, [organization])[organization.pk]


def chain_roles_of(book: Rolebook, organizations: Sequence[Organization]) -> Mapping[int, frozenset[str]]:
    """Return `chain_roles` of organizations by internal id; one statement for all of them."""
    paths, roles = paths_of(organizations), {}
    for one in organizations:
        found = chain_for(book, paths[one.pk])
        stages = () if found is None else (*found[0].stages, *book.approval.foreign_last)
        roles[one.pk] = frozenset(stage.approver_role_id for stage in stages)
    return roles


def approver_roles(book: Rolebook, path: OrganizationPath) -> tuple[str, ...]:
    """Return the approver roles of an organization's chain that stand at organizations, in the chain's order."""
    found = chain_for(book, path)
    if found is None:
        return ()
    return tuple(
        dict.fromkeys(stage.approver_role_id for stage in found[0].stages if stage.place != "program")
    )


def _pk(organization_id: str | None) -> int | None:
    return None if organization_id is None else int(organization_id)
