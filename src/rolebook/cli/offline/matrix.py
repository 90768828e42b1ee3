"""`rolebook matrix`, `roles`, `privileges`: what a rolebook says, as printed."""

from collections.abc import Iterator

import click

from rolebook.cli.counting import counted
from rolebook.cli.offline.console import (
    json_option,
    one_of_those,
    open_book,
    print_json,
    print_table,
    program_argument,
    role_named,
    tell,
)
from rolebook.policy.model import Cell, MatrixTable, Rolebook
from rolebook.policy.printed import matrix_csv, records

NOT_LISTED = "not listed"


@click.command()
@program_argument
@click.option("--role", help="Only this role's column.")
@click.option("--area", help="Only the rows of this area.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    help="A table for people (default), CSV with a line a cell, or JSON.",
)
def matrix(program: str, role: str | None, area: str | None, form: str) -> None:
    """Print a program's role matrix as its authors print it.

    PROGRAM is a shipped name or a folder. In CSV the columns are table, area, privilege, role, allowed; a
    qualified cell shows its mark in place of yes or no.

    \b
    Examples:
      rolebook matrix iqies --area Surveys
      rolebook matrix iqies --role "State Agency General User"
      rolebook matrix iqies --format csv
    """
    rolebook = open_book(program).rolebook
    role_id = None if role is None else role_named(rolebook, role).id
    area = None if area is None else one_of_those("area", area, rolebook.matrix.areas)
    cells = [cell for cell in rolebook.matrix.cells if _wanted(cell, role_id, area)]
    if form == "csv":
        click.echo(matrix_csv(records(rolebook, cells), line_end="\n"), nl=False)
    elif form == "json":
        print_json([_document(rolebook, cell) for cell in cells])
    else:
        _print_tables(rolebook, role_id, area)
        if not cells:
            click.echo(_nothing(rolebook, role_id, area))


def _nothing(rolebook: Rolebook, role_id: str | None, area: str | None) -> str:
    """Return why no table is shown, and what gives the role something all the same."""
    known = rolebook.role(role_id) if role_id is not None else None
    title = "the role" if known is None else known.title
    if role_id is None or rolebook.matrix.table_of(role_id) is not None:
        return f"the table of {title} has no area '{area}'"
    told = [f"no table prints {title}"]
    for power in rolebook.powers(role_id).values():
        privilege = rolebook.privilege(power.privilege_id)
        told.append(f"{privilege.title if privilege else power.privilege_id}: by a note ({power.basis})")
    return "\n".join(told)


def _wanted(cell: Cell, role_id: str | None, area: str | None) -> bool:
    """Return whether a cell passes the filters."""
    return role_id in {None, cell.column.role_id} and area in {None, cell.row.area}


def _document(rolebook: Rolebook, cell: Cell) -> dict[str, object]:
    """Return a cell for programs, with ids."""
    record = next(records(rolebook, [cell]))
    return {
        "table": record.table,
        "area": record.area or None,
        "privilege_id": cell.row.privilege_id,
        "privilege": record.privilege,
        "footnotes": list(cell.row.footnote_marks),
        "role_id": cell.column.role_id,
        "role": record.role,
        "allowed": record.allowed,
    }


def _print_tables(rolebook: Rolebook, role_id: str | None, area: str | None) -> None:
    """Print every table with its areas, footnotes at the end."""
    marks: dict[str, None] = {}
    for table in rolebook.matrix.tables:
        columns = [column for column in table.columns if role_id in {None, column.role_id}]
        rows = [row for row in table.rows if area in {None, row.area}]
        if not columns or not rows:
            continue
        headers = ["Area", "Privilege", *(column.heading for column in columns)]
        body = list(_rows(rolebook, table, [column.role_id for column in columns], area))
        if not table.areas:
            headers, body = headers[1:], [row[1:] for row in body]
        print_table(headers, body, title=f"{table.id}: {table.title}")
        click.echo()
        marks |= dict.fromkeys(mark for row in rows for mark in row.footnote_marks)
    for footnote in rolebook.footnotes:
        if footnote.mark in marks:
            tell(f"{footnote.mark} {footnote.text}")
    used = {row_cell for table in rolebook.matrix.tables for row in table.rows for row_cell in row.cells}
    for mark in rolebook.marks:
        if mark.id in used:
            tell(f"{mark.id}: {mark.meaning}")


