"""The rules, each alone and together, over facts that a test states."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rolebook.policy.model import Rolebook, RuleInForce, RuleOverride
from rolebook.policy.rules import (
    RULES,
    Change,
    ChangeKind,
    Facts,
    HeldAccess,
    HeldRole,
    Moment,
    PendingItem,
    judge,
)
from rolebook.policy.rules.new_or_modification import request_type_for
from rolebook.policy.words import SENTENCES, UNKNOWN, sentence
from tests.policy.shipped_books import NAMES, book

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KINDS: Mapping[str, str] = {
    "OH": "state",
    "TX": "state",
    "J15": "mac_jurisdiction",
    "hospice": "hospice",
    "practice": "practice",
    "FWS": "agency",
}


@dataclasses.dataclass
class StatedFacts:
    """Facts as a test states them; nothing held, nothing pending, everything agreed."""

    rolebook: Rolebook
    held: tuple[HeldRole, ...] = ()
    access: tuple[HeldAccess, ...] = ()
    pending: tuple[PendingItem, ...] = ()
    ever: frozenset[str] = frozenset()
    agreed: bool = True
    deciders: frozenset[str] = frozenset()
    twins: frozenset[frozenset[str]] = frozenset()
    certificates: bool = False
    codes: tuple[str, ...] = ()

    def held_roles(self, person_id: str, at: datetime) -> tuple[HeldRole, ...]:
        return self.held

    def held_access(self, person_id: str, at: datetime) -> tuple[HeldAccess, ...]:
        return self.access

    def pending_items(self, person_id: str) -> tuple[PendingItem, ...]:
        return self.pending

    def ever_held_category(self, person_id: str, category_id: str, at: datetime) -> bool:
        return category_id in self.ever

    def organization_kind(self, organization_id: str) -> str | None:
        return KINDS.get(organization_id)

    def statement_agreed(self, person_id: str, at: datetime) -> bool:
        return self.agreed

    def outcomes_by(self, request_id: str) -> frozenset[str]:
        return self.deciders

    def same_person(self, one_id: str, other_id: str) -> bool:
        return one_id == other_id or frozenset({one_id, other_id}) in self.twins

    def certificates_attached(self, request_id: str | None) -> bool:
        return self.certificates

    def organization_codes(self, person_id: str, change: Change) -> tuple[str, ...]:
        return self.codes


def add(role_id: str | None, organization_id: str | None = None, **changed: object) -> Change:
    change = Change(
        kind=ChangeKind.ADD_ROLE,
        moment=Moment.SUBMISSION,
        at=NOW,
        beneficiary_id="ann",
        requester_id="ann",
        actor_id="ann",
        role_id=role_id,
        organization_id=organization_id,
        request_id="request",
    )
    return dataclasses.replace(change, **changed)  # type: ignore[arg-type]


def codes(change: Change, facts: Facts) -> list[str]:
    found = judge(change, facts)
    for violation in found:
        assert sentence(violation.code, **violation.params) != UNKNOWN
    return [violation.code for violation in found]


def holds(role_id: str, organization_id: str | None = None, ends_at: datetime | None = None) -> HeldRole:
    return HeldRole(role_id, organization_id, NOW - timedelta(days=30), ends_at)


@pytest.mark.requirement("IQIES-04")
@pytest.mark.parametrize("moment", list(Moment))
def test_a_role_of_another_exclusive_category_is_refused_at_every_moment(moment: Moment) -> None:
    facts = StatedFacts(book("iqies"), held=(holds("cms_general_user"),))
    change = add("mac_user", "J15", moment=moment, actor_id=None if moment == Moment.GRANT else "bob")
    assert "other_category_held" in codes(change, facts)


@pytest.mark.requirement("IQIES-04")
def test_a_role_of_the_same_category_is_not_refused() -> None:
    facts = StatedFacts(book("iqies"), held=(holds("state_general_user", "OH"),))
    assert codes(add("state_security_official", "OH"), facts) == []


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(21)
def test_two_pending_requests_cannot_break_the_rule_together() -> None:
    waiting = PendingItem("other", ChangeKind.ADD_ROLE, "cms_general_user", None)
    facts = StatedFacts(book("iqies"), pending=(waiting,))
    assert codes(add("mac_user", "J15"), facts) == ["other_category_pending"]


def test_roles_of_categories_that_exclude_nothing_stand_beside_each_other() -> None:
    facts = StatedFacts(book("iqcs"), held=(holds("responder"),))
    assert codes(add("account_manager"), facts) == []


@pytest.mark.requirement("IQIES-08")
def test_a_designated_role_cannot_be_requested_and_can_be_designated() -> None:
    facts = StatedFacts(book("iqies"))
    assert codes(add("cms_security_official"), facts) == ["by_designation_only"]
    designation = add("cms_security_official", moment=Moment.DESIGNATION, actor_id="steward", request_id=None)
    assert codes(designation, facts) == []


def test_an_unknown_role_is_refused() -> None:
    assert codes(add("king"), StatedFacts(book("iqies"))) == ["unknown_role"]


@pytest.mark.requirement("IQIES-13")
@pytest.mark.parametrize(
    ("role_id", "place", "expected"),
    [
        ("provider_administrator", "hospice", []),
        ("provider_administrator", "OH", ["wrong_kind_of_organization"]),
        ("provider_administrator", "nowhere", ["wrong_kind_of_organization"]),
        ("provider_administrator", None, ["needs_organization"]),
        ("cms_general_user", "OH", ["needs_no_organization"]),
    ],
)
def test_a_role_is_asked_for_where_it_can_be_held(
    role_id: str, place: str | None, expected: list[str]
) -> None:
    assert codes(add(role_id, place), StatedFacts(book("iqies"))) == expected


def test_what_is_held_is_not_asked_for_again_unless_it_ends() -> None:
    facts = StatedFacts(book("qpp"), held=(holds("staff_user", "practice"),))
    assert codes(add("staff_user", "practice"), facts) == ["role_already_held"]
    ending = StatedFacts(book("qpp"), held=(holds("staff_user", "practice", NOW + timedelta(days=5)),))
    assert codes(add("staff_user", "practice"), ending) == []


_HORIZON = 40
_LONG = st.none() | st.integers(1, 5)
"""For how many days; None: without an end."""


def _span(first: int, length: int | None) -> tuple[datetime, datetime | None, set[int]]:
    """When something begins and ends, and the days that it covers; the last one stands for all that follow."""
    last = _HORIZON if length is None else first + length
    end = None if length is None else NOW + timedelta(days=last)
    return NOW + timedelta(days=first), end, set(range(first, last))


@pytest.mark.requirement("IQCS-11")
@given(
    held=st.tuples(st.integers(-2, 5), _LONG), asked=st.tuples(st.integers(0, 5), _LONG), apart=st.booleans()
)
@example(held=(2, None), asked=(0, 2), apart=False)
def test_held_already_is_what_covers_some_of_the_days_asked_for_and_is_held_to_their_end(
    held: tuple[int, int | None], asked: tuple[int, int | None], apart: bool
) -> None:
    begins, ends, held_on = _span(*held)
    first, end, asked_on = _span(*asked)
    if apart:
        facts = StatedFacts(book("iqcs"), access=(HeldAccess("FWS", True, begins, ends),))
        change = add(None, "FWS", kind=ChangeKind.ADD_ACCESS, starts_at=first, ends_at=end)
    else:
        facts = StatedFacts(book("iqcs"), held=(HeldRole("account_manager", None, begins, ends),))
        change = add("account_manager", starts_at=first, ends_at=end)
    covered = bool(held_on & asked_on) and max(asked_on) <= max(held_on)
    said = "access_already_held" if apart else "role_already_held"
    assert (said in codes(change, facts)) == covered


def test_what_is_not_held_cannot_be_taken_away() -> None:
    change = add("staff_user", "practice", kind=ChangeKind.REMOVE_ROLE)
    assert codes(change, StatedFacts(book("qpp"))) == ["role_not_held"]
    assert codes(change, StatedFacts(book("qpp"), held=(holds("staff_user", "practice"),))) == []


@pytest.mark.requirement("IQCS-11")
@pytest.mark.parametrize("moment", [Moment.OUTCOME, Moment.GRANT])
def test_what_ended_after_its_removal_was_asked_for_keeps_nothing_from_being_decided(moment: Moment) -> None:
    by = {"moment": moment, "actor_id": "bob"}
    role = add("staff_user", "practice", kind=ChangeKind.REMOVE_ROLE, **by)
    assert codes(role, StatedFacts(book("qpp"))) == []
    access = add(None, "FWS", kind=ChangeKind.REMOVE_ACCESS, **by)
    assert codes(access, StatedFacts(book("iqcs"))) == []
    narrowed = dataclasses.replace(access, lower_levels=True)
    assert codes(narrowed, StatedFacts(book("iqcs"))) == []


@pytest.mark.requirement("IQCS-05")
def test_access_is_asked_for_on_its_own_only_where_a_program_holds_it_apart() -> None:
    change = add(None, "FWS", kind=ChangeKind.ADD_ACCESS)
    assert codes(change, StatedFacts(book("iqcs"))) == []
    held = (HeldAccess("FWS", lower_levels=False, starts_at=NOW, ends_at=None),)
    assert codes(change, StatedFacts(book("iqcs"), access=held)) == ["access_already_held"]
    assert codes(change, StatedFacts(book("qpp"))) == ["no_separate_access"]
    removal = dataclasses.replace(change, kind=ChangeKind.REMOVE_ACCESS)
    assert codes(removal, StatedFacts(book("iqcs"))) == ["access_not_held"]


@pytest.mark.requirement("IQCS-05")
@pytest.mark.invariant("I2")
@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([(True, None)], []),
        ([(True, 5), (False, None)], []),
        ([(False, None)], ["access_not_wide"]),
        ([(True, 5)], ["access_not_wide"]),
        ([], ["access_not_wide"]),
    ],
    ids=["held wide", "held wide for a while", "not held wide", "not held for as long", "not held"],
)
def test_of_access_only_what_is_held_wide_is_narrowed_and_for_as_long_as_it_is_held(
    held: list[tuple[bool, int | None]], said: list[str]
) -> None:
    change = add(None, "FWS", kind=ChangeKind.ADD_ACCESS, narrows=True)
    access = tuple(
        HeldAccess("FWS", lower, NOW, None if days is None else NOW + timedelta(days=days))
        for lower, days in held
    )
    assert codes(change, StatedFacts(book("iqcs"), access=access)) == said


def test_the_same_is_not_asked_for_while_it_waits() -> None:
    waiting = PendingItem("other", ChangeKind.ADD_ROLE, "staff_user", "practice")
    facts = StatedFacts(book("qpp"), pending=(waiting,))
    assert codes(add("staff_user", "practice"), facts) == ["role_already_pending"]
    assert codes(add("staff_user", "practice", request_id="other"), facts) == []


@pytest.mark.invariant("I6")
@pytest.mark.fault(7)
def test_nobody_decides_for_themselves_not_with_a_second_account_either() -> None:
    twins = frozenset({frozenset({"ann", "ann's other account"})})
    facts = StatedFacts(book("qpp"), twins=twins)
    for actor in ("ann", "ann's other account"):
        change = add("staff_user", "practice", moment=Moment.OUTCOME, actor_id=actor)
        assert codes(change, facts) == ["own_request"]


@pytest.mark.invariant("I6")
@pytest.mark.fault(8)
def test_who_asked_for_somebody_else_does_not_decide() -> None:
    change = add("staff_user", "practice", moment=Moment.OUTCOME, requester_id="bob", actor_id="bob")
    assert codes(change, StatedFacts(book("qpp"))) == ["asked_for_it"]


@pytest.mark.invariant("I6")
@pytest.mark.fault(9)
def test_nobody_decides_twice_in_one_request() -> None:
    facts = StatedFacts(book("qpp"), deciders=frozenset({"bob"}))
    assert codes(add("staff_user", "practice", moment=Moment.OUTCOME, actor_id="bob"), facts) == [
        "decided_before"
    ]
    assert codes(add("staff_user", "practice", moment=Moment.OUTCOME, actor_id="eve"), facts) == []


@pytest.mark.requirement("QPP-11")
def test_nobody_removes_their_own_access() -> None:
    facts = StatedFacts(book("qpp"), held=(holds("staff_user", "practice"),))
    change = add(
        "staff_user", "practice", kind=ChangeKind.REMOVE_ROLE, moment=Moment.DESIGNATION, request_id=None
    )
    assert codes(change, facts) == ["own_removal"]
    assert codes(dataclasses.replace(change, actor_id="bob"), facts) == []


@pytest.mark.requirement("QPP-01")
def test_who_has_not_agreed_to_the_statement_asks_for_nothing() -> None:
    assert codes(add("staff_user", "practice"), StatedFacts(book("qpp"), agreed=False)) == [
        "statement_not_agreed"
    ]
    assert codes(add("account_manager"), StatedFacts(book("iqcs"), agreed=False)) == []


def with_rule(rule: RuleInForce) -> Rolebook:
    iqcs = book("iqcs")
    return dataclasses.replace(iqcs, rules=(*(r for r in iqcs.rules if r.id != rule.id), rule))


@pytest.mark.requirement("IQCS-07")
@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        (datetime(2023, 10, 31, 12, tzinfo=UTC), ["certificate_missing"]),
        (datetime(2023, 11, 1, 5, 59, 59, tzinfo=UTC), ["certificate_missing"]),
        (datetime(2023, 11, 1, 6, 0, tzinfo=UTC), []),
        (NOW, []),
    ],
)
def test_certificates_are_required_of_requests_submitted_before_november_2023(
    submitted: datetime, expected: list[str]
) -> None:
    """Midnight of November 1, 2023 is 06:00 UTC in the program's zone (Boise, still on daylight saving time)."""
    change = add("account_manager", at=NOW, submitted_at=submitted)
    assert codes(change, StatedFacts(book("iqcs"))) == expected
    assert codes(change, StatedFacts(book("iqcs"), certificates=True)) == []


