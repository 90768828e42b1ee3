"""A lost second factor in the browser: from sign-in to the new one; links only open pages, strangers learn nothing."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import Recovery
from rolebook.accounts.second_factor import has_own_factor
from rolebook.audit import clock
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support.people import PASSWORD, Person
from tests.web.worlds import World, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("QPP-01")]


def newest(kind: str) -> Notice:
    return Notice.objects.filter(kind=kind).latest("pk")


def link(notice: Notice, path: str) -> str:
    found = re.search(rf"(/{path}/[A-Za-z0-9_-]+/)", notice.text)
    assert found is not None, notice.text
    return found[1]


def asks(whom: Person) -> Client:
    """A browser in which somebody proved the password and the mailbox, and asked."""
    client = Client()
    typed = {"user_id": whom.account.user_id, "password": PASSWORD, "agree": "on"}
    assert client.post("/qpp/sign-in/", typed)["Location"] == "/sign-in/code/"
    assert "/lost-second-factor/" in client.get("/sign-in/code/").content.decode()
    assert client.get("/lost-second-factor/").status_code == 200
    assert client.post("/lost-second-factor/")["Location"] == "/lost-second-factor/code/"
    found = re.search(r"\b(\d{4} \d{4})\b", newest("recovery-code").text)
    assert found is not None
    asked = client.post("/lost-second-factor/code/", {"code": found[1]})
    assert asked["Location"] == "/lost-second-factor/asked/"
    return client


def vouch(voucher: Person, recovery: Recovery) -> None:
    Account.objects.filter(pk=voucher.account.pk).update(last_totp_step=0)
    done = signed_in(voucher).post(
        f"/qpp/recoveries/{recovery.public_id}/",
        {
            "how": "called",
            "told": "called her on the practice's number",
            "made_sure": "on",
            "code": voucher.code(clock.now()),
        },
    )
    assert done.status_code == 303, done.content.decode()


def mails() -> None:
    while derive_notices(now=clock.now()):
        pass


@pytest.mark.fault(45)
@pytest.mark.fault(40)
def test_from_the_lost_phone_to_the_new_one_with_somebodys_word(world: World) -> None:
    there = signed_in(world.stella)
    page = asks(world.stella).get("/lost-second-factor/asked/").content.decode()
    assert "Security Official of Cedar Valley Family Practice" in page
    assert "Maria Alvarez" not in page
    recovery = Recovery.objects.get()
    maria = signed_in(world.maria)
    for address in ("/qpp/", "/qpp/manage-access/"):
        assert "Stella Stone lost their second factor" in maria.get(address).content.decode()
    assert (
        "Call a number that you knew before"
        in maria.get(f"/qpp/recoveries/{recovery.public_id}/").content.decode()
    )
    vouch(world.maria, recovery)
    address = link(newest("recovery-vouched"), "new-second-factor")
    client = Client()
    assert "This link works from" in client.get(address).content.decode()
    assert client.post(address, {"password": PASSWORD}).status_code == 422
    Recovery.objects.update(ready_at=clock.now() - timedelta(minutes=1))
    assert client.get(address).status_code == 200
    assert has_own_factor(world.stella.account)
    assert client.post(address, {"password": "wrong-password"}).status_code == 422
    done = client.post(address, {"password": PASSWORD})
    assert done["Location"] == "/second-factor/"
    assert not has_own_factor(world.stella.account)
    assert client.get("/qpp/")["Location"] == "/second-factor/"
    assert there.get("/qpp/").status_code == 302
    assert Client().get(address).status_code == 410
    mails()
    told = Notice.objects.filter(kind__startswith="recovery-", recipient__user_id__in=["maria", "owen"])
    assert set(told.values_list("kind", "recipient__user_id")) == {
        (kind, who)
        for kind in ("recovery-waiting", "recovery-told", "recovery-ended")
        for who in ("maria", "owen")
    }


@pytest.mark.fault(45)
def test_the_link_this_was_not_me_opens_a_page_and_its_button_stops_it(world: World) -> None:
    asks(world.stella)
    address = link(newest("recovery-asked"), "not-me")
    assert Client().get(address).status_code == 200
    assert Recovery.objects.get().state == "asked"
    stopped = Client().post(address)
    assert "It was stopped" in stopped.content.decode()
    assert Recovery.objects.get().state == "cancelled"
    assert Client().post(address).status_code == 410


@pytest.mark.invariant("I14")
def test_without_the_password_nobody_comes_to_the_pages_of_a_lost_factor(world: World) -> None:
    for address in ("/lost-second-factor/", "/lost-second-factor/code/", "/lost-second-factor/asked/"):
        assert Client().get(address).status_code == 302
        assert Client().post(address).status_code in (302, 405)
    assert not Notice.objects.exists()
    for path in ("/new-second-factor/guessed/", "/not-me/guessed/"):
        assert Client().get(path).status_code == 410


@pytest.mark.invariant("I1")
@pytest.mark.fault(1)
def test_who_may_not_vouch_gets_404_and_a_wrong_code_stands_beside_its_field(world: World) -> None:
    asks(world.stella)
    address = f"/qpp/recoveries/{Recovery.objects.get().public_id}/"
    for stranger in (world.henry, world.nora):
        client = signed_in(stranger)
        assert [client.get(address).status_code, client.post(address + "stop/").status_code] == [404, 404]
    typed = {"how": "called", "told": "called her at home", "made_sure": "on", "code": "000000"}
    refused = signed_in(world.maria).post(address, typed)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "That code is not right" in page
    assert "called her at home" in page


def test_a_colleague_stops_it_with_a_reason(world: World) -> None:
    asks(world.stella)
    recovery = Recovery.objects.get()
    vouch(world.maria, recovery)
    address = f"/qpp/recoveries/{recovery.public_id}/stop/"
    owen = signed_in(world.owen)
    assert owen.post(address, {"reason": ""}).status_code == 422
    assert owen.post(address, {"reason": "She did not ask"}).status_code == 303
    assert Recovery.objects.get().state == "cancelled"
