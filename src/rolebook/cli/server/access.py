"""`rolebook access`: what people held on an earlier day, and who could do something then, as the operator."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from rolebook.cli.server.days import DAY_OR_MINUTE, Typed, moment_asked
from rolebook.cli.server.json_list import print_list
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.models import Organization
    from rolebook.governance.queries.then_rows import HeldThen

_AT_ONCE = 200


@click.group()
def access() -> None:
    """Say what people held on an earlier day, and who could do something then."""


@access.command("as-of")
@click.argument("program")
@click.argument("day", type=DAY_OR_MINUTE)
@click.option("--user", "user_id", help="Only this user ID.")
@click.option("--organization", "code", help="Only who was connected to the organization with this code.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def as_of(program: str, day: Typed, user_id: str | None, code: str | None, as_json: bool) -> None:
    """Say what people held in PROGRAM on a DAY, with the requests and outcomes behind each line.

    A day is one of the program's time zone, and means its end; today means now. With a time it is that minute.

    \b
    Examples:
      rolebook access as-of iqies 2026-03-03 --organization 36-7001
      rolebook access as-of qpp 2026-03-03T14:30 --user rosa --json
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.past.holdings import people_at
    from rolebook.governance.queries.then_files import COLUMNS, lines_of
    from rolebook.governance.queries.then_operator import holders_then
    from rolebook.governance.queries.then_rows import book_then, rows_then

    now = agreed_now()
    moment = moment_asked(program, day, now)
    _, book, in_force = book_then(program, moment.at)
    place = None if code is None else organization_of(program, code)
    if user_id is not None:
        _require_person(program, user_id)
    apart = book.access == "apart from roles"
    if not in_force:
        click.echo("no rolebook was in force then; what is told came by an import", err=True)
    batches = holders_then(program, moment.at, user_id=user_id, organization=place, at_once=_AT_ONCE)
    rows = (
        row
        for some in batches
        for row in rows_then(people_at(program, some, moment.at, apart=apart), book, moment.at, now)
    )
    if as_json:
        print_list({"as_of": moment.at, **dataclasses.asdict(row)} for row in rows)
        return
    titles = [title for title, _ in COLUMNS]
    for row in rows:
        click.echo(f"{row.user_id}  {row.name}  {row.status}")
        for line, held in zip(lines_of([row], book), row.held, strict=True):
            click.echo(f"    {_held_words(held, book.program.zone)}")
            click.echo(f"      {_behind_words(dict(zip(titles, line, strict=True)), book.program.zone)}")


@access.command("who-could")
@click.argument("program")
@click.argument("privilege")
@click.argument("organization")
@click.argument("day", type=DAY_OR_MINUTE)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def who_could(program: str, privilege: str, organization: str, day: Typed, as_json: bool) -> None:
    """Say who could do a PRIVILEGE at an ORGANIZATION (by code) of PROGRAM on a DAY.

    Under the rolebook version then in force, with the organizations as they then stood and the statuses of then. A day
    means its end in the program's time zone; with a time it is that minute.

    \b
    Examples:
      rolebook access who-could iqies delete_patient 36-7001 2026-03-03
      rolebook access who-could qpp submit_performance_data 12-3456789 2026-03-03T14:30 --json
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.queries.then_operator import all_who_could

    moment = moment_asked(program, day, agreed_now())
    place = organization_of(program, organization)
    try:
        found = all_who_could(program, privilege, place, moment.at)
    except KeyError:
        raise click.ClickException(
            f"privilege: found {privilege!r}, expected one of the rolebook of {program} in force then"
        ) from None
    if as_json:
        print_list(
            {
                "account_id": account.public_id,
                "user_id": account.user_id,
                "name": account.name,
                "privilege": privilege,
                "organization": organization,
                "as_of": moment.at,
                "role_id": decision.reason.params.get("role_id"),
                "grant_id": decision.holding_id,
                "access_id": decision.access_id,
            }
            for account, decision in found
        )
        return
    for account, decision in found:
        click.echo(f"{account.user_id}  {account.name}  as {decision.reason.params.get('role_id')}")


def organization_of(program: str, code: str) -> "Organization":
    """Return an organization by code, closed ones too; one that there is not ends the command."""
    from rolebook.accounts.models import Organization

    place = Organization.objects.filter(program_id=program, code=code).first()
    if place is None:
        raise click.ClickException(
            f"organization: found {code!r}, expected the code of an organization of {program}"
        )
    return place


def _require_person(program: str, user_id: str) -> None:
    """End the command where nobody in a program ever had a user ID."""
    from rolebook.governance.models import Participation

    if not Participation.objects.filter(
        program_id=program, account__user_id=user_id.strip().casefold()
    ).exists():
        raise click.ClickException(
            f"--user: found {user_id!r}, expected the user ID of somebody in {program}"
        )


def _behind_words(told: Mapping[str, object], zone: str) -> str:
    """Return what stood behind a line, of its columns."""
    kept = _BEHIND.items()
    return "; ".join(
        f"{word} {_shown(told[column], zone)}" for column, word in kept if told[column] is not None
    )


_BEHIND = {
    "Given by": "given by",
    "Asked by": "asked by",
    "Asked at": "at",
    "Decisions": "decided:",
    "Decided, designated or approved by": "last by",
    "Decided, designated or recorded at": "at",
    "Approved in the earlier system on": "approved in the earlier system on",
    "Source": "source",
    "Ended at": "ended",
    "Ended because": "because:",
    "Ended by": "by",
}


def _shown(value: object, zone: str) -> str:
    """Return a value in words; instants by the program's clock, as the day that was asked about."""
    if not isinstance(value, datetime):
        return str(value)
    return f"{value.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _held_words(held: "HeldThen", zone: str) -> str:
    where = "" if held.organization_code is None else f" at {held.organization_code}"
    since = f"{held.starts_at.astimezone(ZoneInfo(zone)):%Y-%m-%d}"
    until = "" if held.ends_at is None else f" until {_until(held.ends_at, zone)}"
    later = "  (recorded here only later)" if held.recorded_later else ""
    return f"{held.title}{where}  from {since}{until}{later}"


def _until(ends_at: datetime, zone: str) -> str:
    from rolebook.governance.queries.held_days import last_day

    last = last_day(zone, ends_at)
    return _shown(ends_at, zone) if last is None else f"the end of {last.isoformat()}"
