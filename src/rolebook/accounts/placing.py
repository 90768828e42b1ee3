"""Organizations as rows become organizations in a program's tree: first a plan, which a dry run shows, then
the rows.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched

from rolebook.accounts.contacts import Contact
from rolebook.accounts.former_values import former_codes
from rolebook.accounts.models import Organization, OrganizationIdentifier
from rolebook.accounts.organization_file import OrganizationRow, check_parent_kind
from rolebook.policy.errors import Place, Report, say
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
    closed: tuple[Organization, ...] = ()
    """Those that the file does not name, where it was asked to close them."""

    def lines(self) -> Iterator[tuple[str, str, str, list[tuple[str, str, str]]]]:
        """Yield (what, code, name, [(field, old, new)]) of each change, as it is shown before it is confirmed."""
        for planned in self.created:
            row = planned.row
            new = [("parent", "", row.parent_code or ""), *((s, "", v) for s, v in row.identifiers)]
            if row.contact is not None:
                new.append((f"contact: {row.contact.purpose}", "", str(row.contact)))
            yield "new", row.code, row.name, [change for change in new if change[2]]
        for planned in self.changed:
            what = "moved" if planned.moves else "changed"
            changes = [(change.field, change.old, change.new) for change in planned.changes]
            yield what, planned.row.code, planned.row.name, changes
        for organization in self.closed:
            yield "closed", organization.code, organization.name, []

    def digest(self) -> str:
        """Return the SHA-256 over what the plan changes: two plans that change the same have the same."""
        digest = hashlib.sha256()
        for line in self.lines():
            digest.update(json.dumps(line, ensure_ascii=True).encode() + b"\n")
        return digest.hexdigest()


def plan_organizations(
    program_id: str,
    book: Rolebook,
    rows: Sequence[OrganizationRow],
    report: Report,
    *,
    close_absent: bool = False,
) -> Plan:
    """Return what the rows would change in the program as it is now.

    Raises RolebookErrors with every conflict, and with all that reading the file put into the report.

    ``close_absent``: open organizations of the program that no row names are closed.
    """
    known = _known(program_id, {code for row in rows for code in (row.code, row.parent_code) if code})
    in_file = {row.code for row in rows if row.code}
    created, changed, unchanged = [], [], 0
    held = _identifiers_held(program_id, rows)
    former = former_codes(program_id, (code for code in in_file if code not in known))
    for row in rows:
        _check_former_code(row, former, report)
        _check_open(row, known, report)
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
    report.check()
    _check_moves(program_id, rows, [planned for planned in changed if planned.moves], report)
    report.check()
    _check_depths(created, known, report)
    absent = _absent(program_id, in_file, rows, report) if close_absent and rows else ()
    report.check()
    return Plan(tuple(_parents_first(created)), tuple(changed), unchanged, known, absent)


def _absent(
    program_id: str, in_file: set[str], rows: Sequence[OrganizationRow], report: Report
) -> tuple[Organization, ...]:
    """Return the open organizations that no row names; one with a present one below it is an error."""
    there = Organization.objects.filter(program_id=program_id, closed_at=None).order_by("-path")
    absent = {one.pk: one for one in there.iterator(2000) if one.code not in in_file}
    codes = {one.code for one in absent.values()}
    place = Place(rows[0].place.file, 1, 1)
    below = {row.parent_code for row in rows if row.parent_code in codes}
    kept = Organization.objects.filter(program_id=program_id, closed_at=None, parent__in=absent)
    below |= {code for code, pk in kept.values_list("parent__code", "pk") if pk not in absent}
    for code in sorted(code for code in below if code):
        expected = "a row for it, since organizations of the file stand below it"
        advice = "add its row, or do not ask to close what the file does not name"
        report.add(place, say("absent parent", found=code, expected=expected, advice=advice))
    # Deepest first, so that none is closed while an open one is below it.
    return tuple(sorted(absent.values(), key=lambda one: (-one.path.count("/"), one.pk)))


def _check_former_code(row: OrganizationRow, former: Mapping[str, str], report: Report) -> None:
    if row.code in former:
        expected = f"another one: it was the code of what is {former[row.code]!r} now"
        advice = f"write {former[row.code]!r} if that organization is meant, else a new code"
        report.add(row.place, say("former code", found=row.code, expected=expected, advice=advice))


def _check_open(row: OrganizationRow, known: dict[str, Organization], report: Report) -> None:
    one = known.get(row.code)
    if one is not None and one.closed_at is not None:
        advice = "reopen the organization, or take the line out"
        expected = "an organization that is open"
        report.add(row.place, say("closed organization", found=row.code, expected=expected, advice=advice))
    above = known.get(row.parent_code or "")
    if above is not None and above.closed_at is not None:
        expected = "an organization that is open"
        advice = "reopen it, or write the code of another"
        report.add(
            row.parent_place, say("closed parent", found=row.parent_code, expected=expected, advice=advice)
        )


def _known(program_id: str, codes: set[str]) -> dict[str, Organization]:
    found: dict[str, Organization] = {}
    for some in batched(sorted(codes), _BATCH):
        rows = Organization.objects.filter(program_id=program_id, code__in=some).select_related("parent")
        rows = rows.prefetch_related("identifiers", "contacts")
        found |= {organization.code: organization for organization in rows}
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
        advice = "correct the code, or add a line for that organization"
        report.add(
            row.parent_place, say("unknown parent", found=row.parent_code, expected=expected, advice=advice)
        )
    else:
        check_parent_kind(row, parent.kind_id, book, report)


def _check_identifiers(row: OrganizationRow, held: dict[tuple[str, str], str], report: Report) -> None:
    for (scheme, value), place in zip(row.identifiers, row.identifier_places, strict=True):
        code = held.get((scheme, value), row.code)
        if code != row.code:
            expected = f"one that the organization {code!r} does not have already"
            advice = f"correct the number, or write {code!r} as the code if that organization is meant"
            report.add(place, say(f"taken {scheme}", found=value, expected=expected, advice=advice))


def _changes(row: OrganizationRow, organization: Organization, report: Report) -> list[FieldChange]:
    """Return what a row changes of an existing organization; another kind is refused, since roles reach by kind."""
    if row.kind_id and row.kind_id != organization.kind_id:
        expected = f"{organization.kind_id!r}, which the organization is"
        advice = "write that: the kind of an organization does not change"
        report.add(row.kind_place, say("changed kind", found=row.kind_id, expected=expected, advice=advice))
    now = {identifier.scheme: identifier.value for identifier in organization.identifiers.all()}
    pairs = [
        ("name", organization.name, row.name),
        ("parent", organization.parent.code if organization.parent else "", row.parent_code or ""),
        *((scheme, now.get(scheme, ""), value) for scheme, value in row.identifiers),
    ]
    if row.contact is not None:
        contacts = {one.purpose: one for one in organization.contacts.all()}
        old = contacts.get(row.contact.purpose)
        before = "" if old is None else str(Contact(old.purpose, old.name, old.email, old.phone))
        pairs.append((f"contact: {row.contact.purpose}", before, str(row.contact)))
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
