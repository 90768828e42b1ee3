"""The file form to the `Rolebook`: names become ids, and what the parts say about each other is judged.

Every error goes to the report at its place; a rolebook comes back only when there is none.
"""

import re
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rolebook.policy.building_matrix import MatrixNames, MatrixReading, build_matrix
from rolebook.policy.building_organizations import build_organizations
from rolebook.policy.building_process import Known, build_process
from rolebook.policy.errors import one_of
from rolebook.policy.form import HINTS, Cited, ElsewhereForm, NoteForm, PrivilegeForm, RolebookForm, RoleForm
from rolebook.policy.matrix import NO, YES, Footnote, Mark, Matrix
from rolebook.policy.model import (
    OFFICE_CATEGORY_ID,
    STEWARD_ID,
    Acknowledged,
    ByNote,
    Category,
    Contact,
    Link,
    Note,
    OrganizationKind,
    Privilege,
    PrivilegeKind,
    Program,
    Reach,
    Recommendation,
    Role,
    Rolebook,
    ShippedOrganization,
)
from rolebook.policy.names import Names, Source
from rolebook.policy.operations import OPERATIONS, operation_of
from rolebook.policy.text_files import CsvLine
from rolebook.policy.yaml_tree import Path

WORD_KEY = re.compile(
    r"(statement|hint\.(?P<hint>\w+)|(?P<sort>role|privilege|category)\.(?P<id>\w+)\.(title|description))\Z"
)


