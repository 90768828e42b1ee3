"""The steward's pages about people: found, closed and reopened, merged; and nobody else sees that there are any."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.models import Grant, Participation, Request
from rolebook.governance.queries import paging
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support.people import PASSWORD, Person
from tests.web.reading import text_at
from tests.web.worlds import QPP, World, ask, signed_in, steward_of, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def sten(world: World) -> Person:
    """A steward of QPP."""
    return steward_of(world, "Sten Steward", "sten")


def person(whom: Person) -> str:
    return f"/qpp/people/{whom.account.public_id}/"


def mails() -> None:
    while derive_notices(now=clock.now()):
        pass


def names(page: str) -> list[str]:
    return re.findall(r'<a class="who"[^>]*>\s*<bdi>([^<]+)</bdi>', page)


@pytest.fixture(params=[0, 1_000], ids=["as where many match", "as where few match"])
def _few_or_many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists find the same in both of the ways in which they look."""
    monkeypatch.setattr(paging, "MOST_FEW", request.param)


@pytest.mark.usefixtures("_few_or_many")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?search=MARIA", ["Maria Alvarez"]),
        ("?search=owen@example.org", ["Owen Brandt"]),
        ("?role=security_official&organization=hilltop", ["Henry Hill"]),
        ("?role=none&search=u", ["Uma Underwood"]),
        ("?status=closed", []),
        ("?role=there-is-none&status=such", None),
    ],
)
def test_people_are_found_by_name_address_role_organization_and_status(
    world: World, sten: Person, query: str, found: list[str] | None
) -> None:
    page = signed_in(sten).get(f"/qpp/people/{query}")
    assert page.status_code == 200
    assert found is None or names(page.content.decode()) == found


@pytest.mark.usefixtures("_few_or_many")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("security_official", "Henry Hill"),
        ("security_official&search=hill", "Henry Hill"),
        ("staff_user", None),
    ],
)
def test_users_of_an_organization_are_found_by_the_role_they_hold(
    world: World, sten: Person, query: str, found: str | None
) -> None:
    page = signed_in(sten).get(f"/qpp/organizations/{world.hilltop.public_id}/users/?role={query}")
    assert page.status_code == 200
    assert (">Henry Hill<" in page.content.decode()) == (found is not None)


@pytest.mark.invariant("I14")
@pytest.mark.fault(49)
def test_the_file_of_people_has_what_the_page_has_and_no_formulas(world: World, sten: Person) -> None:
    Account.objects.filter(pk=world.uma.account.pk).update(name="=1+1")
    answer = signed_in(sten).get("/qpp/people/export.csv?search=um")
    text = answer.getvalue().decode("utf-8-sig")
    assert text.splitlines()[0] == "Name,User ID,E-mail,Status,Holds,Last sign-in"
    assert "=1+1" in text
    assert not re.search(r"(^|,)\"?=", text, re.MULTILINE)


@pytest.mark.invariant("I3")
@pytest.mark.fault(1)
def test_nobody_but_a_steward_sees_that_there_are_such_pages(world: World, sten: Person) -> None:
    pair = f"{world.nora.account.public_id}/{world.uma.account.public_id}"
    addresses = [
        "/qpp/people/",
        "/qpp/people/export.csv",
        "/qpp/people/duplicates/",
        f"/qpp/people/duplicates/{pair}/",
        person(world.nora),
        f"{person(world.nora)}other-account/",
        f"{person(world.nora)}status/close/",
        f"{person(world.nora)}fsid/",
    ]
    client = signed_in(world.maria)
    assert [client.get(address).status_code for address in addresses] == [404] * len(addresses)
    posted = [f"{person(world.nora)}status/close/", f"/qpp/people/duplicates/{pair}/different/"]
    assert [client.post(one, {"reason": "x"}).status_code for one in posted] == [404, 404]
    assert Participation.objects.filter(status="active").count() == Participation.objects.count()


def test_closing_says_what_it_does_is_confirmed_and_told_and_the_person_reads_why(
    world: World, sten: Person
) -> None:
    client, nora = signed_in(sten), signed_in(world.nora)
    address = f"{person(world.nora)}status/close/"
    asked = client.get(address).content.decode()
    assert "1 request of theirs is withdrawn." in asked
    assert client.post(address, {"reason": " "}).status_code == 409
    done = client.post(address, {"reason": "Left the practice"})
    assert done.status_code == 303
    shown = client.get(done["Location"]).content.decode()
    assert "<bdi>Nora Newell</bdi>'s account was closed" in shown
    assert "Confirmed everywhere" in shown
    assert Request.objects.get(pk=world.waiting.pk).state == "withdrawn"
    read = nora.get("/qpp/")
    assert read.status_code == 403
    assert "Left the practice" in read.content.decode()
    mails()
    told = Notice.objects.get(kind="participation-changed")
    assert told.recipient == world.nora.account
    assert "Left the practice" in told.text
    reopened = client.post(f"{person(world.nora)}status/reopen/", {"reason": "Came back"})
    assert reopened.status_code == 303
    assert nora.get("/qpp/").status_code == 200


