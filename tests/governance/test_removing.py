"""Remove Access: all of a person's grants at one organization, never one's own, on record and at once."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.authority import may
from rolebook.governance.flows import Removal, remove_access, remove_program_roles
from rolebook.governance.models import Grant
from rolebook.governance.queries import removal_preview, who_to_contact
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.model import Act
from tests.support import grants, iqcs, people
from tests.support.grants import LATER, OFFICIAL, STAFF, asks, decides, open_stage
from tests.support.people import WEB

pytestmark = pytest.mark.usefixtures("qpp")


@pytest.fixture
def official(practice: Organization) -> Account:
    return grants.official(practice)


def remove(by: Account, whom: Account, practice: Organization) -> Removal:
    return remove_access(
        acting_user=by,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=whom.public_id,
        at=LATER,
        origin=WEB,
    )


@pytest.mark.requirement("QPP-10")
@pytest.mark.invariant("I7")
def test_a_removal_ends_every_grant_of_the_person_there_and_none_elsewhere(
    practice: Organization, official: Account
) -> None:
    other = people.practice("Birch Clinic")
    member = grants.staff(practice, official)
    grants.designated(member, OFFICIAL, practice)
    grants.designated(member, OFFICIAL, other)
    preview = removal_preview(official, practice.public_id, member.public_id, "qpp", LATER)
    removal = remove(official, member, practice)
    assert {grant.role_id for grant in removal.grants} == {STAFF, OFFICIAL}
    assert {role.grant_id for role in preview.roles} == {grant.public_id for grant in removal.grants}
    assert list(
        Grant.objects.filter(account=member, closed_at=None).values_list("organization", flat=True)
    ) == [other.pk]
    assert not may(member, Act.DECIDE, practice, LATER)
    assert may(member, Act.DECIDE, other, LATER)


@pytest.mark.requirement("QPP-10")
@pytest.mark.invariant("I11")
def test_the_removals_sequence_is_that_of_its_last_event(practice: Organization, official: Account) -> None:
    member = grants.staff(practice, official)
    removal = remove(official, member, practice)
    event = Event.objects.get(sequence=removal.sequence)
    assert (event.tag, event.beneficiary_id, event.organization_id) == (
        "access:removed",
        member.public_id,
        practice.public_id,
    )
    assert Event.objects.latest("sequence").sequence == removal.sequence


@pytest.mark.fault(17)
def test_a_second_click_reports_the_first_removal(practice: Organization, official: Account) -> None:
    member = grants.staff(practice, official)
    first = remove(official, member, practice)
    second = remove(official, member, practice)
    assert (second.already, second.sequence, second.grants) == (True, first.sequence, ())
    assert Event.objects.filter(tag="access:removed").count() == 1


@pytest.mark.requirement("QPP-11")
def test_nobody_removes_their_own_access(practice: Organization, official: Account) -> None:
    grants.official(practice, "Colleague")
    with pytest.raises(Refused) as refusal:
        remove(official, official, practice)
    assert [violation.code for violation in refusal.value.violations] == ["own_access"]
    assert Grant.objects.filter(account=official, closed_at=None).exists()


@pytest.mark.requirement("QPP-11")
def test_the_only_official_is_told_whom_to_contact_with_the_tin(
    practice: Organization, official: Account
) -> None:
    with pytest.raises(Refused) as refusal:
        remove(official, official, practice)
    assert [violation.code for violation in refusal.value.violations] == ["only_official"]
    told = who_to_contact(official, practice.public_id, "qpp", LATER)
    assert told.only_official
    assert told.contact.email == "QPP@cms.hhs.gov"
    [(title, value)] = told.identifiers
    assert (title, value.replace("-", "")) == ("TIN", practice.code.replace("-", ""))


@pytest.mark.requirement("QPP-11")
def test_who_else_removes_ones_own_access_is_called_what_the_program_calls_it(
    practice: Organization, official: Account, iqcs_world: None, representative: Account
) -> None:
    def who_else(viewer: Account, place: Organization) -> str:
        return who_to_contact(viewer, place.public_id, place.program_id, LATER).who_else

    fws = iqcs.place("FWS-R6")
    assert who_else(official, practice) == f"Another Security Official of {practice.name}"
    assert (
        who_else(grants.steward(), practice) == "Somebody else of the Quality Payment Program Service Center"
    )
    assert who_else(representative, fws) == "IQCS Security"


@pytest.mark.requirement("QPP-11")
def test_the_steward_removes_the_only_official(practice: Organization, official: Account) -> None:
    removal = remove(grants.steward(), official, practice)
    assert len(removal.grants) == 1


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1)
def test_a_foreign_organization_looks_like_one_that_does_not_exist(
    practice: Organization, official: Account
) -> None:
    stranger = grants.official(people.practice("Birch Clinic"), "Stranger")
    for place in ("00000000-0000-7000-8000-000000000000", practice.public_id):
        with pytest.raises(NotFound) as refusal:
            remove_access(
                acting_user=stranger,
                program_id="qpp",
                organization_id=place,
                beneficiary_id=official.public_id,
                at=LATER,
                origin=WEB,
            )
        assert str(refusal.value) == "not found"


@pytest.mark.requirement("QPP-14")
def test_a_staff_user_removes_nobody(practice: Organization, official: Account) -> None:
    member = grants.staff(practice, official)
    with pytest.raises(NotAllowed):
        remove(member, official, practice)


@pytest.mark.requirement("IQIES-05")
def test_an_official_removes_only_roles_of_their_own_category() -> None:
    people.activate("iqies")
    state = Organization.objects.filter(program_id="iqies", kind_id="state").first()
    assert state is not None
    official = grants.user("State Official", program_id="iqies")
    grants.placed(official, "state_security_official", state, program_id="iqies")
    member = grants.user(program_id="iqies")
    grants.placed(member, "state_general_user", state, program_id="iqies")
    other = grants.user("Other", program_id="iqies")
    grants.placed(other, "cms_admin", state, program_id="iqies")

    def try_to_remove(whom: Account) -> Removal:
        return remove_access(
            acting_user=official,
            program_id="iqies",
            organization_id=state.public_id,
            beneficiary_id=whom.public_id,
            at=LATER,
            origin=WEB,
        )

    with pytest.raises(NotAllowed):
        try_to_remove(other)
    assert len(try_to_remove(member).grants) == 1


def test_somebody_who_never_held_anything_there_is_not_found(
    practice: Organization, official: Account
) -> None:
    with pytest.raises(NotFound):
        remove(official, grants.user(), practice)


@pytest.mark.requirement("IQIES-02")
def test_who_was_removed_asks_again_and_is_decided_anew(practice: Organization, official: Account) -> None:
    member = grants.staff(practice, official)
    remove(official, member, practice)
    request = asks(member, practice, at=LATER + timedelta(minutes=1))
    decides(official, open_stage(request), at=LATER + timedelta(minutes=2))
    assert Grant.objects.filter(account=member).count() == 2


@pytest.mark.invariant("I7")
def test_an_office_held_at_no_organization_is_ended_by_another_steward_and_not_by_officials(
    practice: Organization, official: Account
) -> None:
    steward, other = grants.steward(), grants.steward("Other Steward")

    def end(by: Account, whom: Account) -> Removal:
        return remove_program_roles(
            acting_user=by, program_id="qpp", beneficiary_id=whom.public_id, at=LATER, origin=WEB
        )

    with pytest.raises(NotFound):
        end(official, steward)
    with pytest.raises(Refused):
        end(steward, steward)
    assert [grant.role_id for grant in end(other, steward).grants] == ["steward"]
    with pytest.raises(NotFound):
        end(steward, other)


@pytest.mark.invariant("I4")
def test_an_office_at_an_organization_that_was_closed_is_worth_nothing(
    practice: Organization, official: Account
) -> None:
    member = grants.staff(practice, official)
    Organization.objects.filter(pk=practice.pk).update(closed_at=LATER)
    practice.refresh_from_db()
    assert not may(official, Act.REMOVE, practice, LATER)
    with pytest.raises(NotFound):
        remove(official, member, practice)
