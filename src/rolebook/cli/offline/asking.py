"""`rolebook check`, `which-role`, `who-can`: questions that a rolebook answers by itself."""

import re
from collections.abc import Sequence
from datetime import datetime

import click

from rolebook.cli.offline.asking_servers import ask_instead
from rolebook.cli.offline.console import (
    NO,
    YES,
    instant_of,
    json_option,
    leave,
    one_of_those,
    open_book,
    print_json,
    print_table,
    privilege_named,
    program_argument,
    tell,
)
from rolebook.cli.offline.naming import code_of, unknown_names
from rolebook.decision.compiled import ACT_PREFIX
from rolebook.decision.explain import Explanation
from rolebook.decision.library import EVER, Book, Held, HeldAccess, Place, TreeError
from rolebook.decision.which_role import Way

_DATED = re.compile(r"(?P<what>.*?)\s*(\[(?P<since>[^\].]*)\.\.(?P<until>[^\]]*)\])?")
_UNDATED = re.compile(r"\[[^\]]*$|@.*\]$|\[[^\]]*\d[^\]]*\]$")
"""A bracket that was meant for dates: not closed, after an organization, or with a number in it."""


@click.command()
@program_argument
@click.option("--holds", multiple=True, help="ROLE or ROLE@ORGANIZATION; [2026-01-01..2026-07-01] dates it.")
@click.option("--access", multiple=True, help="ORGANIZATION held apart from roles; + includes lower levels.")
@click.option("--privilege", required=True, help="Title or id of a privilege, or act:decide and so on.")
@click.option("--area", help="The area in which the matrix must place the privilege.")
@click.option("--at", help="Code or name of the organization asked about.")
@click.option("--on", help="A day of the program's zone, or an instant with its offset. Default: now.")
@click.option("--record", help="The record acted on.")
@click.option("--own-record", help="The person's own record.")
@click.option("--closed", is_flag=True, help="The account is closed.")
@click.option(
    "--organization",
    "organizations",
    multiple=True,
    help="CODE:KIND or CODE:KIND:PARENT, one that the rolebook does not ship.",
)
@click.option("--explain", "explained", is_flag=True, help="Say why.")
@click.option("--server", help="Ask this decision point instead, as an application does.")
@click.option("--user", help="With --server: the public id of the account.")
@json_option
def check(
    program: str,
    holds: Sequence[str],
    access: Sequence[str],
    privilege: str,
    area: str | None,
    at: str | None,
    on: str | None,
    record: str | None,
    own_record: str | None,
    closed: bool,
    organizations: Sequence[str],
    explained: bool,
    as_json: bool,
    **for_servers: str | None,
) -> None:
    """Ask whether somebody who holds these roles may do this there, then.

    Prints yes or no and leaves with 0 or 1. What the program does not know (a role, a privilege, an
    organization) is a no with its reason; what was perhaps meant is said on standard error. With --server a running
    server is asked about a user: --at is an organization's public id, and ROLEBOOK_TOKEN has the token.

    \b
    Examples:
      rolebook check iqies --holds "State Agency General User@OH" --privilege "Edit IDR" --at TX --explain
      rolebook check qpp --holds "Security Official@00-1234567" --privilege act:decide --at 00-1234567
      rolebook check qpp --server https://access.example.org --user ID --privilege edit_survey --at ID
    """
    if any(for_servers.values()):
        ask_instead(click.get_current_context())
    book = open_book(program)
    held, accesses = [_held(book, text) for text in holds], [_held_access(book, text) for text in access]
    places = [_place(book, text) for text in organizations]
    at = None if at is None else code_of(book, at)
    try:
        explanation = book.explain(
            privilege,
            holds=held,
            access=accesses,
            at=at,
            on=None if on is None else instant_of(on, book.rolebook.program.zone),
            area=area,
            record_id=record,
            own_record_id=own_record,
            active=not closed,
            organizations=places,
        )
    except TreeError as refused:
        raise click.UsageError(str(refused)) from None
    named = [place.code for place in places]
    for hint in unknown_names(book, held, accesses, privilege=privilege, area=area, at=at, named=named):
        click.echo(hint, err=True)
    if as_json:
        print_json(_document(explanation))
    elif explained:
        for sentence in (*explanation.sentences[1:2], explanation.sentences[0], *explanation.sentences[2:]):
            tell(sentence)
    else:
        click.echo("yes" if explanation.decision.allowed else "no")
    leave(YES if explanation.decision.allowed else NO)


