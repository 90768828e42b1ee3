"""organizations.csv to the organizations that a program ships with: `kind,code,name,parent`, then their properties."""

import re
from types import MappingProxyType

from rolebook.policy.errors import Report, say
from rolebook.policy.model import OrganizationKind, ShippedOrganization
from rolebook.policy.names import Names
from rolebook.policy.organizations import cycles_in
from rolebook.policy.text_files import CsvCell, CsvLine, begins_with

HEADER = ("kind", "code", "name", "parent")
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_OWN_PROPERTIES = ("id", "type", "code")


def judge_shape(lines: list[CsvLine], report: Report) -> None:
    """Find what is wrong in organizations.csv whatever rolebook.yaml says."""
    if lines and begins_with(lines[0], HEADER, report):
        for line in lines[1:]:
            _right_width(line, lines[0], report)


def _right_width(line: CsvLine, header: CsvLine, report: Report) -> bool:
    """Whether a line has the cells that it needs."""
    most = max(len(header), len(HEADER))
    if 3 <= len(line) <= most:
        return True
    expected = "3 or 4 cells" if most == len(HEADER) else f"3 to {most} cells"
    report.add(line[0].place, say("wrong width", found=f"{len(line)} cells", expected=expected))
    return False


def _property_names(header: CsvLine, report: Report) -> list[str]:
    """Return the names of the columns after the parent: what conditions may ask of an organization."""
    names: list[str] = []
    for cell in header[len(HEADER) :]:
        if not _PROPERTY.fullmatch(cell.text) or cell.text in (*names, *_OWN_PROPERTIES):
            expected = "a name of small letters, digits and '_', once, and none of " + ", ".join(
                _OWN_PROPERTIES
            )
            report.add(cell.place, say("bad header", found=cell.text or None, expected=expected))
        names.append(cell.text)
    return names


def build_organizations(
    lines: list[CsvLine], kinds: tuple[OrganizationKind, ...], report: Report
) -> tuple[ShippedOrganization, ...]:
    """Read the lines of organizations.csv; errors go to the report."""
    if not lines or not begins_with(lines[0], HEADER, report):
        return ()
    by_kind = {kind.id: kind for kind in kinds}
    kind_names = Names("organization kind")
    for kind in kinds:
        kind_names.add(kind.id, (kind.title,), lines[0][0].place, Report())
    found_organizations: dict[str, ShippedOrganization] = {}
    cells: dict[str, CsvLine] = {}
    properties = _property_names(lines[0], report)
    for line in lines[1:]:
        if not _right_width(line, lines[0], report):
            continue
        kind_id = kind_names.get(line[0].text, line[0].place, report)
        code = line[1].text
        if code in found_organizations:
            first = cells[code][1].place.line
            expected = f"each code once (first at line {first})"
            report.add(line[1].place, say("duplicate organization", found=code, expected=expected))
            continue
        if kind_id is not None:
            _check_code(line[1], by_kind[kind_id], report)
        if not line[2].text:
            report.add(
                line[2].place, say("missing name", found=None, expected="the name of the organization")
            )
        parent = line[3].text if len(line) > 3 else None
        told = {
            name: cell.text for name, cell in zip(properties, line[len(HEADER) :], strict=False) if cell.text
        }
        found_organizations[code] = ShippedOrganization(
            kind_id or "", code, line[2].text, parent or None, MappingProxyType(told)
        )
        cells[code] = line
    for organization in found_organizations.values():
        _check_parent(organization, found_organizations, by_kind, cells[organization.code], report)
    for cycle in cycles_in({code: found.parent_code for code, found in found_organizations.items()}):
        shown = " under ".join((*cycle, cycle[0]))
        place = cells[cycle[0]][3].place
        report.add(
            place, say("cycle of organizations", found=shown, expected="a parent that is not below its child")
        )
    return tuple(found_organizations.values())


def _check_code(cell: CsvCell, kind: OrganizationKind, report: Report) -> None:
    if not cell.text:
        report.add(cell.place, say("missing code", found=None, expected=f"a {kind.identifier_title}"))
    elif kind.identifier_pattern is not None:
        try:
            matched = re.fullmatch(kind.identifier_pattern, cell.text)
        except re.error:
            return
        if matched is None:
            expected = f"a {kind.identifier_title} that matches {kind.identifier_pattern}"
            report.add(cell.place, say("wrong code", found=cell.text, expected=expected))


def _check_parent(
    organization: ShippedOrganization,
    others: dict[str, ShippedOrganization],
    kinds: dict[str, OrganizationKind],
    line: CsvLine,
    report: Report,
) -> None:
    kind = kinds.get(organization.kind_id)
    if kind is None:
        return
    place = line[3].place if len(line) > 3 else line[0].place
    titles = [kinds[parent].title for parent in kind.parent_kinds if parent in kinds]
    expected = " or ".join(_with_article(title) for title in titles) if titles else "none"
    if organization.parent_code is None:
        if titles:
            report.add(place, say("missing parent", found=None, expected=expected))
        return
    parent = others.get(organization.parent_code)
    if parent is None:
        message = say("unknown organization", found=organization.parent_code, expected=expected, names=others)
        report.add(place, message)
    elif parent.kind_id not in kind.parent_kinds:
        report.add(place, say("wrong parent", found=organization.parent_code, expected=expected))


def _with_article(title: str) -> str:
    return f"{'an' if title[:1].casefold() in 'aeiou' else 'a'} {title}"
