"""Access is narrowed to a code without its lower levels by one request, at one instant, and never widened (IQCS-05)."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance import granting
from rolebook.governance.account_answers import AccountAnswers, CodeAnswer, check_answers
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import withdraw_request
from rolebook.governance.models import Access, Request
from rolebook.governance.queries import pending_requests
from rolebook.governance.queries.account_detail import account_request_detail
from rolebook.governance.queries.account_preview import preview_of
from rolebook.governance.queries.account_requests import answers_of_request, changes_of_word
from rolebook.governance.refusals import Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.policy.model import Act
from tests.support import grants, iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, TRAINING
from tests.support.people import START, WEB

pytestmark = [pytest.mark.usefixtures("iqcs_world"), pytest.mark.requirement("IQCS-05")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATER = START + HOUR
NARROW = CodeAnswer("FWS-R6", "narrow")
SAID = "Narrow access to FWS Mountain-Prairie Region (FWS-R6) to that code alone, without lower levels"


@pytest.fixture
def mona(representative: Account, security: Account) -> Account:
    """An account manager of a region with its lower levels, whose representative and security are in office."""
    return iqcs.manager("FWS-R6", "Mona Manager")


def form(*codes: CodeAnswer, **changed: str) -> AccountAnswers:
    return iqcs.answers(None, codes or (NARROW,), **changed)


def held(account: Account, at: datetime) -> list[tuple[str, bool, datetime | None]]:
    """The codes that somebody holds at an instant, with lower levels or not, and until when."""
    rows = Access.objects.filter(account=account, starts_at__lte=at).exclude(closed_at__lte=at)
    rows = rows.exclude(ends_at__lte=at).order_by("organization__code", "pk")
    return list(rows.values_list("organization__code", "lower_levels", "ends_at"))


def manager_with(*spans: tuple[bool, int, int | None]) -> Account:
    """A manager who holds the region at such times: (with lower levels, from day, to day or for good)."""
    account = iqcs.holder(MANAGER, None, "Mona Manager")
    iqcs.employed(account, "FWS-R6-BNR")
    for lower_levels, first, last in spans:
        ends_at = None if last is None else START + last * DAY
        iqcs.holds_for(account, "FWS-R6", ends_at, starts_at=START + first * DAY, lower_levels=lower_levels)
    return account


def problems(account: Account, asked: AccountAnswers, at: datetime = LATER) -> list[tuple[str, str]]:
    """What is wrong with a form, as (field, code)."""
    checked = check_answers(standing_of(account, PROGRAM, at), account, asked)
    return [(problem.field, problem.violation.code) for problem in checked.problems]


def test_one_request_takes_the_lower_levels_and_keeps_the_code_at_one_instant(
    mona: Account, representative: Account, security: Account
) -> None:
    request = iqcs.asks(mona, form())
    decides(representative, open_stage(request), at=LATER)
    assert held(mona, LATER) == [("FWS-R6", True, None)]
    decides(security, open_stage(request), at=LATER + HOUR)
    assert held(mona, LATER + HOUR) == [("FWS-R6", False, None)]
    before, after = Access.objects.filter(account=mona).order_by("pk")
    assert before.closed_at == after.starts_at == LATER + HOUR
    standing = standing_of(mona, PROGRAM, LATER + HOUR)
    reached = {code for code in ("FWS-R6", "FWS-R6-BNR") if standing.may(Act.DECIDE, iqcs.place(code))}
    assert reached == {"FWS-R6"}
    assert compare_with_log().findings == []


def test_until_it_is_provisioned_and_where_it_is_denied_or_withdrawn_nothing_changes(
    mona: Account, representative: Account, security: Account
) -> None:
    denied = iqcs.asks(mona, form())
    decides(representative, open_stage(denied), at=LATER)
    decides(security, open_stage(denied), "denied", at=LATER + HOUR)
    assert held(mona, LATER + HOUR) == [("FWS-R6", True, None)]
    withdrawn = iqcs.asks(mona, form(), at=LATER + 2 * HOUR)
    withdraw_request(
        acting_user=mona, program_id=PROGRAM, request_id=withdrawn.public_id, at=LATER + 3 * HOUR, origin=WEB
    )
    assert held(mona, LATER + 3 * HOUR) == [("FWS-R6", True, None)]


@pytest.mark.invariant("I5")
def test_what_is_kept_and_what_is_taken_happen_both_or_neither(
    mona: Account, representative: Account, security: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = iqcs.asks(mona, form())
    decides(representative, open_stage(request), at=LATER)

    def fails(*_: object, **__: object) -> None:
        raise Refused([])

    monkeypatch.setattr(granting, "open_access", fails)
    with pytest.raises(Refused):
        decides(security, open_stage(request), at=LATER + HOUR)
    assert held(mona, LATER + HOUR) == [("FWS-R6", True, None)]


@pytest.mark.requirement("IQCS-04")
def test_the_agency_whose_code_it_is_decides_both_halves_of_a_narrowing(
    mona: Account, air_force: dict[str, Account], representative: Account, security: Account
) -> None:
    iqcs.gives_access(mona, "USAF-ACC")
    request = iqcs.asks(mona, form(CodeAnswer("USAF-ACC", "narrow"), CodeAnswer("FWS-R6", "narrow")))
    halves = {
        (stage.approver_role_id, stage.is_foreign): sorted(stage.items.values_list("kind", "lower_levels"))
        for stage in request.stages.all()
    }
    pair = [("add access", False), ("remove access", True)]
    assert [items for (_, foreign), items in halves.items() if foreign] != []
    assert all(items == pair for (_, foreign), items in halves.items() if foreign)
    decides(air_force["representative"], open_stage(request), "denied", at=LATER)
    assert held(mona, LATER) == [("FWS-R6", True, None), ("USAF-ACC", True, None)]
    states = request.items.order_by("position").values_list("organization__code", "state")
    assert [state for code, state in states if code == "USAF-ACC"] == ["denied", "denied"]
    assert [state for code, state in states if code == "FWS-R6"] == ["pending", "pending"]


@pytest.mark.requirement("IQCS-11")
def test_a_narrowed_detail_keeps_its_own_end_and_takes_no_days_of_the_form(
    representative: Account, security: Account
) -> None:
    mona, ends_at = manager_with((True, 0, 60)), START + 60 * DAY
    asked = form(NARROW, CodeAnswer("BLM-MT"), starts_on="2026-03-20", ends_on="2026-03-31")
    checked = check_answers(standing_of(mona, PROGRAM, LATER), mona, asked)
    assert checked.problems == ()
    taken, kept, added = checked.wishes
    assert (taken.lower_levels, kept.lower_levels) == (True, False)
    assert (kept.starts_at, kept.ends_at) == (None, ends_at)
    assert added.starts_at is not None
    request = iqcs.asks(mona, form())
    for who in (representative, security):
        decides(who, open_stage(request), at=LATER)
    assert held(mona, LATER) == [("FWS-R6", False, ends_at)]


@pytest.mark.requirement("IQCS-11")
def test_a_code_that_begins_later_is_narrowed_before_its_first_day(
    representative: Account, security: Account
) -> None:
    mona = manager_with((True, 10, 60))
    request = iqcs.asks(mona, form())
    for who in (representative, security):
        decides(who, open_stage(request), at=LATER)
    assert iqcs.state_of(request) == "approved"
    assert held(mona, LATER) == []
    assert held(mona, START + 10 * DAY) == [("FWS-R6", False, START + 60 * DAY)]


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        ([(True, 0, 10), (False, 0, 30)], 30),
        ([(False, 0, 10), (True, 10, 30)], 30),
        ([(True, 0, 10), (False, 5, None)], None),
    ],
    ids=["narrow for longer", "wide for longer", "narrow for good"],
)
@pytest.mark.requirement("IQCS-11")
def test_a_code_held_several_times_is_kept_for_as_long_as_it_was_held(
    spans: list[tuple[bool, int, int | None]], kept: int | None
) -> None:
    mona = manager_with(*spans)
    checked = check_answers(standing_of(mona, PROGRAM, LATER), mona, form())
    assert checked.problems == ()
    assert checked.wishes[1].ends_at == (None if kept is None else START + kept * DAY)


@pytest.mark.invariant("I2")
@pytest.mark.requirement("IQCS-11")
def test_where_a_code_is_held_with_gaps_between_it_is_not_narrowed_at_once() -> None:
    assert problems(manager_with((True, 0, 5), (True, 9, 20)), form()) == [("code-0", "access_held_in_parts")]


def test_only_what_is_held_with_lower_levels_is_narrowed(mona: Account) -> None:
    iqcs.gives_access(mona, "BLM-MT", lower_levels=False)
    assert problems(mona, form(CodeAnswer("BLM-MT", "narrow"))) == [("code-0", "access_not_wide")]
    assert ("code-0", "access_not_held") in problems(mona, form(CodeAnswer("USAF-ACC", "narrow")))
    twice = form(NARROW, CodeAnswer("FWS-R6", "remove"))
    assert problems(mona, twice) == [("code-1", "code_twice")]


@pytest.mark.fault(18)
@pytest.mark.invariant("I2")
def test_what_was_removed_or_shortened_meanwhile_does_not_come_back_by_a_narrowing(
    mona: Account, representative: Account, security: Account
) -> None:
    iqcs.holds_for(mona, "FWS-R6", START + 20 * DAY, lower_levels=True)
    request = iqcs.asks(mona, form())
    lasting = Access.objects.filter(account=mona, ends_at=None)
    lasting.update(closed_at=LATER)
    with pytest.raises(Refused) as shorter:
        decides(representative, open_stage(request), at=LATER + HOUR)
    assert "access_not_wide" in grants.codes(shorter)
    Access.objects.filter(account=mona, closed_at=None).update(closed_at=LATER + HOUR)
    for who in (representative, security):
        decides(who, open_stage(request), at=LATER + 2 * HOUR)
    assert iqcs.state_of(request) == "approved"
    assert held(mona, LATER + 2 * HOUR) == []


@pytest.mark.requirement("IQCS-11")
def test_a_code_given_for_longer_meanwhile_is_not_cut_back_by_a_narrowing_asked_before(
    representative: Account, security: Account
) -> None:
    mona = manager_with((True, 0, 60))
    request = iqcs.asks(mona, form())
    decides(representative, open_stage(request), at=LATER)
    iqcs.gives_access(mona, "FWS-R6", at=LATER)
    with pytest.raises(Refused) as longer:
        decides(security, open_stage(request), at=LATER + HOUR)
    assert grants.codes(longer) == ["access_held_longer"]
    decides(security, open_stage(request), "returned", reason="It is held for good now.", at=LATER + HOUR)
    again = iqcs.asks(mona, form(), corrects=request, at=LATER + HOUR)
    for who in (representative, security):
        decides(who, open_stage(again), at=LATER + HOUR)
    assert held(mona, LATER + HOUR) == [("FWS-R6", False, None)]


def test_the_preview_says_that_the_lower_levels_go_and_the_code_stays(mona: Account) -> None:
    standing = standing_of(mona, PROGRAM, LATER)
    shown = preview_of(standing, mona, check_answers(standing, mona, form()).wishes)
    assert shown.changes == (SAID,)
    assert shown.lost_places == ("the lower levels of FWS Mountain-Prairie Region (FWS-R6)",)
    assert shown.gained_places == ()
    assert any("in FWS Mountain-Prairie Region (FWS-R6)." in said for said in shown.afterwards)


@pytest.mark.requirement("IQCS-06")
def test_whoever_is_asked_about_a_narrowing_is_told_of_it_as_one_thing(
    mona: Account, representative: Account
) -> None:
    request = iqcs.asks(mona, form())
    seen = account_request_detail(representative, request.public_id, PROGRAM, LATER)
    assert seen.changes == ((SAID, "pending"),)
    assert [stage.decides for stage in seen.now] == [(SAID,)]
    [row] = pending_requests(representative, PROGRAM, LATER, show="to decide").rows
    assert row.role_titles == ("Narrow access",)
    assert changes_of_word(request.forms.get().supervisor_word, START) == ((SAID,), "")


@pytest.mark.requirement("IQCS-06")
def test_a_narrowing_that_came_back_is_corrected_as_it_was_written(
    representative: Account,
) -> None:
    mona = manager_with((True, 0, 60))
    request = iqcs.asks(mona, iqcs.answers({TRAINING: "add"}, [NARROW]))
    decides(representative, open_stage(request), "returned", at=LATER, reason="Say why.")
    again = answers_of_request(Request.objects.get(pk=request.pk))
    assert again.codes == (NARROW,)
    assert (again.starts_on, again.ends_on) == ("", "")
    wider = form(NARROW, CodeAnswer("BLM-MT"), comments="I keep the region alone.")
    iqcs.asks(mona, wider, corrects=Request.objects.get(pk=request.pk), at=LATER + HOUR)
    seen = account_request_detail(representative, request.public_id, PROGRAM, LATER + HOUR)
    [(version, changed)] = seen.versions
    assert version == 2
    assert not any("Narrow" in said for said in changed)
    assert any("Add access to BLM" in said for said in changed)
