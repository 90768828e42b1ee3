"""How far long work has come, on the terminal."""

import sys

import click


class Progress:
    """A count on the terminal for long work, and nothing when the output is no terminal."""

    def __init__(self, what: str, *, hidden: bool) -> None:
        """``what`` is counted: "organizations"."""
        self.what = what
        self.hidden = hidden or not sys.stderr.isatty()
        self.open = False

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self.open:
            click.echo(err=True)

    def show(self, done: int, total: int) -> None:
        """Show how far the work is."""
        if not self.hidden:
            self.open = True
            click.echo(f"\r{done:,} of {total:,} {self.what}", nl=False, err=True)
