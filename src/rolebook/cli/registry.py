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
    "check": Registered(
        "rolebook.cli.offline.asking:check",
        "Ask whether somebody who holds these roles may do this there, then",
    ),
    "diff": Registered(
        "rolebook.cli.offline.judging:diff",
        "Say what changed between two rolebooks, as sentences; + marks added power",
    ),
    "lint": Registered(
        "rolebook.cli.offline.judging:lint",
        "Say what looks wrong in a rolebook: where, how grave, and why it matters",
    ),
    "matrix": Registered(
        "rolebook.cli.offline.matrix:matrix", "Print a program's role matrix as its authors print it"
    ),
    "new": Registered(
        "rolebook.cli.offline.new:new",
        "Write a small, complete rolebook to begin another program with: edit data, no code",
    ),
    "privileges": Registered(
        "rolebook.cli.offline.matrix:privileges",
        "List a program's privileges: id, where the matrix places each, and how many roles have it",
    ),
    "roles": Registered(
        "rolebook.cli.offline.matrix:roles",
        "List a program's roles: category, how each is obtained, how far it reaches",
    ),
    "schema": Registered(
        "rolebook.cli.offline.schema:schema",
        "Print the JSON Schema of rolebook.yaml, which editors complete and check it with",
    ),
    "test": Registered(
        "rolebook.cli.offline.proving:test",
        "Run the cases of a rolebook: claims that must hold, with who holds what, and the expected answers",
    ),
    "which-role": Registered(
        "rolebook.cli.offline.asking:which_role",
        "Find the role, or the smallest set of roles of one category, that gives all you need",
    ),
    "who-can": Registered(
        "rolebook.cli.offline.asking:who_can",
        "List the roles that give a privilege, where, and how each is obtained",
    ),
    "demo": Registered(
        "rolebook.cli.server.demo:demo", "Start a demo with made-up people and organizations on this machine"
    ),
    "serve": Registered(
        "rolebook.cli.server.serve:serve", "Start the server: pages, decision point and worker together"
    ),
    "decide": Registered(
        "rolebook.cli.server.decide:decide",
        "Answer applications' questions in processes of their own, without pages",
    ),
    "worker": Registered(
        "rolebook.cli.server.worker:worker", "Send notices by mail and run recurring jobs until stopped"
    ),
    "check-setup": Registered(
        "rolebook.cli.server.check_setup:check_setup",
        "Say what is missing or unsafe for production, and what to do about it",
    ),
    "secret-key": Registered(
        "rolebook.cli.server.secret_key:secret_key",
        "Change the secret key: sessions, links and second factors made under earlier keys go on",
    ),
    "send-test-mail": Registered(
        "rolebook.cli.server.mail:send_test_mail",
        "Send one test mail at once and say what the mail server answered",
    ),
    "mail-queue": Registered(
        "rolebook.cli.server.mail:mail_queue", "Say which mails wait, and which could not be sent and why"
    ),
    "bounces": Registered(
        "rolebook.cli.server.bounces:bounces", "Take reports of rejected mail, and list what was rejected"
    ),
    "migrate": Registered(
        "rolebook.cli.server.activate:migrate", "Bring the database to the present version"
    ),
    "activate": Registered(
        "rolebook.cli.server.activate:activate",
        "Bring a program's rolebook into force: a shipped one by name, or the one in a folder",
    ),
    "import": Registered(
        "rolebook.cli.server.imports:import_group",
        "Bring organizations, accounts, grants or responder records into a program from a file",
    ),
    "organizations": Registered(
        "rolebook.cli.server.places:organizations",
        "Find, move, close and reopen a program's organizations",
    ),
    "inactivity": Registered(
        "rolebook.cli.server.inactivity:inactivity",
        "Say who is due to be closed for want of a sign-in, and let closings go on after they stopped",
    ),
    "reviews": Registered(
        "rolebook.cli.server.reviews:reviews",
        "Open, list, show and close the reviews of what people hold",
    ),
    "users": Registered(
        "rolebook.cli.server.users:users",
        "List accounts, deactivate, close, reopen and merge them, and free people of a lost second factor",
    ),
    "audit": Registered("rolebook.cli.server.audit:audit", "Verify the audit log, and print it"),
    "clients": Registered(
        "rolebook.cli.server.clients:clients", "Say which applications may ask the decision point"
    ),
    "tokens": Registered(
        "rolebook.cli.server.tokens:tokens", "List the access tokens of people, and end them"
    ),
    "designate": Registered(
        "rolebook.cli.server.designate:designate", "Give an account a role without a request, on record"
    ),
    "end-designation": Registered(
        "rolebook.cli.server.designate:end_designation",
        "End a role that was designated, at once and on record",
    ),
    "requests": Registered(
        "rolebook.cli.server.requests:requests", "List requests for roles, and say who is out of office"
    ),
    "access": Registered(
        "rolebook.cli.server.access:access",
        "Say what people held on an earlier day, and who could do something then",
    ),
    "grants": Registered("rolebook.cli.server.grants:grants", "List grants: who holds what, and why"),
}
