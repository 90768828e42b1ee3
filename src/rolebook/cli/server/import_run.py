"""What every `rolebook import` of a file does: read it, show how far it is, print what came of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import click

from rolebook.cli.server.json_list import print_document
from rolebook.cli.server.progress import Progress
from rolebook.cli.server.refused_imports import NothingImported, refusals

FILE = click.Path(path_type=Path)
"""Whether there is such a file is found when it is read, so that its refusal is told like every other."""
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
    from rolebook.accounts.table_file import LARGEST_BYTES
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin

    with Progress(counted, hidden=as_json) as progress, refusals():
        done = flow(
            data=read_import(file, LARGEST_BYTES),
            file=file.name,
            at=agreed_now(),
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
        print_document(whole)
    else:
        click.echo(_told(*rows(done), dry_run=done.dry_run))
    return 0


def read_import(file: Path, most_bytes: int) -> bytes:
    """Return the file, or as much of it as shows that it is too large. Raises NothingImported where there is none."""
    try:
        with file.open("rb") as source:
            return source.read(most_bytes + 1)
    except OSError as failure:
        why = (failure.strerror or str(failure)).lower()
        raise NothingImported(
            f"file: found {str(file)!r} ({why}), expected a CSV file that can be read"
        ) from failure


def _told(rows: list[str], summed: str, *, dry_run: bool) -> str:
    """Return the first rows, what they come to, and, of a dry run, that it was one."""
    more = [f"  and {len(rows) - _SHOWN:,} more"] if len(rows) > _SHOWN else []
    last = ["this was a dry run: nothing was changed"] if dry_run else []
    return "\n".join([*rows[:_SHOWN], *more, summed, *last])
