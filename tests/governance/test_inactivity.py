"""Twelve calendar months without a sign-in end a part in a program: at use, by warning, by closing (IQCS-08)."""

import json
from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin
from rolebook.authzen.state import State
from rolebook.decision.instants import micros
from rolebook.governance.authority import standing_of
from rolebook.governance.deciders import holders_at
from rolebook.governance.flows import change_participation_status, record_sign_in
from rolebook.governance.flows.watch_quiet import Watched, confirm_closings, watch_quiet
from rolebook.governance.last_officials import last_of
from rolebook.governance.models import Access, Grant, HeldAtClosing, Participation, QuietWatch
from rolebook.governance.quiet import ended_for_quiet
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.policy.model import Act
from rolebook.policy.months import months_after
from tests.authzen.asking import catch_up, decision_point
from tests.support import grants, iqcs, people, rolebooks
from tests.support.iqcs import LEAD, PROGRAM, REPRESENTATIVE, TRAINING
from tests.support.people import COMMAND, START, WEB

JOB = Origin("job")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
ZONE = "America/Boise"
END = months_after(START, 12, ZONE)
EDIT = "edit_experience"


def part(account: Account) -> Participation:
    return Participation.objects.get(account=account, program_id=PROGRAM)


def signs_in(account: Account, at: datetime) -> Participation:
    return record_sign_in(acting_user=account, program_id=PROGRAM, at=at, origin=WEB)


def watches(at: datetime) -> Watched:
    return watch_quiet(PROGRAM, at=at, origin=JOB)


def watches_over(first: datetime, last: datetime) -> list[Watched]:
    """The job as it runs in a time: on the days around each warning, and at the last instant."""
    days = (61, 60, 31, 30, 8, 7, 1, 0, -7, -14, -21, -28)
    runs = [watches(END - day * DAY) for day in days if first <= END - day * DAY < last]
    return [*runs, watches(last)]


def manager(name: str = "Manuel Manager") -> Account:
    return iqcs.manager("FWS-R6-BNR", name)


def may_edit(account: Account, at: datetime) -> tuple[bool, bool]:
    """What a decision point that has just loaded answers, and what the flows do."""
    state = State()
    state.load()
    place = iqcs.place("FWS-R6-BNR")
    point = state.programs[PROGRAM].check(
        str(account.public_id), EDIT, str(place.public_id), micros(at), None
    )
    return point, standing_of(account, PROGRAM, at).allows(EDIT, place)


def tags_of(account: Account) -> list[str]:
    return list(
        Event.objects.filter(beneficiary_id=account.public_id)
        .order_by("sequence")
        .values_list("tag", flat=True)
    )


@pytest.fixture
def program(db: None) -> None:
    iqcs.begin()
    iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    iqcs.holder(LEAD, "FWS", "Lena Lead")


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_past_twelve_months_power_and_sign_in_end_though_no_job_has_run() -> None:
    account = manager()
    assert part(account).quiet_ends_at == END
    assert may_edit(account, END - SECOND) == (True, True)
    assert may_edit(account, END) == may_edit(account, END + SECOND) == (False, False)
    with pytest.raises(NotAllowed):
        signs_in(account, END)
    assert part(account).status == "active"
    assert part(account).last_signed_in_at is None


@pytest.mark.requirement("IQCS-08")
@pytest.mark.usefixtures("program")
def test_a_sign_in_in_the_last_second_counts_anew_and_a_decision_point_hears_of_it() -> None:
    account = manager()
    point = decision_point()
    signs_in(account, END - SECOND)
    catch_up(point)
    place, subject = str(iqcs.place("FWS-R6-BNR").public_id), str(account.public_id)
    check = point.state.programs[PROGRAM].check
    again = months_after(END - SECOND, 12, ZONE)
    assert check(subject, EDIT, place, micros(END), None)
    assert check(subject, EDIT, place, micros(again - SECOND), None)
    assert not check(subject, EDIT, place, micros(again), None)


