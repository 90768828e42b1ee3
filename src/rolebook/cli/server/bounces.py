"""`rolebook bounces`: rejected mail, taken from reports and listed."""

import json
import os
import sys

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.start import start_django


@click.group()
def bounces() -> None:
    """Take reports of rejected mail, and list what was rejected."""


@bounces.command("read")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def read(as_json: bool) -> None:
    """Read one report from standard input, as a mail system pipes it.

    Exit codes are those that mail systems know: 0 when it was read, whatever it was; 75 (EX_TEMPFAIL) when it could
    not be taken now, so that the mail system keeps it and tries again.

    \b
    Examples:
      rolebook bounces read < report.eml
      echo 'bounces: "|/opt/rolebook/bin/rolebook bounces read"' >> /etc/aliases
    """
    try:
        said = _taken()
    except Exception as failure:
        # Whatever it is: no report is lost, and none comes back to us as a rejected mail.
        click.echo(
            f"Error: the report was not taken, try again later: {type(failure).__name__}: {failure}", err=True
        )
        sys.exit(os.EX_TEMPFAIL)
    click.echo(json.dumps(said) if as_json else said["taken"])


def _taken() -> dict[str, object]:
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.notices.bounce_models import Bounce
    from rolebook.notices.bounces import take_report
    from rolebook.notices.delivery_reports import read_bounded

    raw = read_bounded(sys.stdin.buffer)
    while sys.stdin.buffer.read(65_536):  # a pipe that is not read to its end fails the mail system
        pass
    taken = take_report(raw, source=Bounce.Source.COMMAND, at=agreed_now())
    bounce = taken.bounce
    return {
        "taken": str(taken),
        "used": bounce is not None,
        "unused": taken.unused or None,
        "user_id": None if bounce is None else bounce.account.user_id,
        "effect": {} if bounce is None else bounce.effect,
    }


@bounces.command("list")
@click.argument("program", required=False)
@click.option("--kind", type=click.Choice(["hard", "soft", "blocked"]), help="Only of this kind.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_them(program: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """List rejected and delayed mail of PROGRAM, or of all, the newest first, and how many reports did nothing.

    \b
    Examples:
      rolebook bounces list iqcs --kind hard
      rolebook bounces list --json
    """
    start_django()
    from rolebook.notices.bounce_list import latest_bounces, number_held, number_of_rejecting, unused_reports

    rows = latest_bounces(program_id=program, kind=kind, limit=limit)
    unused = unused_reports()
    if as_json:
        document = {
            "bounces": [row.as_document() for row in rows],
            "addresses_rejecting": number_of_rejecting(),
            "mails_held": number_held(),
            "unused": {line.why: line.number for line in unused},
        }
        click.echo(json.dumps(document, indent=2))
        return
    for row in rows:
        followed = "; ".join(f"{where}: {what}" for where, what in row.effect.items())
        click.echo(
            f"{row.received_at:%Y-%m-%d %H:%M} UTC  {row.kind}  {row.status or 'no status'}  {row.user_id}  {row.email}"
            f"{'  held' if row.rejected_since else ''}{'  ' + followed if followed else ''}"
        )
    told = ", ".join(f"{line.number} {line.why}" for line in unused)
    click.echo(
        f"{len(rows)} listed; {counted(number_of_rejecting(), 'address rejects', 'addresses reject')} mail, "
        f"{counted(number_held(), 'mail is', 'mails are')} held for them"
        + (f"; reports not used: {told}" if told else "")
    )


@bounces.command("fetch")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fetch(as_json: bool) -> None:
    """Read the mailbox of reports now, as the worker does every minute; says whether the settings work.

    \b
    Example:
      rolebook bounces fetch
    """
    start_django()
    from django.conf import settings

    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.notices.bounce_mailbox import MailboxDown, read_mailbox

    mailbox = settings.ROLEBOOK.bounces.mailbox
    if mailbox is None:
        raise click.ClickException("no mailbox is set: ROLEBOOK_BOUNCE_MAILBOX (docs/settings.md)")
    try:
        number = read_mailbox(mailbox, now=agreed_now())
    except MailboxDown as down:
        raise click.ClickException(f"{mailbox.host} port {mailbox.port} cannot be read: {down}") from None
    if as_json:
        click.echo(json.dumps({"server": mailbox.host, "folder": mailbox.folder, "read": number}))
        return
    click.echo(f"{mailbox.host} {mailbox.folder}: {number} new mails read")
