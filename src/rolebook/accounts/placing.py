"""Organizations as rows become organizations in a program's tree: first a plan, which a dry run shows, then
the rows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched

from rolebook.accounts.models import Organization, OrganizationIdentifier, OrganizationPlacement
from rolebook.accounts.organization_file import OrganizationRow, check_parent_kind
from rolebook.accounts.texts import search_key
from rolebook.policy.errors import Report, say
from rolebook.policy.model import Rolebook

_BATCH = 500
MOST_LEVELS = 40
"""How deep a tree of organizations may be; a path of so many ids fits its column (fault 55)."""
type Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value of an organization that an import changes."""

    field: str
    old: str
    new: str


@dataclass(slots=True)
class Planned:
    """What an import does with one row: create (``organization`` is None until then), change or leave it."""

    row: OrganizationRow
    organization: Organization | None
    changes: list[FieldChange] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        """Whether an existing organization gets another parent."""
        return self.organization is not None and any(change.field == "parent" for change in self.changes)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does; a dry run shows it, a run carries exactly it out."""

    created: tuple[Planned, ...]
    """Parents before their children."""
    changed: tuple[Planned, ...]
    unchanged: int
    parents: dict[str, Organization]
    """Organizations of the program by code, as far as the rows name them."""


def plan_organizations(program_id: str, book: Rolebook, rows: Sequence[OrganizationRow]) -> Plan:
    """Return what the rows would change in the program as it is now. Raises RolebookErrors with every conflict."""
    report = Report()
    known = _known(program_id, {code for row in rows for code in (row.code, row.parent_code) if code})
    in_file = {row.code for row in rows}
    created, changed, unchanged = [], [], 0
    held = _identifiers_held(program_id, rows)
    for row in rows:
        _check_parent(row, known, in_file, book, report)
        _check_identifiers(row, held, report)
        planned = Planned(row, known.get(row.code))
        if planned.organization is None:
            created.append(planned)
            continue
        planned.changes = _changes(row, planned.organization, report)
        if planned.changes:
            changed.append(planned)
        else:
            unchanged += 1
    _check_moves(program_id, rows, [planned for planned in changed if planned.moves], report)
    report.check()
    _check_depths(created, known, report)
    report.check()
    return Plan(tuple(_parents_first(created)), tuple(changed), unchanged, known)


def _known(program_id: str, codes: set[str]) -> dict[str, Organization]:
    found: dict[str, Organization] = {}
    for some in batched(sorted(codes), _BATCH):
        rows = Organization.objects.filter(program_id=program_id, code__in=some).select_related("parent")
        found |= {organization.code: organization for organization in rows.prefetch_related("identifiers")}
    return found


def _identifiers_held(program_id: str, rows: Sequence[OrganizationRow]) -> dict[tuple[str, str], str]:
    """Return the code of the organization that has each of the rows' identifiers now."""
    values = {value for row in rows for _, value in row.identifiers}
    held: dict[tuple[str, str], str] = {}
    for some in batched(sorted(values), _BATCH):
        found = OrganizationIdentifier.objects.filter(program_id=program_id, value__in=some)
        held |= {(s, v): code for s, v, code in found.values_list("scheme", "value", "organization__code")}
    return held


def _check_parent(
    row: OrganizationRow, known: dict[str, Organization], in_file: set[str], book: Rolebook, report: Report
) -> None:
    if row.parent_code is None or row.parent_code in in_file:
        return
    parent = known.get(row.parent_code)
    if parent is None:
        expected = "the code of an organization of this file or of the program"
        report.add(row.parent_place, say("unknown parent", found=row.parent_code, expected=expected))
    else:
        check_parent_kind(row, parent.kind_id, book, report)


def _check_identifiers(row: OrganizationRow, held: dict[tuple[str, str], str], report: Report) -> None:
    for scheme, value in row.identifiers:
        code = held.get((scheme, value), row.code)
        if code != row.code:
            expected = f"one that the organization {code!r} does not have already"
            report.add(row.place, say(f"taken {scheme}", found=value, expected=expected))


def _changes(row: OrganizationRow, organization: Organization, report: Report) -> list[FieldChange]:
    """Return what a row changes of an existing organization; another kind is refused, since roles reach by kind."""
    if row.kind_id != organization.kind_id:
        report.add(row.place, say("changed kind", found=row.kind_id, expected=organization.kind_id))
    now = {identifier.scheme: identifier.value for identifier in organization.identifiers.all()}
    pairs = [
        ("name", organization.name, row.name),
        ("parent", organization.parent.code if organization.parent else "", row.parent_code or ""),
        *((scheme, now.get(scheme, ""), value) for scheme, value in row.identifiers),
    ]
    return [FieldChange(name, old, new) for name, old, new in pairs if old != new]


