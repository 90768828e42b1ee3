"""The checks of the lint, each a generator of what it found."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rolebook.policy.matrix import NO, MatrixTable, Row
from rolebook.policy.model import (
    ORGANIZATION,
    PLACE_ORGANIZATION,
    PLACE_PROGRAM,
    STEWARD_ID,
    WITH_LOWER_LEVELS,
    Act,
    Privilege,
    Role,
    Rolebook,
)
from rolebook.policy.operations import CHANGING, VERBS
from rolebook.policy.yaml_tree import Path

AGENTS = {
    "submitter": "submit",
    "viewer": "view",
    "creator": "create",
    "editor": "edit",
    "deleter": "delete",
    "approver": "approve",
    "archiver": "archive",
    "searcher": "search",
    "certifier": "certify",
}
"""Words in a role's name that promise an operation."""

ARTICLES = {"a", "an", "the"}


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: `row` is (table id, row number) of a printed row, `path` a key of rolebook.yaml."""

    code: str
    about: str
    message: str
    path: Path = ()
    row: tuple[str, int] | None = None
    role_id: str | None = None


def check_holders(book: Rolebook) -> Iterator[Found]:
    """Privileges that no role has, or that no printed role has."""
    for privilege in book.privileges:
        holders = [role for role in book.roles if privilege.id in book.powers(role.id)]
        path: Path = ("privileges", privilege.id)
        if not holders:
            message = f"no role has '{privilege.title}'"
            yield Found("privilege_without_role", privilege.id, message, path)
        elif all(not role.printed for role in holders):
            names = ", ".join(f"'{role.title}'" for role in holders)
            message = f"no printed role has '{privilege.title}'; only {names} has it, by a note"
            yield Found("privilege_not_printed", privilege.id, message, path)


def check_areas(book: Rolebook) -> Iterator[Found]:
    """The same privilege under two areas."""
    first: dict[str, str] = {}
    told: set[str] = set()
    for table, number, row in _rows(book):
        if row.area is None:
            continue
        before = first.setdefault(row.privilege_id, row.area)
        if before != row.area and row.privilege_id not in told:
            told.add(row.privilege_id)
            title = _title(book, row.privilege_id)
            message = f"'{title}' stands under '{before}' and under '{row.area}'"
            yield Found("privilege_under_two_areas", row.privilege_id, message, row=(table.id, number))


def check_viewing(book: Rolebook) -> Iterator[Found]:
    """Roles that may change, archive or create what they cannot view."""
    viewers = _viewers(book)
    unlisted: dict[tuple[str, str, str], tuple[tuple[str, int], list[str]]] = {}
    told: set[tuple[str, str, str]] = set()
    for table, number, row in _rows(book):
        privilege = book.privilege(row.privilege_id)
        if privilege is None or privilege.operation not in CHANGING:
            continue
        by_title = viewers.get(_object(privilege.title, row.area), ())
        named = [found for i in privilege.seen_with if (found := book.privilege(i))]
        for column, cell in zip(table.columns, row.cells, strict=True):
            role = book.role(column.role_id)
            if role is None or cell == NO or privilege.id not in book.powers(role.id):
                continue
            for views in [*((view,) for view in named), *([by_title] if by_title else [])]:
                if any(view.id in book.powers(role.id) for view in views):
                    continue
                listed = [view for view in views if book.matrix.rows_for(view.id, role.id)]
                if listed and (role.id, privilege.id, listed[0].id) not in told:
                    told.add((role.id, privilege.id, listed[0].id))
                    yield _unseen(role, privilege, listed[0], (table.id, number))
                elif not listed and views is by_title:
                    entry = unlisted.setdefault(
                        (table.id, privilege.id, views[0].title), ((table.id, number), [])
                    )
                    entry[1].append(role.title)
    for (table_id, privilege_id, view_title), (place, roles) in unlisted.items():
        title = _title(book, privilege_id)
        names = ", ".join(f"'{name}'" for name in dict.fromkeys(roles))
        message = f"{table_id} has no row '{view_title}', yet {names} may '{title}'"
        yield Found("no_row_for_viewing", f"{table_id}: {privilege_id}", message, row=place)


def _unseen(role: Role, privilege: Privilege, view: Privilege, row: tuple[str, int]) -> Found:
    code = "creates_what_it_cannot_view" if privilege.operation == "create" else "changes_what_it_cannot_view"
    message = f"'{role.title}' has '{privilege.title}' but not '{view.title}'"
    return Found(code, f"{role.id}: {privilege.id} without {view.id}", message, row=row)


def check_names(book: Rolebook) -> Iterator[Found]:
    """Roles whose name promises a verb that their column denies."""
    for role in book.roles:
        table = book.matrix.table_of(role.id)
        if table is None:
            continue
        for word in re.findall(r"\w+", role.title.casefold()):
            operation = AGENTS.get(word)
            rows = [
                (number, row)
                for number, row in enumerate(table.rows)
                if operation is not None and _operation(book, row.privilege_id) == operation
            ]
            if rows and all(table.cell(row, role.id) == NO for _, row in rows):
                number, row = rows[0]
                message = (
                    f"'{role.title}' promises to {operation}, but '{_title(book, row.privilege_id)}' is no"
                )
                yield Found("name_promises_what_is_denied", role.id, message, row=(table.id, number))


def check_columns(book: Rolebook) -> Iterator[Found]:
    """Two roles with equal columns, and a role contained in another of its category."""
    printed = [role for role in book.roles if role.printed]
    for position, role in enumerate(printed):
        for other in printed[position + 1 :]:
            mine, theirs = _given(book, role), _given(book, other)
            if role.category_id != other.category_id or role.reach.scope != other.reach.scope:
                continue
            if mine == theirs:
                message = f"'{role.title}' and '{other.title}' give the same"
                yield Found("equal_columns", f"{role.id} = {other.id}", message, role_id=role.id)
            elif mine < theirs or theirs < mine:
                small, large = (role, other) if mine < theirs else (other, role)
                message = f"'{large.title}' gives everything that '{small.title}' gives"
                yield Found("contained_role", f"{small.id} in {large.id}", message, role_id=small.id)


def check_notes(book: Rolebook) -> Iterator[Found]:
    """Notes that contradict cells, or promise what no row gives."""
    for position, role in enumerate(book.roles):
        for number, note in enumerate(role.notes):
            path: Path = ("roles", position, "notes", number, "text")
            for privilege_id, promised in [
                *((i, True) for i in note.can),
                *((i, False) for i in note.cannot),
            ]:
                has = privilege_id in book.powers(role.id)
                if has != promised:
                    says, cell = ("gives", "does not") if promised else ("denies", "gives it")
                    title = _title(book, privilege_id)
                    message = f"the note on '{role.title}' {says} '{title}'; the matrix {cell}"
                    yield Found("note_contradicts_cell", f"{role.id}: {privilege_id}", message, path)
            for operation in note.operations:
                wanted = {"edit", "manage"} if operation == "manage" else {operation}
                rows = [row for _, _, row in _rows(book) if row.area == note.area]
                held = [
                    row
                    for row in rows
                    if row.privilege_id in book.powers(role.id)
                    and _operation(book, row.privilege_id) in wanted
                ]
                if not held:
                    message = f"the text lets '{role.title}' {operation} in '{note.area}'; no row gives it"
                    yield Found("note_without_row", f"{role.id}: {operation}", message, path)


def check_deciders(book: Rolebook) -> Iterator[Found]:
    """Organization kinds at which roles are asked for and nobody but the steward can decide."""
    holders = [holder for holder in book.authority.acts[Act.DECIDE] if holder.role_id != STEWARD_ID]
    for position, kind in enumerate(book.organization_kinds):
        asked = [r for r in book.roles if r.obtained == "request" and kind.id in r.reach.kinds]
        above = _above(book, kind.id)
        for role in asked:
            able = [
                holder
                for holder in holders
                if holder.covers(role.category_id)
                and (found := book.role(holder.role_id)) is not None
                and (
                    found.reach.scope != ORGANIZATION
                    or kind.id in found.reach.kinds
                    or (holder.where == WITH_LOWER_LEVELS and above & set(found.reach.kinds))
                )
            ]
            if not able:
                message = f"nobody can decide about '{role.title}' at a {kind.title}"
                yield Found("kind_without_decider", kind.id, message, ("organization_kinds", position, "id"))
                break


def check_stages(book: Rolebook) -> Iterator[Found]:
    """Stages of a kind's chain whose approver no organization there, or above, can have."""
    where = {holder.role_id: holder.where for holder in book.authority.acts[Act.DECIDE]}
    for position, chain in enumerate(book.chains):
        for kind in book.organization_kinds:
            if not any(r.obtained == "request" and kind.id in r.reach.kinds for r in book.roles):
                continue
            if chain.id not in _chain_ids(book, kind.id):
                continue
            for number, stage in enumerate(chain.stages):
                approver = book.role(stage.approver_role_id)
                if stage.place == PLACE_PROGRAM or approver is None or approver.reach.scope != ORGANIZATION:
                    continue
                places = {kind.id, *_above(book, kind.id)}
                places = {kind.id} if stage.place == PLACE_ORGANIZATION else places & set(stage.place_kinds)
                if where.get(approver.id) == WITH_LOWER_LEVELS:
                    places |= {above for place in places for above in _above(book, place)}
                if places & set(approver.reach.kinds):
                    continue
                message = f"'{approver.title}' decides about a {kind.title}, and cannot be held there"
                path: Path = ("approval", "chains", position, "stages", number, "approver")
                yield Found("stage_without_decider", f"{chain.id}/{stage.id}: {kind.id}", message, path)