def _rows(
    rolebook: Rolebook, table: MatrixTable, role_ids: list[str], area: str | None
) -> Iterator[list[str]]:
    """Yield the rows of a table; an area is written once, in its first row."""
    before: str | None = None
    for row in table.rows:
        if area not in {None, row.area}:
            continue
        privilege = rolebook.privilege(row.privilege_id)
        title = row.privilege_id if privilege is None else privilege.title
        shown = row.area or "" if row.area != before else ""
        before = row.area
        cells = [table.cell(row, role_id) or NOT_LISTED for role_id in role_ids]
        yield [shown, title + "".join(row.footnote_marks), *cells]


@click.command()
@program_argument
@json_option
def roles(program: str, as_json: bool) -> None:
    """List a program's roles: category, how each is obtained, how far it reaches.

    \b
    Example:
      rolebook roles iqies
    """
    rolebook = open_book(program).rolebook
    listed = [
        {
            "id": role.id,
            "title": role.title,
            "other_names": list(role.other_names),
            "category": category.title if (category := rolebook.category(role.category_id)) else "",
            "obtained": f"by {role.obtained}",
            "reach": _reach(rolebook, role.id),
            "printed": role.printed,
        }
        for role in rolebook.roles
    ]
    if as_json:
        print_json(listed)
        return
    headers = ("Role", "Category", "Obtained", "Reach")
    print_table(
        headers, [[str(role[key]) for key in ("title", "category", "obtained", "reach")] for role in listed]
    )


def _reach(rolebook: Rolebook, role_id: str) -> str:
    """Return how far a role reaches, in words."""
    role = rolebook.role(role_id)
    if role is None:
        return ""
    reach = role.reach
    if reach.scope != "organization":
        return reach.scope
    kinds = [kind.title for kind_id in reach.kinds if (kind := rolebook.kind(kind_id))]
    words = " or ".join(kinds) or "organization"
    if rolebook.access == "apart from roles":
        words = "the organizations of the person's access"
    elif reach.lower_levels or reach.many:
        words += " and below"
    return (
        f"{words}; {counted(len(reach.elsewhere), 'privilege')} elsewhere, too" if reach.elsewhere else words
    )


@click.command()
@program_argument
@json_option
def privileges(program: str, as_json: bool) -> None:
    """List a program's privileges: id, where the matrix places each, and how many roles have it.

    The id is the name of the action when an application asks the decision point.

    \b
    Example:
      rolebook privileges iqies
    """
    rolebook = open_book(program).rolebook
    tables: dict[str, list[str]] = {}
    for table, row in rolebook.matrix.rows:
        placed = tables.setdefault(row.privilege_id, [])
        if table.id not in placed:
            placed.append(table.id)
    listed = [
        {
            "id": privilege.id,
            "title": privilege.title,
            "operation": privilege.operation,
            "kind": privilege.kind_id,
            "areas": list(rolebook.areas_of(privilege.id)),
            "tables": tables.get(privilege.id, []),
            "roles": [role.title for role in rolebook.roles if privilege.id in rolebook.powers(role.id)],
        }
        for privilege in rolebook.privileges
    ]
    if as_json:
        print_json(listed)
        return
    print_table(
        ("Id", "Privilege", "Operation", "Areas", "Tables", "Roles"),
        [
            [
                str(each["id"]),
                str(each["title"]),
                str(each["operation"]),
                ", ".join(each["areas"]),  # type: ignore[arg-type]
                ", ".join(each["tables"]),  # type: ignore[arg-type]
                str(len(each["roles"])),  # type: ignore[arg-type]
            ]
            for each in listed
        ],
    )
