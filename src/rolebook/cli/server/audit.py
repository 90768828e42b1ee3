"""`rolebook audit`: verify the audit log, and print it."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.progress import Progress
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.audit.feed import Revision
    from rolebook.audit.verification import Verification
    from rolebook.governance.replay_findings import Replay

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def audit() -> None:
    """Verify the audit log, and print it."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--program", "program_id", metavar="ID", help="Compare the details of this program's events only."
)
@click.option(
    "--expect",
    "expected",
    metavar="SEQUENCE:HASH",
    multiple=True,
    help="A revision printed by an earlier run, kept elsewhere: it must still be in the log. May be repeated.",
)
def verify(as_json: bool, program_id: str | None, expected: tuple[str, ...]) -> int:
    """Read the whole audit log, compare every event with its hash, its place and its personal data, and replay it.

    The replay compares every grant, and all access apart from roles, with what the log says that people were given and
    what was taken away: a row that was written past the log is found, and named with what is expected. What reviews
    asked, and what became of it, is compared with the digests in their events; where one differs, the first bad row
    is named.

    \b
    Examples:
      rolebook audit verify
      rolebook audit verify --expect 1842:9f0c…e1

    Leaves with 0 when all is well, with 1 when something was edited, deleted, inserted or swapped, or when the
    database's own protection of the log is missing. An end that was cut off, or a log that was written anew, shows
    only against a revision that was kept elsewhere: keep the last line, and give it back with --expect.
    """
    start_django()
    from rolebook.audit import triggers
    from rolebook.audit.verification import verify as verify_log
    from rolebook.governance.replaying import compare_with_log

    revisions = [_revision(text) for text in expected]
    with Progress("events", hidden=as_json) as progress:
        seen = verify_log(expect=revisions, program_id=program_id, progress=progress.show)
    with Progress("people", hidden=as_json) as progress:
        replay = compare_with_log(program_id=program_id, progress=progress.show)
    unprotected = triggers.check_installed()
    click.echo(_as_json(seen, replay, unprotected) if as_json else _as_text(seen, replay, unprotected))
    return 1 if seen.findings or replay.findings or unprotected else 0


@audit.command()
@click.argument("program")
@click.option("--since", type=_DAY, metavar="DAY", help="From this day on (in the program's zone).")
@click.option("--until", type=_DAY, metavar="DAY", help="Up to this day, which is included.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def export(program: str, since: datetime | None, until: datetime | None, as_json: bool) -> None:
    """Print every event of PROGRAM, oldest first, as CSV or as JSON lines.

    \b
    Examples:
      rolebook audit export qpp > qpp.csv
      rolebook audit export qpp --since 2026-03-01 --until 2026-03-31 --json

    It is written as it is read, in bounded memory, however long the log. Each line has the event's place in the log and
    its hash, so that what was printed can be compared with the log later.
    """
    start_django()
    from rolebook.accounts.queries import NoRolebook, rolebook_in_force
    from rolebook.audit import clock
    from rolebook.governance.queries.audit_files import csv_pieces, json_pieces
    from rolebook.governance.queries.audit_trail import every_event

    at = clock.now()
    try:
        zone = rolebook_in_force(program, at)[1].program.zone
    except NoRolebook as missing:
        raise click.ClickException(f"found no program {program!r} with a rolebook in force") from missing
    after = None if until is None else until + timedelta(days=1)
    events = every_event(program, at, since=_midnight(since, zone), until=_midnight(after, zone))
    for piece in json_pieces(events) if as_json else csv_pieces(events, zone):
        click.echo(piece, nl=False)


def _midnight(day: datetime | None, zone: str) -> datetime | None:
    return None if day is None else day.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _revision(text: str) -> "Revision":
    from rolebook.audit.feed import Revision

    sequence, _, hexadecimal = text.partition(":")
    try:
        digest = bytes.fromhex(hexadecimal)
        if len(digest) == 32 and sequence.isdecimal():
            return Revision(int(sequence), digest)
    except ValueError:
        pass
    raise click.ClickException(
        f"--expect: found {text!r}, expected a sequence, a colon and 64 hexadecimal digits"
    )


def _as_text(seen: "Verification", replay: "Replay", unprotected: list[str]) -> str:
    lines = [f"wrong: {finding.explanation}" for finding in seen.findings]
    lines += [f"wrong: {finding.explanation}" for finding in replay.findings]
    lines += [f"wrong: the database's protection {name!r} is missing or altered" for name in unprotected]
    first = f", first at event {seen.findings[0].sequence}" if seen.findings else ""
    result = f"{counted(len(lines), 'finding')}{first}" if lines else "nothing is wrong"
    replayed = counted(replay.grants, "grant")
    if replay.accesses:
        replayed += f" and {replay.accesses} times access apart from roles"
    if replay.campaigns:
        replayed += f", and {counted(replay.items, 'item')} of {counted(replay.campaigns, 'review')}"
    summed = f"{counted(seen.events, 'event')} read, and {replayed} compared with them: {result}"
    return "\n".join([*lines, summed, f"last event: {seen.tip}"])


def _as_json(seen: "Verification", replay: "Replay", unprotected: list[str]) -> str:
    findings = [
        {"sequence": found.sequence, "problem": found.problem, "explanation": found.explanation}
        for found in seen.findings
    ]
    findings += [
        {"sequence": found.sequence, "problem": "holding", "explanation": found.explanation}
        for found in replay.findings
    ]
    return json.dumps(
        {
            "verified": not findings and not unprotected,
            "events": seen.events,
            "program_events": seen.program_events,
            "grants": replay.grants,
            "accesses": replay.accesses,
            "reviews": replay.campaigns,
            "review_items": replay.items,
            "tip": {"sequence": seen.tip.sequence, "hash": seen.tip.hash.hex()},
            "findings": findings,
            "protections_missing": unprotected,
        },
        indent=2,
    )