@pytest.mark.requirement("IQCS-07")
def test_an_agency_requires_certificates_of_its_own() -> None:
    override = RuleOverride(("USFS",), effective_from=date(2025, 1, 1))
    rolebook = with_rule(
        RuleInForce("certificate_required", effective_until=date(2023, 11, 1), overrides=(override,))
    )
    change = add("account_manager", submitted_at=NOW)
    assert codes(change, StatedFacts(rolebook, codes=("USFS", "USFS-R1"))) == ["certificate_missing"]
    assert codes(change, StatedFacts(rolebook, codes=("FWS",))) == []
    earlier = add("account_manager", submitted_at=datetime(2024, 12, 31, tzinfo=UTC))
    assert codes(earlier, StatedFacts(rolebook, codes=("USFS",))) == []


@pytest.mark.requirement("IQCS-02")
def test_new_is_for_who_never_held_a_standard_account_and_modification_for_all_others() -> None:
    never, before = StatedFacts(book("iqcs")), StatedFacts(book("iqcs"), ever=frozenset({"standard"}))
    new = add("account_manager", request_type="new")
    modification = add("account_manager", request_type="modification")
    assert codes(new, never) == []
    assert codes(new, before) == ["not_new"]
    assert codes(modification, before) == []
    assert codes(modification, never) == ["not_a_modification"]
    assert request_type_for(never, new.beneficiary_id, new.at, "standard") == "new"
    reactivation = add(None, kind=ChangeKind.REACTIVATE, request_type="modification")
    assert codes(reactivation, never) == ["nothing_to_reactivate"]


