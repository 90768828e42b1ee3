"""Deciding a stage: who may, once, on what was shown; and what follows."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rolebook.accounts.models import Account, Organization
from rolebook.audit import triggers
from rolebook.audit.models import Event
from rolebook.governance.deciding import AlreadyDecided
from rolebook.governance.flows import decide_stages, remove_access, withdraw_request
from rolebook.governance.flows.decide_stages import NotDecided, ShownStage
from rolebook.governance.models import Grant, Outcome, Participation, Request, Stage
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, asks, codes, decides, open_stage

pytestmark = pytest.mark.usefixtures("qpp")


@pytest.fixture
def official(practice: Organization) -> Account:
    return grants.official(practice)


@pytest.mark.requirement("QPP-05", "IQIES-02")
def test_an_approved_request_opens_the_grant_it_asked_for(practice: Organization, official: Account) -> None:
    person = grants.user()
    request = asks(person, practice, reason="billing")
    outcome = decides(official, open_stage(request), at=LATER)
    assert isinstance(outcome, Outcome)
    grant = Grant.objects.get(account=person)
    held = (grant.role_id, grant.organization, grant.starts_at, grant.closed_at)
    assert held == ("staff_user", practice, LATER, None)
    assert grant.request_item is not None
    assert grant.request_item.request == request
    request.refresh_from_db()
    assert (request.state, request.settled_at) == ("approved", LATER)


def test_a_program_without_employers_asks_for_none_when_a_stage_is_decided(
    practice: Organization, official: Account
) -> None:
    stage = open_stage(asks(grants.user(), practice))
    with CaptureQueriesContext(connection) as statements:
        decides(official, stage, at=LATER)
    assert not [one for one in statements.captured_queries if "governance_employment" in one["sql"]]


@pytest.mark.requirement("QPP-05")
def test_a_denied_request_opens_no_grant(practice: Organization, official: Account) -> None:
    request = asks(grants.user(), practice)
    decides(official, open_stage(request), "denied", reason="not with us")
    request.refresh_from_db()
    assert request.state == "denied"
    assert not Grant.objects.filter(request_item__request=request).exists()


@pytest.mark.requirement("QPP-13", "QPP-08")
def test_a_denial_is_final_and_keeps_its_reason(practice: Organization, official: Account) -> None:
    request = asks(grants.user(), practice)
    stage = open_stage(request)
    decides(official, stage, "denied", reason="not with us")
    again = decides(official, stage, "approved")
    assert isinstance(again, AlreadyDecided)
    assert (again.state, again.by, again.by_you) == ("denied", official, True)
    assert Outcome.objects.get(stage=stage).reason == "not with us"
    assert not Grant.objects.filter(request_item__request=request).exists()


@pytest.mark.invariant("I5")
@pytest.mark.fault(16, 17)
def test_a_second_click_on_approve_makes_one_grant_and_one_decision(
    practice: Organization, official: Account
) -> None:
    request = asks(grants.user(), practice)
    stage = open_stage(request)
    decides(official, stage)
    last = Event.objects.latest("sequence").sequence
    second = decides(official, stage)
    assert isinstance(second, AlreadyDecided)
    assert second.by_you
    assert Grant.objects.filter(request_item__request=request).count() == 1
    assert Event.objects.latest("sequence").sequence == last
    assert Event.objects.filter(tag="outcome:approved", request_id=request.public_id).count() == 1


@pytest.mark.requirement("QPP-05")
def test_the_second_official_is_told_who_decided_what_and_when(
    practice: Organization, official: Account
) -> None:
    colleague = grants.official(practice, "Ottilie Other")
    stage = open_stage(asks(grants.user(), practice))
    decides(official, stage, "denied")
    told = decides(colleague, stage, "approved", at=LATER + timedelta(minutes=1))
    assert isinstance(told, AlreadyDecided)
    assert (told.by, told.state, told.at, told.by_you) == (official, "denied", LATER, False)


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1, 2)
def test_an_official_of_another_organization_finds_nothing_to_decide(
    practice: Organization, official: Account
) -> None:
    stranger = grants.official(people.practice("Birch Clinic"), "Sten Stranger")
    stage = open_stage(asks(grants.user(), practice))
    with pytest.raises(NotFound):
        decides(stranger, stage)
    stage.refresh_from_db()
    assert stage.state == "open"


@pytest.mark.invariant("I1")
@pytest.mark.fault(4)
def test_an_organization_whose_name_and_code_begin_alike_is_another_organization() -> None:
    acme, acme_2 = people.practice("acme", "30-0000001"), people.practice("acme-2", "30-0000012")
    stage = open_stage(asks(grants.user(), acme_2))
    with pytest.raises(NotFound):
        decides(grants.official(acme), stage)


@pytest.mark.requirement("QPP-06", "QPP-14")
def test_a_staff_user_of_the_organization_is_told_that_deciding_is_not_theirs(
    practice: Organization, official: Account
) -> None:
    member = grants.staff(practice, official)
    stage = open_stage(asks(grants.user(), practice))
    with pytest.raises(NotAllowed):
        decides(member, stage)


@pytest.mark.invariant("I6")
@pytest.mark.fault(7, 10)
def test_nobody_approves_their_own_request_whatever_their_office(
    practice: Organization, official: Account
) -> None:
    request = asks(official, practice, role_id="staff_user")
    with pytest.raises(Refused) as refusal:
        decides(official, open_stage(request))
    assert codes(refusal) == ["own_request"]
    assert not Grant.objects.filter(request_item__request=request).exists()


@pytest.mark.invariant("I6")
@pytest.mark.fault(8)
def test_neither_requester_nor_beneficiary_decides_a_request_made_for_another(
    practice: Organization, official: Account
) -> None:
    colleague = grants.official(practice, "Ottilie Other")
    request = asks(grants.user(), practice)
    triggers.drop_all()  # the database lets nobody change who asked
    Request.objects.filter(pk=request.pk).update(requester=official)
    with pytest.raises(Refused) as refusal:
        decides(official, open_stage(request))
    assert codes(refusal) == ["asked_for_it"]
    assert isinstance(decides(colleague, open_stage(request)), Outcome)


@pytest.mark.invariant("I5")
@pytest.mark.fault(26)
@pytest.mark.parametrize(("version", "shown_hash"), [(2, None), (None, "0" * 64)])
def test_a_decision_about_something_else_than_was_shown_is_refused(
    practice: Organization, official: Account, version: int | None, shown_hash: str | None
) -> None:
    stage = open_stage(asks(grants.user(), practice))
    with pytest.raises(Refused) as refusal:
        decides(official, stage, shown_version=version, shown_hash=shown_hash)
    assert codes(refusal) == ["changed_since_shown"]
    assert not Outcome.objects.filter(stage=stage).exists()


@pytest.mark.invariant("I7")
@pytest.mark.fault(23)
def test_an_official_who_lost_the_office_after_the_page_was_shown_decides_nothing(
    practice: Organization, official: Account
) -> None:
    colleague = grants.official(practice, "Ottilie Other")
    stage = open_stage(asks(grants.user(), practice))
    remove_access(
        acting_user=colleague,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=official.public_id,
        at=LATER,
        origin=people.WEB,
    )
    with pytest.raises(NotFound):
        decides(official, stage, at=LATER + timedelta(seconds=1))
    stage.refresh_from_db()
    assert stage.state == "open"


@pytest.mark.invariant("I7")
@pytest.mark.fault(23, 35)
@pytest.mark.parametrize("what", ["account", "participation"])
def test_an_official_whose_account_or_part_in_the_program_ended_decides_nothing(
    practice: Organization, official: Account, what: str
) -> None:
    stage = open_stage(asks(grants.user(), practice))
    if what == "account":
        Account.objects.filter(pk=official.pk).update(status="deactivated")
    else:
        Participation.objects.filter(account=official).update(status="closed")
    with pytest.raises(NotAllowed):
        decides(official, stage)


@pytest.mark.invariant("I7")
@pytest.mark.parametrize("what", ["account", "participation"])
def test_nothing_is_given_to_somebody_whose_account_or_part_ended(
    practice: Organization, official: Account, what: str
) -> None:
    person = grants.user()
    stage = open_stage(asks(person, practice))
    if what == "account":
        Account.objects.filter(pk=person.pk).update(status="closed")
    else:
        Participation.objects.filter(account=person).update(status="closed")
    with pytest.raises(Refused) as refusal:
        decides(official, stage)
    assert codes(refusal) == ["beneficiary_not_active"]
    assert isinstance(decides(official, stage, "denied"), Outcome)


@pytest.mark.fault(16)
def test_a_withdrawn_request_is_reported_as_taken_back_and_not_decided(
    practice: Organization, official: Account
) -> None:
    person = grants.user()
    request = asks(person, practice)
    stage = open_stage(request)
    withdraw_request(
        acting_user=person, program_id="qpp", request_id=request.public_id, at=LATER, origin=people.WEB
    )
    told = decides(official, stage)
    assert isinstance(told, AlreadyDecided)
    assert (told.state, told.by) == ("void", None)
    assert not Grant.objects.filter(account=person).exists()


@pytest.mark.invariant("I4")
@pytest.mark.fault(24)
def test_a_role_that_was_given_meanwhile_is_not_given_twice(
    practice: Organization, official: Account
) -> None:
    person = grants.user()
    stage = open_stage(asks(person, practice, role_id=OFFICIAL))
    grants.designated(person, OFFICIAL, practice)
    with pytest.raises(Refused) as refusal:
        decides(official, stage)
    assert codes(refusal) == ["role_already_held"]
    assert Grant.objects.filter(account=person).count() == 1


@pytest.mark.invariant("I4")
@pytest.mark.fault(24)
def test_a_request_at_an_organization_that_was_closed_is_not_approved(
    practice: Organization, official: Account
) -> None:
    stage = open_stage(asks(grants.user(), practice))
    Organization.objects.filter(pk=practice.pk).update(closed_at=LATER)
    with pytest.raises((NotFound, NotAllowed, Refused)):
        decides(official, stage, at=LATER + timedelta(minutes=1))
    assert not Outcome.objects.exists()


@pytest.mark.invariant("I3")
@pytest.mark.fault(3)
def test_one_foreign_item_refuses_a_bulk_call_whole(practice: Organization, official: Account) -> None:
    other = people.practice("Birch Clinic")
    mine, foreign = (open_stage(asks(grants.user(), place)) for place in (practice, other))
    with pytest.raises(NotFound):
        _decide_all(official, mine, foreign)
    assert not Outcome.objects.exists()


@pytest.mark.invariant("I6")
@pytest.mark.fault(3, 7)
def test_ones_own_request_refuses_a_bulk_call_whole(practice: Organization, official: Account) -> None:
    theirs = open_stage(asks(grants.user(), practice))
    own = open_stage(asks(official, practice))
    with pytest.raises(Refused):
        _decide_all(official, theirs, own)
    assert not Outcome.objects.exists()


@pytest.mark.requirement("QPP-15")
@pytest.mark.fault(3)
def test_items_decided_meanwhile_report_individually_in_a_bulk_call(
    practice: Organization, official: Account
) -> None:
    colleague = grants.official(practice, "Ottilie Other")
    stages = [open_stage(asks(grants.user(f"Person {n}"), practice)) for n in range(4)]
    decides(colleague, stages[1], "denied")
    Participation.objects.filter(account=stages[2].request.beneficiary).update(status="closed")
    results = _decide_all(official, *stages)
    assert [type(result) for result in results] == [Outcome, AlreadyDecided, NotDecided, Outcome]
    assert Outcome.objects.filter(approver=official).count() == 2
    assert Event.objects.filter(tag="outcome:approved").count() == 2


def test_a_bulk_call_that_ends_its_own_stand_in_reports_the_rest(practice: Organization) -> None:
    steward = grants.steward()
    first = open_stage(asks(grants.user("First"), practice, role_id=OFFICIAL))
    second = open_stage(asks(grants.user("Second"), practice))
    results = _decide_all(steward, first, second)
    assert [type(result) for result in results] == [Outcome, NotDecided]


@pytest.mark.invariant("I12")
def test_a_bulk_call_is_bounded(practice: Organization, official: Account) -> None:
    many = [ShownStage(practice.public_id if n else "x", n, "") for n in range(2)]
    many += [ShownStage(f"{n:032x}", 1, "") for n in range(200)]
    with pytest.raises(Refused) as refusal:
        decide_stages(
            acting_user=official,
            program_id="qpp",
            stages=many,
            verdict="approved",
            at=LATER,
            origin=people.WEB,
        )
    assert codes(refusal) == ["too_many_at_once"]


@pytest.mark.invariant("I11")
def test_a_refused_attempt_is_on_record_with_its_reason(practice: Organization, official: Account) -> None:
    request = asks(official, practice)
    with pytest.raises(Refused):
        decides(official, open_stage(request))
    event = Event.objects.get(tag="attempt:refused:decide")
    assert event.actor_id == official.public_id
    assert event.request_id == request.public_id
    assert '"own_request"' in event.content


@pytest.mark.invariant("I11")
def test_an_approval_tells_its_whole_story_in_order(practice: Organization, official: Account) -> None:
    request = asks(grants.user(), practice)
    decides(official, open_stage(request))
    tags = (
        Event.objects.filter(request_id=request.public_id).order_by("sequence").values_list("tag", flat=True)
    )
    assert list(tags) == [
        "request:submitted",
        "stage:opened",
        "outcome:approved",
        "grant:opened",
        "request:settled",
    ]


@pytest.mark.requirement("QPP-11", "IQIES-05")
def test_the_steward_decides_only_where_nobody_is_left(practice: Organization) -> None:
    steward = grants.steward()
    stage = open_stage(asks(grants.user(), practice, role_id=OFFICIAL))
    assert isinstance(decides(steward, stage), Outcome)
    second = open_stage(asks(grants.user("Second"), practice))
    with pytest.raises(NotAllowed):
        decides(steward, second)


@pytest.mark.requirement("QPP-11", "IQIES-05")
@pytest.mark.invariant("I3")
def test_the_steward_gets_no_seat_by_the_official_having_decided(
    practice: Organization, official: Account
) -> None:
    stage = open_stage(asks(grants.user(), practice))
    assert isinstance(decides(official, stage), Outcome)
    with pytest.raises(NotAllowed):
        decides(grants.steward(), stage)


@pytest.mark.requirement("QPP-14")
def test_the_only_officials_own_request_goes_to_the_steward(
    practice: Organization, official: Account
) -> None:
    stage = open_stage(asks(official, practice, role_id="staff_user"))
    outcome = decides(grants.steward(), stage)
    assert isinstance(outcome, Outcome)
    assert '"stand_in":true' in Event.objects.get(tag="outcome:approved").content


def _decide_all(approver: Account, *stages: Stage) -> tuple[object, ...]:
    return decide_stages(
        acting_user=approver,
        program_id="qpp",
        stages=[ShownStage(one.public_id, one.request_version, one.items_hash) for one in stages],
        verdict="approved",
        at=LATER,
        origin=people.WEB,
    )
