"""What the shipped programs' decisions must say, and what a check survives."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from rolebook.decision.check import check
from rolebook.decision.evaluation import Holding, Person
from rolebook.decision.instants import micros
from rolebook.decision.library import Book, Held, Place, load
from rolebook.decision.search import reach
from rolebook.decision.snapshot import SnapshotBuilder
from rolebook.decision.tree import OrganizationTree
from tests.support.changing import changed

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@cache
def book(name: str) -> Book:
    return load(name)


def may(
    program: str, privilege: str, *holds: str | Held, at: str | None, places: list[Place] | None = None
) -> bool:
    return book(program).check(privilege, holds=holds, at=at, on=NOW, organizations=places or []).allowed


@pytest.mark.requirement("IQIES-15")
def test_a_state_general_user_edits_in_the_state_and_only_reads_seven_things_outside_of_it() -> None:
    iqies = book("iqies")
    held = ["State Agency General User@OH"]
    outside = {
        privilege.title
        for privilege in iqies.rolebook.privileges
        if iqies.check(privilege.id, holds=held, at="TX", on=NOW).allowed
    }
    assert outside == {
        "Search providers",
        "View provider details",
        "View provider letters",
        "View survey details",
        "View survey letters",
        "View enforcement details",
        "View enforcement letters",
    }
    assert may("iqies", "Edit IDR", *held, at="OH")
    assert not may("iqies", "Edit IDR", *held, at="TX")


@pytest.mark.requirement("IQIES-15")
@pytest.mark.parametrize("role", ["State Agency Assessment Coordinator", "State Agency Security Official"])
def test_the_other_state_roles_end_at_the_border(role: str) -> None:
    iqies = book("iqies")
    for privilege in iqies.rolebook.privileges:
        assert not iqies.check(privilege.id, holds=[f"{role}@OH"], at="TX", on=NOW).allowed


@pytest.mark.requirement("IQIES-07")
@pytest.mark.parametrize("state", ["OH", "TX", "GU"])
def test_cms_staff_reach_every_state(state: str) -> None:
    assert may("iqies", "View survey details", "CMS View Only User", at=state)


@pytest.mark.requirement("IQIES-10")
def test_only_a_cms_admin_deletes_surveys_and_does_nothing_else() -> None:
    iqies = book("iqies")
    assert [way.role_id for way in iqies.who_can("Delete a survey")] == ["cms_admin"]
    gives = [
        privilege.title
        for privilege in iqies.rolebook.privileges
        if iqies.check(privilege.id, holds=["CMS Admin"], at="OH", on=NOW).allowed
    ]
    assert gives == ["Delete a survey"]


@pytest.mark.requirement("IQIES-12")
def test_one_grant_of_a_mac_role_reaches_the_states_of_its_jurisdiction() -> None:
    held = "CMS Contractor User MAC@JE"
    assert [may("iqies", "View provider", held, at=state) for state in ("CA", "HI", "OH")] == [
        True,
        True,
        False,
    ]


@pytest.mark.requirement("IQIES-13")
@pytest.mark.invariant("I1")
def test_a_provider_role_reaches_its_provider_and_not_one_whose_number_begins_alike() -> None:
    places = [
        Place("365001", "Nursing Home", "OH"),
        Place("3650", "Nursing Home", "OH"),
        Place("36500", "Hospice", "OH"),
    ]
    held = "Provider Administrator@36500"
    answers = [
        may("iqies", "View patient", held, at=at, places=places) for at in ("36500", "365001", "3650", "OH")
    ]
    assert answers == [True, False, False, False]


@pytest.mark.requirement("IQIES-16")
def test_state_prohibited_codes_are_for_two_roles() -> None:
    assert [way.role_id for way in book("iqies").who_can("Manage state-prohibited codes")] == [
        "help_desk_production_control",
        "state_assessment_coordinator",
    ]


@pytest.mark.requirement("QPP-14")
def test_both_roles_act_for_the_practice_and_only_the_official_manages_access() -> None:
    for privilege in ("View performance data", "Submit performance data"):
        assert may("qpp", privilege, "Staff User@1", at="1")
        assert may("qpp", privilege, "Security Official@1", at="1")
    assert may("qpp", "act:decide", "Security Official@1", at="1")
    assert not may("qpp", "act:decide", "Staff User@1", at="1")
    places = [Place("2", "Practice")]
    assert not may("qpp", "act:decide", "Security Official@1", at="2", places=places)


@pytest.mark.requirement("IQIES-05")
def test_a_state_official_does_not_decide_for_the_providers_of_the_state() -> None:
    places = [Place("365001", "Nursing Home", "OH")]
    held = "State Agency Security Official@OH"
    assert may("iqies", "act:decide", held, at="OH", places=places)
    assert not may("iqies", "act:decide", held, at="365001", places=places)


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("unknown_action", {"privilege": "Fly"}),
        ("unknown_action", {"privilege": "act:fly"}),
        ("unknown_organization", {"at": "ZZ"}),
        ("role_unknown", {"holds": ["Nobody of That Name@OH"]}),
        ("no_role", {"holds": []}),
        ("account_closed", {"active": False}),
        ("held_at_unknown_organization", {"holds": [Held("CMS General User", "gone")]}),
        ("held_nowhere", {"holds": ["State Agency General User"]}),
        ("held_at_other_kind", {"holds": ["State Agency General User@JE"]}),
        ("not_given", {"holds": ["State Agency Security Official@OH"]}),
        ("outside_reach", {"at": None}),
    ],
)
def test_what_is_not_known_is_a_denial_with_its_reason(code: str, asked: dict[str, object]) -> None:
    question = {"privilege": "Edit IDR", "holds": ["State Agency General User@OH"], "at": "OH"} | asked
    explanation = book("iqies").explain(on=NOW, **question)  # type: ignore[arg-type]
    assert (explanation.decision.allowed, explanation.decision.reason.code) == (False, code)
    assert "This is not possible here." not in explanation.sentences


@pytest.mark.parametrize(
    ("starts", "ends", "closed", "code"),
    [
        (NOW, None, None, "granted"),
        (NOW + SECOND, None, None, "not_started"),
        (NOW - SECOND, NOW, None, "ended"),
        (NOW - SECOND, NOW + SECOND, None, "granted"),
        (NOW - SECOND, None, NOW, "removed"),
        (NOW - SECOND, NOW - SECOND / 2, NOW, "ended"),
        (NOW - SECOND, NOW + SECOND, NOW - SECOND, "removed"),
    ],
)
def test_a_grant_counts_from_its_start_until_its_end_or_its_closing(
    starts: datetime, ends: datetime | None, closed: datetime | None, code: str
) -> None:
    held = Held("Staff User", "1", starts, ends, closed)
    decision = book("qpp").check("View performance data", holds=[held], at="1", on=NOW)
    assert decision.reason.code == code
    assert decision.holding_id == "grant 1"


def test_reach_is_what_lists_filter_by() -> None:
    qpp = book("qpp")
    tree = OrganizationTree.from_paths([("/1/", "practice"), ("/2/", "practice"), ("/3/", "practice")])
    person = Person(
        True,
        (
            Holding("a", "security_official", "2", NOW),
            Holding("b", "security_official", "1", NOW, closed_at=NOW),
            Holding("c", "staff_user", "3", NOW),
        ),
    )
    assert reach(qpp.program, tree, person, "act:decide", NOW).organizations == (("2", False),)
    steward = Person(True, (Holding("d", "steward", None, NOW),))
    everywhere = reach(qpp.program, tree, steward, "act:decide", NOW)
    assert (everywhere.everywhere, everywhere.without_organization) == (True, True)
    closed = Person(False, steward.holdings)
    assert not reach(qpp.program, tree, closed, "act:decide", NOW).everywhere


@pytest.mark.invariant("I7")
def test_a_snapshot_says_no_as_soon_as_a_closing_is_applied() -> None:
    qpp = book("qpp")
    tree = OrganizationTree([("1", None, "practice")])
    builder = SnapshotBuilder(qpp.program, tree)
    builder.add_person("ann", Person(True, (Holding("g", "staff_user", "1", NOW),)))
    snapshot = builder.build()
    question = ("ann", "view_performance_data", "1", micros(NOW + SECOND))
    assert snapshot.check(*question)
    snapshot.apply(changed(snapshot, "ann", closed_at=NOW))
    assert not snapshot.check(*question)
    assert snapshot.decide(*question[:3], NOW + SECOND).reason.code == "removed"
    snapshot.apply(changed(snapshot, "ann", opened=[Holding("h", "staff_user", "1", NOW)]))
    assert snapshot.check(*question)
    snapshot.apply(changed(snapshot, "ann", active=False))
    assert not snapshot.check(*question)
    assert not snapshot.check("nobody", *question[1:])
    assert snapshot.decide("nobody", *question[1:3], NOW).reason.code == "unknown_subject"


def test_check_answers_in_the_sentence_order_without_a_tree_of_everything() -> None:
    qpp = book("qpp")
    tree = OrganizationTree.from_paths([("/7/", "practice")])
    person = Person(True, (Holding("g", "staff_user", "7", NOW),))
    assert check(qpp.program, tree, person, "view_performance_data", "7", NOW).allowed