@pytest.mark.requirement("IQCS-11")
def test_a_temporary_detail_has_dates_in_order() -> None:
    facts = StatedFacts(book("iqcs"))
    day = timedelta(days=1)
    assert codes(add("account_manager", starts_at=NOW + day, ends_at=NOW + 9 * day), facts) == []
    assert codes(add("account_manager", starts_at=NOW + day, ends_at=NOW + day), facts) == [
        "ends_before_start"
    ]
    assert codes(add("account_manager", ends_at=NOW), facts) == ["ends_in_the_past"]
    temporary = add("staff_user", "practice", ends_at=NOW + day)
    assert codes(temporary, StatedFacts(book("qpp"))) == ["no_temporary_details"]


@pytest.mark.invariant("I4")
@pytest.mark.parametrize("name", NAMES)
def test_the_rules_that_guard_every_program_need_no_line_in_its_rolebook(name: str) -> None:
    bare = dataclasses.replace(book(name), rules=())
    change = add(bare.roles[0].id, moment=Moment.OUTCOME)
    assert "own_request" in codes(change, StatedFacts(bare))
    assert {rule.id for rule in RULES.values() if not rule.always} == {
        "certificate_required",
        "new_or_modification",
    }


def test_every_sentence_of_a_rule_is_a_sentence() -> None:
    for code, text in SENTENCES.items():
        if not code.startswith("decision."):
            assert text[0].isupper() or text[0] == "{", code
            assert text[-1] in ".:" or text == "{sentence}", code


def test_an_unknown_code_or_a_missing_parameter_gives_a_plain_sentence() -> None:
    assert sentence("no such code") == UNKNOWN
    assert sentence("role_already_held") == UNKNOWN
    assert sentence("wrong_kind_of_organization", role="Clerk", kinds=("Office", "Branch")).endswith(
        "Office or Branch."
    )