class Builder:
    """Builds one rolebook. `rolebook()` gives it, or None when the report has errors."""

    def __init__(
        self, form: RolebookForm, source: Source, matrix: list[CsvLine], organizations: list[CsvLine]
    ) -> None:
        """Take the shapes that were read; nothing is judged yet."""
        self.form = form
        self.source = source
        self.matrix_lines = matrix
        self.organization_lines = organizations
        self.categories = Names("category")
        self.kinds = Names("organization kind")
        self.roles = Names("role")
        self.privileges = Names("privilege")
        self.privilege_kinds = Names("privilege kind")
        self.areas = Names("area")
        self.tables = Names("table")
        self.marks = Names("mark")
        self.reading = MatrixReading(Matrix(()))

    def build(self) -> Rolebook | None:
        """Judge and build everything."""
        self._enter_names()
        self._check_program()
        privileges = self._privileges()
        marks = self._marks()
        self._build_matrix(privileges, marks)
        organizations = build_organizations(self.organization_lines, self._kinds(), self.source.report)
        roles = self._roles(privileges)
        self._check_columns(roles)
        known = Known(
            self.categories, self.kinds, self.roles, roles, organizations, self.reading.matrix, privileges
        )
        process = build_process(self.form, self.source, known)
        self._check_words()
        if self.source.report.errors:
            return None
        return Rolebook(
            format=self.form.format,
            program=self._program(),
            access=self.form.access,
            steward=self._steward(),
            categories=tuple(
                Category(c.id, c.title, c.exclusive, c.description or "") for c in self.form.categories
            ),
            organization_kinds=self._kinds(),
            roles=roles,
            privileges=tuple(privileges.values()),
            matrix=self.reading.matrix,
            authority=process.authority,
            chains=process.chains,
            approval=process.approval,
            rules=process.rules,
            lifecycle=process.lifecycle,
            reviews=process.reviews,
            recommendations=self._recommendations(roles),
            privilege_kinds=tuple(PrivilegeKind(kind.id, kind.title) for kind in self.form.privilege_kinds),
            marks=marks,
            footnotes=tuple(Footnote(note.mark, note.text) for note in self.form.footnotes),
            organizations=organizations,
            words=MappingProxyType({k: MappingProxyType(dict(v)) for k, v in self.form.words.items()}),
            acknowledged=tuple(Acknowledged(a.finding, a.about, a.reason) for a in self.form.acknowledged),
        )

    def _enter_names(self) -> None:
        for sort, names, things in (
            ("categories", self.categories, self.form.categories),
            ("organization_kinds", self.kinds, self.form.organization_kinds),
            ("privilege_kinds", self.privilege_kinds, self.form.privilege_kinds),
        ):
            for position, thing in enumerate(things):
                place = self.source.tree.place((sort, position, "id"))
                names.add(thing.id, (thing.title,), place, self.source.report)
        for position, area in enumerate(self.form.areas):
            self.areas.add(area, (area,), self.source.tree.place(("areas", position)), self.source.report)
        for position, table in enumerate(self.form.tables):
            place = self.source.tree.place(("tables", position, "id"))
            self.tables.add(table.id, (table.id,), place, self.source.report)
        self.roles.add(
            STEWARD_ID, (self.form.steward.title,), self.source.tree.place(("steward",)), self.source.report
        )
        for position, role in enumerate(self.form.roles):
            place = self.source.tree.place(("roles", position, "id"))
            self.roles.add(role.id, (role.title, *role.other_names), place, self.source.report)
        for privilege_id, privilege in self.form.privileges.items():
            place = self.source.tree.key_place(("privileges", privilege_id))
            self.privileges.add(privilege_id, (privilege.title,), place, self.source.report)
        for position, mark in enumerate(self.form.marks):
            path: Path = ("marks", position, "mark")
            if mark.mark.casefold() in (YES, NO):
                self.source.error(path, "wrong value", mark.mark, "another word than 'yes' and 'no'")
            self.marks.add(mark.mark, (mark.mark,), self.source.tree.place(path), self.source.report)

    def _check_program(self) -> None:
        try:
            ZoneInfo(self.form.program.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.source.error(
                ("program", "zone"), "unknown zone", self.form.program.zone, "an IANA time zone"
            )
        for key in self.form.program.hints:
            self._check_hint(key, ("program", "hints", key))
        for position, kind in enumerate(self.form.organization_kinds):
            self.source.many(self.kinds, kind.parents, ("organization_kinds", position, "parents"))
            if kind.identifier.pattern is not None:
                self._check_pattern(
                    kind.identifier.pattern, ("organization_kinds", position, "identifier", "pattern")
                )

    def _check_hint(self, key: str, path: Path) -> None:
        if key not in HINTS:
            self.source.report.add(self.source.tree.key_place(path), _unknown_hint(key))

    def _check_pattern(self, pattern: str, path: Path) -> None:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            self.source.error(path, "bad pattern", pattern, "a regular expression")

    def _program(self) -> Program:
        form = self.form.program
        contact = form.contact
        return Program(
            id=form.id,
            name=form.name,
            short_name=form.short_name,
            version=form.version,
            date=form.date,
            source=form.source,
            zone=form.zone,
            contact=Contact(
                contact.name,
                contact.email,
                contact.phone or "",
                contact.hours or "",
                contact.have_ready or "",
            ),
            language=form.language,
            statement=form.statement,
            statement_source=form.statement_source or "",
            hints=MappingProxyType(dict(form.hints)),
            links=tuple(Link(link.title, link.url) for link in form.links),
        )

    def _steward(self) -> Role:
        return Role(
            id=STEWARD_ID,
            title=self.form.steward.title,
            category_id=OFFICE_CATEGORY_ID,
            obtained="designation",
            reach=Reach("everywhere"),
            description=self.form.steward.description or "",
            printed=False,
            source="ours: the office of the program that designates, administers, and stands in where nobody can decide",
        )

    def _kinds(self) -> tuple[OrganizationKind, ...]:
        return tuple(
            OrganizationKind(
                kind.id,
                kind.title,
                kind.plural,
                kind.identifier.scheme,
                kind.identifier.title,
                kind.identifier.pattern,
                kind.identifier.example or "",
                tuple(found for parent in kind.parents if (found := self.kinds.find(parent))),
            )
            for kind in self.form.organization_kinds
        )

    def _privileges(self) -> dict[str, Privilege]:
        return {
            privilege_id: self._privilege(privilege_id, form)
            for privilege_id, form in self.form.privileges.items()
        }

    def _privilege(self, privilege_id: str, form: PrivilegeForm) -> Privilege:
        path: Path = ("privileges", privilege_id)
        operation = form.operation or operation_of(form.title)
        if operation is None:
            self.source.error(
                (*path, "title"),
                "unknown operation",
                form.title,
                "a title that begins with a verb, or the key 'operation'",
            )
        elif operation not in OPERATIONS:
            self.source.error(
                (*path, "operation"), "unknown operation", operation, one_of(OPERATIONS), OPERATIONS
            )
        kind_id = self.source.one(self.privilege_kinds, form.kind, (*path, "kind")) if form.kind else None
        if self.form.privilege_kinds and form.kind is None:
            self.source.key_error(path, "missing key", None, "'kind'")
        includes = self.source.many(self.privileges, form.includes, (*path, "includes"))
        return Privilege(privilege_id, form.title, operation or "", kind_id, includes, form.description or "")

    def _marks(self) -> tuple[Mark, ...]:
        for position, mark in enumerate(self.form.marks):
            for number, operation in enumerate(mark.operations):
                if operation not in OPERATIONS:
                    path: Path = ("marks", position, "operations", number)
                    self.source.error(path, "unknown operation", operation, one_of(OPERATIONS), OPERATIONS)
        return tuple(
            Mark(m.mark, m.title, m.meaning, m.allows, m.own_record, tuple(m.operations))
            for m in self.form.marks
        )

    def _build_matrix(self, privileges: dict[str, Privilege], marks: tuple[Mark, ...]) -> None:
        names = MatrixNames(
            self.roles,
            self.privileges,
            self.areas,
            self.tables,
            tuple(mark.id for mark in marks),
            "".join(note.mark for note in self.form.footnotes),
        )
        self.reading = build_matrix(self.matrix_lines, self.form, names, self.source.report)
        for position, table in enumerate(self.form.tables):
            if not any(found.id == table.id for found in self.reading.matrix.tables):
                self.source.error(
                    ("tables", position, "id"), "table without rows", table.id, "its rows in matrix.csv"
                )
        narrow = {mark.id: mark for mark in marks if mark.allows and mark.operations}
        for cell in self.reading.matrix.cells:
            mark, privilege = narrow.get(cell.value), privileges.get(cell.row.privilege_id)
            if mark is None or privilege is None:
                continue
            reachable = (privilege, *(privileges[i] for i in privilege.includes if i in privileges))
            if not any(candidate.operation in mark.operations for candidate in reachable):
                path: Path = ("privileges", privilege.id)
                expected = f"an included privilege with operation {one_of(mark.operations)}"
                self.source.key_error(path, f"mark '{mark.id}' gives nothing", privilege.title, expected)

    def _roles(self, privileges: dict[str, Privilege]) -> tuple[Role, ...]:
        return tuple(
            self._role(form, ("roles", position), privileges) for position, form in enumerate(self.form.roles)
        )

    def _role(self, form: RoleForm, path: Path, privileges: dict[str, Privilege]) -> Role:
        category_id = self.source.one(self.categories, form.category, (*path, "category"))
        kinds = self.source.many(self.kinds, form.reach.kinds, (*path, "reach", "kinds"))
        at_organization = form.reach.scope == "organization"
        if at_organization and not form.reach.kinds:
            self.source.error((*path, "reach"), "missing key", None, "'kinds' of organization")
        for key in ("kinds", "many", "lower_levels", "elsewhere"):
            if not at_organization and getattr(form.reach, key):
                self.source.key_error(
                    (*path, "reach", key),
                    "unused key",
                    key,
                    f"only with scope 'organization', not '{form.reach.scope}'",
                )
        if form.reach.many and not form.reach.lower_levels:
            self.source.error((*path, "reach", "many"), "wrong value", "true", "'lower_levels: true' with it")
        by_note = tuple(
            ByNote(found, basis(note))
            for number, note in enumerate(form.by_note)
            if (
                found := self.source.one(
                    self.privileges, note.privilege, (*path, "by_note", number, "privilege")
                )
            )
        )
        elsewhere = self._elsewhere(form, path, privileges) if form.reach.elsewhere else ()
        return Role(
            id=form.id,
            title=form.title,
            category_id=category_id or "",
            obtained=form.obtained,
            reach=Reach(form.reach.scope, kinds, form.reach.many, form.reach.lower_levels, elsewhere),
            description=form.description or "",
            other_names=tuple(form.other_names),
            printed=form.printed,
            by_note=by_note,
            notes=tuple(self._note(note, (*path, "notes", number)) for number, note in enumerate(form.notes)),
            source=form.source or "",
        )

    def _note(self, form: NoteForm, path: Path) -> Note:
        can = self.source.many(self.privileges, form.can, (*path, "can"))
        cannot = self.source.many(self.privileges, form.cannot, (*path, "cannot"))
        area = self.source.one(self.areas, form.area, (*path, "area")) if form.area else None
        if bool(form.area) != bool(form.operations):
            self.source.error(path, "missing key", None, "'area' and 'operations' together")
        self._operations(form.operations, (*path, "operations"))
        return Note(form.text, can, cannot, area, tuple(form.operations))

    def _operations(self, operations: list[str], path: Path) -> None:
        for number, operation in enumerate(operations):
            if operation not in OPERATIONS:
                self.source.error(
                    (*path, number), "unknown operation", operation, one_of(OPERATIONS), OPERATIONS
                )

    def _elsewhere(self, form: RoleForm, path: Path, privileges: dict[str, Privilege]) -> tuple[str, ...]:
        """The role's privileges named one by one, and those of the named areas with the named operations."""
        elsewhere = form.reach.elsewhere or ElsewhereForm()
        here: Path = (*path, "reach", "elsewhere")
        named = self.source.many(self.privileges, elsewhere.privileges, (*here, "privileges"))
        areas = self.source.many(self.areas, elsewhere.areas, (*here, "areas"))
        for number, operation in enumerate(elsewhere.operations):
            if operation not in OPERATIONS:
                self.source.error(
                    (*here, "operations", number),
                    "unknown operation",
                    operation,
                    one_of(OPERATIONS),
                    OPERATIONS,
                )
        if bool(elsewhere.areas) != bool(elsewhere.operations):
            self.source.error(here, "missing key", None, "'areas' and 'operations' together")
        found: dict[str, None] = {}
        table = self.reading.matrix.table_of(form.id)
        held: dict[str, str] = {}
        for row in table.rows if table else ():
            cell = table.cell(row, form.id) if table else None
            privilege = privileges.get(row.privilege_id)
            if cell in (None, NO) or privilege is None:
                continue
            held[privilege.id] = privilege.title
            if row.area in areas and privilege.operation in elsewhere.operations:
                found[privilege.id] = None
        for number, privilege_id in enumerate(named):
            if privilege_id in held:
                found[privilege_id] = None
            else:
                title = privileges[privilege_id].title
                self.source.error(
                    (*here, "privileges", number),
                    "privilege not held",
                    title,
                    "one that the matrix gives this role",
                )
        return tuple(found)

    def _check_columns(self, roles: tuple[Role, ...]) -> None:
        for position, role in enumerate(roles):
            column = self.reading.columns.get(role.id)
            if role.printed and column is None and self.reading.matrix.tables:
                self.source.error(
                    ("roles", position, "id"),
                    "role without column",
                    role.title,
                    "a column in matrix.csv, or 'printed: false'",
                )
            elif not role.printed and column is not None:
                self.source.error(
                    ("roles", position, "printed"),
                    "column without role",
                    role.title,
                    f"no column (there is one at line {column.line})",
                )
        if STEWARD_ID in self.reading.columns:
            place = self.reading.columns[STEWARD_ID]
            self.source.report.add(
                place, "column without role: found 'steward', expected a role (the steward is never printed)"
            )

    def _recommendations(self, roles: tuple[Role, ...]) -> tuple[Recommendation, ...]:
        return tuple(
            Recommendation(role.id, form.recommended.at_least, role.reach.kinds, basis(form.recommended))
            for role, form in zip(roles, self.form.roles, strict=True)
            if form.recommended is not None
        )

    def _check_words(self) -> None:
        sorts = {"role": self.roles, "privilege": self.privileges, "category": self.categories}
        for language, texts in self.form.words.items():
            for key in texts:
                path: Path = ("words", language, key)
                match = WORD_KEY.match(key)
                if match is None:
                    self.source.key_error(
                        path,
                        "unknown text",
                        key,
                        "'statement', 'hint.<key>' or '<role|privilege|category>.<id>.title'",
                    )
                elif match["hint"] is not None:
                    self._check_hint(match["hint"], path)
                elif match["sort"] is not None and match["id"] not in sorts[match["sort"]].places:
                    self.source.key_error(
                        path, f"unknown {match['sort']}", match["id"], "an id of this rolebook"
                    )


def basis(cited: Cited) -> str:
    """What something rests on, as the model keeps it."""
    if cited.row is not None:
        return cited.row
    return f"document: {cited.document}" if cited.document is not None else f"ours: {cited.ours}"


def _unknown_hint(key: str) -> str:
    from rolebook.policy.errors import say

    return say("unknown hint", found=key, expected=one_of(HINTS), names=HINTS)


__all__ = ["Builder", "ShippedOrganization", "basis"]
