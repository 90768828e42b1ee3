"""Marks and what they give, included privileges, notes, names, and the tables of legal moves."""

from pathlib import Path

import pytest

from rolebook.policy import lifecycle
from rolebook.policy.operations import operation_of
from rolebook.policy.reading import read_rolebook
from tests.policy.shipped_books import NAMES, book
from tests.policy.small import MATRIX, ROLEBOOK, errors_of, spoiled, write

WIDE = (
    "  edit_records: Edit records\n",
    "  edit_records: {title: Edit records, includes: [See drafts]}\n  see_drafts: {title: See drafts}\n",
)
VIEW_ONLY = (
    "marks:\n",
    "marks:\n  - {mark: view only, title: view only, meaning: Looks at it., operations: [view]}\n"
    "  - {mark: n/a, title: not applicable, meaning: Does not arise., allows: false}\n",
)


def powers(folder: Path, cell: str) -> dict[str, bool]:
    """The guest's privileges and whether each is on the own record only, with `cell` in the row `Edit records`."""
    files = spoiled(ROLEBOOK, WIDE, VIEW_ONLY)
    files[MATRIX] = str(files[MATRIX]).replace("Edit records,no,yes,no", f"Edit records,no,yes,{cell}")
    found = read_rolebook(write(folder, files)).powers("guest")
    return {
        power.privilege_id: power.own_record
        for power in found.values()
        if power.privilege_id != "view_records"
    }


def test_a_yes_gives_the_privilege_and_what_it_includes(tmp_path: Path) -> None:
    assert powers(tmp_path, "yes") == {"edit_records": False, "see_drafts": False}


def test_a_mark_with_operations_gives_only_what_has_them(tmp_path: Path) -> None:
    assert powers(tmp_path, "view only") == {"see_drafts": False}


def test_a_mark_on_the_own_record_gives_it_there_only(tmp_path: Path) -> None:
    assert powers(tmp_path, "own") == {"edit_records": True, "see_drafts": True}


def test_a_mark_that_allows_nothing_gives_nothing(tmp_path: Path) -> None:
    assert powers(tmp_path, "n/a") == {}


def test_a_mark_that_would_give_nothing_by_mistake_is_an_error(tmp_path: Path) -> None:
    files = spoiled(ROLEBOOK, VIEW_ONLY)
    files[MATRIX] = str(files[MATRIX]).replace("Edit records,no,yes,no", "Edit records,no,yes,view only")
    (found,) = errors_of(tmp_path, files)
    assert "mark 'view only' gives nothing: found 'Edit records'" in found


@pytest.mark.requirement("IQIES-10")
def test_a_power_says_what_it_rests_on() -> None:
    iqies = book("iqies")
    assert iqies.powers("cms_general_user")["edit_idr"].basis == "Table 1 / Surveys / Edit IDR"
    assert iqies.powers("mac_user")["view_provider"].basis == "Table 3 / View provider"
    assert iqies.powers("cms_admin")["delete_a_survey"].basis.startswith("document: Only the CMS Admin role")


def test_privileges_are_found_by_title_id_and_title_with_a_footnote_mark() -> None:
    iqies = book("iqies")
    for name in ("Delete a survey", "delete a  survey", "Delete a survey*", "delete_a_survey"):
        found = iqies.privilege_by_title(name)
        assert found is not None
        assert found.id == "delete_a_survey"
    assert iqies.privilege_by_title("Delete everything") is None
    assert iqies.areas_of("edit_a_user_profile") == ("Users", "Other")


def test_unknown_ids_give_nothing() -> None:
    iqies = book("iqies")
    assert iqies.role("king") is None
    assert iqies.privilege("fly") is None
    assert iqies.kind("castle") is None
    assert iqies.powers("king") == {}


@pytest.mark.parametrize(
    ("title", "operation"),
    [
        ("View patient", "view"),
        ("Add a patient", "create"),
        ("Approve/reject provider match data", "approve"),
        ("Generate and view reports", "run"),
        ("Create and manage a survey", "create"),
        ("iQIES role approval", None),
        ("", None),
    ],
)
def test_the_verb_of_a_title_tells_the_operation(title: str, operation: str | None) -> None:
    assert operation_of(title) == operation


@pytest.mark.parametrize("name", lifecycle.TABLES)
def test_every_move_leads_to_a_state_of_its_table(name: str) -> None:
    moves = lifecycle.TABLES[name]
    assert {after for states in moves.values() for after in states} <= set(moves)


@pytest.mark.requirement("QPP-13")
@pytest.mark.fault(16)
def test_a_denied_request_is_final_and_so_is_every_other_end() -> None:
    for state in ("approved", "denied", "withdrawn", "expired", "partly approved"):
        assert lifecycle.is_final(lifecycle.REQUEST_MOVES, state)
        assert not any(
            lifecycle.may_move(lifecycle.REQUEST_MOVES, state, after) for after in lifecycle.REQUEST_MOVES
        )


@pytest.mark.requirement("IQCS-06")
def test_an_incomplete_request_goes_back_and_comes_again() -> None:
    assert lifecycle.may_move(lifecycle.REQUEST_MOVES, "pending", "returned")
    assert lifecycle.may_move(lifecycle.REQUEST_MOVES, "returned", "pending")
    assert not lifecycle.may_move(lifecycle.REQUEST_MOVES, "returned", "approved")
    assert lifecycle.may_move(lifecycle.STAGE_MOVES, "approved", "void")


@pytest.mark.requirement("IQCS-10")
def test_a_closed_or_deactivated_participation_comes_back_only_to_active() -> None:
    assert lifecycle.may_move(lifecycle.PARTICIPATION_MOVES, "closed", "active")
    assert lifecycle.may_move(lifecycle.PARTICIPATION_MOVES, "deactivated", "active")
    assert not lifecycle.may_move(lifecycle.PARTICIPATION_MOVES, "closed", "deactivated")


def test_an_unknown_state_may_go_nowhere_and_is_not_final() -> None:
    assert not lifecycle.may_move(lifecycle.REQUEST_MOVES, "asleep", "approved")
    assert not lifecycle.is_final(lifecycle.REQUEST_MOVES, "asleep")


@pytest.mark.parametrize("name", NAMES)
def test_a_hint_is_given_in_the_program_s_language_where_another_has_none(name: str) -> None:
    rolebook = book(name)
    for key, text in rolebook.program.hints.items():
        assert rolebook.hint(key, "es") == text
    assert rolebook.hint("no_such_hint") is None