@pytest.mark.requirement("IQCS-08")
@pytest.mark.usefixtures("program")
def test_a_sign_in_to_another_program_keeps_nobody_alive_and_a_closing_closes_no_other_program() -> None:
    people.activate("qpp")
    account = manager()
    grants.agree(account)
    record_sign_in(acting_user=account, program_id="qpp", at=END - DAY, origin=WEB)
    watches_over(END - 8 * DAY, END)
    assert part(account).status == "closed"
    assert Participation.objects.get(account=account, program_id="qpp").status == "active"
    record_sign_in(acting_user=account, program_id="qpp", at=END + 400 * DAY, origin=WEB)


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_each_warning_comes_once_on_its_day_and_the_closing_at_the_second() -> None:
    account = manager()
    manager("Mia Manager")
    for run in watches_over(END - 70 * DAY, END - SECOND):
        assert run.closed == 0
    events = Event.objects.filter(tag="participation:closing-near", beneficiary_id=account.public_id)
    days = [(event.occurred_at, json.loads(event.content)["new"]["days_before"]) for event in events]
    assert [(number, (END - at).days) for at, number in days] == [(60, 60), (30, 30), (7, 7)]
    signs_in(Account.objects.get(name="Mia Manager"), END - SECOND)
    run = watches(END)
    told = part(account)
    assert (told.status, told.status_cause, told.status_by, told.status_at) == (
        "closed",
        "inactivity",
        None,
        END,
    )
    assert not Grant.objects.filter(account=account, closed_at=None).exists()
    assert not Access.objects.filter(account=account, closed_at=None).exists()
    assert HeldAtClosing.objects.filter(participation=told, closed_at=END).count() == 2
    assert run.ended >= 2
    assert part(Account.objects.get(name="Mia Manager")).status == "active"
    assert watches(END + SECOND).closed == 0
    assert compare_with_log().findings == []


@pytest.mark.requirement("IQCS-08")
@pytest.mark.usefixtures("program")
def test_a_sign_in_between_cancels_and_the_next_warnings_are_of_the_new_end() -> None:
    account = manager()
    watches_over(END - 61 * DAY, END - 10 * DAY)
    warned = part(account)
    assert warned.quiet_warned_days == 30
    signs_in(account, END - 9 * DAY)
    anew = part(account)
    assert (anew.quiet_warned_days, anew.quiet_warned_at) == (None, None)
    assert anew.quiet_ends_at == months_after(END - 9 * DAY, 12, ZONE)
    watches_over(END - 8 * DAY, END + DAY)
    assert part(account).status == "active"


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_after_a_downtime_the_warning_comes_first_and_the_closing_a_grace_later() -> None:
    account = manager()
    watches(END - 20 * DAY - 60 * DAY)  # The last run before the machine was down for some weeks.
    QuietWatch.objects.update(ran_at=END - 20 * DAY)
    back = END + 3 * DAY
    assert may_edit(account, back - SECOND) == (False, False)
    assert watches(back).closed == 0
    grace = back + timedelta(days=7)
    assert part(account).quiet_ends_at == grace
    assert may_edit(account, back) == may_edit(account, grace - SECOND) == (True, True)
    assert may_edit(account, grace) == (False, False)
    assert watches(grace - SECOND).closed == 0
    assert watches(grace).closed >= 1
    assert part(account).status == "closed"
    assert tags_of(account).index("participation:closing-near") < tags_of(account).index(
        "participation:status-changed"
    )


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_a_clock_that_jumped_closes_and_warns_nobody_until_a_steward_says_so() -> None:
    account, steward = manager(), grants.steward("Stella", program_id=PROGRAM)
    watches(START + DAY)
    far = START + 800 * DAY
    before = Event.objects.filter(tag="participation:closing-near").count()
    assert [watches(far).stopped, watches(far + DAY).stopped] == ["clock", "clock"]
    assert Event.objects.filter(tag="quiet:stopped").count() == 1
    assert Event.objects.filter(tag="participation:closing-near").count() == before
    assert part(account).status == "active"
    # The clock is put right: it goes on by itself.
    assert watches(START + 2 * DAY).stopped == ""
    assert may_edit(account, START + 2 * DAY) == (True, True)
    assert Event.objects.filter(tag="quiet:resumed").count() == 1
    # It was right: the steward says so, and warnings come first.
    watches(far)
    with pytest.raises(NotFound):
        confirm_closings(acting_user=account, program_id=PROGRAM, at=START + 3 * DAY, origin=WEB)
    confirm_closings(acting_user=None, program_id=PROGRAM, at=far, origin=COMMAND)
    with pytest.raises(Refused, match="confirmed"):
        confirm_closings(acting_user=None, program_id=PROGRAM, at=far, origin=COMMAND)
    run = watches(far + SECOND)
    assert (run.stopped, run.closed) == ("", 0)
    assert run.warned >= 1
    assert part(steward).status == "active"


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_more_than_the_declared_share_at_once_stops_and_asks_and_a_steward_lets_it_go_on() -> None:
    crowd = [grants.user(f"Trainer {number:02}", PROGRAM) for number in range(12)]
    for one in crowd:
        grants.placed(one, TRAINING, None, program_id=PROGRAM)
    keeper = grants.steward("Stella", program_id=PROGRAM)
    signs_in(keeper, END - 70 * DAY)
    watches_over(END - 61 * DAY, END - SECOND)
    run = watches(END)
    assert (run.stopped, run.closed) == ("share", 0)
    assert {part(one).status for one in crowd} == {"active"}
    assert not standing_of(crowd[0], PROGRAM, END).person.active
    assert watches(END + DAY).closed == 0
    confirm_closings(acting_user=keeper, program_id=PROGRAM, at=END + DAY, origin=WEB)
    assert watches(END + DAY + SECOND).closed >= 12
    assert {part(one).status for one in crowd} == {"closed"}
    assert part(keeper).status == "active"
    watches(END + 2 * DAY)
    assert QuietWatch.objects.get().stopped_at is None


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_the_last_official_of_a_place_is_closed_only_after_the_stewards_were_told_in_time() -> None:
    rosa = Account.objects.get(name="Rosa Representative")
    other = iqcs.holder(REPRESENTATIVE, "FWS", "Rolf Representative")
    watches_over(END - 61 * DAY, END - DAY)
    near = "participation:last-official-near"
    assert near not in tags_of(rosa)
    signs_in(other, END - DAY)
    change_participation_status(
        acting_user=None, program_id=PROGRAM, beneficiary_id=other.public_id, status="closed", reason="left",
        at=END - SECOND, origin=COMMAND,
    )  # fmt: skip
    watches(END)
    assert part(rosa).status == "active"
    assert part(rosa).quiet_ends_at == END + 7 * DAY
    assert tags_of(rosa).count(near) == 1
    watches_over(END + DAY, END + 7 * DAY)
    assert part(rosa).status == "closed"


