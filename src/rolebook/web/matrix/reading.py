"""The role matrix as the page shows it: the printed tables, filtered, or two roles compared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from rolebook.policy.finding import find_privileges
from rolebook.policy.model import NO, YES, Footnote, Mark, MatrixTable, Role, Rolebook, Row
from rolebook.policy.printed import Difference, Said, compare_roles, roles_without_column
from rolebook.policy.words import sentence

NOT_LISTED = "not listed"


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell: its word ("yes", "no", a mark's title, "not listed"), how it looks, and the ids of its headers.

    `look` is "yes", "no", "mark" or "unlisted"; `meaning` says what a mark means.
    """

    word: str
    look: str
    meaning: str = ""
    headers: str = ""
    mine: bool = False


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row: the privilege with its footnote marks, its kind where the program has kinds, and its cells."""

    id: str
    title: str
    marks: str
    kind: str
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True, slots=True)
class ShownArea:
    """Rows under one area heading; `title` None in a table without areas."""

    id: str
    title: str | None
    rows: tuple[ShownRow, ...]


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column: the role, its heading as printed, and whether the viewer holds it."""

    id: str
    role: Role
    heading: str
    mine: bool


@dataclass(frozen=True, slots=True)
class RoleNote:
    """What the rolebook says of a role beside its cells.

    ``not_requested`` says why it cannot be asked for; ``warned`` when that is the program's own word on it.
    """

    role: Role
    not_requested: str
    warned: bool
    notes: tuple[str, ...]
    gives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownTable:
    """One table of the page."""

    id: str
    label: str
    title: str
    categories: tuple[str, ...]
    columns: tuple[ShownColumn, ...]
    areas: tuple[ShownArea, ...]
    roles: tuple[RoleNote, ...]
    footnotes: tuple[Footnote, ...]
    marks: tuple[Mark, ...]

    @property
    def width(self) -> int:
        """Number of columns, the one of the privileges included."""
        return len(self.columns) + 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the matrix is asked for; everything when all are empty."""

    role_id: str = ""
    area: str = ""
    words: str = ""

    @property
    def everything(self) -> bool:
        """Whether nothing is filtered."""
        return not (self.role_id or self.area or self.words)


def shown_tables(book: Rolebook, wanted: Wanted, mine: frozenset[str]) -> tuple[ShownTable, ...]:
    """Return the tables in printed order with the columns and rows that are wanted; tables left empty are left out."""
    words = None
    if wanted.words:
        words = frozenset(privilege.id for privilege in find_privileges(book, wanted.words).every_word)
    tables = []
    for number, table in enumerate(book.matrix.tables, start=1):
        rows = [
            (at, row)
            for at, row in enumerate(table.rows, start=1)
            if wanted.area in ("", row.area) and (words is None or row.privilege_id in words)
        ]
        columns = [column for column in table.columns if wanted.role_id in ("", column.role_id)]
        if rows and columns:
            tables.append(_table(book, table, f"t{number}", rows, mine, wanted.role_id))
    return tuple(tables)


def _table(
    book: Rolebook,
    table: MatrixTable,
    prefix: str,
    rows: list[tuple[int, Row]],
    mine: frozenset[str],
    role_id: str,
) -> ShownTable:
    chosen = [at for at, column in enumerate(table.columns) if role_id in ("", column.role_id)]
    columns = tuple(
        ShownColumn(f"c{at}", role, column.heading, role.id in mine)
        for at in chosen
        if (role := book.role((column := table.columns[at]).role_id)) is not None
    )
    areas = []
    for number, (area, of_area) in enumerate(groupby(rows, key=lambda found: found[1].area), start=1):
        area_id = f"{prefix}-a{number}"
        shown = tuple(
            _row(book, row, f"{prefix}-r{at}", area_id if area else "", columns, chosen)
            for at, row in of_area
        )
        areas.append(ShownArea(area_id, area, shown))
    used = {mark for _, row in rows for mark in row.footnote_marks}
    cells = {row.cells[at] for _, row in rows for at in chosen}
    return ShownTable(
        id=prefix,
        label=table.id,
        title=table.title,
        categories=_category_titles(book, (column.role for column in columns)),
        columns=columns,
        areas=tuple(areas),
        roles=tuple(role_note(book, column.role) for column in columns),
        footnotes=tuple(note for note in book.footnotes if note.mark in used),
        marks=tuple(mark for mark in book.marks if mark.id in cells),
    )


def _row(
    book: Rolebook, row: Row, row_id: str, area_id: str, columns: tuple[ShownColumn, ...], chosen: list[int]
) -> ShownRow:
    cells = []
    table_id = row_id.partition("-")[0]
    for column, at in zip(columns, chosen, strict=True):
        headers = " ".join(part for part in (area_id, row_id, f"{table_id}-{column.id}") if part)
        cells.append(replace(shown_cell(book, row.cells[at]), headers=headers, mine=column.mine))
    return ShownRow(row_id, *_title(book, row.privilege_id, row.footnote_marks), tuple(cells))


def _title(book: Rolebook, privilege_id: str, marks: Iterable[str] = ()) -> tuple[str, str, str]:
    """Return a privilege's title, its footnote marks, and its kind ("" where there are none)."""
    privilege = book.privilege(privilege_id)
    if privilege is None:
        return privilege_id, "".join(marks), ""
    kinds = (kind.title for kind in book.privilege_kinds if kind.id == privilege.kind_id)
    return privilege.title, "".join(marks), next(kinds, "")


