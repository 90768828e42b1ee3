"""Numbers beside long lists say "+" where more waits than was counted, and each person is counted once."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import clock
from rolebook.governance.models import Designation, Grant, Participation, Request, Stage
from rolebook.governance.queries.counting import COUNTED_TO
from rolebook.governance.queries.one_person import without_person
from rolebook.governance.queries.users import users_of_organization
from tests.support import grants, iqcs, people
from tests.support.iqcs import MANAGER, REPRESENTATIVE
from tests.web.reading import text_at
from tests.web.worlds import QPP, World, signed_in, steward_of

pytestmark = pytest.mark.invariant("I12")


def waits(world: World, number: int) -> None:
    """Let so many more requests wait at Cedar Valley, by rows alone."""
    at, (version, _) = clock.now(), rolebook_in_force(QPP, clock.now())
    asked = [
        Request(
            program_id=QPP,
            requester=world.nora.account,
            beneficiary=world.nora.account,
            state=Request.State.PENDING,
            version=1,
            rolebook_version=version,
            submitted_at=at,
        )
        for _ in range(number)
    ]
    Stage.objects.bulk_create(
        Stage(
            program_id=QPP,
            request=request,
            request_version=1,
            chain_id="organization",
            spec_id="official",
            position=0,
            approver_role_id="security_official",
            organization=world.cedar,
            items_hash="0" * 64,
            state=Stage.State.OPEN,
            opened_at=at,
        )
        for request in Request.objects.bulk_create(asked)
    )


def join(place: Organization, first: int, number: int) -> None:
    """Let so many more people be staff of a practice, by rows alone."""
    at = clock.now()
    made = Account.objects.bulk_create(
        Account(
            user_id=f"staff{one}",
            name=f"Staff {one}",
            email=f"staff{one}@example.org",
            email_key=f"staff{one}@example.org",
            password="!",
            created_at=at,
        )
        for one in range(first, first + number)
    )
    parts = Participation.objects.bulk_create(
        Participation(program_id=QPP, account=one, created_at=at) for one in made
    )
    given = Designation.objects.bulk_create(
        Designation(program_id=QPP, account=one, role_id="staff_user", organization=place, designated_at=at)
        for one in made
    )
    Grant.objects.bulk_create(
        Grant(
            program_id=QPP,
            participation=part,
            account=part.account,
            role_id="staff_user",
            organization=place,
            starts_at=at,
            designation=designation,
        )
        for part, designation in zip(parts, given, strict=True)
    )


def badge(client: Client, address: str) -> str:
    """The number beside Pending Requests on a page."""
    found = re.search(r'id="pending-count">([^<]*)<', text_at(client, address))
    assert found is not None
    return found.group(1)


def pages(world: World) -> tuple[str, str, str]:
    users = reverse("organization-users", args=[QPP, world.cedar.public_id])
    return reverse("home", args=[QPP]), reverse("manage-access", args=[QPP]), users


@pytest.mark.requirement("QPP-15")
def test_a_number_of_waiting_requests_says_plus_from_where_it_was_counted(world: World) -> None:
    client, (home, manage, users) = signed_in(world.maria), pages(world)
    waits(world, COUNTED_TO - 2)
    assert {badge(client, page) for page in (home, manage, users)} == {"999"}
    assert "999 requests wait for your decision" in text_at(client, home)
    assert "<strong>999 pending</strong>" in text_at(client, manage)
    waits(world, 2)
    assert {badge(client, page) for page in (home, manage, users)} == {"1,000+"}
    assert "1,000 or more requests wait for your decision" in text_at(client, home)
    assert "<strong>1,000+ pending</strong>" in text_at(client, manage)


@pytest.mark.requirement("QPP-15")
def test_a_number_of_people_says_plus_from_where_it_was_counted(world: World) -> None:
    client, (_, _, users) = signed_in(world.maria), pages(world)
    steward = signed_in(steward_of(world))
    listed = reverse("steward-organizations", args=[QPP])
    join(world.cedar, 0, COUNTED_TO - 4)
    assert "999 people" in text_at(client, users)
    assert '<td data-label="People">999</td>' in text_at(steward, listed)
    # In which order ever they are read: more than are needed to say so.
    join(world.cedar, COUNTED_TO, 5 * COUNTED_TO)
    assert "1,000+ people" in text_at(client, users)
    assert '<td data-label="People">1,000+</td>' in text_at(steward, listed)


@pytest.mark.requirement("QPP-06")
def test_who_holds_two_roles_at_an_organization_is_one_person_of_it(world: World) -> None:
    grants.placed(world.owen.account, "staff_user", world.cedar, at=world.start)
    found = users_of_organization(world.maria.account, world.cedar.public_id, QPP, clock.now())
    assert (found.number_connected, found.number_of_officials, found.number_pending) == (3, 2, 1)


@pytest.mark.django_db
@pytest.mark.requirement("IQCS-04")
def test_who_reaches_an_organization_by_several_codes_is_one_person_of_it() -> None:
    iqcs.begin(people.LATELY)
    rosa = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative", at=people.LATELY)
    mona = iqcs.holder(MANAGER, "FWS-R6-BNR", "Mona Manager", at=people.LATELY)
    for code in ("FWS-R6", "FWS"):
        iqcs.gives_access(mona, code, at=people.LATELY)
    unit = iqcs.place("FWS-R6-BNR").public_id
    found = users_of_organization(rosa, unit, iqcs.PROGRAM, people.LATELY)
    assert found.number_connected == 2


@pytest.mark.requirement("QPP-12")
def test_a_steward_reads_of_which_organizations_somebody_is_the_only_official(world: World) -> None:
    sten, at = steward_of(world), clock.now()

    def alone(person: people.Person) -> tuple[str, ...]:
        return without_person(sten.account, QPP, person.account.public_id, at).only_official_of

    grants.placed(world.henry.account, "security_official", world.cedar, at=world.start)
    assert alone(world.henry) == ("Hilltop Clinic",)
    assert alone(world.maria) == ()
    Participation.objects.filter(account__in=[world.owen.account, world.henry.account]).update(
        status="closed"
    )
    assert alone(world.maria) == ("Cedar Valley Family Practice",)
    assert alone(world.henry) == ()
