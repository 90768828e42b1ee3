"""The steward's designations: explained beside the fields, confirmed in sentences, ended; a steward is left always."""

import pytest
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.models import Designation, Grant
from rolebook.governance.refusals import NotFound, Refused
from tests.support import people
from tests.web.worlds import QPP, World, signed_in, steward_of

pytestmark = pytest.mark.requirement("IQIES-08")


@pytest.fixture
def steward(world: World) -> people.Person:
    return steward_of(world)


def url() -> str:
    return reverse("designate", args=[QPP])


def steward_grant(person: people.Person) -> Grant:
    return Grant.objects.get(account=person.account, role_id="steward")


TYPED = {
    "person": "uma",
    "role": "security_official",
    "organization": "11-2223334",
    "reason": "First official",
}


def test_a_designation_is_checked_said_and_done_only_when_it_is_confirmed(
    world: World, steward: people.Person
) -> None:
    client = signed_in(steward)
    before = Designation.objects.count()
    asked = client.post(url(), {**TYPED, "step": "check"})
    page = " ".join(asked.content.decode().split())
    assert (
        "Uma Underwood (uma) becomes Security Official at Hilltop Clinic, from now on, with no end." in page
    )
    assert "decides who else has access there" in page
    assert Designation.objects.count() == before
    done = client.post(url(), {**TYPED, "step": "confirm"})
    assert done.status_code == 303
    made = Designation.objects.latest("pk")
    assert (made.account, made.organization, made.designated_by) == (
        world.uma.account,
        world.hilltop,
        steward.account,
    )
    assert "Uma Underwood is now Security Official at Hilltop Clinic." in client.get(url()).content.decode()


def test_the_field_for_an_organization_says_which_roles_need_one(
    world: World, steward: people.Person
) -> None:
    page = " ".join(signed_in(steward).get(url()).content.decode().split())
    field = page.partition('<label for="id_organization">')[2].partition("<input")[0]
    assert "optional" not in field
    assert "Its code or number; needed for every role but Quality Payment Program Service Center" in field


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            {"person": "nobody.at.all"},
            "There is no account with the user ID or e-mail address nobody.at.all.",
        ),
        ({"organization": "99-9999999"}, "There is no open organization with the code or number 99-9999999."),
        ({"organization": ""}, "Security Official is held at an organization. Choose which one."),
        ({"role": "staff_user"}, "Choose one of the roles."),
        ({"ends_on": "2020-01-01"}, "The end date has passed."),
        ({"ends_on": "soon"}, "Write the day as year-month-day"),
        ({"reason": ""}, "Say why."),
        ({"person": "henry"}, "Security Official is already held here."),
    ],
)
def test_what_the_rules_have_against_it_is_said_before_and_what_was_typed_is_kept(
    world: World, steward: people.Person, typed: dict[str, str], sentence: str
) -> None:
    answer = signed_in(steward).post(url(), {**TYPED, **typed, "step": "confirm"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    kept = {**TYPED, **typed}
    assert f'value="{kept["person"]}"' in page


@pytest.mark.invariant("I2", "I3")
def test_nobody_but_a_steward_designates_or_ends_a_designation(world: World, steward: people.Person) -> None:
    official = signed_in(world.maria)
    theirs = reverse("end-designation", args=[QPP, steward_grant(steward).public_id])
    for address in (url(), theirs):
        assert official.get(address).status_code == 404
        assert official.post(address, {**TYPED, "step": "confirm"}).status_code == 404


def test_a_steward_is_replaced_by_another_one_and_never_the_last_one_nor_by_themselves(
    world: World, steward: people.Person
) -> None:
    client = signed_in(steward)
    own = reverse("end-designation", args=[QPP, steward_grant(steward).public_id])
    refused = client.post(own, {})
    assert refused.status_code == 409
    assert "You cannot end your own" in refused.content.decode()
    client.post(url(), {"person": "uma", "role": "steward", "reason": "Second steward", "step": "confirm"})
    assert steward_grant(world.uma).closed_at is None
    assert client.post(own, {}).status_code == 409
    successor = signed_in(world.uma)
    done = successor.post(own, {"reason": "Left the service center"})
    assert done.status_code == 303
    assert steward_grant(steward).closed_at is not None
    assert "Sasha Steward" in successor.get(done["Location"]).content.decode()
    assert client.get(url()).status_code == 404
    with pytest.raises(Refused, match="only_steward"):
        end_designation(
            acting_user=None,
            program_id=QPP,
            grant_id=steward_grant(world.uma).public_id,
            at=clock.now(),
            origin=people.COMMAND,
        )


@pytest.mark.fault(1)
def test_only_what_was_designated_is_ended_here(world: World, steward: people.Person) -> None:
    by_request = Grant.objects.get(account=world.stella.account)
    with pytest.raises(NotFound):
        end_designation(
            acting_user=steward.account,
            program_id=QPP,
            grant_id=by_request.public_id,
            at=clock.now(),
            origin=people.WEB,
        )
    assert (
        signed_in(steward).get(reverse("end-designation", args=[QPP, by_request.public_id])).status_code
        == 404
    )
