"""Explanations: sentences for people who do not program, and none of them missing."""

from random import Random

import pytest

from rolebook.decision.explain import explain
from rolebook.decision.library import load
from rolebook.policy.words import UNKNOWN
from rolebook.policy.words_decisions import DECISIONS
from tests.agreement.worlds import make_world
from tests.decision.test_check import NOW


def test_a_refusal_says_what_was_asked_which_row_what_is_missing_and_the_way_on() -> None:
    explanation = load("iqies").explain("Edit IDR", holds=["State Agency General User@OH"], at="TX", on=NOW)
    assert explanation.sentences == (
        "Asked: “Edit IDR” at Texas (TX) on November 21, 2026, 07:00 EST.",
        "No: State Agency General User gives “Edit IDR”, but it is held at Ohio (OH) and does not reach Texas (TX).",
        "Table 5 / Surveys / Edit IDR says yes for State Agency General User.",
        "Roles that give it: CMS General User (can be requested), but of another user category than the roles held; "
        "State Agency General User (can be requested).",
    )
    (row,) = explanation.rows
    assert (row.table, row.area, row.cell) == ("Table 5", "Surveys", "yes")


def test_a_yes_says_which_grant_which_row_and_which_reach() -> None:
    explanation = load("iqies").explain(
        "View survey details", holds=["State Agency General User@OH"], at="TX", on=NOW
    )
    assert explanation.sentences[1:] == (
        "Yes: State Agency General User, held at Ohio (OH), gives this here.",
        "Table 5 / Surveys / View survey details says yes for State Agency General User.",
        "State Agency General User gives this at other organizations, too, and not only where it is held.",
    )
    assert explanation.ways == ()


@pytest.mark.requirement("IQIES-10")
def test_the_footnote_is_told_with_its_row_and_designation_with_the_role() -> None:
    explanation = load("iqies").explain("Delete a survey", holds=["CMS General User"], at="OH", on=NOW)
    assert (
        "Footnote: Only the CMS Admin role can delete surveys, and only certain staff in the CMS locations have this "
        "role." in explanation.sentences
    )
    assert explanation.sentences[-1] == (
        "Roles that give it: CMS Admin (by designation only; it cannot be requested)."
    )


def test_access_that_is_missing_is_told_apart_from_a_role_that_is_missing() -> None:
    iqcs = load("iqcs")
    without = iqcs.explain("act:view_users", holds=["Account Manager"], at="USFS", on=NOW)
    assert not without.decision.allowed
    codes = {
        iqcs.explain(privilege.id, holds=[role.title], at="USFS", on=NOW).decision.reason.code
        for role in iqcs.rolebook.roles
        for privilege in iqcs.rolebook.privileges
        if role.reach.scope == "organization"
    }
    assert "no_access" in codes


@pytest.mark.parametrize("seed", range(30))
def test_every_explanation_of_a_made_world_has_all_its_sentences(seed: int) -> None:
    world = make_world(Random(seed))
    seen = set()
    for person in world.people.values():
        for action in [*world.program.actions, "unknown"]:
            for place in [*list(world.tree)[:3], None, "unknown"]:
                told = explain(
                    world.rolebook, world.program, world.tree, person, action, place, world.instants[1],
                    record_id="record-1",
                )  # fmt: skip
                assert UNKNOWN not in told.sentences
                assert not any("{" in sentence for sentence in told.sentences)
                seen |= {line.code for line in told.lines}
    assert seen <= DECISIONS.keys()
