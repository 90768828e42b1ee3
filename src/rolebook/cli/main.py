"""The `rolebook` command: a group whose subcommands are imported only when one of them is run.

`rolebook --help` and the offline commands therefore start without Django.
"""

import importlib
import os
import secrets
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

import click

from rolebook import __version__


@dataclass(frozen=True, slots=True)
class Registered:
    """Where a subcommand lives, and its line in `rolebook --help`, so that help imports nothing.

    Attributes:
        target: "module:attribute" of the click command, imported on use.
        summary: one line, as the command's own help begins (a test compares them).
    """

    target: str
    summary: str


COMMANDS: Mapping[str, Registered] = {}


class LazyGroup(click.Group):
    """A click group that knows its subcommands by name and imports one only when it is run."""

    def __init__(self, *, registry: Mapping[str, Registered], **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # click's own keyword arguments, passed through
        self.registry = registry

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.registry)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        registered = self.registry.get(cmd_name)
        if registered is None:
            return None
        module_name, attribute = registered.target.split(":")
        command = getattr(importlib.import_module(module_name), attribute)
        assert isinstance(command, click.Command), registered.target  # noqa: S101  # a registry mistake
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, registered.summary) for name, registered in self.registry.items()])


@click.group(cls=LazyGroup, registry=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rolebook")
def rolebook() -> None:
    """Run the access of a program: who may ask, who decides, and what follows."""


def main() -> None:
    """Run the command line. Exit codes: 0 yes or done, 1 no or found something, 2 wrong use or a failure."""
    try:
        code = rolebook.main(prog_name="rolebook", standalone_mode=False)
    except click.exceptions.Exit as left:
        sys.exit(left.exit_code)
    except click.ClickException as refused:
        refused.show()
        sys.exit(2)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(2)
    except Exception:  # noqa: BLE001  # the last guard: people get one line, not a traceback
        reference = secrets.token_hex(4)
        click.echo(
            f"sorry, that failed for a reason rolebook did not foresee (reference {reference}); "
            "set ROLEBOOK_DEBUG=1 and run it again to see where",
            err=True,
        )
        if os.environ.get("ROLEBOOK_DEBUG") == "1":
            traceback.print_exc()
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
