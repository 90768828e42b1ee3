"""Designation: what cannot be asked for, and an organization's first official; by the steward or the operator."""

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.models import Designation, Grant, Participation
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from tests.support import grants, people
from tests.support.grants import OFFICIAL, STAFF, STEWARD, codes, designated

pytestmark = pytest.mark.usefixtures("qpp")


@pytest.mark.requirement("IQIES-02", "QPP-12")
def test_the_operator_designates_the_steward_and_the_steward_the_first_official(
    practice: Organization,
) -> None:
    steward, person = grants.steward(), grants.user()
    grant = designated(person, OFFICIAL, practice, by=steward)
    assert grant.designation is not None
    assert (grant.designation.designated_by, grant.request_item) == (steward, None)
    event = Event.objects.filter(tag="role:designated").latest("sequence")
    assert (event.actor_id, event.beneficiary_id, event.organization_id) == (
        steward.public_id,
        person.public_id,
        practice.public_id,
    )


@pytest.mark.requirement("IQIES-08")
def test_a_role_had_by_designation_only_is_designated_and_not_asked_for() -> None:
    people.activate("iqies")
    person = grants.user(program_id="iqies")
    with pytest.raises(Refused) as refusal:
        grants.asks(person, role_id="cms_security_official", program_id="iqies")
    assert codes(refusal) == ["by_designation_only"]
    assert designated(person, "cms_security_official", program_id="iqies").organization is None


@pytest.mark.requirement("IQIES-04", "IQIES-08")
def test_a_designation_is_held_to_the_same_rules_as_a_request() -> None:
    people.activate("iqies")
    person = grants.user(program_id="iqies")
    state = Organization.objects.filter(program_id="iqies", kind_id="state").first()
    designated(person, "state_security_official", state, program_id="iqies")
    with pytest.raises(Refused) as refusal:
        designated(person, "cms_security_official", program_id="iqies")
    assert "other_category_held" in codes(refusal)


def test_what_can_be_asked_for_and_decides_nothing_is_not_designated(practice: Organization) -> None:
    with pytest.raises(Refused) as refusal:
        designated(grants.user(), STAFF, practice)
    assert codes(refusal) == ["not_by_designation"]


@pytest.mark.invariant("I6")
def test_a_steward_designates_nothing_to_themselves(practice: Organization) -> None:
    steward = grants.steward()
    with pytest.raises(Refused) as refusal:
        designated(steward, OFFICIAL, practice, by=steward)
    assert codes(refusal) == ["own_request"]


@pytest.mark.invariant("I2")
@pytest.mark.fault(10, 12)
def test_officials_and_others_designate_nobody(practice: Organization) -> None:
    person = grants.user()
    with pytest.raises(NotAllowed):
        designated(person, OFFICIAL, practice, by=grants.official(practice))
    with pytest.raises(NotFound):
        designated(person, STEWARD, by=grants.official(practice, "Other"))
    with pytest.raises(NotFound):
        designated(person, OFFICIAL, practice, by=grants.user("Nobody"))
    assert not Grant.objects.filter(account=person).exists()


@pytest.mark.invariant("I7")
def test_nobody_whose_part_in_the_program_ended_is_designated(practice: Organization) -> None:
    person = grants.user()
    designated(person, OFFICIAL, practice)
    Participation.objects.filter(account=person).update(status="deactivated")
    with pytest.raises(Refused) as refusal:
        designated(person, OFFICIAL, people.practice("Birch Clinic"))
    assert codes(refusal) == ["beneficiary_not_active"]


def test_a_role_is_not_designated_twice(practice: Organization) -> None:
    person = grants.official(practice)
    with pytest.raises(Refused) as refusal:
        designated(person, OFFICIAL, practice)
    assert codes(refusal) == ["role_already_held"]
    assert Designation.objects.filter(account=person).count() == 1


@pytest.mark.invariant("I1")
def test_an_organization_of_another_program_is_not_found(practice: Organization) -> None:
    people.activate("iqies")
    person: Account = grants.user()
    with pytest.raises(NotFound):
        designated(person, "state_security_official", practice, program_id="iqies")
