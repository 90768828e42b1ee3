"""What commands print for programs: one JSON list, a line an object, printed while it is read; or one document."""

import json
from collections.abc import Iterable, Mapping

import click

from rolebook.cli.offline.console import as_text


def print_document(document: Mapping[str, object]) -> None:
    """Print one JSON object; ids and instants as text, instants with their offset from UTC."""
    click.echo(json.dumps(document, default=as_text, ensure_ascii=False))


def print_list(rows: Iterable[Mapping[str, object]]) -> None:
    """Print a JSON list of objects; ids and instants as text, instants with their offset from UTC."""
    before = "["
    for row in rows:
        click.echo(before + json.dumps(row, default=as_text, ensure_ascii=False), nl=False)
        before = ",\n "
    click.echo("]" if before != "[" else "[]")
