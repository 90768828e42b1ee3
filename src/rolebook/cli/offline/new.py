"""`rolebook new`: the first rolebook of another program."""

import shlex
from pathlib import Path

import click

from rolebook.cli.offline.console import NO, leave
from rolebook.policy.skeleton import skeleton


@click.command()
@click.argument("named", metavar="FOLDER", type=click.Path(file_okay=False))
@click.option("--name", help="The program's name. Default: the folder's.")
def new(named: str, name: str | None) -> None:
    """Write a small, complete rolebook to begin another program with: edit data, no code.

    FOLDER is made; what stands in it is never overwritten. What is written reads and lints clean, and its
    cases hold.

    \b
    Examples:
      rolebook new harbor-patrol --name "Harbor Patrol"
      rolebook test harbor-patrol
    """
    if not named.strip():
        raise click.UsageError("name a folder for the new rolebook")
    folder = Path(named)
    files = skeleton(name or folder.resolve().name)
    there = [path for path in files if (folder / path).exists()]
    if there:
        click.echo(f"{folder} has {', '.join(there)} already; nothing was written", err=True)
        leave(NO)
    for path, text in files.items():
        file = folder / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as refused:
            raise click.UsageError(f"{file} cannot be written: {refused.strerror}") from None
        click.echo(file)
    edited = f"{folder / 'rolebook.yaml'} and {folder / 'matrix.csv'}"
    click.echo(f"Now edit {edited}, and run: rolebook lint {shlex.quote(str(folder))}")
