"""What every `rolebook import` of a file does: read it, show how far it is, print what came of it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import click

from rolebook.cli.server.progress import Progress
from rolebook.cli.server.refused_imports import refusals

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = 40


class Imported(Protocol):
    """What the flows of imports return."""

    @property
    def dry_run(self) -> bool:
        """Whether it was rolled back."""
        ...

    @property
    def import_id(self) -> object:
        """Public id of the import, None when nothing was written."""
        ...

    @property
    def sequence(self) -> int | None:
        """Its event's, None when nothing was written."""
        ...


def run_import[Done: Imported](
    flow: Callable[..., Done],
    file: Path,
    *,
    counted: str,
    as_json: bool,
    rows: Callable[[Done], tuple[list[str], str]],
    document: Callable[[Done], Mapping[str, object]],
    **asked: object,
) -> int:
    """Run a flow on a file, and print its rows and what they come to, or a document of them.

    ``counted`` says of what progress tells ("accounts"); ``asked`` goes to the flow. Errors of the file leave with 2.
    """
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin

    with Progress(counted, hidden=as_json) as progress, refusals():
        done = flow(
            data=_read(file),
            file=file.name,
            at=clock.now(),
            origin=Origin(via="command"),
            progress=progress.show,
            **asked,
        )
    if as_json:
        whole = {
            "dry_run": done.dry_run,
            **document(done),
            "import_id": done.import_id,
            "sequence": done.sequence,
        }
        click.echo(json.dumps(whole, ensure_ascii=False, default=str))
    else:
        click.echo(_told(*rows(done), dry_run=done.dry_run))
    return 0


def _read(file: Path) -> bytes:
    """Return the file, or as much of it as shows that it is too large."""
    from rolebook.accounts.table_file import LARGEST_BYTES

    with file.open("rb") as source:
        return source.read(LARGEST_BYTES + 1)


def _told(rows: list[str], summed: str, *, dry_run: bool) -> str:
    """Return the first rows, what they come to, and, of a dry run, that it was one."""
    more = [f"  and {len(rows) - _SHOWN:,} more"] if len(rows) > _SHOWN else []
    last = ["this was a dry run: nothing was changed"] if dry_run else []
    return "\n".join([*rows[:_SHOWN], *more, summed, *last])
