"""The security page and the forgotten password: every change is proved, told by mail, and ends other sessions."""

import re

import pytest
from django.test import Client

from rolebook.accounts.flows.status import reset_second_factor
from rolebook.accounts.models import Account
from rolebook.accounts.second_factor import code_at
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.notices.models import Notice
from tests.support import people
from tests.support.people import COMMAND, PASSWORD, Mails, Person, sign_in, signed_in_client
from tests.web.reading import mailed_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp")]

NEW = "violet-kettle-harbor"


def test_the_security_page_says_what_is_set_up(user_with_totp: Person) -> None:
    client = signed_in_client(user_with_totp)
    page = client.get("/security/").content.decode()
    assert "10 of 10" in page
    assert user_with_totp.account.email in page
    assert user_with_totp.secret not in page


@pytest.mark.fault(36)
@pytest.mark.invariant("I7")
def test_changing_the_password_ends_other_sessions_keeps_this_one_and_is_told_by_mail(
    user_with_totp: Person,
) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    changed = here.post("/security/password/", {"old": PASSWORD, "password": NEW, "password_again": NEW})
    assert changed["Location"] == "/security/"
    assert here.get("/security/").status_code == 200
    assert there.get("/security/").status_code == 302
    assert Notice.objects.latest("pk").kind == "password-changed"
    assert Event.objects.filter(tag="account:password-changed").count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"old": "wrong", "password": NEW, "password_again": NEW}, "That is not your password."),
        ({"old": PASSWORD, "password": "short", "password_again": "short"}, "at least 12 characters"),
        ({"old": PASSWORD, "password": NEW, "password_again": "x" * 12}, "The two passwords differ."),
    ],
)
def test_a_password_is_changed_only_with_the_present_one_and_to_a_good_one(
    user_with_totp: Person, typed: dict[str, str], sentence: str
) -> None:
    client = signed_in_client(user_with_totp)
    refused = client.post("/security/password/", typed)
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert Account.objects.get(pk=user_with_totp.account.pk).check_password(PASSWORD)


@pytest.mark.fault(46)
@pytest.mark.fault(36)
@pytest.mark.invariant("I9")
def test_an_address_changes_only_when_its_code_is_typed_and_both_addresses_are_told(
    user_with_totp: Person,
) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    old = user_with_totp.account.email
    here.post("/security/email/", {"email": "new@example.org", "password": PASSWORD})
    assert Account.objects.get(pk=user_with_totp.account.pk).email == old
    assert Notice.objects.latest("pk").address == "new@example.org"
    done = here.post("/security/email/confirm/", {"code": mailed_code()})
    assert done["Location"] == "/security/"
    account = Account.objects.get(pk=user_with_totp.account.pk)
    assert (account.email, account.email_key) == ("new@example.org", "new@example.org")
    warned, told = Notice.objects.order_by("-pk")[:2][::-1]
    assert (warned.kind, warned.address) == ("email-changed", old)
    assert (told.kind, told.recipient) == ("email-is-new", account)
    assert here.get("/security/").status_code == 200
    assert there.get("/security/").status_code == 302


@pytest.mark.fault(46)
@pytest.mark.invariant("I14")
def test_changing_to_somebody_elses_address_looks_the_same_and_does_nothing(user_with_totp: Person) -> None:
    other = people.new_user()
    client = signed_in_client(user_with_totp)
    mails = Notice.objects.count()
    asked = client.post("/security/email/", {"email": other.account.email, "password": PASSWORD})
    assert asked["Location"] == "/security/email/confirm/"
    assert Notice.objects.count() == mails
    assert client.post("/security/email/confirm/", {"code": "0000 0000"}).status_code == 422


def test_new_recovery_codes_void_the_old_ones(user_with_totp: Person) -> None:
    client = signed_in_client(user_with_totp)
    assert client.post("/security/recovery-codes/", {"password": "wrong"}).status_code == 422
    made = client.post("/security/recovery-codes/", {"password": PASSWORD})
    assert made["Location"] == "/recovery-codes/"
    codes = re.findall(r"<code>(\d{4} \d{4})</code>", client.get("/recovery-codes/").content.decode())
    assert len(codes) == 10
    for code, expected in ((user_with_totp.recovery_codes[0], 422), (codes[0], 302)):
        other = Client()
        other.post(
            "/qpp/sign-in/", {"user_id": user_with_totp.account.user_id, "password": PASSWORD, "agree": "on"}
        )
        assert other.post("/sign-in/code/", {"code": code}).status_code == expected


def secret_shown(client: Client) -> str:
    found = re.search(
        r'<code class="secret">([A-Z2-7 ]+)</code>', client.get("/second-factor/").content.decode()
    )
    assert found is not None
    return found[1].replace(" ", "")


@pytest.mark.fault(36)
@pytest.mark.requirement("QPP-01")
def test_replacing_the_app_asks_for_password_and_a_code_of_the_present_one_and_ends_other_sessions(
    user_with_totp: Person,
) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    secret = secret_shown(here)
    typed = {"code": code_at(secret, clock.now()), "password": PASSWORD, "present_code": "000000"}
    assert here.post("/second-factor/", typed).status_code == 422
    typed["present_code"] = user_with_totp.recovery_codes[3]
    assert here.post("/second-factor/", {**typed, "password": "wrong"}).status_code == 422
    assert here.post("/second-factor/", typed)["Location"] == "/recovery-codes/"
    assert here.get("/security/").status_code == 200
    assert there.get("/security/").status_code == 302
    tags = list(Event.objects.order_by("-sequence").values_list("tag", flat=True)[:3])
    assert tags == ["account:codes-made", "account:factor-added", "account:factor-removed"]
    sign_in(Client(), Person(user_with_totp.account, secret))


