"""`rolebook test`: run a rolebook's cases."""

from collections import Counter

import click

from rolebook.cli.offline.console import (
    NO,
    YES,
    Unreadable,
    json_option,
    leave,
    open_book,
    print_json,
    program_argument,
    tell,
)
from rolebook.decision.cases import Answered, run_cases
from rolebook.policy.cases import read_cases
from rolebook.policy.errors import RolebookErrors
from rolebook.policy.shipped import resolve


@click.command("test")
@program_argument
@json_option
def test(program: str, as_json: bool) -> None:
    """Run the cases of a rolebook: claims that must hold, with who holds what, and the expected answers.

    Says which claims do not hold, with the place in the file, and then leaves with 1.

    \b
    Example:
      rolebook test iqies
    """
    rolebook = open_book(program).rolebook
    try:
        files = read_cases(resolve(program), rolebook)
    except RolebookErrors as errors:
        raise Unreadable(errors) from None
    answers = run_cases(rolebook, files)
    broken = [answer for answer in answers if not answer.holds]
    if as_json:
        print_json([_document(answer) for answer in answers])
        leave(NO if broken else YES)
    for answer in broken:
        place = answer.place
        tell(f"{place.file}:{place.line}:{place.column}: {answer.case.claim}")
        tell(f"    {answer.asked}: expected {answer.expected}, got {answer.got}")
    claims = Counter(case.claim for case_file in files for case in case_file.cases)
    failed = {answer.case.claim for answer in broken}
    click.echo(f"{len(claims) - len(failed)} of {len(claims)} claims hold ({len(answers)} questions)")
    leave(NO if broken else YES)


def _document(answer: Answered) -> dict[str, object]:
    """Return an answered question for programs."""
    return {
        "claim": answer.case.claim,
        "requirements": list(answer.case.requirements),
        "file": answer.place.file,
        "line": answer.place.line,
        "asked": answer.asked,
        "expected": answer.expected,
        "got": answer.got,
        "holds": answer.holds,
    }
