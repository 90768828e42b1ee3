"""The file form to the `Rolebook`: names become ids, and what the parts say about each other is judged.

Every error goes to the report at its place; a rolebook comes back only when there is none.
"""

import re
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rolebook.policy.building_conditions import build_conditions
from rolebook.policy.building_matrix import MatrixNames, MatrixReading, build_matrix
from rolebook.policy.building_organizations import build_organizations
from rolebook.policy.building_process import Known, build_process
from rolebook.policy.building_records import build_records, check_pattern
from rolebook.policy.building_roles import RoleBuilder
from rolebook.policy.errors import one_of, say
from rolebook.policy.form import HINTS, PrivilegeForm, RolebookForm
from rolebook.policy.matrix import NO, YES, Footnote, Mark, Matrix
from rolebook.policy.model import (
    OFFICE_CATEGORY_ID,
    STEWARD_ID,
    Acknowledged,
    Category,
    Contact,
    Link,
    OrganizationKind,
    Privilege,
    PrivilegeKind,
    Program,
    Reach,
    Role,
    Rolebook,
)
from rolebook.policy.names import AllNames, Names, Source
from rolebook.policy.operations import OPERATIONS, operation_of
from rolebook.policy.terms import TAKEN_BY_ADDRESSES
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
        self.names = AllNames()
        self.reading = MatrixReading(Matrix(()))

    def build(self) -> Rolebook | None:
        """Judge and build everything."""
        self._enter_names()
        self._check_program()
        privileges = self._privileges()
        marks = self._marks()
        conditions = build_conditions(self.form, self.source, self.names)
        self._build_matrix(privileges, marks)
        organizations = build_organizations(self.organization_lines, self._kinds(), self.source.report)
        builder = RoleBuilder(self.source, self.names, privileges, self.reading)
        roles = builder.roles(self.form)
        builder.check_columns(roles)
        known = Known(self.names, roles, organizations, self.reading.matrix, privileges)
        process = build_process(self.form, self.source, known)
        records = build_records(self.form, self.source, self.names)
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
            recommendations=builder.recommendations(self.form, roles),
            privilege_kinds=tuple(PrivilegeKind(kind.id, kind.title) for kind in self.form.privilege_kinds),
            marks=marks,
            conditions=conditions,
            footnotes=tuple(Footnote(note.mark, note.text) for note in self.form.footnotes),
            organizations=organizations,
            words=MappingProxyType({k: MappingProxyType(dict(v)) for k, v in self.form.words.items()}),
            acknowledged=tuple(Acknowledged(a.finding, a.about, a.reason) for a in self.form.acknowledged),
            records=records,
        )

    def _enter_names(self) -> None:
        for position, category in enumerate(self.form.categories):
            if category.id == OFFICE_CATEGORY_ID:
                self.source.error(
                    ("categories", position, "id"),
                    "reserved id",
                    category.id,
                    "another id than the steward's",
                )
            self._enter(self.names.categories, category.id, (category.title,), ("categories", position, "id"))
        for position, kind in enumerate(self.form.organization_kinds):
            self._enter(self.names.kinds, kind.id, (kind.title,), ("organization_kinds", position, "id"))
        for position, sort in enumerate(self.form.privilege_kinds):
            self._enter(
                self.names.privilege_kinds, sort.id, (sort.title,), ("privilege_kinds", position, "id")
            )
        for position, area in enumerate(self.form.areas):
            self._enter(self.names.areas, area, (), ("areas", position))
        for position, table in enumerate(self.form.tables):
            self._enter(self.names.tables, table.id, (), ("tables", position, "id"))
        self._enter(self.names.roles, STEWARD_ID, (self.form.steward.title,), ("steward",))
        for position, role in enumerate(self.form.roles):
            self._enter(self.names.roles, role.id, (role.title, *role.other_names), ("roles", position, "id"))
        for privilege_id, privilege in self.form.privileges.items():
            place = self.source.tree.key_place(("privileges", privilege_id))
            self.names.privileges.add(privilege_id, (privilege.title,), place, self.source.report)
        for position, mark in enumerate(self.form.marks):
            path: Path = ("marks", position, "mark")
            if mark.mark.casefold() in (YES, NO):
                self.source.error(path, "wrong value", mark.mark, "another word than 'yes' and 'no'")
            self.names.marks.add(mark.mark, (mark.mark,), self.source.tree.place(path), self.source.report)
        footnotes = [note.mark for note in self.form.footnotes]
        for position, sign in enumerate(footnotes):
            if sign in footnotes[:position]:
                self.source.error(
                    ("footnotes", position, "mark"), "duplicate footnote", sign, "each sign once"
                )

    def _enter(self, names: Names, thing_id: str, titles: tuple[str, ...], path: Path) -> None:
        names.add(thing_id, titles, self.source.tree.place(path), self.source.report)

    def _check_program(self) -> None:
        if self.form.program.id in TAKEN_BY_ADDRESSES:
            expected = "another id: addresses of the server begin so, as a program's do with its id"
            self.source.error(("program", "id"), "reserved id", self.form.program.id, expected)
        try:
            ZoneInfo(self.form.program.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.source.error(
                ("program", "zone"), "unknown zone", self.form.program.zone, "an IANA time zone"
            )
        for key in self.form.program.hints:
            self._check_hint(key, ("program", "hints", key))
        for position, kind in enumerate(self.form.organization_kinds):
            self.source.many(self.names.kinds, kind.parents, ("organization_kinds", position, "parents"))
            if kind.identifier.pattern is not None:
                place: Path = ("organization_kinds", position, "identifier", "pattern")
                check_pattern(self.source, kind.identifier.pattern, place)

    def _check_hint(self, key: str, path: Path) -> None:
        if key not in HINTS:
            message = say("unknown hint", found=key, expected=one_of(HINTS), names=HINTS)
            self.source.report.add(self.source.tree.key_place(path), message)

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
            source="ours: the office that designates, administers, and stands in where nobody can decide",
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
                tuple(found for parent in kind.parents if (found := self.names.kinds.find(parent))),
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
        kind_id = (
            self.source.one(self.names.privilege_kinds, form.kind, (*path, "kind")) if form.kind else None
        )
        if self.form.privilege_kinds and form.kind is None:
            self.source.key_error(path, "missing key", None, "'kind'")
        includes = self.source.many(self.names.privileges, form.includes, (*path, "includes"))
        seen_with = self.source.many(self.names.privileges, form.seen_with, (*path, "seen_with"))
        return Privilege(
            privilege_id, form.title, operation or "", kind_id, includes, seen_with, form.description or ""
        )

    def _marks(self) -> tuple[Mark, ...]:
        for position, mark in enumerate(self.form.marks):
            for number, operation in enumerate(mark.operations):
                if operation not in OPERATIONS:
                    path: Path = ("marks", position, "operations", number)
                    self.source.error(path, "unknown operation", operation, one_of(OPERATIONS), OPERATIONS)
        return tuple(
            Mark(m.mark, m.title, m.meaning, m.allows, m.own_record, tuple(m.operations), m.condition)
            for m in self.form.marks
        )

    def _build_matrix(self, privileges: dict[str, Privilege], marks: tuple[Mark, ...]) -> None:
        notes = "".join(note.mark for note in self.form.footnotes)
        names = MatrixNames(self.names, tuple(mark.id for mark in marks), notes)
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

    def _check_words(self) -> None:
        sorts = {
            "role": self.names.roles,
            "privilege": self.names.privileges,
            "category": self.names.categories,
        }
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
