"""How the stages of a request are laid out."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.policy.approval import AskedItem, LaidStage, chain_for, lay_out, layout_differs
from rolebook.policy.model import STEWARD_ID, Approval, Chain, StageSpec
from rolebook.policy.organizations import (
    OrganizationPath,
    OrganizationRef,
    cycles_in,
    identifier_matches,
    may_stand_under,
    would_make_cycle,
)
from rolebook.policy.rules import ChangeKind
from tests.policy.shipped_books import book


def path(*steps: str) -> OrganizationPath:
    """`path("agency FWS", "region R6")`."""
    return tuple(
        OrganizationRef(code, code, kind) for kind, _, code in (step.partition(" ") for step in steps)
    )


FWS = path("agency FWS", "region R6")
FWS_OTHER = path("agency FWS", "region R1")
USAF = path("agency USAF", "region ACC")


def role_item(key: str = "role", where: OrganizationPath = ()) -> AskedItem:
    return AskedItem(key, ChangeKind.ADD_ROLE, where)


def access_item(key: str, where: OrganizationPath) -> AskedItem:
    return AskedItem(key, ChangeKind.ADD_ACCESS, where)


def by_key(laid: tuple[LaidStage, ...]) -> dict[str, LaidStage]:
    return {stage.key: stage for stage in laid}


@pytest.mark.requirement("IQCS-04")
def test_the_own_representative_waits_for_every_stage_of_the_other_agency() -> None:
    laid = by_key(lay_out(book("iqcs"), [role_item(), access_item("usaf", USAF)], employing=FWS))
    assert list(laid) == [
        "representative_and_lead:USAF/representative/ACC",
        "representative_and_lead:USAF/lead/USAF",
        "representative:FWS/representative/R6",
        "closing/security",
    ]
    assert laid["representative_and_lead:USAF/lead/USAF"].after == (
        "representative_and_lead:USAF/representative/ACC",
    )
    assert laid["representative:FWS/representative/R6"].after == ("representative_and_lead:USAF/lead/USAF",)
    assert laid["closing/security"].after == ("representative:FWS/representative/R6",)
    assert laid["closing/security"].closing


@pytest.mark.requirement("IQCS-04")
def test_the_employing_chain_decides_all_items_and_the_other_agency_only_its_own() -> None:
    laid = by_key(lay_out(book("iqcs"), [role_item(), access_item("usaf", USAF)], employing=FWS))
    assert laid["representative:FWS/representative/R6"].item_keys == ("role", "usaf")
    assert laid["representative_and_lead:USAF/lead/USAF"].item_keys == ("usaf",)
    assert laid["closing/security"].item_keys == ("role", "usaf")


def test_access_in_another_region_of_the_own_agency_is_decided_there() -> None:
    laid = by_key(lay_out(book("iqcs"), [role_item(), access_item("r1", FWS_OTHER)], employing=FWS))
    assert laid["representative:FWS/representative/R6"].item_keys == ("role",)
    assert laid["representative:FWS/representative/R1"].item_keys == ("r1",)
    assert set(laid["closing/security"].after) == {
        "representative:FWS/representative/R6",
        "representative:FWS/representative/R1",
    }


@pytest.mark.requirement("IQCS-10")
def test_for_a_reactivation_alone_the_representative_s_word_is_enough() -> None:
    item = AskedItem("reactivate", ChangeKind.REACTIVATE)
    vouched = lay_out(book("iqcs"), [item], employing=FWS, vouching_role_ids=["agency_representative"])
    assert [stage.key for stage in vouched] == ["closing/security"]
    asked_by_others = lay_out(book("iqcs"), [item], employing=FWS)
    assert [stage.stage_id for stage in asked_by_others] == ["representative", "security"]


@pytest.mark.requirement("IQCS-10")
def test_with_changes_of_roles_a_reactivation_is_a_modification_that_everybody_decides() -> None:
    items = [AskedItem("reactivate", ChangeKind.REACTIVATE), role_item()]
    laid = lay_out(book("iqcs"), items, employing=FWS, vouching_role_ids=["agency_representative"])
    assert [stage.stage_id for stage in laid] == ["representative", "security"]


@pytest.mark.invariant("I4")
def test_what_no_chain_serves_goes_to_the_steward_and_never_through() -> None:
    lost = path("unknown_kind X")
    (stage,) = lay_out(book("qpp"), [role_item("a", lost)])
    assert stage.approver_role_id == STEWARD_ID
    unserved = lay_out(book("qpp"), [role_item("b")])
    assert [found.approver_role_id for found in unserved] == [STEWARD_ID]


@pytest.mark.invariant("I4")
def test_a_stage_without_its_place_goes_to_the_steward() -> None:
    laid = lay_out(book("iqcs"), [access_item("x", path("agency USAF"))], employing=path("agency FWS"))
    assert all(stage.organization_id for stage in laid if not stage.closing)
    spec = StageSpec("s", "S", "security_official", "parent", ("virtual_group",))
    qpp = dataclasses.replace(book("qpp"), chains=(Chain("c", "C", (spec,), kinds=("practice",)),))
    (stage,) = lay_out(qpp, [role_item("a", path("practice P"))])
    assert (stage.approver_role_id, stage.organization_id) == (STEWARD_ID, None)


def test_stages_of_one_organization_are_one_stage_with_all_its_items() -> None:
    place = path("practice P")
    (stage,) = lay_out(book("qpp"), [role_item("a", place), role_item("b", place)])
    assert stage.item_keys == ("a", "b")


def test_the_nearest_chain_on_the_way_up_counts() -> None:
    hospice = path("mac_jurisdiction J15", "state OH", "hospice H")
    found = chain_for(book("iqies"), hospice)
    assert found is not None
    assert (found[0].id, found[1].code) == ("provider", "H")
    unknown_below_a_state = path("mac_jurisdiction J15", "state OH", "ward W")
    above = chain_for(book("iqies"), unknown_below_a_state)
    assert above is not None
    assert above[0].id == "state"


@pytest.mark.fault(13)
def test_a_layout_that_would_have_other_people_decide_differs() -> None:
    before = lay_out(book("iqcs"), [role_item()], employing=FWS)
    assert not layout_differs(before, lay_out(book("iqcs"), [role_item()], employing=FWS))
    weaker = dataclasses.replace(book("iqcs"), approval=Approval(employing_chain=True))
    assert layout_differs(before, lay_out(weaker, [role_item()], employing=FWS))


PLACES = st.sampled_from(
    [
        (),
        FWS,
        FWS_OTHER,
        USAF,
        path("agency FWS"),
        path("agency USAF"),
        path("agency BOR", "region MB", "unit U"),
    ]
)


@given(wanted=st.lists(PLACES, min_size=1, max_size=6), employing=PLACES)
def test_every_item_is_decided_by_a_chain_and_by_security_and_every_stage_can_open(
    wanted: list[OrganizationPath], employing: OrganizationPath
) -> None:
    items = [
        access_item(str(number), where) if where else role_item(str(number))
        for number, where in enumerate(wanted)
    ]
    laid = lay_out(book("iqcs"), items, employing=employing)
    keys = [stage.key for stage in laid]
    assert len(set(keys)) == len(keys)
    for position, stage in enumerate(laid):
        assert set(stage.after) <= set(keys[:position])
        assert stage.item_keys
    assert len({(stage.run_id, stage.position) for stage in laid}) == len(laid)
    for item in items:
        stages = [stage for stage in laid if item.key in stage.item_keys]
        assert stages[-1].closing
        assert len(stages) >= 2


def test_containment_follows_the_kinds() -> None:
    iqies = book("iqies")
    assert may_stand_under(iqies, "hospice", "state")
    assert not may_stand_under(iqies, "hospice", None)
    assert not may_stand_under(iqies, "state", "hospice")
    assert may_stand_under(iqies, "mac_jurisdiction", None)
    assert not may_stand_under(iqies, "castle", None)


def test_an_identifier_has_the_form_of_its_kind() -> None:
    assert identifier_matches(book("qpp"), "practice", "00-1234567")
    assert not identifier_matches(book("qpp"), "practice", "1234")
    assert not identifier_matches(book("qpp"), "practice", " ")


@given(parents=st.dictionaries(st.sampled_from("abcdef"), st.none() | st.sampled_from("abcdef"), max_size=6))
def test_a_cycle_is_found_exactly_when_walking_up_never_ends(parents: dict[str, str | None]) -> None:
    def ends(start: str) -> bool:
        here: str | None = start
        for _ in range(len(parents) + 1):
            if here is None:
                return True
            here = parents.get(here)
        return here is None

    cycles = list(cycles_in(parents))
    assert bool(cycles) == (not all(ends(start) for start in parents))
    for cycle in cycles:
        for child, parent in zip(cycle, (*cycle[1:], *cycle[:1]), strict=True):
            assert parents[child] == parent
    assert len({code for cycle in cycles for code in cycle}) == sum(len(cycle) for cycle in cycles)
    if not cycles:
        for child in parents:
            for parent in parents:
                moved = {**parents, child: parent}
                assert would_make_cycle(parents, child, parent) == bool(list(cycles_in(moved)))
