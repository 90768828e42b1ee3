"""What changed between two versions of a rolebook, as sentences and as data, with added power marked.

Privileges, roles, kinds and chains are compared by id, so that a corrected title is a corrected title and not a
removal and an addition.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rolebook.policy.canonical import to_document
from rolebook.policy.diff_process import compare_process
from rolebook.policy.diff_records import compare_records
from rolebook.policy.diff_terms import Difference
from rolebook.policy.matrix import NO
from rolebook.policy.model import Category, OrganizationKind, Privilege, Role, Rolebook

__all__ = ["Difference", "as_data", "diff"]

SCOPES = {"own record": 0, "organization": 1, "everywhere": 2}
NOT_LISTED = "not listed"


def diff(old: Rolebook, new: Rolebook) -> tuple[Difference, ...]:
    """Every difference, in the order of a rolebook's parts; empty exactly when both have the same document."""
    found = [
        difference
        for compare in (
            _program,
            _categories,
            _kinds,
            _organizations,
            _roles,
            _privileges,
            _cells,
            _layout,
            compare_records,
            compare_process,
        )
        for difference in compare(old, new)
    ]
    if not found and to_document(old) != to_document(new):
        sentence = "Only words that decide nothing changed: descriptions, other names, notes, reasons."
        found.append(Difference("texts", "document", sentence))
    return tuple(found)


def as_data(differences: tuple[Difference, ...]) -> list[dict[str, Any]]:
    """Differences as JSON-able data."""
    return [asdict(difference) for difference in differences]


