"""`rolebook send-test-mail` and `rolebook mail-queue`: whether mail can be sent, and what has not been."""

import json
import uuid
from datetime import timedelta

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.start import start_django


@click.command("send-test-mail")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def send_test_mail(address: str, as_json: bool) -> None:
    """Send one test mail at once and say what the mail server answered.

    \b
    Example:
      rolebook send-test-mail you@example.org
    """
    start_django()
    from django.conf import settings

    from rolebook.audit import clock
    from rolebook.notices.letter import Letter, write
    from rolebook.notices.message import bare_address, compose, message_id
    from rolebook.notices.transport import (
        NotNow,
        Refused,
        ServerDown,
        Transport,
        mail_server,
    )

    sender = settings.ROLEBOOK.mail_from
    letter = Letter(
        subject="Rolebook: Test mail",
        first_line="This is a test mail: Rolebook can send mail to this address.",
        reason_for_mail=f"Sent by 'rolebook send-test-mail' at {settings.ROLEBOOK.site_url}.",
    )
    server = mail_server(settings.ROLEBOOK.mail_url)
    try:
        with Transport(server) as transport:
            message = compose(
                write(letter),
                message_id=message_id(uuid.uuid4().hex),
                name="",
                address=address,
                mail_from=sender,
                sent_at=clock.now(),
            )
            transport.send(sender=bare_address(sender), recipient=address, message=message)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    except Refused as answer:
        raise click.ClickException(f"{server.host} refused the mail for {address}: {answer}") from None
    except NotNow as answer:
        raise click.ClickException(f"{server.host} does not take the mail now: {answer}") from None
    except ServerDown as answer:
        raise click.ClickException(f"{server.host} port {server.port} cannot be used: {answer}") from None
    if as_json:
        click.echo(json.dumps({"server": server.host, "address": address, "from": sender}))
        return
    click.echo(f"{server.host} took the mail for {address} (from {sender})")


@click.command("mail-queue")
@click.option("--retry-failed", is_flag=True, help="Let mails that were given up on wait to be sent again.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def mail_queue(retry_failed: bool, as_json: bool) -> None:
    """Say which mails wait, and which could not be sent and why.

    \b
    Example:
      rolebook mail-queue --retry-failed
    """
    start_django()
    from rolebook.audit import clock
    from rolebook.notices.queue import queue_now, wait_again

    now = clock.now()
    again = wait_again(now=now) if retry_failed else 0
    queue = queue_now()
    if as_json:
        click.echo(json.dumps(queue.as_document(), indent=2))
        return
    if again:
        click.echo(f"{counted(again, 'failed mail waits', 'failed mails wait')} to be sent again")
    oldest = f", the oldest for {_age(now - queue.oldest)}" if queue.oldest else ""
    unworded = (
        f"; {counted(queue.postponed_events, 'event')} not worded yet" if queue.postponed_events else ""
    )
    click.echo(f"{queue.waiting} waiting{oldest}; {queue.failed} failed{unworded}")
    for line in queue.failures:
        click.echo(f"  {line.recipient}: {line.kind}: {line.error}")
    if queue.failed > len(queue.failures):
        click.echo(f"  and {queue.failed - len(queue.failures)} more")


def _age(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