def test_the_stewards_are_told_of_what_only_the_one_who_left_could_decide(world: World, sten: Person) -> None:
    nick = user("Nick Newer", "nick", world.start)

    ask(nick, world.hilltop, world.start + timedelta(days=2))
    client = signed_in(sten)
    asked = client.get(f"{person(world.henry)}status/deactivate/").content.decode()
    assert "They are the only official of Hilltop Clinic" in asked
    steward_of(world, "Stan Second", "stan")
    client.post(f"{person(world.henry)}status/deactivate/", {"reason": "On leave"})
    mails()
    told = Notice.objects.filter(kind="requests-escalated").values_list("recipient__user_id", flat=True)
    assert set(told) == {"sten", "stan"}


@pytest.mark.requirement("QPP-09")
@pytest.mark.invariant("I6")
def test_no_steward_is_told_that_requests_wait_of_which_they_may_decide_none(
    world: World, sten: Person
) -> None:
    stan = steward_of(world, "Stan Second", "stan")
    ask(stan, world.hilltop, world.start + timedelta(days=2))
    signed_in(sten).post(f"{person(world.henry)}status/deactivate/", {"reason": "On leave"})
    mails()
    [told] = Notice.objects.filter(kind="requests-escalated")
    assert told.recipient == sten.account
    assert "What you asked for yourself, or have decided a step of, another steward decides." in told.text


def test_a_steward_who_holds_no_office_is_led_to_no_page_of_absences(world: World, sten: Person) -> None:
    for who, is_there in ((sten, False), (world.maria, True)):
        client = signed_in(who)
        assert (client.get("/qpp/out-of-office/").status_code == 200) is is_there
        assert ("/qpp/out-of-office/" in client.get("/qpp/manage-access/").content.decode()) is is_there


def test_a_steward_cannot_close_themselves_and_reads_what_to_do(world: World, sten: Person) -> None:
    client = signed_in(sten)
    assert "Another steward must" in client.get(person(sten)).content.decode()
    refused = client.post(f"{person(sten)}status/close/", {"reason": "x"})
    assert refused.status_code == 409
    assert Participation.objects.get(account=sten.account).status == "active"


@pytest.mark.requirement("IQIES-04")
def test_two_accounts_are_merged_after_a_preview_and_sign_in_by_the_closed_one_says_so(
    world: World, sten: Person
) -> None:
    client = signed_in(sten)
    address = f"/qpp/people/duplicates/{world.uma.account.public_id}/{world.stella.account.public_id}/"
    page = client.get(address).content.decode()
    assert "Staff User at Cedar Valley Family Practice moves from stella to uma." in page
    assert "This cannot be undone." in page
    found = re.search(r'name="shown" value="([0-9a-f]{64})"', page)
    assert found is not None
    typed = {"reason": "Both told me so", "shown": found[1]}
    assert client.post(address, typed).status_code == 409
    done = client.post(address, {**typed, "sure": "on"})
    assert done.status_code == 303, done.content.decode()
    assert "were merged" in client.get(done["Location"]).content.decode()
    assert Grant.objects.get(account=world.uma.account).role_id == "staff_user"
    closed = text_at(client, f"/qpp/people/{world.stella.account.public_id}/")
    remaining = f'<a href="/qpp/people/{world.uma.account.public_id}/">uma</a>'
    assert f"Merged into {remaining}, another account of the same person" in closed
    assert "<dd> Active" not in closed
    signing_in = Client().post("/qpp/sign-in/", {"user_id": "stella", "password": PASSWORD, "agree": "on"})
    assert signing_in.status_code == 403
    assert "merged into another one of yours" in signing_in.content.decode()
    mails()
    told = Notice.objects.filter(kind__in=["accounts-merged", "status-changed"])
    assert set(told.values_list("recipient__user_id", flat=True)) == {"uma", "stella"}


def test_another_account_is_named_by_user_id(world: World, sten: Person) -> None:
    client = signed_in(sten)
    assert client.get(f"{person(world.nora)}other-account/?user_id=nobody").status_code == 404
    there = client.get(f"{person(world.nora)}other-account/?user_id=UMA")
    assert there["Location"].endswith(f"/{world.nora.account.public_id}/{world.uma.account.public_id}/")
    declared = signed_in(world.uma).post("/security/other-account/", {"user_id": "nora"})
    assert declared["Location"] == "/security/"
    listed = client.get("/qpp/people/duplicates/").content.decode()
    assert "Declared by the person" in listed
    mails()
    assert Notice.objects.get(kind="named-as-same").recipient == world.nora.account
    assert QPP in listed


@pytest.mark.requirement("IQCS-10")
def test_the_address_that_deactivates_says_of_who_is_closed_that_there_is_nothing_to_deactivate(
    world: World, sten: Person
) -> None:
    client = signed_in(sten)
    client.post(f"{person(world.nora)}status/close/", {"reason": "Left."})
    address = f"{person(world.nora)}status/deactivate/"
    shown = client.get(address).content.decode()
    assert "there is nothing to deactivate" in shown
    assert "Yes, deactivate" not in shown
    refused = client.post(address, {"reason": "x"})
    assert refused.status_code == 409
    assert "there is nothing to deactivate" in refused.content.decode()
    assert Participation.objects.get(account=world.nora.account).status == "closed"