def _program(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    before, after = old.program, new.program
    for name, label in (
        ("id", "id"),
        ("name", "name"),
        ("short_name", "short name"),
        ("version", "version"),
        ("date", "date"),
        ("source", "source"),
        ("zone", "time zone"),
        ("contact", "contact"),
        ("statement", "Statement of Truth"),
        ("hints", "hints"),
        ("links", "links"),
    ):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            short = name in {"id", "name", "short_name", "version", "date", "zone"}
            sentence = (
                f"The program's {label} is now '{now}' (was '{was}')."
                if short
                else f"The program's {label} changed."
            )
            yield Difference("program", name, sentence, _program_text(old, name), _program_text(new, name))
    if old.access != new.access:
        sentence = f"Access is now held {new.access} (was {old.access})."
        yield Difference("program", "access", sentence, old.access, new.access, added_power=True)
    if old.words != new.words:
        yield Difference("program", "words", "The translations changed.")


def _program_text(book: Rolebook, name: str) -> str | None:
    """A value of the program as text; what has parts, as JSON."""
    value = to_document(book)["program"].get(name)
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _by_id[Thing: (Category, OrganizationKind, Role, Privilege)](
    things: tuple[Thing, ...],
) -> Mapping[str, Thing]:
    return {thing.id: thing for thing in things}


def _come_and_gone[Thing: (Category, OrganizationKind, Role, Privilege)](
    old: tuple[Thing, ...], new: tuple[Thing, ...], part: str, word: str
) -> Iterator[Difference]:
    """What is new, gone, or has another title."""
    before, after = _by_id(old), _by_id(new)
    for thing_id, thing in after.items():
        if thing_id not in before:
            yield Difference(part, thing_id, f"New {word}: '{thing.title}'.", None, thing.title)
        elif before[thing_id].title != thing.title:
            was = before[thing_id].title
            yield Difference(
                part, thing_id, f"The {word} '{was}' is now called '{thing.title}'.", was, thing.title
            )
    for thing_id, thing in before.items():
        if thing_id not in after:
            yield Difference(part, thing_id, f"The {word} '{thing.title}' is gone.", thing.title, None)


def _categories(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    yield from _come_and_gone(old.categories, new.categories, "category", "user category")
    before = _by_id(old.categories)
    for category in new.categories:
        was = before.get(category.id)
        if was is not None and was.exclusive != category.exclusive:
            words = ("may hold", "may not hold") if category.exclusive else ("may not hold", "may hold")
            sentence = (
                f"People of '{category.title}' {words[1]} roles of other categories (before: {words[0]})."
            )
            yield Difference("category", category.id, sentence, words[0], words[1], added_power=was.exclusive)


def _kinds(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    yield from _come_and_gone(old.organization_kinds, new.organization_kinds, "kind", "organization kind")
    before = _by_id(old.organization_kinds)
    for kind in new.organization_kinds:
        was = before.get(kind.id)
        if was is not None and was.parent_kinds != kind.parent_kinds:
            sentence = (
                f"'{kind.title}' stands under {_list(kind.parent_kinds)} (was {_list(was.parent_kinds)})."
            )
            yield Difference(
                "kind", kind.id, sentence, _list(was.parent_kinds), _list(kind.parent_kinds), added_power=True
            )
        if was is not None and was.identifier_pattern != kind.identifier_pattern:
            patterns = was.identifier_pattern or "any text", kind.identifier_pattern or "any text"
            sentence = (
                f"The {kind.identifier_title} of a '{kind.title}' is now {patterns[1]} (was {patterns[0]})."
            )
            yield Difference("kind", kind.id, sentence, *patterns)
        if was is not None and was.identifier_scheme != kind.identifier_scheme:
            schemes = was.identifier_scheme, kind.identifier_scheme
            sentence = f"A '{kind.title}' is now known by its '{schemes[1]}' (was '{schemes[0]}')."
            yield Difference("kind", kind.id, sentence, *schemes)


def _organizations(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    """Shipped organizations; one that moves comes into the reach of others."""
    before = {found.code: found for found in old.organizations}
    after = {found.code: found for found in new.organizations}
    for code in sorted(after.keys() - before.keys()):
        yield Difference("organization", code, f"New shipped organization: '{code}'.", None, code)
    for code in sorted(before.keys() - after.keys()):
        yield Difference("organization", code, f"The shipped organization '{code}' is gone.", code, None)
    for code in sorted(before.keys() & after.keys()):
        for name, words, power in (
            ("parent_code", "stands under", True),
            ("kind_id", "is of the kind", True),
            ("name", "is called", False),
        ):
            was, now = getattr(before[code], name), getattr(after[code], name)
            if was != now:
                shown = [f"'{value}'" if value else "none" for value in (now, was)]
                sentence = f"The shipped organization '{code}' now {words} {shown[0]} (was {shown[1]})."
                yield Difference("organization", code, sentence, was, now, added_power=power)


def _roles(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    yield from _come_and_gone(old.roles, new.roles, "role", "role")
    before = _by_id(old.roles)
    for role in new.roles:
        was = before.get(role.id)
        if was is not None:
            yield from _role(was, role, old, new)
        else:
            held = _list(role.reach.kinds) if role.reach.kinds else _scope(role.reach.scope)
            lower = ", with lower levels" if role.reach.lower_levels else ""
            sentence = f"'{role.title}' is had by {role.obtained}; it reaches {held}{lower}."
            yield Difference("reach", role.id, sentence, None, role.reach.scope, added_power=True)


def _role(was: Role, role: Role, old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    if was.category_id != role.category_id:
        names = _category(old, was.category_id), _category(new, role.category_id)
        sentence = f"'{role.title}' is now of the category '{names[1]}' (was '{names[0]}')."
        yield Difference("role", role.id, sentence, was.category_id, role.category_id, added_power=True)
    if was.obtained != role.obtained:
        sentence = f"'{role.title}' is now had by {role.obtained} (was by {was.obtained})."
        easier = role.obtained != "designation"
        yield Difference("role", role.id, sentence, was.obtained, role.obtained, added_power=easier)
    before, after = was.reach, role.reach
    if before.scope != after.scope:
        wider = SCOPES[after.scope] > SCOPES[before.scope]
        sentence = f"'{role.title}' now reaches {_scope(after.scope)} (was {_scope(before.scope)})."
        yield Difference("reach", role.id, sentence, before.scope, after.scope, added_power=wider)
    if before.lower_levels != after.lower_levels:
        words = ("with lower levels", "that organization only")
        was_words, now_words = words[::-1] if after.lower_levels else words
        sentence = f"'{role.title}' now reaches {now_words} (was {was_words})."
        yield Difference("reach", role.id, sentence, was_words, now_words, added_power=after.lower_levels)
    if before.many != after.many:
        words = ("a set of organizations", "one organization")
        was_words, now_words = words[::-1] if after.many else words
        sentence = f"One grant of '{role.title}' is now for {now_words} (was for {was_words})."
        yield Difference("reach", role.id, sentence, was_words, now_words, added_power=after.many)
    if set(before.kinds) != set(after.kinds):
        more = bool(set(after.kinds) - set(before.kinds))
        sentence = f"'{role.title}' is now held at {_list(after.kinds)} (was {_list(before.kinds)})."
        yield Difference(
            "reach", role.id, sentence, _list(before.kinds), _list(after.kinds), added_power=more
        )
    for privilege_id in [i for i in after.elsewhere if i not in before.elsewhere]:
        sentence = f"'{role.title}' now has '{_title(new, privilege_id)}' elsewhere, too."
        yield Difference("reach", role.id, sentence, None, privilege_id, added_power=True)
    for privilege_id in [i for i in before.elsewhere if i not in after.elsewhere]:
        sentence = f"'{role.title}' no longer has '{_title(new, privilege_id)}' elsewhere."
        yield Difference("reach", role.id, sentence, privilege_id, None)


def _privileges(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    yield from _come_and_gone(old.privileges, new.privileges, "privilege", "privilege")
    before = _by_id(old.privileges)
    for privilege in new.privileges:
        was = before.get(privilege.id)
        if was is None:
            continue
        if was.operation != privilege.operation:
            sentence = f"'{privilege.title}' now counts as {privilege.operation} (was {was.operation})."
            yield Difference("privilege", privilege.id, sentence, was.operation, privilege.operation)
        if was.includes != privilege.includes:
            sentence = (
                f"'{privilege.title}' now includes {_list(privilege.includes)} (was {_list(was.includes)})."
            )
            yield Difference(
                "privilege", privilege.id, sentence, _list(was.includes), _list(privilege.includes)
            )


def _cells(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    """Cells by role and privilege: what each says, and whether it gives more than before."""
    role_ids = list(dict.fromkeys([*(r.id for r in new.roles), *(r.id for r in old.roles)]))
    privilege_ids = list(dict.fromkeys([*(p.id for p in new.privileges), *(p.id for p in old.privileges)]))
    before, after = _says(old), _says(new)
    for role_id in role_ids:
        role = new.role(role_id) or old.role(role_id)
        for privilege_id in privilege_ids:
            key = (role_id, privilege_id)
            was, now = before.get(key, NOT_LISTED), after.get(key, NOT_LISTED)
            if was == now or role is None:
                continue
            title = _title(new if new.privilege(privilege_id) else old, privilege_id)
            added = _strength(new, role_id, privilege_id) > _strength(old, role_id, privilege_id)
            sentence = f"'{role.title}': '{title}' is now {now} (was {was})."
            yield Difference("cell", f"{role_id}/{privilege_id}", sentence, was, now, added_power=added)


def _says(book: Rolebook) -> dict[tuple[str, str], str]:
    found = {(cell.column.role_id, cell.row.privilege_id): cell.value for cell in book.matrix.cells}
    for role in book.roles:
        for power in book.powers(role.id).values():
            if found.get((role.id, power.privilege_id), NO) == NO:
                found[role.id, power.privilege_id] = f"{power.cell} ({power.basis})"
    return found


def _strength(book: Rolebook, role_id: str, privilege_id: str) -> int:
    """How much a role has of a privilege: nothing, on the own record or a condition or both, or where it reaches."""
    power = book.powers(role_id).get(privilege_id)
    return 0 if power is None else 3 - power.own_record - (power.condition is not None)


def _layout(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    """Tables, areas and row order where the cells themselves stand unchanged, and the notes under them."""

    def printed(book: Rolebook) -> list[tuple[str, str | None, str]]:
        return [(table.id, row.area, row.privilege_id) for table, row in book.matrix.rows]

    if printed(old) != printed(new):
        yield Difference("matrix", "rows", "Rows were added, removed, moved or put under another area.")
    compared: tuple[tuple[str, Callable[[Rolebook], object]], ...] = (
        ("footnotes", lambda book: book.footnotes),
        ("marks", lambda book: book.marks),
        ("conditions", lambda book: book.conditions),
        ("table titles", lambda book: [(table.id, table.title) for table in book.matrix.tables]),
    )
    for label, part in compared:
        if part(old) != part(new):
            yield Difference(
                "matrix", label, f"The {label} changed.", added_power=label in ("marks", "conditions")
            )


def _title(book: Rolebook, privilege_id: str) -> str:
    privilege = book.privilege(privilege_id)
    return privilege.title if privilege else privilege_id


def _category(book: Rolebook, category_id: str) -> str:
    category = book.category(category_id)
    return category.title if category else category_id


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names) if names else "none"


def _scope(scope: str) -> str:
    return {"organization": "its organization", "own record": "the own record"}.get(scope, scope)
