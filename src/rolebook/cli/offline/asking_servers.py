"""`rolebook check --server`: the question goes to a decision point, as an application's would."""

import os
from typing import Any, NoReturn

import click

from rolebook.cli.offline.console import NO, WRONG_USE, YES, leave, print_json, tell

VARIABLE = "ROLEBOOK_TOKEN"
"""The variable of the environment that has the token: an option would stand in the list of processes."""


class NoDecision(click.ClickException):
    """The server gave no decision; 1 would be a no, and this is none."""

    exit_code = WRONG_USE


_FOR_SERVERS = frozenset({"program", "server", "user", "privilege", "at", "record", "explained", "as_json"})


def ask_instead(context: click.Context) -> NoReturn:
    """Ask the server that the options of `rolebook check` name, print yes or no, and leave with 0 or 1.

    Raises UsageError where nothing can be asked, and NoDecision where there is none.
    """
    from rolebook.client import Client, ClientError, Resource

    _require_only_what_a_server_is_asked(context)
    asked = context.params
    explained, as_json = asked["explained"], asked["as_json"]
    token = os.environ.get(VARIABLE, "")
    if not token:
        raise click.UsageError(f"set {VARIABLE} to the token that 'rolebook clients add' printed")
    resource = Resource.at(asked["at"] or "")
    if asked["record"] is not None:
        resource = Resource("record", asked["record"], organization=asked["at"])
    try:
        with Client(asked["server"], asked["program"], token) as client:
            decision = client.decide(
                asked["user"], asked["privilege"], resource, reasons=explained or as_json
            )
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    except ClientError as none:
        raise NoDecision(str(none)) from None
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


def _require_only_what_a_server_is_asked(context: click.Context) -> None:
    """Raise UsageError for options that say what only the server knows, and for one of the two without the other."""
    if context.params["server"] is None or context.params["user"] is None:
        raise click.UsageError("--server and --user belong together")
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and name not in _FOR_SERVERS:
            raise click.UsageError(f"{option.opts[0]} does not go with --server: it knows that itself")


def _lines(said: object, name: str = "") -> list[str]:
    """What a decision point said besides, one line a value, whatever its shape."""
    if isinstance(said, dict):
        parts: dict[str, Any] = said
        return [line for key, value in parts.items() for line in _lines(value, f"{name} {key}".strip())]
    if isinstance(said, list):
        return [line for value in said for line in _lines(value, name)]
    return [f"{name}: {said}"] if name else [str(said)]
