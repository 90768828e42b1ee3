"""Roles of the file form: reach, what holds elsewhere, notes, and their columns in the matrix."""

from rolebook.policy.building_matrix import MatrixReading
from rolebook.policy.errors import one_of, say
from rolebook.policy.form import ElsewhereForm, NoteForm, RolebookForm, RoleForm
from rolebook.policy.form_base import Cited
from rolebook.policy.matrix import NO
from rolebook.policy.model import STEWARD_ID, ByNote, Note, Privilege, Reach, Recommendation, Role
from rolebook.policy.names import AllNames, Source
from rolebook.policy.operations import OPERATIONS
from rolebook.policy.yaml_tree import Path


def basis(cited: Cited) -> str:
    """What something rests on, as the model keeps it."""
    if cited.row is not None:
        return cited.row
    return f"document: {cited.document}" if cited.document is not None else f"ours: {cited.ours}"


class RoleBuilder:
    """Builds the roles; errors go to the source's report."""

    def __init__(
        self, source: Source, names: AllNames, privileges: dict[str, Privilege], reading: MatrixReading
    ) -> None:
        """Take what the roles speak about."""
        self.source = source
        self.names = names
        self.privileges = privileges
        self.reading = reading

    def roles(self, form: RolebookForm) -> tuple[Role, ...]:
        """The roles as written."""
        return tuple(self._role(role, ("roles", position)) for position, role in enumerate(form.roles))

    def _role(self, form: RoleForm, path: Path) -> Role:
        category_id = self.source.one(self.names.categories, form.category, (*path, "category"))
        kinds = self.source.many(self.names.kinds, form.reach.kinds, (*path, "reach", "kinds"))
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
                    self.names.privileges, note.privilege, (*path, "by_note", number, "privilege")
                )
            )
        )
        elsewhere = self._elsewhere(form.id, form.reach.elsewhere, path) if form.reach.elsewhere else ()
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
        can = self.source.many(self.names.privileges, form.can, (*path, "can"))
        cannot = self.source.many(self.names.privileges, form.cannot, (*path, "cannot"))
        area = self.source.one(self.names.areas, form.area, (*path, "area")) if form.area else None
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

    def _elsewhere(self, role_id: str, elsewhere: ElsewhereForm, path: Path) -> tuple[str, ...]:
        """The role's privileges named one by one, and those of the named areas with the named operations."""
        here: Path = (*path, "reach", "elsewhere")
        named = self.source.many(self.names.privileges, elsewhere.privileges, (*here, "privileges"))
        areas = self.source.many(self.names.areas, elsewhere.areas, (*here, "areas"))
        self._operations(elsewhere.operations, (*here, "operations"))
        if bool(elsewhere.areas) != bool(elsewhere.operations):
            self.source.error(here, "missing key", None, "'areas' and 'operations' together")
        found: dict[str, None] = {}
        table = self.reading.matrix.table_of(role_id)
        held: dict[str, str] = {}
        for row in table.rows if table else ():
            cell = table.cell(row, role_id) if table else None
            privilege = self.privileges.get(row.privilege_id)
            if cell in (None, NO) or privilege is None:
                continue
            held[privilege.id] = privilege.title
            if row.area in areas and privilege.operation in elsewhere.operations:
                found[privilege.id] = None
        for number, privilege_id in enumerate(named):
            if privilege_id in held:
                found[privilege_id] = None
            else:
                title = self.privileges[privilege_id].title
                self.source.error(
                    (*here, "privileges", number),
                    "privilege not held",
                    title,
                    "one that the matrix gives this role",
                )
        return tuple(found)

    def check_columns(self, roles: tuple[Role, ...]) -> None:
        """Every printed role has a column, and no other has one."""
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
            message = say("column without role", found=STEWARD_ID, expected="a role that is printed")
            self.source.report.add(place, message)

    @staticmethod
    def recommendations(form: RolebookForm, roles: tuple[Role, ...]) -> tuple[Recommendation, ...]:
        """How many holders organizations should have."""
        return tuple(
            Recommendation(role.id, found.recommended.at_least, role.reach.kinds, basis(found.recommended))
            for role, found in zip(roles, form.roles, strict=True)
            if found.recommended is not None
        )