@pytest.mark.requirement("IQCS-08")
@pytest.mark.usefixtures("program")
def test_the_only_steward_is_never_closed() -> None:
    steward = grants.steward("Stella", program_id=PROGRAM)
    watches_over(END - 61 * DAY, END + 30 * DAY)
    assert part(steward).status == "active"
    assert "participation:closing-moved" in tags_of(steward)
    assert standing_of(steward, PROGRAM, END + 30 * DAY).person.active


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_a_program_that_begins_to_count_otherwise_warns_everybody_before_it_closes_anybody() -> None:
    account = manager()
    watches(START + DAY)
    QuietWatch.objects.update(counted_by="24 America/Boise")
    Participation.objects.update(quiet_ends_at=months_after(START, 24, ZONE))
    late = END + 10 * DAY
    QuietWatch.objects.update(ran_at=late - DAY)
    run = watches(late)
    assert (run.closed, run.counted > 0) == (0, True)
    assert part(account).quiet_ends_at == late + 7 * DAY
    assert may_edit(account, late) == (True, True)
    point = decision_point()
    assert point.state.programs[PROGRAM].check(
        str(account.public_id), EDIT, str(iqcs.place("FWS-R6-BNR").public_id), micros(late), None
    )


@pytest.mark.requirement("IQCS-08")
@pytest.mark.invariant("I7")
@pytest.mark.usefixtures("program")
def test_who_is_past_their_quiet_decides_nothing_and_stands_in_nobodys_way() -> None:
    rosa = Account.objects.get(name="Rosa Representative")
    book = rolebooks.in_force(PROGRAM, END)
    place = iqcs.place("FWS-R6")
    assert rosa in holders_at(book, REPRESENTATIVE, place, END - SECOND)
    assert rosa not in holders_at(book, REPRESENTATIVE, place, END)
    assert not standing_of(rosa, PROGRAM, END).offices(Act.DECIDE)


@pytest.mark.requirement("IQCS-10")
@pytest.mark.usefixtures("program")
def test_what_a_closing_gives_back_is_not_lost_by_deactivating_who_is_closed() -> None:
    account = manager()
    watches_over(END - 61 * DAY, END)
    assert part(account).status == "closed"
    with pytest.raises(Refused, match="closed_not_deactivated"):
        change_participation_status(
            acting_user=None, program_id=PROGRAM, beneficiary_id=account.public_id, status="deactivated",
            reason="left", at=END + DAY, origin=COMMAND,
        )  # fmt: skip
    assert {one.access or one.grant for one in ended_for_quiet(part(account))} == {
        Grant.objects.get(account=account),
        Access.objects.get(account=account),
    }


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_who_decides_at_a_code_alone_stands_in_for_nobody_who_decides_at_its_lower_levels() -> None:
    ann = iqcs.holder(REPRESENTATIVE, "BLM", "Ann Above")
    bob = iqcs.holder(REPRESENTATIVE, None, "Bob Beside")
    iqcs.gives_access(bob, "BLM", lower_levels=False)
    book = rolebooks.in_force(PROGRAM, START)
    assert (last_of(book, ann, START), last_of(book, bob, START)) == (("BLM",), ())
    iqcs.holder(REPRESENTATIVE, "BLM", "Cora Colleague")
    assert last_of(book, ann, START) == ()


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.usefixtures("program")
def test_somebody_with_many_codes_is_the_last_official_of_the_last_one_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rolebook.governance.last_officials.MOST_PLACES", 1)
    ann = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Ann Above")
    iqcs.gives_access(ann, "BLM-MT")
    assert last_of(rolebooks.in_force(PROGRAM, START), ann, START) == ("BLM-MT",)
