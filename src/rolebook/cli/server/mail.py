"""`rolebook send-test-mail`: whether mail can be sent at all."""

import uuid

import click

from rolebook.cli.server.start import start_django


@click.command("send-test-mail")
@click.argument("address")
def send_test_mail(address: str) -> None:
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
        MailSettingsError,
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
    try:
        server = mail_server(settings.ROLEBOOK.mail_url)
    except MailSettingsError as wrong:
        raise click.ClickException(f"{wrong} (docs/settings.md)") from None
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
    except Refused as answer:
        raise click.ClickException(f"{server.host} refused the mail for {address}: {answer}") from None
    except NotNow as answer:
        raise click.ClickException(f"{server.host} does not take the mail now: {answer}") from None
    except ServerDown as answer:
        raise click.ClickException(f"{server.host} port {server.port} cannot be used: {answer}") from None
    click.echo(f"{server.host} took the mail for {address} (from {sender})")
