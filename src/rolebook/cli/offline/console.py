"""What the offline commands share: opening a program, options that several take, and output for people and
programs.

Tables are drawn with rich on a terminal and aligned with spaces elsewhere, so that `grep` and a diff read
them.
"""

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any, NoReturn, override
from zoneinfo import ZoneInfo

import click
from click.shell_completion import CompletionItem

from rolebook.decision.library import Book, load
from rolebook.policy.errors import RolebookErrors, nearest
from rolebook.policy.model import Role, Rolebook
from rolebook.policy.shipped import shipped

YES, NO, WRONG_USE = 0, 1, 2
"""Exit codes: yes or fine, no or findings, wrong use or something that cannot be read."""


WIDEST = 100
"""Columns of a terminal that lines of words fill at most."""


class Unreadable(click.ClickException):
    """A rolebook with errors: all of them on standard error, one a line, and exit code 2.

    To a program that asked for JSON they are told on standard output: `{"errors": [{"file": …, "line": …, …}]}`.
    """

    exit_code = WRONG_USE

    def __init__(self, errors: RolebookErrors) -> None:
        super().__init__(str(errors))
        asked = click.get_current_context().params
        self._errors = errors.errors if asked.get("as_json") or asked.get("form") == "json" else None

    @override
    def show(self, file: Any = None) -> None:
        """Print the errors as they are, so that editors find file, line and column."""
        if self._errors is None:
            click.echo(self.message, err=True)
        else:
            print_json({"errors": [error.told for error in self._errors]})


class ProgramName(click.ParamType[str]):
    """A shipped rolebook's name or a folder; completes both."""

    name = "program"

    @override
    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the shipped names, and folders."""
        items = [CompletionItem(name) for name in shipped() if name.startswith(incomplete)]
        return [*items, CompletionItem(incomplete, type="dir")]


def program_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument PROGRAM: a shipped name or a folder."""
    return click.argument("program", type=ProgramName())(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(function)


def open_book(program: str) -> Book:
    """Load a program's rolebook; when it cannot be read, say all its errors and leave with 2."""
    try:
        return load(program)
    except RolebookErrors as errors:
        raise Unreadable(errors) from None


def leave(code: int) -> NoReturn:
    """End the command with an exit code."""
    click.get_current_context().exit(code)
    raise AssertionError  # pragma: no cover  # exit() always raises


def role_named(rolebook: Rolebook, name: str) -> Role:
    """Return the role with a title, other name or id; wrong use when there is none."""
    role = rolebook.role_by_name(name)
    if role is None:
        titles = [known.title for known in rolebook.roles]
        raise click.UsageError(f"no role is called '{name}'{_hint(name, titles)}")
    return role


def privilege_named(rolebook: Rolebook, title: str) -> str:
    """Return the id of the privilege with a title or id; wrong use when there is none."""
    privilege = rolebook.privilege_by_title(title)
    if privilege is None:
        titles = [known.title for known in rolebook.privileges]
        raise click.UsageError(f"no privilege is called '{title}'{_hint(title, titles)}")
    return privilege.id


def one_of_those(kind: str, name: str, names: Iterable[str]) -> str:
    """Return the one of ``names`` that is meant, whatever its case; wrong use when there is none."""
    known = list(names)
    found = next((each for each in known if each.casefold() == name.strip().casefold()), None)
    if found is None:
        raise click.UsageError(f"no {kind} is called '{name}'{_hint(name, known)}")
    return found


def _hint(name: str, names: Iterable[str]) -> str:
    """Return what was perhaps meant."""
    near = nearest(name, names)
    return "" if near is None else f"; did you mean '{near}'?"


def instant_of(text: str, zone: str) -> datetime:
    """Read a day of the program's zone (its first instant), or an instant with its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            f"'{text}' is no date (2026-11-21) and no instant (2026-11-21T09:00Z)"
        ) from None
    if at.tzinfo is None and at.time() != time():
        raise click.UsageError(f"'{text}' says no offset; write 2026-11-21T09:00-05:00 or …Z")
    try:
        return (at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except OverflowError:
        raise click.UsageError(f"'{text}' lies before or after all dates that there are") from None


def print_json(document: object) -> None:
    """Print a document for programs; instants as text with their offset from UTC."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=as_text))


def as_text(value: object) -> str:
    """Return a value that JSON has no form for: an instant with its offset, a day, an id."""
    isoformat = getattr(value, "isoformat", None)
    return str(value) if isoformat is None else str(isoformat())


def tell(text: str) -> None:
    """Print a line: broken between words on a terminal, whole when piped, where `grep` reads it."""
    if not sys.stdout.isatty():
        click.echo(text)
        return
    begin = text[: len(text) - len(text.lstrip())]
    width = min(shutil.get_terminal_size().columns, WIDEST)
    after = f"{begin}    "
    lines = textwrap.wrap(
        text, width, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )
    click.echo("\n".join(lines))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None) -> None:
    """Print a table: drawn on a terminal, aligned with spaces when piped."""
    cells = [list(row) for row in rows]
    if sys.stdout.isatty():
        _print_drawn(headers, cells, title)
        return
    if title:
        click.echo(title)
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    for row in (list(headers), *cells):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_drawn(headers: Sequence[str], rows: Iterable[Sequence[str]], title: str | None) -> None:
    """Print with rich; yes and no in color, and always in words."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    styles = {"yes": "bold green", "no": "dim"}
    table = Table(title=title, title_justify="left", header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=styles.get(cell, "")) for cell in row))
    Console().print(table)
