"""`rolebook activate` and `rolebook migrate`: what an installation needs before anybody can sign in."""

import getpass
import json

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.confirming import effect_of, wait_option
from rolebook.cli.server.start import start_django


@click.command()
@click.argument("program")
@wait_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def activate(program: str, wait: bool, as_json: bool) -> int:
    """Bring a program's rolebook into force: a shipped one by name, or the one in a folder.

    \b
    Examples:
      rolebook activate qpp
      rolebook activate ./rolebooks/my-program --wait

    Every error of the files is shown with its file, line and column, and then nothing is stored. What is stored is
    all that is used from then on; editing the files later changes nothing before the next activation. Leaves with 1
    when the rolebook in force has exactly this content already.
    """
    start_django()
    from rolebook.accounts.flows.rolebooks import AlreadyInForce, activate_rolebook
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.policy.errors import RolebookErrors
    from rolebook.policy.shipped import resolve

    try:
        done = activate_rolebook(
            acting_user=None,
            folder=resolve(program),
            activated_by=f"{getpass.getuser()} (command line)",
            at=agreed_now(),
            origin=Origin(via="command"),
        )
    except RolebookErrors as wrong:
        raise click.ClickException(f"{wrong.how_many}; nothing was activated\n{wrong}") from wrong
    except AlreadyInForce as same:
        version = same.version
        if as_json:
            click.echo(
                json.dumps({"activated": False, "program": version.program_id, "version": version.number})
            )
        else:
            click.echo(f"nothing to do: {same}")
        return 1
    effect = effect_of(done.sequence, wait)
    if as_json:
        told = {
            "activated": True,
            "program": done.version.program_id,
            "version": done.version.number,
            "content_hash": done.version.content_hash,
            "organizations_created": done.organizations_created,
            "sequence": done.sequence,
        }
        click.echo(json.dumps(told | effect.document))
    else:
        book = done.rolebook
        click.echo(f"{book.program.name}: version {done.version.number} is in force")
        click.echo(
            f"{counted(len(book.roles), 'role')}, {counted(len(book.privileges), 'privilege')}, "
            f"SHA-256 {done.version.content_hash}"
        )
        if done.organizations_created:
            click.echo(f"{counted(done.organizations_created, 'organization')} of the rolebook created")
        click.echo(f"decision points: {effect.words} (event {done.sequence})")
    return 0


@click.command()
def migrate() -> int:
    """Bring the database to the present version.

    \b
    Example:
      rolebook migrate

    `rolebook serve` and `rolebook demo` do this by themselves; run it on its own before several servers start.
    """
    start_django()
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    steps = executor.migration_plan(executor.loader.graph.leaf_nodes())
    call_command("migrate", interactive=False, verbosity=0)
    click.echo(
        f"{len(steps)} migrations applied" if steps else "the database is at the present version already"
    )
    return 0