def _dates(text: str) -> tuple[str, str, str]:
    """Split ``WHAT[SINCE..UNTIL]``."""
    found = _DATED.fullmatch(" ".join(text.split()))
    if found is None or _UNDATED.search(found["what"]):
        raise click.UsageError(f"'{text}' is not read: dates stand in brackets, as [2026-01-01..2026-07-01]")
    return found["what"], (found["since"] or "").strip(), (found["until"] or "").strip()


def _held(book: Book, text: str) -> Held:
    """Read an option --holds."""
    what, since, until = _dates(text)
    held, zone = Held.parse(what), book.rolebook.program.zone
    return Held(
        held.role,
        None if held.at is None else code_of(book, held.at),
        instant_of(since, zone) if since else EVER,
        instant_of(until, zone) if until else None,
    )


def _held_access(book: Book, text: str) -> HeldAccess:
    """Read an option --access."""
    what, since, until = _dates(text)
    held, zone = HeldAccess.parse(what), book.rolebook.program.zone
    if not held.at:
        raise click.UsageError(f"'{text}' names no organization")
    return HeldAccess(
        code_of(book, held.at),
        held.lower_levels,
        instant_of(since, zone) if since else EVER,
        instant_of(until, zone) if until else None,
    )


def _place(book: Book, text: str) -> Place:
    """Read an option --organization."""
    code, _, rest = text.partition(":")
    kind, _, parent = rest.partition(":")
    titles = [known.title for known in book.rolebook.organization_kinds]
    ids = [known.id for known in book.rolebook.organization_kinds]
    one_of_those("kind of organization", kind, [*titles, *ids])
    return Place(code.strip(), kind, parent.strip() or None)


def _document(explanation: Explanation) -> dict[str, object]:
    """Return an explanation for programs: codes with parameters, and the sentences."""
    decision = explanation.decision
    return {
        "allowed": decision.allowed,
        "reason": {
            "code": decision.reason.code,
            "params": {name: _plain(value) for name, value in decision.reason.params.items()},
        },
        "sentences": list(explanation.sentences),
        "rows": [
            {
                "role_id": row.role_id,
                "table": row.table,
                "area": row.area,
                "basis": row.basis,
                "cell": row.cell,
                "footnotes": list(row.footnotes),
            }
            for row in explanation.rows
        ],
        "roles_that_give_it": [_way_document(way) for way in explanation.ways],
    }


def _plain(value: object) -> object:
    """Return a parameter for programs: instants as RFC 3339 writes them, and none for the beginning of time."""
    if not isinstance(value, datetime):
        return value
    return None if value == EVER else value.isoformat().replace("+00:00", "Z")


def _way_document(way: Way) -> dict[str, object]:
    """Return a role that gives something, for programs."""
    return {
        "role_id": way.role_id,
        "category_id": way.category_id,
        "obtained": way.obtained,
        "extents": list(way.extents),
        "own_record_only": way.own_record,
    }