def shown_cell(book: Rolebook, cell: str | None) -> ShownCell:
    """Return how a printed cell is shown; None: the table does not list the privilege for the role."""
    if cell is None:
        return ShownCell(NOT_LISTED, "unlisted")
    mark = book.mark(cell)
    if mark is not None:
        return ShownCell(mark.title, "mark", mark.meaning)
    return ShownCell(cell, cell if cell in (YES, NO) else "mark")


def role_note(book: Rolebook, role: Role) -> RoleNote:
    """Return what is said of a role: why it cannot be asked for, the document's notes, and what the text gives it."""
    notes = tuple(note.text for note in role.notes)
    gives = tuple(_title(book, note.privilege_id)[0] for note in role.by_note)
    why = why_not_requested(book, role)
    return RoleNote(role, why, bool(why) and why == book.hint("designated"), notes, gives)


def why_not_requested(book: Rolebook, role: Role) -> str:
    """Return why a role cannot be asked for, in the program's words where it has some; "" for one that can.

    The program's hint speaks of the roles that its tables print; one without a column gets the plain sentence.
    """
    if role.obtained == "designation":
        hint = book.hint("designated") if role.printed else None
        return hint or sentence("by_designation_only", role=role.title)
    return sentence("by_registration_only", role=role.title) if role.obtained == "registration" else ""


def unprinted_roles(book: Rolebook) -> tuple[RoleNote, ...]:
    """Return the roles without a column, with what the text gives them."""
    return tuple(role_note(book, role) for role in roles_without_column(book))


def _category_titles(book: Rolebook, roles: Iterable[Role]) -> tuple[str, ...]:
    found = (book.category(key) for key in dict.fromkeys(role.category_id for role in roles))
    return tuple(category.title for category in found if category is not None)


@dataclass(frozen=True, slots=True)
class RolesOfCategory:
    """The roles of one user category, for choosing one."""

    title: str
    roles: tuple[Role, ...]


def roles_by_category(book: Rolebook) -> tuple[RolesOfCategory, ...]:
    """Return every role under its user category, in the rolebook's order."""
    return tuple(
        RolesOfCategory(category.title, roles)
        for category in book.categories
        if (roles := tuple(role for role in book.roles if role.category_id == category.id))
    )


@dataclass(frozen=True, slots=True)
class ShownComparison:
    """Two roles side by side, only what differs."""

    columns: tuple[ShownColumn, ShownColumn]
    areas: tuple[ShownArea, ...]
    number: int
    listed_once: tuple[ShownArea, ...]
    number_listed_once: int
    alike: int
    notes: tuple[str, ...]
    marks: tuple[Mark, ...]


def shown_comparison(book: Rolebook, first: Role, second: Role, mine: frozenset[str]) -> ShownComparison:
    """Return two roles compared, by area."""
    found = compare_roles(book, first.id, second.id)
    columns = (
        ShownColumn("c1", first, first.title, first.id in mine),
        ShownColumn("c2", second, second.title, second.id in mine),
    )
    areas = _compared(book, found.differences, columns, "d")
    words = {cell.word for area in areas for row in area.rows for cell in row.cells}
    return ShownComparison(
        columns=columns,
        areas=areas,
        number=len(found.differences),
        listed_once=_compared(book, found.listed_once, columns, "e"),
        number_listed_once=len(found.listed_once),
        alike=found.alike,
        notes=tuple(dict.fromkeys(_notes((one.first, one.second) for one in found.differences))),
        marks=tuple(mark for mark in book.marks if mark.title in words),
    )


def _compared(
    book: Rolebook, found: Iterable[Difference], columns: tuple[ShownColumn, ShownColumn], prefix: str
) -> tuple[ShownArea, ...]:
    areas = []
    at = 0
    for number, (area, of_area) in enumerate(groupby(found, key=lambda one: one.area), start=1):
        rows = []
        for one in of_area:
            at += 1
            row_id = f"{prefix}-r{at}"
            cells = tuple(
                replace(
                    _said_cell(book, what),
                    headers=f"{prefix}-a{number} {row_id} {prefix}-{column.id}",
                    mine=column.mine,
                )
                for column, what in zip(columns, (one.first, one.second), strict=True)
            )
            rows.append(ShownRow(row_id, *_title(book, one.privilege_id), cells))
        areas.append(ShownArea(f"{prefix}-a{number}", area or "Without an area", tuple(rows)))
    return tuple(areas)


def _notes(pairs: Iterable[tuple[Said, Said]]) -> Iterator[str]:
    for pair in pairs:
        for one in pair:
            if one.note:
                yield one.note.partition(": ")[2] or one.note


def _said_cell(book: Rolebook, what: Said) -> ShownCell:
    """Return one cell for all that is said of a privilege; a role may have it by the text and not by a cell."""
    if what.note and not what.cells:
        return ShownCell("yes, by a note", "yes")
    if len(what.cells) < 2:
        return shown_cell(book, what.cells[0] if what.cells else None)
    return ShownCell(" / ".join(shown_cell(book, cell).word for cell in what.cells), "mark")