def _chain_ids(book: Rolebook, kind_id: str) -> set[str]:
    """The chains of a kind: those that name it, or the nearest kind above it that any chain names."""
    kinds = {found.code: found.kind_id for found in book.organizations}
    serving = [(c.id, {*c.kinds, *(kinds.get(code, "") for code in c.organizations)}) for c in book.chains]
    seen: set[str] = set()
    level = {kind_id}
    while level:
        found = {chain_id for chain_id, served in serving if served & level}
        if found:
            return found
        seen |= level
        above = (book.kind(here) for here in level)
        level = {parent for kind in above if kind for parent in kind.parent_kinds} - seen
    return set()


def check_unused(book: Rolebook) -> Iterator[Found]:
    """Marks and footnotes that nothing in the tables has, and conditions on what nobody has."""
    cells = {cell.value for cell in book.matrix.cells}
    for position, mark in enumerate(book.marks):
        if mark.id not in cells:
            message = f"no cell has the mark '{mark.id}'"
            yield Found("unused_mark", mark.id, message, ("marks", position, "mark"))
    given = {privilege_id for role in book.roles for privilege_id in book.powers(role.id)}
    for position, condition in enumerate(book.conditions):
        if not given.intersection(condition.privilege_ids):
            message = f"no role has a privilege of the condition '{condition.id}'"
            yield Found("idle_condition", condition.id, message, ("conditions", position, "id"))
    notes = {mark for _, row in book.matrix.rows for mark in row.footnote_marks}
    for position, footnote in enumerate(book.footnotes):
        if footnote.mark not in notes:
            message = f"no row has the footnote '{footnote.mark}'"
            yield Found("unused_footnote", footnote.mark, message, ("footnotes", position, "mark"))


