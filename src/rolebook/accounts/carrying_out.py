"""A plan of organizations is carried out: rows, identifiers, contacts, dated placements, and what was before."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import batched

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from rolebook.accounts.former_values import NAME, Ended, keep_former, set_search_keys
from rolebook.accounts.models import Organization, OrganizationIdentifier, OrganizationPlacement
from rolebook.accounts.organization_file import OrganizationRow
from rolebook.accounts.organization_models import OrganizationClosing, OrganizationContact
from rolebook.accounts.placing import Plan, Planned, Progress
from rolebook.accounts.texts import search_key

_BATCH = 500


def carry_out(plan: Plan, program_id: str, at: datetime, *, progress: Progress | None = None) -> None:
    """Write a plan's organizations, identifiers and dated placements; call it in a transaction.

    ``progress`` is told (organizations written, organizations in all).
    """
    total = len(plan.created) + len(plan.changed) + len(plan.closed)
    done = 0
    placed = dict(plan.parents)
    for level in _levels(plan.created):
        for some in batched(level, _BATCH):
            _create(some, program_id, placed, at)
            done += len(some)
            if progress is not None:
                progress(done, total)
    for some in batched(plan.changed, _BATCH):
        _change(some, program_id, placed, at)
        done += len(some)
        if progress is not None:
            progress(done, total)
    for closing in batched(plan.closed, _BATCH):
        close_rows(closing, at)
        done += len(closing)
        if progress is not None:
            progress(done, total)
    if any(planned.moves for planned in plan.changed):
        write_paths(program_id)


def close_rows(organizations: Sequence[Organization], at: datetime) -> None:
    """Close open organizations from ``at`` on, which is on record beside them."""
    Organization.objects.filter(pk__in=[one.pk for one in organizations]).update(closed_at=at)
    OrganizationClosing.objects.bulk_create(
        OrganizationClosing(organization=one, starts_at=at) for one in organizations
    )


def _levels(created: Iterable[Planned]) -> list[list[Planned]]:
    """Return new organizations by how many new ones stand above them."""
    depth: dict[str, int] = {}
    levels: list[list[Planned]] = []
    for planned in created:
        level = depth.get(planned.row.parent_code or "", -1) + 1
        depth[planned.row.code] = level
        if level == len(levels):
            levels.append([])
        levels[level].append(planned)
    return levels


def _create(some: Sequence[Planned], program_id: str, placed: dict[str, Organization], at: datetime) -> None:
    new = [
        Organization(
            program_id=program_id,
            kind_id=planned.row.kind_id,
            code=planned.row.code,
            name=planned.row.name,
            search_key=_search_key(planned.row),
            parent=placed.get(planned.row.parent_code or ""),
            path="",
            created_at=at,
        )
        for planned in some
    ]
    Organization.objects.bulk_create(new)
    below: dict[str, list[int]] = {}
    for organization in new:
        organization.path = _path(organization)
        placed[organization.code] = organization
        below.setdefault(organization.path.removesuffix(f"{organization.pk}/"), []).append(organization.pk)
    for above, ids in below.items():
        # One statement for those that stand together: a program of one level has one for all.
        own = Concat(Value(above), Cast("pk", CharField()), Value("/"))
        Organization.objects.filter(pk__in=ids).update(path=own)
    OrganizationPlacement.objects.bulk_create(
        OrganizationPlacement(organization=organization, parent=organization.parent, starts_at=at)
        for organization in new
    )
    OrganizationIdentifier.objects.bulk_create(
        OrganizationIdentifier(program_id=program_id, organization=organization, scheme=scheme, value=value)
        for organization, planned in zip(new, some, strict=True)
        for scheme, value in planned.row.identifiers
    )
    _write_contacts(zip(new, some, strict=True), program_id)


def _change(some: Sequence[Planned], program_id: str, placed: dict[str, Organization], at: datetime) -> None:
    pairs = [(planned.organization, planned) for planned in some if planned.organization is not None]
    ended: list[Ended] = []
    for organization, planned in pairs:
        before = {change.field: change.old for change in planned.changes}
        if NAME in before:
            ended.append(Ended(organization, NAME, before[NAME]))
        for scheme, value in planned.row.identifiers:
            if scheme in before:
                ended.append(Ended(organization, scheme, before[scheme]))
                write_identifier(organization, scheme, value)
        organization.name = planned.row.name
        if planned.moves:
            organization.parent = placed.get(planned.row.parent_code or "")
            date_placement(organization, at)
    keep_former(ended, at)
    changed = [organization for organization, _ in pairs]
    _write_contacts(pairs, program_id)
    set_search_keys(changed)
    moved = ["parent"] if any(planned.moves for planned in some) else []
    Organization.objects.bulk_update(changed, ["name", "search_key", *moved])


def write_identifier(organization: Organization, scheme: str, value: str) -> None:
    """Let an organization have exactly this identifier of a scheme; none where ``value`` is empty."""
    present = OrganizationIdentifier.objects.filter(organization=organization, scheme=scheme)
    if not value:
        present.delete()
        return
    first = present.order_by("pk").first()
    if first is None:
        OrganizationIdentifier.objects.create(
            program_id=organization.program_id, organization=organization, scheme=scheme, value=value
        )
        return
    present.exclude(pk=first.pk).delete()
    OrganizationIdentifier.objects.filter(pk=first.pk).update(value=value)


def date_placement(organization: Organization, at: datetime) -> None:
    """End the placement that an organization had, and begin the one at its present parent."""
    OrganizationPlacement.objects.filter(organization=organization, ends_at=None).update(ends_at=at)
    OrganizationPlacement.objects.create(organization=organization, parent=organization.parent, starts_at=at)


def _write_contacts(pairs: Iterable[tuple[Organization, Planned]], program_id: str) -> None:
    told = [(one, planned.row.contact) for one, planned in pairs if planned.row.contact is not None]
    OrganizationContact.objects.bulk_create(
        [
            OrganizationContact(
                program_id=program_id,
                organization=organization,
                purpose=contact.purpose,
                name=contact.name,
                email=contact.email,
                phone=contact.phone,
            )
            for organization, contact in told
        ],
        update_conflicts=True,
        unique_fields=["organization", "purpose"],
        update_fields=["name", "email", "phone"],
    )


def write_paths(program_id: str) -> None:
    """Write every organization's id path from its parent, top down, where it differs."""
    rows = list(Organization.objects.filter(program_id=program_id).only("pk", "parent_id", "path"))
    below: dict[int | None, list[Organization]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    differing = []
    waiting = [("/", row) for row in below.get(None, [])]
    while waiting:
        above, row = waiting.pop()
        path = f"{above}{row.pk}/"
        if row.path != path:
            row.path = path
            differing.append(row)
        waiting += [(path, child) for child in below.get(row.pk, [])]
    for some in batched(differing, _BATCH):
        Organization.objects.bulk_update(some, ["path"])


def _path(organization: Organization) -> str:
    above = organization.parent.path if organization.parent else "/"
    return f"{above}{organization.pk}/"


def _search_key(row: OrganizationRow) -> str:
    return search_key(row.name, row.code, *(value for _, value in row.identifiers))
