"""Asking for a role: what is submitted, what is refused, taking it back, and submitting again."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.flows import (
    ask_to_submit_again,
    record_sign_in,
    remove_access,
    request_role,
    submit_request_again,
    withdraw_part,
    withdraw_request,
)
from rolebook.governance.models import Grant, Participation, Request, RequestItem, Stage
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, STAFF, asks, codes, decides, open_stage
from tests.support.people import START, WEB

pytestmark = pytest.mark.usefixtures("qpp")


def again(account: Account, request: Request) -> Request:
    return submit_request_again(
        acting_user=account, program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB
    )


def withdraw(account: Account, request: Request) -> Request:
    return withdraw_request(
        acting_user=account, program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB
    )


@pytest.mark.requirement("QPP-02")
def test_a_request_is_laid_out_and_waits_for_the_organizations_officials(practice: Organization) -> None:
    person = grants.user()
    grants.official(practice)
    request = asks(person, practice, reason="billing")
    stage = open_stage(request)
    assert (request.state, request.version, request.reason) == ("pending", 1, "billing")
    assert (stage.approver_role_id, stage.organization, stage.opened_at) == (OFFICIAL, practice, START)
    assert Participation.objects.get(account=person).status == "active"
    tags = list(Event.objects.filter(request_id=request.public_id).values_list("tag", flat=True))
    assert tags == ["request:submitted", "stage:opened"]


def test_one_request_for_many_organizations_is_answered_by_each() -> None:
    places = [people.practice(f"Practice {n}") for n in range(3)]
    officials = [grants.official(place, f"Official {n}") for n, place in enumerate(places)]
    person = grants.user()
    request = asks(person, *places)
    assert request.stages.filter(state="open").count() == 3
    decides(officials[0], open_stage(request, places[0]))
    decides(officials[1], open_stage(request, places[1]), "denied")
    request.refresh_from_db()
    assert request.state == "pending"
    decides(officials[2], open_stage(request, places[2]))
    request.refresh_from_db()
    assert request.state == "partly approved"
    held = set(Grant.objects.filter(account=person).values_list("organization", flat=True))
    assert held == {places[0].pk, places[2].pk}


@pytest.mark.invariant("I6")
def test_an_official_of_two_organizations_answers_for_both_in_one_request() -> None:
    places = [people.practice(f"Practice {n}") for n in range(2)]
    official = grants.official(places[0])
    grants.designated(official, OFFICIAL, places[1])
    request = asks(grants.user(), *places)
    for place in places:
        decides(official, open_stage(request, place))
    request.refresh_from_db()
    assert request.state == "approved"


@pytest.mark.invariant("I1")
@pytest.mark.fault(1, 2)
def test_a_request_naming_an_organization_that_does_not_exist_or_is_of_another_program_finds_nothing(
    practice: Organization,
) -> None:
    people.activate("iqies")
    foreign = Organization.objects.filter(program_id="iqies").first()
    assert foreign is not None
    person = grants.user()
    for organization_id in (foreign.public_id, "00000000-0000-7000-8000-000000000000", "x' OR 1=1", ""):
        with pytest.raises(NotFound):
            request_role(
                acting_user=person,
                program_id="qpp",
                role_id=STAFF,
                organization_ids=[practice.public_id, organization_id],
                at=START,
                origin=WEB,
            )
    assert not Request.objects.exists()


@pytest.mark.parametrize(
    ("role_id", "expected"),
    [("no_such_role", "unknown_role"), ("steward", "by_designation_only"), ("", "unknown_role")],
)
def test_a_role_that_cannot_be_asked_for_is_refused(
    practice: Organization, role_id: str, expected: str
) -> None:
    with pytest.raises(Refused) as refusal:
        asks(grants.user(), practice, role_id=role_id)
    assert expected in codes(refusal)


@pytest.mark.requirement("QPP-01")
def test_who_has_not_agreed_to_the_statement_asks_for_nothing(practice: Organization) -> None:
    with pytest.raises(Refused) as refusal:
        asks(people.user_with_totp().account, practice)
    assert codes(refusal) == ["statement_not_agreed"]


def test_a_role_without_its_organization_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        asks(grants.user())
    assert codes(refusal) == ["needs_organization"]


@pytest.mark.fault(17)
def test_the_same_request_twice_is_made_once(practice: Organization) -> None:
    person = grants.user()
    asks(person, practice)
    with pytest.raises(Refused) as refusal:
        asks(person, practice)
    assert codes(refusal) == ["role_already_pending"]
    assert Request.objects.count() == 1


def test_a_role_that_is_held_is_not_asked_for_again(practice: Organization) -> None:
    official = grants.official(practice)
    with pytest.raises(Refused) as refusal:
        asks(official, practice, role_id=OFFICIAL)
    assert codes(refusal) == ["role_already_held"]


@pytest.mark.invariant("I7")
def test_a_deactivated_account_asks_for_nothing(practice: Organization) -> None:
    person = grants.user()
    Account.objects.filter(pk=person.pk).update(status="deactivated")
    with pytest.raises(NotAllowed):
        asks(person, practice)


@pytest.mark.invariant("I12")
@pytest.mark.fault(43, 55)
def test_text_that_is_too_long_or_unreadable_is_refused_and_never_cut(practice: Organization) -> None:
    person = grants.user()
    for reason, code in (("x" * 2_001, "text_too_long"), ("a\0b", "text_unreadable")):
        with pytest.raises(Refused) as refusal:
            asks(person, practice, reason=reason)
        assert codes(refusal) == [code]


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(21)
def test_two_roles_of_different_categories_are_refused_across_requests() -> None:
    people.activate("iqies")
    state = Organization.objects.filter(program_id="iqies", kind_id="state").first()
    jurisdiction = Organization.objects.filter(program_id="iqies", kind_id="mac_jurisdiction").first()
    assert state is not None
    assert jurisdiction is not None
    person = grants.user(program_id="iqies")
    asks(person, state, role_id="state_general_user", program_id="iqies")
    with pytest.raises(Refused) as refusal:
        asks(person, jurisdiction, role_id="mac_user", program_id="iqies")
    assert codes(refusal) == ["other_category_pending"]


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(21)
def test_the_ledger_judges_again_what_two_requests_jointly_break() -> None:
    people.activate("iqies")
    state = Organization.objects.filter(program_id="iqies", kind_id="state").first()
    jurisdiction = Organization.objects.filter(program_id="iqies", kind_id="mac_jurisdiction").first()
    assert state is not None
    assert jurisdiction is not None
    person = grants.user(program_id="iqies")
    request = asks(person, state, role_id="state_general_user", program_id="iqies")
    grants.placed(person, "mac_user", jurisdiction, program_id="iqies")
    official = grants.user("State Official", program_id="iqies")
    grants.placed(official, "state_security_official", state, program_id="iqies")
    with pytest.raises(Refused) as refusal:
        decides(official, open_stage(request))
    assert "other_category_held" in codes(refusal)
    assert Grant.objects.filter(account=person).count() == 1


def test_a_withdrawn_request_leaves_no_open_stage_and_no_pending_item(practice: Organization) -> None:
    person = grants.user()
    request = asks(person, practice)
    assert withdraw(person, request).state == "withdrawn"
    assert set(Stage.objects.values_list("state", flat=True)) == {"void"}
    assert set(RequestItem.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert withdraw(person, request).state == "withdrawn"


@pytest.mark.invariant("I3")
def test_nobody_withdraws_or_submits_again_for_another(practice: Organization) -> None:
    official = grants.official(practice)
    request = asks(grants.user(), practice)
    for act in (withdraw, again):
        with pytest.raises(NotFound):
            act(official, request)


@pytest.mark.requirement("QPP-13")
def test_a_denied_request_is_submitted_again_with_its_answers_in_one_click(practice: Organization) -> None:
    official, person = grants.official(practice), grants.user()
    request = asks(person, practice, reason="billing")
    decides(official, open_stage(request), "denied")
    second = again(person, request)
    assert second.pk != request.pk
    assert (second.reason, second.resubmission_of, second.state) == ("billing", request, "pending")
    assert [(i.role_id, i.organization) for i in second.items.all()] == [(STAFF, practice)]
    request.refresh_from_db()
    assert request.state == "denied"
    assert again(person, request) == second
    decides(official, open_stage(second))
    assert Grant.objects.filter(account=person).count() == 1


@pytest.mark.requirement("QPP-13")
def test_what_waits_or_was_approved_is_not_submitted_again(practice: Organization) -> None:
    person = grants.user()
    request = asks(person, practice)
    with pytest.raises(Refused):
        again(person, request)
    decides(grants.official(practice), open_stage(request))
    with pytest.raises(Refused) as refusal:
        again(person, request)
    assert codes(refusal) == ["not_to_submit_again"]


@pytest.mark.requirement("QPP-13")
def test_only_who_denied_asks_the_requester_to_submit_again_and_once(practice: Organization) -> None:
    official, colleague = grants.official(practice), grants.official(practice, "Colleague")
    request = asks(grants.user(), practice)
    decides(official, open_stage(request), "denied")

    def ask(account: Account) -> Request:
        return ask_to_submit_again(
            acting_user=account, program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB
        )

    with pytest.raises(NotFound):
        ask(colleague)
    ask(official)
    ask(official)
    assert Event.objects.filter(tag="request:asked-again").count() == 1
    request.refresh_from_db()
    assert request.state == "denied"


@pytest.mark.invariant("I3")
@pytest.mark.requirement("QPP-13")
def test_who_denied_and_was_removed_since_asks_nobody_in_the_offices_name(practice: Organization) -> None:
    official, colleague = grants.official(practice), grants.official(practice, "Colleague")
    request = asks(grants.user(), practice)
    decides(official, open_stage(request), "denied")
    remove_access(
        acting_user=colleague,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=official.public_id,
        at=LATER,
        origin=WEB,
    )
    with pytest.raises(NotFound):
        ask_to_submit_again(
            acting_user=official, program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB
        )
    assert not Event.objects.filter(tag="request:asked-again").exists()


@pytest.mark.requirement("IQCS-08")
def test_a_sign_in_starts_the_participation_and_never_sets_the_last_one_back(qpp: str) -> None:
    person = grants.user()
    for at in (START, START + timedelta(days=2), START + timedelta(days=1)):
        record_sign_in(acting_user=person, program_id=qpp, at=at, origin=WEB)
    participation = Participation.objects.get(account=person)
    assert participation.last_signed_in_at == START + timedelta(days=2)
    Participation.objects.filter(pk=participation.pk).update(status="closed")
    with pytest.raises(NotAllowed):
        record_sign_in(acting_user=person, program_id=qpp, at=LATER, origin=WEB)


def test_a_request_is_withdrawn_at_one_organization_and_goes_on_at_the_others() -> None:
    places = [people.practice(f"Practice {n}") for n in range(3)]
    officials = [grants.official(place, f"Official {n}") for n, place in enumerate(places)]
    person = grants.user()
    request = asks(person, *places)
    stage = open_stage(request, places[0])

    def part(account: Account, place: Organization) -> Request:
        return withdraw_part(
            acting_user=account,
            program_id="qpp",
            request_id=request.public_id,
            organization_id=place.public_id,
            at=LATER,
            origin=WEB,
        )

    with pytest.raises(NotFound):
        part(officials[0], places[0])
    part(person, places[0])
    assert part(person, places[0]).state == "pending"
    stage.refresh_from_db()
    assert (stage.state, RequestItem.objects.get(stages=stage).state) == ("void", "withdrawn")
    assert Event.objects.filter(tag="request:part-withdrawn").count() == 1
    decides(officials[1], open_stage(request, places[1]))
    with pytest.raises(Refused) as refusal:
        part(person, places[1])
    assert codes(refusal) == ["already_settled"]
    assert part(person, places[2]).state == "partly approved"
    assert Grant.objects.filter(account=person).count() == 1


def test_withdrawing_the_last_part_withdraws_the_whole() -> None:
    places = [people.practice(f"Practice {n}") for n in range(2)]
    person = grants.user()
    request = asks(person, *places)
    for place in places:
        withdraw_part(
            acting_user=person,
            program_id="qpp",
            request_id=request.public_id,
            organization_id=place.public_id,
            at=LATER,
            origin=WEB,
        )
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert not request.stages.filter(state__in=["open", "waiting"]).exists()