CHECKS: tuple[Callable[[Rolebook], Iterator[Found]], ...] = (
    check_deciders,
    check_stages,
    check_notes,
    check_names,
    check_viewing,
    check_holders,
    check_areas,
    check_columns,
    check_unused,
)


def _rows(book: Rolebook) -> Iterator[tuple[MatrixTable, int, Row]]:
    for table in book.matrix.tables:
        for number, row in enumerate(table.rows):
            yield table, number, row


def _title(book: Rolebook, privilege_id: str) -> str:
    privilege = book.privilege(privilege_id)
    return privilege.title if privilege else privilege_id


def _operation(book: Rolebook, privilege_id: str) -> str:
    privilege = book.privilege(privilege_id)
    return privilege.operation if privilege else ""


def _given(book: Rolebook, role: Role) -> frozenset[tuple[str, bool]]:
    return frozenset((power.privilege_id, power.own_record) for power in book.powers(role.id).values())


def _above(book: Rolebook, kind_id: str) -> set[str]:
    found: set[str] = set()
    waiting = [kind_id]
    while waiting:
        kind = book.kind(waiting.pop())
        for parent in set(kind.parent_kinds if kind else ()) - found:
            found.add(parent)
            waiting.append(parent)
    return found


def _object(title: str, area: str | None) -> str:
    """What a title's verb acts on, in a form that views of the same thing share: `a patient` and `patient`."""
    words = [word for word in re.findall(r"[\w/-]+", title.casefold()) if word not in ARTICLES]
    while words and (words[0] in VERBS or words[0] == "and"):
        words = words[1:]
    if len(words) == 1 and area and words[0] in {"details", "notes"}:
        words = [*area.casefold().split(), *words]
    return " ".join(word.removesuffix("s") for word in words)


def _viewers(book: Rolebook) -> dict[str, tuple[Privilege, ...]]:
    """Privileges that view a thing, by the thing; views of a thing's details serve for the thing itself."""
    found: dict[str, tuple[Privilege, ...]] = {}
    for privilege in book.privileges:
        if privilege.operation == "view":
            seen = _object(privilege.title, None)
            for thing in {seen, seen.removesuffix(" detail")}:
                found[thing] = (*found.get(thing, ()), privilege)
    return found
