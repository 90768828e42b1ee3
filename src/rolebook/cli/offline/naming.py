"""Names as people type them: an organization by code or name, and what an unknown name was perhaps meant to be."""

from collections.abc import Iterable, Iterator, Sequence

from rolebook.decision.compiled import ACT_PREFIX
from rolebook.decision.library import Book, Held, HeldAccess
from rolebook.policy.errors import nearest, quote


def code_of(book: Book, text: str) -> str:
    """Return the code of the shipped organization with this code or name, whatever its case; else ``text``.

    Whole names only, and only where one organization answers to it (I1).
    """
    name = text.strip()
    shipped = book.rolebook.organizations
    if book.rolebook.organization(name) is not None:
        return name
    folded = name.casefold()
    found = {one.code for one in shipped if folded in (one.code.casefold(), one.name.casefold())}
    return found.pop() if len(found) == 1 else name


def unknown_names(
    book: Book,
    holds: Sequence[Held],
    access: Sequence[HeldAccess],
    *,
    privilege: str,
    area: str | None,
    at: str | None,
    named: Iterable[str],
) -> Iterator[str]:
    """Say which names of a question the program does not know, and what is close to each.

    ``named`` are the codes of organizations that the question brings along. Organizations are judged only where the
    rolebook ships some: elsewhere those of a question are taken to exist.
    """
    rolebook = book.rolebook
    offices = (*rolebook.roles, rolebook.steward)
    titles = [name for role in offices for name in (role.title, *role.other_names, role.id)]
    for held in holds:
        if held.role.casefold() not in map(str.casefold, titles):
            yield _unknown("role", held.role, titles)
    yield from _unknown_action(book, privilege, area)
    if rolebook.organizations:
        codes = [*(one.code for one in rolebook.organizations), *named]
        names = [*codes, *(one.name for one in rolebook.organizations)]
        asked = [*(held.at for held in holds), *(held.at for held in access), at]
        for place in dict.fromkeys(asked):
            if place is not None and place not in codes:
                yield _unknown("organization", place, names)


def _unknown_action(book: Book, privilege: str, area: str | None) -> Iterator[str]:
    """Say that a privilege, an act or an area is unknown."""
    rolebook = book.rolebook
    if privilege.startswith(ACT_PREFIX):
        if privilege not in book.program.bits:
            yield _unknown(
                "act", privilege, [name for name in book.program.bits if name.startswith(ACT_PREFIX)]
            )
    elif rolebook.privilege_by_title(privilege) is None:
        yield _unknown("privilege", privilege, [known.title for known in rolebook.privileges])
    areas = list(
        dict.fromkeys(row.area for table in rolebook.matrix.tables for row in table.rows if row.area)
    )
    if area is not None and area.strip().casefold() not in map(str.casefold, areas):
        yield _unknown("area", area, areas)


def _unknown(sort: str, name: str, names: Iterable[str]) -> str:
    near = nearest(name, names)
    hint = f"; did you mean {quote(near)}?" if near is not None else ""
    return f"no {sort} is called {quote(name)}{hint}"
