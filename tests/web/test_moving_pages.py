"""A steward moves an organization: who gains and who loses reach is said first, and what was said is what happens."""

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.accounts.models import Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import clock
from rolebook.audit.feed import Revision, events_after
from rolebook.audit.models import Event
from rolebook.authzen.state import State
from rolebook.decision.instants import micros
from rolebook.governance.flows.edit_organization import add_organization
from rolebook.governance.organization_record import Typed
from tests.support import grants, people

IQIES = "iqies"


@pytest.fixture
def agency(db: None) -> Organization:
    """A home health agency of Ohio."""
    people.activate(IQIES)
    ohio = Organization.objects.get(program_id=IQIES, code="OH")
    return add_organization(
        acting_user=None,
        program_id=IQIES,
        kind_id="home_health_agency",
        parent_id=ohio.public_id,
        typed=Typed("Cedar Home Health", "36-7001"),
        at=people.START,
        origin=people.COMMAND,
    ).organization


@pytest.fixture
def steward(agency: Organization) -> Client:
    person = people.user_with_totp("Sasha Steward", "sasha.steward")
    grants.designated(person.account, "steward", program_id=IQIES)
    return people.signed_in_client(person, IQIES)


@pytest.mark.requirement("IQIES-15")
@pytest.mark.invariant("I10")
def test_a_move_is_found_previewed_in_sentences_and_reaches_the_decision_point(
    agency: Organization, steward: Client
) -> None:
    kentucky = Organization.objects.get(program_id=IQIES, code="KY")
    people_there = {}
    for name, code in (("Otto Ohio", "OH"), ("Ken Kentucky", "KY")):
        people_there[name] = grants.user(name, program_id=IQIES)
        place = Organization.objects.get(program_id=IQIES, code=code)
        grants.placed(people_there[name], "state_general_user", place, program_id=IQIES)
    url = reverse("move-organization", args=[IQIES, agency.public_id])
    found = steward.get(url, {"search": "kentucky"}).content.decode()
    assert f"?parent={kentucky.public_id}" in found
    assert "Ohio" not in found.split("Where it may stand")[1]
    page = " ".join(steward.get(url, {"parent": str(kentucky.public_id)}).content.decode().split())
    loses, gains = page.split("Who reaches it from now on")
    assert "<strong>1 person</strong> with State Agency General User at <bdi>Ohio</bdi>" in loses
    assert "Otto Ohio" in loses
    assert "Ken Kentucky" in gains
    state = State()
    state.load()
    _, book = rolebook_in_force(IQIES, clock.now())
    role = book.role("state_general_user")
    assert role is not None
    privilege = next(one for one in book.powers(role.id) if one not in role.reach.elsewhere)

    def reaches() -> list[bool]:
        program, now = state.programs[IQIES], micros(clock.now())
        return [
            program.check(str(one.public_id), privilege, str(agency.public_id), now, None)
            for one in people_there.values()
        ]

    assert reaches() == [True, False]
    told = {"parent": str(kentucky.public_id), "reason": "Sold"}
    assert steward.post(url, {**told, "shown": "of another time"}).status_code == 409
    assert Organization.objects.get(pk=agency.pk).parent_id == agency.parent_id
    shown = page.split('name="shown" value="')[1].split('"')[0]
    done = steward.post(url, {**told, "shown": shown})
    assert done.status_code == 303
    assert "was moved" in steward.get(done["Location"]).content.decode()
    moved = Event.objects.get(tag="organization:moved")
    last = Event.objects.get(sequence=moved.sequence - 1)
    events, _ = events_after(Revision(last.sequence, bytes(last.hash)))
    state.apply(events)
    assert reaches() == [False, True]
