"""Reactivation gives back what was held at closing and is not past its end, and nothing else (IQCS-10)."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.recording import Origin
from rolebook.governance.account_answers import CodeAnswer
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import (
    change_participation_status,
    record_sign_in,
    submit_request_again,
    withdraw_request,
)
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.watch_quiet import watch_quiet
from rolebook.governance.models import Access, Grant, Participation, QuietWatch, Request, Stage
from rolebook.governance.origins import first_of
from rolebook.governance.reactivating import comes_back
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.policy.months import months_after
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY, TRAINING
from tests.support.people import COMMAND, START, WEB

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
END = months_after(START, 12, "America/Boise")
LATER = END + 5 * DAY


class People:
    """Somebody who was closed for want of a sign-in, and who is in office."""

    def __init__(self, employer: str = "FWS-R6-BNR", agency: str = "FWS") -> None:
        """They held a role and two codes, of which one ended after the closing, before the reactivation."""
        iqcs.begin()
        self.rosa = iqcs.holder(REPRESENTATIVE, agency, "Rosa Representative")
        self.sven = iqcs.holder(SECURITY, None, "Sven Security")
        self.mia = iqcs.manager(employer, "Mia Manager")

    def close(self) -> None:
        watch_quiet(PROGRAM, at=END - 8 * DAY, origin=Origin("job"))
        self.stay(END - DAY)
        watch_quiet(PROGRAM, at=END, origin=Origin("job"))
        assert self.part.status == "closed"

    def stay(self, at: datetime) -> None:
        for one in Account.objects.exclude(pk=self.mia.pk):
            if Participation.objects.filter(account=one, program_id=PROGRAM).exists():
                record_sign_in(acting_user=one, program_id=PROGRAM, at=at, origin=WEB)

    @property
    def part(self) -> Participation:
        return Participation.objects.get(account=self.mia, program_id=PROGRAM)

    def asks(self, by: Account | None = None, reason: str = "She is back from leave.") -> Request:
        return ask_reactivation(
            acting_user=by or self.rosa,
            program_id=PROGRAM,
            beneficiary_id=self.mia.public_id,
            reason=reason,
            at=LATER,
            origin=WEB,
        )

    def held(self, at: datetime) -> set[str]:
        standing = standing_of(self.mia, PROGRAM, at)
        if not standing.person.active:
            return set()
        codes = Access.objects.filter(account=self.mia, closed_at=None).values_list(
            "organization__code", flat=True
        )
        return {held.role_id for held in standing.person.holdings} | set(codes)


@pytest.fixture
def people_in_office(db: None) -> People:
    return People()


@pytest.mark.requirement("IQCS-10")
def test_the_representatives_word_is_enough_and_security_does_it(people_in_office: People) -> None:
    world = people_in_office
    world.close()
    assert world.held(LATER) == set()
    before = Grant.objects.get(account=world.mia, role_id=MANAGER)
    request = world.asks()
    [stage] = Stage.objects.filter(request=request)
    assert (stage.approver_role_id, stage.state) == (SECURITY, "open")
    decides(world.sven, stage, at=LATER + HOUR)
    assert world.held(LATER + HOUR) == {MANAGER, "FWS-R6-BNR"}
    part = world.part
    assert (part.status, part.status_cause, part.status_by) == ("active", "", world.sven)
    assert part.quiet_ends_at == months_after(LATER + HOUR, 12, "America/Boise")
    again = Grant.objects.get(account=world.mia, role_id=MANAGER, closed_at=None)
    assert (again.moved_from, first_of(again)) == (before, before)
    assert (again.starts_at, again.ends_at) == (LATER + HOUR, None)
    assert first_of(again).designation is not None
    record_sign_in(acting_user=world.mia, program_id=PROGRAM, at=LATER + 2 * HOUR, origin=WEB)
    assert compare_with_log().findings == []


@pytest.mark.requirement("IQCS-10")
def test_an_agency_with_a_lead_stage_asks_the_lead_nothing_when_nothing_changes(db: None) -> None:
    world = People("USAF-ACC-1", "USAF")
    iqcs.holder(LEAD, "USAF", "Lena Lead")
    world.close()
    request = world.asks()
    assert [stage.approver_role_id for stage in Stage.objects.filter(request=request)] == [SECURITY]


@pytest.mark.requirement("IQCS-10")
@pytest.mark.requirement("IQCS-11")
def test_what_is_past_its_end_or_was_taken_before_does_not_come_back(people_in_office: People) -> None:
    world = people_in_office
    iqcs.holds_for(world.mia, "USAF-ACC", END + 2 * DAY)
    iqcs.gives_access(world.mia, "BLM-MT")
    grants.placed(world.mia, TRAINING, None, program_id=PROGRAM)
    Grant.objects.filter(role_id=TRAINING, account=world.mia).update(closed_at=START + DAY)
    world.close()
    place = iqcs.place("BLM-MT")
    place.closed_at = END + DAY
    place.save(update_fields=["closed_at"])
    decides(world.sven, open_stage(world.asks()), at=LATER + HOUR)
    assert world.held(LATER + HOUR) == {MANAGER, "FWS-R6-BNR"}


@pytest.mark.requirement("IQCS-10")
@pytest.mark.requirement("IQCS-11")
def test_a_detail_that_had_not_begun_at_the_closing_comes_back_for_its_days(people_in_office: People) -> None:
    world = people_in_office
    starts_at, ends_at = LATER + 30 * DAY, LATER + 60 * DAY
    role = grants.placed(world.mia, TRAINING, None, program_id=PROGRAM, at=starts_at, ends_at=ends_at)
    code = iqcs.holds_for(world.mia, "BLM-MT", ends_at, starts_at=starts_at)
    world.close()
    again = comes_back(rolebooks.in_force(PROGRAM, LATER), world.part, LATER)
    assert again.refused == ()
    assert {role, code} <= set(again.back)
    decides(world.sven, open_stage(world.asks()), at=LATER + HOUR)
    for now in (Grant.objects.get(moved_from=role), Access.objects.get(moved_from=code)):
        assert (now.starts_at, now.ends_at, now.closed_at) == (starts_at, ends_at, None)


@pytest.mark.requirement("IQCS-10")
@pytest.mark.invariant("I2")
def test_only_a_representative_asks_with_a_reason_once_and_for_who_is_closed(
    people_in_office: People,
) -> None:
    world = people_in_office
    other = iqcs.holder(REPRESENTATIVE, "BLM-MT", "Berta Elsewhere")
    with pytest.raises(Refused, match="nothing_to_reactivate_now"):
        ask_reactivation(
            acting_user=world.rosa,
            program_id=PROGRAM,
            beneficiary_id=world.mia.public_id,
            reason="why not",
            at=START + DAY,
            origin=WEB,
        )
    world.close()
    for nobody in (other, world.sven):
        with pytest.raises(NotFound):
            world.asks(by=nobody)
    with pytest.raises(Refused, match="reason_needed"):
        world.asks(reason=" ")
    request = world.asks()
    with pytest.raises(Refused, match="reactivation_waits"):
        world.asks()
    with pytest.raises(Refused, match="reactivation_needed"):
        change_participation_status(
            acting_user=None,
            program_id=PROGRAM,
            beneficiary_id=world.mia.public_id,
            status="active",
            reason="back",
            at=LATER,
            origin=COMMAND,
        )
    # Whoever asked decides nothing about it, whatever else they hold (I6).
    grants.placed(world.rosa, SECURITY, None, program_id=PROGRAM, at=LATER)
    with pytest.raises(Refused, match="asked_for_it"):
        decides(world.rosa, open_stage(request), at=LATER + HOUR)


@pytest.mark.requirement("IQCS-10")
@pytest.mark.requirement("IQCS-02")
def test_with_changes_it_is_a_modification_of_what_comes_back(people_in_office: People) -> None:
    world = people_in_office
    iqcs.gives_access(world.mia, "FWS-R6")
    world.close()
    form = iqcs.answers(roles={TRAINING: "add"}, codes=[CodeAnswer("FWS-R6", "remove")])
    request = iqcs.asks(world.rosa, form, beneficiary=world.mia, at=LATER)
    kinds = list(request.items.order_by("position").values_list("kind", flat=True))
    assert kinds == ["reactivate", "add role", "remove access"]
    assert iqcs.opened(request) == [(REPRESENTATIVE, "FWS-R6")]
    second = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Rudi Regional", at=LATER)
    decides(second, open_stage(request), at=LATER)
    decides(world.sven, open_stage(request), at=LATER + HOUR)
    assert iqcs.state_of(request) == "approved"
    assert world.held(LATER + HOUR) == {MANAGER, TRAINING, "FWS-R6-BNR"}


@pytest.mark.requirement("IQCS-10")
@pytest.mark.requirement("IQCS-11")
@pytest.mark.parametrize("ends_at", [END - DAY, END + 10 * DAY], ids=["ended by itself", "still running"])
def test_an_extension_asked_for_before_the_closing_was_done_is_not_taken_for_one_of_something_removed(
    people_in_office: People, ends_at: datetime
) -> None:
    world = people_in_office
    access = iqcs.holds_for(world.mia, "FWS-R6", ends_at)
    watch_quiet(PROGRAM, at=END - 8 * DAY, origin=Origin("job"))
    world.stay(END - DAY)
    last_on = (END + 60 * DAY).date().isoformat()
    form = iqcs.answers(codes=["FWS-R6"], ends_on=last_on)
    request = iqcs.asks(world.rosa, form, beneficiary=world.mia, at=END + HOUR)
    watch_quiet(PROGRAM, at=END + 2 * HOUR, origin=Origin("job"))
    access.refresh_from_db()
    assert (world.part.status, access.closed_at) == ("closed", END + 2 * HOUR)
    second = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Rudi Regional", at=LATER)
    decides(second, open_stage(request), at=LATER)
    decides(world.sven, open_stage(request), at=LATER + HOUR)
    assert iqcs.state_of(request) == "approved"
    assert "FWS-R6" in world.held(LATER + HOUR)


@pytest.mark.requirement("IQCS-10")
@pytest.mark.requirement("IQCS-09")
def test_who_was_deactivated_for_a_rejected_mail_comes_back_with_what_they_hold(
    people_in_office: People,
) -> None:
    world = people_in_office
    change_participation_status(
        acting_user=None,
        program_id=PROGRAM,
        beneficiary_id=world.mia.public_id,
        status="deactivated",
        reason="A mail was rejected.",
        at=START + DAY,
        origin=COMMAND,
        cause=Participation.Cause.BOUNCE,
    )
    assert world.held(START + DAY) == set()
    request = ask_reactivation(
        acting_user=world.rosa,
        program_id=PROGRAM,
        beneficiary_id=world.mia.public_id,
        reason="The address is right again.",
        at=START + 2 * DAY,
        origin=WEB,
    )
    decides(world.sven, open_stage(request), at=START + 3 * DAY)
    assert world.held(START + 3 * DAY) == {MANAGER, "FWS-R6-BNR"}
    assert world.part.quiet_ends_at == months_after(START + 3 * DAY, 12, "America/Boise")


@pytest.mark.requirement("IQCS-10")
def test_closed_and_reactivated_twice_the_origin_is_still_the_first(people_in_office: People) -> None:
    world = people_in_office
    first = Grant.objects.get(account=world.mia, role_id=MANAGER)
    world.close()
    decides(world.sven, open_stage(world.asks()), at=LATER)
    again = world.part.quiet_ends_at
    assert again is not None
    world.stay(again - 8 * DAY)
    QuietWatch.objects.update(ran_at=again - 9 * DAY)
    watch_quiet(PROGRAM, at=again - 8 * DAY, origin=Origin("job"))
    watch_quiet(PROGRAM, at=again, origin=Origin("job"))
    assert world.part.status == "closed"
    request = ask_reactivation(
        acting_user=world.rosa,
        program_id=PROGRAM,
        beneficiary_id=world.mia.public_id,
        reason="again",
        at=again + DAY,
        origin=WEB,
    )
    decides(world.sven, open_stage(request), at=again + DAY)
    now = Grant.objects.get(account=world.mia, role_id=MANAGER, closed_at=None)
    assert first_of(now) == first
    assert Grant.objects.filter(account=world.mia, role_id=MANAGER).count() == 3
    assert compare_with_log().findings == []


@pytest.mark.requirement("IQCS-10")
@pytest.mark.parametrize("ended", ["withdrawn", "denied"])
def test_a_reactivation_that_came_to_nothing_is_asked_for_again_by_who_asked(
    people_in_office: People, ended: str
) -> None:
    world = people_in_office
    world.close()
    first = world.asks()

    def again(who: Account, reason: str | None = None) -> Request:
        return submit_request_again(
            acting_user=who,
            program_id=PROGRAM,
            request_id=first.public_id,
            reason=reason,
            at=LATER + HOUR,
            origin=WEB,
        )

    if ended == "denied":
        decides(world.sven, open_stage(first), "denied", reason="Not yet.", at=LATER)
    else:
        withdraw_request(
            acting_user=world.rosa,
            program_id=PROGRAM,
            request_id=first.public_id,
            at=LATER,
            origin=WEB,
        )
    with pytest.raises(NotFound):
        again(world.sven)
    with pytest.raises(Refused, match="reason_needed"):
        again(world.rosa, " ")
    second = again(world.rosa)
    assert (second.beneficiary, second.requester, second.resubmission_of) == (world.mia, world.rosa, first)
    assert again(world.rosa) == second
    decides(world.sven, open_stage(second), at=LATER + 2 * HOUR)
    assert world.held(LATER + 2 * HOUR) == {MANAGER, "FWS-R6-BNR"}


@pytest.mark.requirement("IQCS-10")
def test_nobody_asks_again_who_represents_the_person_no_longer_or_for_who_is_back(
    people_in_office: People,
) -> None:
    world = people_in_office
    world.close()
    first = world.asks()
    withdraw_request(
        acting_user=world.rosa, program_id=PROGRAM, request_id=first.public_id, at=LATER, origin=WEB
    )

    def again() -> Request:
        return submit_request_again(
            acting_user=world.rosa,
            program_id=PROGRAM,
            request_id=first.public_id,
            at=LATER + 3 * HOUR,
            origin=WEB,
        )

    iqcs.employed(world.mia, "USAF-ACC", at=LATER)
    iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative", at=LATER)
    with pytest.raises(NotFound):
        again()
    iqcs.employed(world.mia, "FWS-R6-BNR", at=LATER + HOUR)
    other = world.asks()
    with pytest.raises(Refused, match="reactivation_waits"):
        again()
    decides(world.sven, open_stage(other), at=LATER + 2 * HOUR)
    with pytest.raises(Refused, match="nothing_to_reactivate_now"):
        again()