def _check_moves(
    program_id: str, rows: Sequence[OrganizationRow], moves: list[Planned], report: Report
) -> None:
    """Report moves that would put an organization below itself, or the tree too deep, as it would be after them all.

    The new organizations of the file count as well: a move may go below one of them.
    """
    if not moves:
        return
    above: dict[str, str | None] = dict(
        Organization.objects.filter(program_id=program_id).values_list("code", "parent__code")
    )
    above |= {row.code: row.parent_code for row in rows}
    for planned in moves:
        row, levels = planned.row, 1
        here = row.parent_code
        while here is not None and here != row.code and levels <= len(above):
            here, levels = above.get(here), levels + 1
        if here is not None:
            expected = "a parent that is not below it"
            report.add(row.parent_place, say("circle of parents", found=row.parent_code, expected=expected))
    if not report.errors and _deepest(above) > MOST_LEVELS:
        expected = f"at most {MOST_LEVELS} levels after the moves of this file"
        report.add(
            moves[0].row.parent_place, say("too deep", found=moves[0].row.parent_code, expected=expected)
        )


def _deepest(above: dict[str, str | None]) -> int:
    """Return how many levels a tree without circles has; ``above`` gives the parent of each."""
    levels: dict[str | None, int] = {None: 0}
    for start in above:
        path: list[str] = []
        here: str | None = start
        while here is not None and here not in levels:
            path.append(here)
            here = above.get(here)
        for code in reversed(path):
            levels[code] = levels[above.get(code)] + 1
    return max(levels.values())


def _check_depths(created: list[Planned], known: dict[str, Organization], report: Report) -> None:
    """Report new organizations that would stand too deep; the file has no circles."""
    waiting = {planned.row.code: planned.row for planned in created}
    for planned in created:
        depth, code = 1, planned.row.parent_code
        while code in waiting and depth <= MOST_LEVELS:
            depth, code = depth + 1, waiting[code].parent_code
        above = known.get(code or "")
        if depth + (_levels_of(above) if above else 0) > MOST_LEVELS:
            found = f"more than {MOST_LEVELS} levels"
            report.add(
                planned.row.parent_place, say("too deep", found=found, expected=f"at most {MOST_LEVELS}")
            )


def _levels_of(organization: Organization) -> int:
    return organization.path.count("/") - 1


def _parents_first(created: list[Planned]) -> Iterator[Planned]:
    """Yield new organizations so that each comes after its parent (the file has no circles)."""
    waiting = {planned.row.code: planned for planned in created}
    for planned in created:
        chain = []
        here: Planned | None = planned
        while here is not None and here.row.code in waiting:
            chain.append(waiting.pop(here.row.code))
            here = waiting.get(here.row.parent_code or "")
        yield from reversed(chain)


def carry_out(plan: Plan, program_id: str, at: datetime, *, progress: Progress | None = None) -> None:
    """Write a plan's organizations, identifiers and dated placements; call it in a transaction.

    ``progress`` is told (organizations written, organizations in all).
    """
    total = len(plan.created) + len(plan.changed)
    done = 0
    placed = dict(plan.parents)
    for level in _levels(plan.created):
        for some in batched(level, _BATCH):
            _create(some, program_id, placed, at)
            done += len(some)
            if progress is not None:
                progress(done, total)
    for planned in plan.changed:
        _change(planned, program_id, placed, at)
        done += 1
        if progress is not None and done % _BATCH == 0:
            progress(done, total)
    if any(planned.moves for planned in plan.changed):
        write_paths(program_id)


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
    for organization in new:
        organization.path = _path(organization)
        placed[organization.code] = organization
    Organization.objects.bulk_update(new, ["path"])
    OrganizationPlacement.objects.bulk_create(
        OrganizationPlacement(organization=organization, parent=organization.parent, starts_at=at)
        for organization in new
    )
    OrganizationIdentifier.objects.bulk_create(
        OrganizationIdentifier(program_id=program_id, organization=organization, scheme=scheme, value=value)
        for organization, planned in zip(new, some, strict=True)
        for scheme, value in planned.row.identifiers
    )


def _change(planned: Planned, program_id: str, placed: dict[str, Organization], at: datetime) -> None:
    organization = planned.organization
    if organization is None:
        return
    organization.name = planned.row.name
    organization.search_key = _search_key(planned.row)
    for scheme, value in planned.row.identifiers:
        OrganizationIdentifier.objects.update_or_create(
            program_id=program_id, organization=organization, scheme=scheme, defaults={"value": value}
        )
    if planned.moves:
        organization.parent = placed.get(planned.row.parent_code or "")
        OrganizationPlacement.objects.filter(organization=organization, ends_at=None).update(ends_at=at)
        OrganizationPlacement.objects.create(
            organization=organization, parent=organization.parent, starts_at=at
        )
    organization.save(update_fields=["name", "search_key", "parent"])


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
