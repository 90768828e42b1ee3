"""What a rolebook says of records of one's own: read, refused where it contradicts itself, compared (IQCS-01)."""

from dataclasses import replace
from pathlib import Path

import pytest

from rolebook.decision.compiled import compile_program
from rolebook.policy.canonical import from_document, to_document
from rolebook.policy.diff import diff
from rolebook.policy.model import Records
from rolebook.policy.reading import read_rolebook
from rolebook.policy.rules import Change, ChangeKind, Moment, judge
from tests.policy.shipped_books import book
from tests.policy.small import ROLEBOOK, errors_of, spoiled, write
from tests.policy.test_rules import NOW, StatedFacts

HEADINGS = "# The headings inside"
ROLE = """  - {id: keeper, title: Keeper, category: Member, obtained: registration, printed: false,
     reach: {scope: own record}}

"""
RECORDS = """records:
  title: Personal record
  identifier: {scheme: number, title: number, pattern: '[0-9]+', example: "7"}
  role: Keeper
  proofs: [mailed code]

"""


def small(*edits: tuple[str, str]) -> dict[str, str | bytes]:
    text = ROLE + RECORDS
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return spoiled(ROLEBOOK, ("\n# The headings", text + "\n# The headings"))


@pytest.mark.requirement("IQCS-01")
def test_records_are_read_and_come_back_from_their_document(tmp_path: Path) -> None:
    assert errors_of(tmp_path, small()) == []
    found = read_rolebook(write(tmp_path, small()))
    assert found.records == Records(
        "Personal record", "number", "number", "keeper", ("mailed code",), "[0-9]+", "7"
    )
    assert from_document(to_document(found)) == found
    assert compile_program(found).record_type == "record"
    assert compile_program(book("qpp")).record_type is None


@pytest.mark.requirement("IQCS-01")
@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            ("role: Keeper", "role: Clerk"),
            "wrong value: found 'Clerk', expected a role obtained by registration",
        ),
        (("role: Keeper", "role: Nobody"), "unknown role: found 'Nobody'"),
        (("'[0-9]+'", "'[0-9'"), "bad pattern: found '[0-9', expected a regular expression"),
        (("proofs: [mailed code]", "proofs: []"), "proofs"),
        (("proofs: [mailed code]", "proofs: [a guess]"), "proofs"),
        (
            ("  proofs:", "  resource_type: office\n  proofs:"),
            "reserved id: found 'office', expected a type of its own",
        ),
        (("  proofs:", "  resource_type: user\n  proofs:"), "reserved id: found 'user'"),
    ],
)
def test_what_contradicts_itself_is_an_error_at_its_place(
    tmp_path: Path, edit: tuple[str, str], said: str
) -> None:
    found = errors_of(tmp_path, small(edit))
    assert len(found) == 1
    assert (
        said in found[0]
        or said in (tmp_path / ROLEBOOK).read_text().splitlines()[int(found[0].split(":")[1]) - 1]
    )


@pytest.mark.requirement("IQCS-01")
def test_a_way_that_is_added_is_power_and_every_difference_is_said() -> None:
    iqcs = book("iqcs")
    records = iqcs.records
    assert records is not None
    fewer = replace(iqcs, records=replace(records, proofs=("mailed code",)))
    (one,) = diff(fewer, iqcs)
    assert one.added_power
    assert one.sentence == (
        "A record is shown to be one's own by mailed code, confirmation (was mailed code)."
    )
    (back,) = diff(iqcs, fewer)
    assert not back.added_power
    (none,) = diff(iqcs, replace(iqcs, records=None))
    assert none.sentence == "Nobody can register any more."
    (new,) = diff(replace(iqcs, records=None), iqcs)
    assert new.added_power
    others = {
        "title": "Card",
        "resource_type": "card",
        "role_id": "supervisor",
        "identifier_pattern": "[a-z]+",
    }
    for name, value in others.items():
        changed = replace(iqcs, records=replace(records, **{name: value}))  # type: ignore[arg-type]  # texts for texts
        assert len(diff(iqcs, changed)) == 1


@pytest.mark.requirement("IQCS-01", "IQCS-02")
def test_a_role_that_comes_with_registering_is_given_by_registering_alone() -> None:
    def codes(role_id: str, moment: Moment) -> list[str]:
        change = Change(ChangeKind.ADD_ROLE, moment, NOW, "p", "p", role_id=role_id)
        return [one.code for one in judge(change, StatedFacts(book("iqcs"), certificates=True))]

    assert codes("responder", Moment.REGISTRATION) == []
    assert codes("responder", Moment.SUBMISSION) == ["by_registration_only"]
    assert codes("account_manager", Moment.REGISTRATION) == ["by_request_only"]
    assert codes("iqcs_security", Moment.REGISTRATION) == ["by_designation_only"]
