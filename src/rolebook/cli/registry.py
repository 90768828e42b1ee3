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
    "demo": Registered(
        "rolebook.cli.server.demo:demo", "Start a demo with made-up people and organizations on this machine"
    ),
    "serve": Registered(
        "rolebook.cli.server.serve:serve", "Start the server: pages, decision point and worker together"
    ),
    "worker": Registered(
        "rolebook.cli.server.worker:worker", "Send notices by mail and run recurring jobs until stopped"
    ),
    "send-test-mail": Registered(
        "rolebook.cli.server.mail:send_test_mail",
        "Send one test mail at once and say what the mail server answered",
    ),
    "audit": Registered("rolebook.cli.server.audit:audit", "Verify the audit log"),
    "clients": Registered(
        "rolebook.cli.server.clients:clients", "Say which applications may ask the decision point"
    ),
}
