"""`rolebook lint`, `diff`: what looks wrong in a rolebook, and what changed between two."""

import click

from rolebook.cli.counting import counted
from rolebook.cli.offline.console import (
    NO,
    YES,
    ProgramName,
    Unreadable,
    json_option,
    leave,
    open_book,
    print_json,
    program_argument,
    tell,
)
from rolebook.policy.diff import Difference, as_data
from rolebook.policy.diff import diff as differences_between
from rolebook.policy.errors import RolebookErrors
from rolebook.policy.lint import Finding, open_findings
from rolebook.policy.lint import lint as findings_in
from rolebook.policy.reading import read
from rolebook.policy.shipped import resolve


@click.command()
@program_argument
@click.option(
    "--open", "only_open", is_flag=True, help="Leave out the findings that the rolebook acknowledges."
)
@json_option
def lint(program: str, only_open: bool, as_json: bool) -> None:
    """Say what looks wrong in a rolebook: where, how grave, and why it matters.

    Findings that the rolebook acknowledges are shown with the reason given; --open leaves them out. Leaves
    with 1 when there are others.

    \b
    Examples:
      rolebook lint iqies
      rolebook lint iqies --open --json
    """
    try:
        reading = read(resolve(program))
    except RolebookErrors as errors:
        raise Unreadable(errors) from None
    findings = findings_in(reading.rolebook, reading)
    still_open = open_findings(findings)
    shown = still_open if only_open else findings
    if as_json:
        print_json([_document(finding) for finding in shown])
        leave(NO if still_open else YES)
    for finding in shown:
        tell(str(finding))
        tell(f"    why it matters: {finding.why}")
        if finding.acknowledged is not None:
            tell(f"    acknowledged: {finding.acknowledged}")
    known = len(findings) - len(still_open)
    click.echo(f"{counted(len(still_open), 'finding')}, {known} more acknowledged")
    leave(NO if still_open else YES)


def _document(finding: Finding) -> dict[str, object]:
    """Return a finding for programs."""
    return {
        "code": finding.code,
        "about": finding.about,
        "severity": finding.severity,
        "message": finding.message,
        "why": finding.why,
        "place": None if finding.place is None else str(finding.place),
        "acknowledged": finding.acknowledged,
    }


@click.command()
@click.argument("old", type=ProgramName())
@click.argument("new", type=ProgramName())
@json_option
def diff(old: str, new: str, as_json: bool) -> None:
    """Say what changed between two rolebooks, as sentences; + marks added power.

    Leaves with 1 when they differ.

    \b
    Example:
      rolebook diff rolebooks/iqies my-changed-iqies
    """
    differences = differences_between(open_book(old).rolebook, open_book(new).rolebook)
    if as_json:
        print_json(as_data(differences))
        leave(NO if differences else YES)
    for difference in differences:
        tell(_line(difference))
    added = sum(difference.added_power for difference in differences)
    click.echo(f"{counted(len(differences), 'difference')}, {added} of them with added power")
    leave(NO if differences else YES)


def _line(difference: Difference) -> str:
    """Return a difference as a line."""
    return f"{'+' if difference.added_power else ' '} {difference.sentence}"
