"""Register, confirm the address, set up the second factor, keep the recovery codes, arrive at Home (QPP-02)."""

import re
from html import unescape

import pytest
from django.test import Client

from rolebook.accounts.models import Account, MailedCode
from rolebook.accounts.passwords import judge_password
from rolebook.accounts.second_factor import code_at
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.notices.models import Notice
from tests.support import people
from tests.support.people import PASSWORD
from tests.web.reading import mailed_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp")]

NOEL = {
    "name": "Noel Ångström",
    "user_id": "Noel.A",
    "email": "noel@example.org",
    "password": "plum-otter-lantern",
    "password_again": "plum-otter-lantern",
}


def register(client: Client, **changed: str) -> None:
    response = client.post("/register/", {**NOEL, **changed})
    assert response.status_code == 302, response.content.decode()
    assert response["Location"] == "/confirm-email/"


def set_up_app(client: Client) -> str:
    """Set up an authenticator app from what the page shows; returns its secret."""
    page = client.get("/second-factor/").content.decode()
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found is not None
    secret = found[1].replace(" ", "")
    response = client.post("/second-factor/", {"code": code_at(secret, clock.now())})
    assert response.status_code == 302, response.content.decode()
    assert response["Location"] == "/recovery-codes/"
    return secret


@pytest.mark.requirement("QPP-02")
def test_a_new_user_registers_confirms_sets_up_two_factors_and_comes_to_the_page_wanted(
    client: Client,
) -> None:
    client.get("/register/?next=/qpp/request-a-role/")
    register(client)
    assert not Account.objects.exists()
    confirmed = client.post("/confirm-email/", {"code": mailed_code()})
    assert confirmed["Location"] == "/second-factor/"
    set_up_app(client)
    page = client.get("/recovery-codes/").content.decode()
    assert len(re.findall(r"<code>\d{4} \d{4}</code>", page)) == 10
    assert client.get("/recovery-codes/download/")["Content-Disposition"].startswith("attachment")
    done = client.post("/recovery-codes/")
    assert done["Location"] == "/qpp/request-a-role/"
    account = Account.objects.get()
    assert (account.user_id, account.name, account.email) == ("noel.a", "Noel Ångström", "noel@example.org")
    tags = list(Event.objects.order_by("sequence").values_list("tag", flat=True))
    wanted = ["account:registered", "account:email-confirmed", "account:factor-added", "account:codes-made"]
    assert tags[-4:] == wanted


@pytest.mark.requirement("QPP-01")
def test_recovery_codes_are_shown_once(client: Client) -> None:
    register(client)
    client.post("/confirm-email/", {"code": mailed_code()})
    set_up_app(client)
    client.post("/recovery-codes/")
    assert client.get("/recovery-codes/")["Location"] == "/security/"
    assert client.get("/recovery-codes/download/")["Location"] == "/security/"


@pytest.mark.requirement("QPP-01")
@pytest.mark.parametrize(
    "page", ["/qpp/", "/qpp/manage-access/", "/security/", "/qpp/statement/", "/recovery-codes/"]
)
def test_nobody_passes_to_another_page_before_the_second_factor_is_set_up(client: Client, page: str) -> None:
    register(client)
    assert client.get(page).status_code == 302
    client.post("/confirm-email/", {"code": mailed_code()})
    assert client.get(page)["Location"] == "/second-factor/"


@pytest.mark.fault(40)
@pytest.mark.invariant("I14")
def test_registering_an_address_that_has_an_account_looks_like_any_other_and_tells_its_holder(
    client: Client,
) -> None:
    holder = people.new_user()
    register(client, email=holder.account.email.upper())
    page = client.get("/confirm-email/").content.decode()
    assert holder.account.name not in page
    notice = Notice.objects.get()
    assert notice.recipient == holder.account
    assert holder.account.user_id in notice.text
    for code in ("0000 0000", "1234 5678"):
        assert client.post("/confirm-email/", {"code": code}).status_code == 422
    assert Account.objects.count() == 1


@pytest.mark.fault(40)
def test_that_a_user_id_is_taken_is_told_only_after_the_address_is_confirmed(client: Client) -> None:
    people.new_user(user_id="noel.a")
    register(client)
    code = mailed_code()
    refused = client.post("/confirm-email/", {"code": code})
    assert refused.status_code == 422
    assert "Choose another one" in refused.content.decode()
    done = client.post("/confirm-email/", {"code": code, "user_id": "noel.b"})
    assert done["Location"] == "/second-factor/"
    assert Account.objects.filter(user_id="noel.b", email="noel@example.org").exists()