@click.command("which-role")
@program_argument
@click.option("--need", "needed", multiple=True, required=True, help="Title or id of a privilege needed.")
@click.option("--category", help="Only roles of this user category.")
@click.option("--limit", type=click.IntRange(1), default=10, help="How many answers at most (default 10).")
@json_option
def which_role(program: str, needed: Sequence[str], category: str | None, limit: int, as_json: bool) -> None:
    """Find the role, or the smallest set of roles of one category, that gives all you need.

    Fewest roles first, then fewest privileges that you did not ask for; these are listed. Leaves with 1 when
    no category has such roles.

    \b
    Examples:
      rolebook which-role iqies --need "View IDR" --need "Edit IDR"
      rolebook which-role iqies --need "Add a patient" --category "State Agency"
    """
    book = open_book(program)
    rolebook = book.rolebook
    ids = [privilege_named(rolebook, title) for title in needed]
    if category is not None:
        names = [name for known in rolebook.categories for name in (known.title, known.id)]
        category = one_of_those("category", category, names)
    found = book.which_role(*ids, category=category, limit=limit)
    if as_json:
        print_json(
            [
                {
                    "category_id": given.category_id,
                    "roles": [{"id": role_id, "title": _title(book, role_id)} for role_id in given.role_ids],
                    "extras": list(given.extras),
                    "not_requestable": list(given.not_requestable),
                    "own_record_only": list(given.own_record_only),
                }
                for given in found
            ]
        )
        leave(YES if found else NO)
    if not found:
        click.echo("no roles of one category give all of that")
        leave(NO)
    for number, given in enumerate(found, start=1):
        known = rolebook.category(given.category_id)
        tell(
            f"{number}. {' and '.join(_title(book, role_id) for role_id in given.role_ids)}"
            f" ({given.category_id if known is None else known.title})"
        )
        for role_id in given.not_requestable:
            tell(f"   {_title(book, role_id)} cannot be requested: {_obtained(book, role_id)} only")
        for privilege_id in given.own_record_only:
            tell(f"   {_privilege(book, privilege_id)}: on your own record only")
        extras = [_privilege(book, privilege_id) for privilege_id in given.extras]
        tell(f"   {len(extras)} besides" + (f": {', '.join(extras)}" if extras else ""))


@click.command("who-can")
@program_argument
@click.option("--privilege", required=True, help="Title or id of a privilege, or act:decide and so on.")
@json_option
def who_can(program: str, privilege: str, as_json: bool) -> None:
    """List the roles that give a privilege, where, and how each is obtained.

    Leaves with 1 when no role gives it.

    \b
    Example:
      rolebook who-can iqies --privilege "Manage state-prohibited codes"
    """
    book = open_book(program)
    known = privilege.startswith(ACT_PREFIX) and privilege in book.program.bits
    found = book.who_can(privilege if known else privilege_named(book.rolebook, privilege))
    if as_json:
        print_json([{"title": _title(book, way.role_id), **_way_document(way)} for way in found])
    elif found:
        print_table(
            ("Role", "Category", "Where", "Obtained"),
            [
                [_title(book, way.role_id), _category(book, way), _where(way), f"by {way.obtained}"]
                for way in found
            ],
        )
    else:
        click.echo("no role gives that")
    leave(YES if found else NO)


_WHERE = {
    "lower_levels": "where it is held, and below",
    "same": "where it is held",
    "everywhere": "everywhere",
    "elsewhere": "elsewhere, too",
}


def _where(way: Way) -> str:
    """Return where a role gives something, in words."""
    words = ", ".join(_WHERE[extent] for extent in way.extents)
    return f"{words}; own record only" if way.own_record else words


def _category(book: Book, way: Way) -> str:
    """Return the title of a role's category."""
    category = book.rolebook.category(way.category_id)
    return way.category_id if category is None else category.title


def _title(book: Book, role_id: str) -> str:
    """Return a role's title."""
    role = book.rolebook.role(role_id)
    return role_id if role is None else role.title


def _privilege(book: Book, privilege_id: str) -> str:
    """Return a privilege's title."""
    privilege = book.rolebook.privilege(privilege_id)
    return privilege_id if privilege is None else privilege.title


def _obtained(book: Book, role_id: str) -> str:
    """Return how a role is obtained."""
    role = book.rolebook.role(role_id)
    return "" if role is None else f"by {role.obtained}"
