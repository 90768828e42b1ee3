"""`rolebook secret-key`: change the installation's secret key without signing anybody out."""

import json
import os
import secrets
from pathlib import Path

import click

from rolebook.cli.server.start import start_django

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("secret-key")
def secret_key() -> None:
    """Change the secret key: sessions, links and second factors made under earlier keys go on.

    \b
    Example:
      rolebook secret-key rotate            # where the key stands in the home folder
      (restart every process)
      rolebook secret-key re-encrypt
      rolebook secret-key forget-earlier

    Where ROLEBOOK_SECRET_KEY names the key, put the present one into ROLEBOOK_EARLIER_SECRET_KEYS, a new one into
    ROLEBOOK_SECRET_KEY, restart, and run re-encrypt.
    """


@secret_key.command("status")
@_JSON
def status(as_json: bool) -> int:
    """Say where the key comes from, and under which keys second factors are stored.

    \b
    Example:
      rolebook secret-key status --json
    """
    start_django()
    from django.conf import settings

    from rolebook.accounts.flows.secret_keys import stored_secrets

    stored = stored_secrets()
    earlier_keys = len(settings.ROLEBOOK.earlier_secret_keys)
    source = "ROLEBOOK_SECRET_KEY" if os.environ.get("ROLEBOOK_SECRET_KEY") else str(_file())
    told = {
        "source": source,
        "earlier_keys": earlier_keys,
        "present": stored.present,
        "earlier": stored.earlier,
        "unreadable": stored.unreadable,
    }
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(f"the key comes from {source}; {earlier_keys} earlier keys are known")
        click.echo(
            f"second factors: {stored.present} under the present key, {stored.earlier} under an earlier one, "
            f"{stored.unreadable} under none that is known"
        )
        if stored.earlier:
            click.echo("run 'rolebook secret-key re-encrypt' before you forget the earlier keys")
        if stored.unreadable:
            click.echo("name the key they were stored under in ROLEBOOK_EARLIER_SECRET_KEYS")
    return 1 if stored.earlier or stored.unreadable else 0


@secret_key.command("rotate")
def rotate() -> None:
    """Put a new key before the present one in the home folder; what the present one made stays good.

    \b
    Example:
      rolebook secret-key rotate
    """
    start_django()
    if os.environ.get("ROLEBOOK_SECRET_KEY"):
        raise click.ClickException(
            "ROLEBOOK_SECRET_KEY names the key: move it to ROLEBOOK_EARLIER_SECRET_KEYS and set a new one there"
        )
    kept = _file().read_text().split()
    _write([secrets.token_urlsafe(48), *kept])
    click.echo(f"{_file()}: a new key is the present one; {len(kept)} earlier ones still read")
    click.echo("restart every process of this installation, then run 'rolebook secret-key re-encrypt'")


@secret_key.command("re-encrypt")
@_JSON
def re_encrypt(as_json: bool) -> int:
    """Encrypt second factors again that were stored under an earlier key.

    \b
    Example:
      rolebook secret-key re-encrypt
    """
    start_django()
    from rolebook.accounts.flows.secret_keys import re_encrypt_secrets
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin

    found = re_encrypt_secrets(at=clock.now(), origin=Origin(via="command"))
    if as_json:
        click.echo(json.dumps({"rewritten": found.earlier, "unreadable": found.unreadable}))
    else:
        click.echo(
            f"{found.earlier} second factors are now under the present key; {found.present} were already"
        )
        if found.unreadable:
            click.echo(f"{found.unreadable} are under a key that is not known: nobody can use them")
    return 1 if found.unreadable else 0


@secret_key.command("forget-earlier")
def forget_earlier() -> None:
    """Remove earlier keys from the home folder once nothing is stored under them.

    Sessions, and links in mails, that were made under them and not used since are void afterwards.

    \b
    Example:
      rolebook secret-key forget-earlier
    """
    start_django()
    from rolebook.accounts.flows.secret_keys import stored_secrets

    if os.environ.get("ROLEBOOK_SECRET_KEY"):
        raise click.ClickException(
            "ROLEBOOK_SECRET_KEY names the key: empty ROLEBOOK_EARLIER_SECRET_KEYS instead"
        )
    stored = stored_secrets()
    if stored.earlier:
        raise click.ClickException(
            f"{stored.earlier} second factors are stored under an earlier key: run 'rolebook secret-key re-encrypt'"
        )
    present, *earlier = _file().read_text().split()
    _write([present])
    click.echo(f"{_file()}: {len(earlier)} earlier keys forgotten; restart every process")


def _file() -> Path:
    from django.conf import settings

    file: Path = settings.ROLEBOOK.secret_key_file
    return file


def _write(keys: list[str]) -> None:
    """Replace the file in one step, readable by its owner only: whoever starts meanwhile finds whole keys."""
    file = _file()
    made = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write("\n".join(keys) + "\n")
        out.flush()
        os.fsync(out.fileno())
    made.replace(file)
