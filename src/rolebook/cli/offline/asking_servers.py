"""`rolebook check --server`: the question goes to a decision point, as an application's would."""

import os
from typing import Any

import click

from rolebook.cli.offline.console import NO, WRONG_USE, YES, leave, print_json, tell

VARIABLE = "ROLEBOOK_TOKEN"
"""The variable of the environment that has the token: an option would stand in the list of processes."""


def ask_server(
    program_id: str,
    url: str,
    *,
    user_id: str,
    privilege: str,
    at: str | None,
    record: str | None,
    explained: bool,
    as_json: bool,
) -> None:
    """Ask, print yes or no, and leave with 0 or 1. Raises UsageError where nothing can be asked, and
    ClickException where there is no decision.
    """
    from rolebook.client import Client, ClientError, Resource

    token = os.environ.get(VARIABLE, "")
    if not token:
        raise click.UsageError(f"set {VARIABLE} to the token that 'rolebook clients add' printed")
    resource = Resource.at(at or "")
    if record is not None:
        resource = Resource("record", record, organization=at)
    try:
        with Client(url, program_id, token) as client:
            decision = client.decide(user_id, privilege, resource, reasons=explained or as_json)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    except ClientError as none:
        nothing = click.ClickException(str(none))
        nothing.exit_code = WRONG_USE  # 1 is a no, and this is none
        raise nothing from None
    if as_json:
        print_json(
            {"allowed": decision.allowed, "context": dict(decision.context), "revision": decision.revision}
        )
    else:
        click.echo("yes" if decision.allowed else "no")
    if explained and not as_json:
        for line in _lines(decision.context):
            tell(line)
    leave(YES if decision.allowed else NO)


def _lines(said: object, name: str = "") -> list[str]:
    """What a decision point said besides, one line a value, whatever its shape."""
    if isinstance(said, dict):
        parts: dict[str, Any] = said
        return [line for key, value in parts.items() for line in _lines(value, f"{name} {key}".strip())]
    if isinstance(said, list):
        return [line for value in said for line in _lines(value, name)]
    return [f"{name}: {said}"] if name else [str(said)]