@pytest.mark.invariant("I8")
def test_a_mailed_code_is_spent_after_five_wrong_attempts(client: Client) -> None:
    register(client)
    code = mailed_code()
    wrong = "0000 0000" if code != "0000 0000" else "0000 0001"
    for _ in range(5):
        client.post("/confirm-email/", {"code": wrong})
    refused = client.post("/confirm-email/", {"code": code})
    assert "can no longer be used" in refused.content.decode()
    assert not Account.objects.exists()


@pytest.mark.invariant("I8")
def test_a_mailed_code_works_only_in_the_browser_that_asked_for_it(client: Client) -> None:
    register(client)
    other = Client()
    assert other.post("/confirm-email/", {"code": mailed_code()})["Location"] == "/register/"
    register(other, user_id="other", email="other@example.org")
    assert client.post("/confirm-email/", {"code": mailed_code()}).status_code == 422


@pytest.mark.invariant("I8")
def test_a_new_code_voids_the_earlier_one(client: Client) -> None:
    register(client)
    first = mailed_code()
    assert client.post("/confirm-email/send-again/").status_code == 200
    assert client.post("/confirm-email/", {"code": first}).status_code == 422
    assert client.post("/confirm-email/", {"code": mailed_code()})["Location"] == "/second-factor/"


def test_a_used_registration_keeps_nothing_of_what_was_typed(client: Client) -> None:
    register(client)
    client.post("/confirm-email/", {"code": mailed_code()})
    proof = MailedCode.objects.get()
    assert (proof.details, proof.code_hash) == ({}, "")


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short-pass", "at least 12 characters"),
        ("Password1234!", "common one with a few characters added"),
        ("abcabcabcabc", "repeats a short pattern"),
        ("123456789012", "neighboring keys"),
        ("qwertyuiopas", "neighboring keys"),
        ("noel@example.org", "too similar"),
        ("Noel.2026.Noel!", "too similar"),
        ("noe1@exampel.org", "too similar"),
    ],
)
def test_a_guessable_password_is_refused_with_its_reason_and_what_was_typed_is_kept(
    client: Client, password: str, sentence: str
) -> None:
    response = client.post("/register/", {**NOEL, "password": password, "password_again": password})
    assert response.status_code == 422
    page = unescape(response.content.decode())
    assert sentence in page
    assert 'value="Noel Ångström"' in page
    assert password not in page.replace("noel@example.org", "") or password == "noel@example.org"
    assert not MailedCode.objects.exists()


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("Trumpet sofa 7 glacier", "first@example.org"),
        ("kitchen ladder saddle", "stella.hernandez@example.org"),
        ("anchor staple island needle7", "jennifer.castellano@example.org"),
        ("noel likes copper violins", "noel@example.org"),
    ],
)
def test_a_few_words_are_no_ones_own_name_because_they_have_its_letters(words: str, address: str) -> None:
    name = address.partition("@")[0]
    judge_password(words, Account(user_id=name, name=name.replace(".", " ").title(), email=address))


@pytest.mark.fault(39, 43)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "m\u0131ke@example.org"),
        ("email", "a@example.org,b@example.org"),
        ("email", "a@example.org\r\nBcc: b@example.org"),
        ("user_id", "\u0430dmin"),
        ("user_id", "x" * 10_000_000),
        ("name", "Mallory\r\nBcc: all@example.org"),
        ("name", "Mal\u202elory"),
        ("name", "Mal\0lory"),
    ],
)
def test_addresses_names_and_user_ids_that_deceive_are_refused(
    client: Client, field: str, value: str
) -> None:
    response = client.post("/register/", {**NOEL, field: value})
    assert response.status_code in {400, 413, 422}
    assert not MailedCode.objects.exists()


@pytest.mark.fault(39)
def test_an_array_of_addresses_is_one_address(client: Client) -> None:
    client.post("/register/", {**NOEL, "email": ["noel@example.org", "mallory@example.org"]})
    assert Notice.objects.count() == 1
    assert len({notice.address for notice in Notice.objects.all()}) == 1


@pytest.mark.fault(41)
def test_fields_that_the_form_does_not_have_change_nothing(client: Client) -> None:
    register(client, status="closed", is_superuser="on", public_id="0", email_key="x")
    client.post("/confirm-email/", {"code": mailed_code(), "status": "closed"})
    account = Account.objects.get()
    assert (account.status, account.email_key) == ("active", "noel@example.org")


def test_register_stands_next_to_sign_in(client: Client) -> None:
    page = client.get("/qpp/sign-in/").content.decode()
    header = page[page.index("<header") : page.index("</header>")]
    assert re.search(r">Sign In</a>\s*<a[^>]*>Register</a>", header)


def test_the_password_of_the_tests_would_be_accepted(client: Client) -> None:
    register(client, password=PASSWORD, password_again=PASSWORD)