@pytest.mark.fault(40)
@pytest.mark.requirement("QPP-01")
def test_a_forgotten_password_is_set_anew_by_mail_and_the_second_factor_is_still_asked_for(
    client: Client, user_with_totp: Person
) -> None:
    before = signed_in_client(user_with_totp)
    client.post("/forgotten-password/", {"named": user_with_totp.account.email})
    assert Notice.objects.latest("pk").recipient == user_with_totp.account
    typed = {"code": mailed_code(), "password": NEW, "password_again": NEW}
    assert client.post("/forgotten-password/new/", typed)["Location"] == "/sign-in/"
    assert client.get("/security/").status_code == 302
    assert before.get("/security/").status_code == 302
    client.post("/qpp/sign-in/", {"user_id": user_with_totp.account.user_id, "password": NEW, "agree": "on"})
    assert client.get("/security/").status_code == 302
    Account.objects.update(last_totp_step=0)
    assert client.post("/sign-in/code/", {"code": user_with_totp.code(clock.now())}).status_code == 302


@pytest.mark.fault(40)
@pytest.mark.requirement("QPP-01")
def test_while_a_lost_factor_is_not_replaced_the_mailbox_alone_sets_no_password(
    client: Client, user_with_totp: Person
) -> None:
    signed_in_client(user_with_totp)
    early = Client()
    early.post("/forgotten-password/", {"named": user_with_totp.account.user_id})
    code = mailed_code()
    reset_second_factor(account=user_with_totp.account, at=clock.now(), origin=COMMAND, send=Mails())
    mails = Notice.objects.count()
    client.post("/forgotten-password/", {"named": user_with_totp.account.user_id})
    assert Notice.objects.count() == mails
    typed = {"code": code, "password": NEW, "password_again": NEW}
    assert early.post("/forgotten-password/new/", typed).status_code == 422
    assert Account.objects.get(pk=user_with_totp.account.pk).check_password(PASSWORD)


@pytest.mark.fault(40)
@pytest.mark.invariant("I14")
def test_asking_for_a_new_password_answers_alike_for_known_and_unknown_people(user_with_totp: Person) -> None:
    pages = []
    for named in (user_with_totp.account.user_id, "nobody-here", "nobody@example.org"):
        client = Client()
        asked = client.post("/forgotten-password/", {"named": named})
        assert asked["Location"] == "/forgotten-password/new/"
        refused = client.post(
            "/forgotten-password/new/", {"code": "0000 0000", "password": NEW, "password_again": NEW}
        )
        assert refused.status_code == 422
        pages.append(re.sub(r'value="[^"]{40,}"', "", refused.content.decode()))
    assert pages[0] == pages[1] == pages[2]
    assert Notice.objects.count() == 1


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    "named", ["m\u0131ke@example.org", "mike@example.org,evil@example.org", "MIKE@EXAMPLE.ORG"]
)
def test_mail_for_a_new_password_goes_to_the_stored_address_only(client: Client, named: str) -> None:
    person = people.new_user(user_id="mike")
    client.post("/forgotten-password/", {"named": [named, "evil@example.org"]})
    for notice in Notice.objects.all():
        assert notice.address == ""
        assert notice.recipient == person.account


@pytest.mark.invariant("I8")
def test_a_code_for_a_new_password_works_once(client: Client, user_with_totp: Person) -> None:
    client.post("/forgotten-password/", {"named": user_with_totp.account.user_id})
    code, kept = mailed_code(), client.session["rolebook.password_reset"]
    client.post("/forgotten-password/new/", {"code": code, "password": NEW, "password_again": NEW})
    again = Client()
    again.get("/register/?next=/qpp/")
    session = again.session
    session["rolebook.password_reset"] = kept
    session.save()
    other = "copper-meadow-violin"
    refused = again.post(
        "/forgotten-password/new/", {"code": code, "password": other, "password_again": other}
    )
    assert refused.status_code == 422


@pytest.mark.fault(48)
def test_links_in_account_mails_begin_with_the_sites_own_address(
    client: Client, user_with_totp: Person
) -> None:
    client.post("/register/", {}, headers={"x-forwarded-host": "evil.example"})
    client.post(
        "/forgotten-password/",
        {"named": user_with_totp.account.user_id},
        headers={"x-forwarded-host": "evil.example"},
    )
    signed_in_client(user_with_totp).post("/security/recovery-codes/", {"password": PASSWORD})
    for notice in Notice.objects.all():
        assert "evil.example" not in notice.text + notice.html


@pytest.mark.fault(44)
def test_a_name_that_would_break_a_mail_is_harmless_in_it(client: Client) -> None:
    person = people.user_with_totp(name="<b>Mallory</b> & Sons")
    client.post("/forgotten-password/", {"named": person.account.user_id})
    notice = Notice.objects.latest("pk")
    assert "<b>Mallory" not in notice.html
    assert "\n" not in notice.subject
