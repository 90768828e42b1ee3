"""Lists for programs: one JSON list, a line an object, printed while it is read."""

import json
from collections.abc import Iterable, Mapping

import click


def print_list(rows: Iterable[Mapping[str, object]]) -> None:
    """Print a JSON list of objects; ids and instants as text, instants with their offset from UTC."""
    before = "["
    for row in rows:
        click.echo(before + json.dumps(row, default=_text, ensure_ascii=False), nl=False)
        before = ",\n "
    click.echo("]" if before != "[" else "[]")


def _text(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    return str(value) if isoformat is None else str(isoformat())
