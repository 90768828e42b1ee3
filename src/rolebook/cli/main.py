"""The `rolebook` command: a group whose subcommands are imported only when one of them is run.

`rolebook --help` and the offline commands therefore start without Django.
"""

import importlib
import os
import secrets
import sys
import traceback
from typing import override

import click

from rolebook import __version__
from rolebook.cli.known_failures import in_one_line
from rolebook.cli.registry import COMMANDS


class LazyGroup(click.Group):
    """A click group that knows its subcommands by name and imports one only when it is run."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name, attribute = COMMANDS[cmd_name].target.split(":")
        command = getattr(importlib.import_module(module_name), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name].target!r} is not a click command")
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = [(name, registered.summary) for name, registered in COMMANDS.items()]
        if lines:
            with formatter.section("Commands"):
                formatter.write_dl(lines)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rolebook")
def rolebook() -> None:
    """Run the access of a program: who may ask, who decides, and what follows.

    \b
    Examples:
      rolebook matrix iqies
      rolebook check iqies --holds "State Agency General User@OH" --privilege "Edit IDR" --at TX --explain
      rolebook demo

    Exit codes: 0 yes or done, 1 no or something was found, 2 wrong use or a failure.
    """


def main() -> None:
    """Run the command line and leave with 0 (yes, done), 1 (no, something found) or 2 (failure)."""
    try:
        code = rolebook.main(prog_name="rolebook", standalone_mode=False)
    except click.ClickException as refused:
        refused.show()
        sys.exit(2)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(2)
    except Exception as failure:
        # The last guard: people get one line, developers the traceback when they ask.
        known = in_one_line(failure)
        reference = secrets.token_hex(4)
        unforeseen = (
            f"sorry, that failed in a way rolebook did not foresee (reference {reference}); "
            "run it again with ROLEBOOK_DEBUG=1 to see where"
        )
        click.echo(f"Error: {known}" if known else unforeseen, err=True)
        if os.environ.get("ROLEBOOK_DEBUG") == "1":
            traceback.print_exc()
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
