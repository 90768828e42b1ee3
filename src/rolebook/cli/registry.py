"""Every subcommand of `rolebook`: its name, where it lives, and its line in the help.

Help prints the lines from here and imports nothing; a command is imported when it is run. A test compares
each line with the first line of the command's own help, and asks each command for an example.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Registered:
    """Where a subcommand lives, and its line in `rolebook --help`.

    Attributes:
        target: "module:attribute" of the click command, imported on use.
        summary: the first line of the command's own help, without its period.
    """

    target: str
    summary: str


COMMANDS: Mapping[str, Registered] = {
    "audit": Registered("rolebook.cli.server.audit:audit", "Verify the audit log"),
    "clients": Registered(
        "rolebook.cli.server.clients:clients", "Say which applications may ask the decision point"
    ),
}
