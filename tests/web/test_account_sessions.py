"""Where somebody is signed in: the list, signing out of one, of all others, everywhere, and the time-outs (I7)."""

from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from rolebook.accounts.credential_models import AccountSession
from rolebook.accounts.models import Account
from rolebook.accounts.sessions import KEPT_ENDED
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.jobs.housekeeping import prune_sessions
from rolebook.web.account.browsers import browser_in_words
from rolebook.web.account.session import in_words
from tests.support import people
from tests.support.people import PASSWORD, Person, signed_in_client

pytestmark = [pytest.mark.usefixtures("qpp"), pytest.mark.invariant("I7")]
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1"


def is_in(client: Client) -> bool:
    return client.get("/security/").status_code == 200


def named(client: Client) -> AccountSession:
    return AccountSession.objects.get(public_id=client.session["rolebook.session"])


def test_each_session_is_listed_with_browser_address_and_instants_this_one_first(
    user_with_totp: Person,
) -> None:
    phone = Client(headers={"user-agent": PHONE}, REMOTE_ADDR="198.51.100.7")
    people.sign_in(phone, user_with_totp)
    here = signed_in_client(user_with_totp)
    page = here.get("/security/").content.decode()
    assert page.index("This one") < page.index("Safari on iPhone")
    assert "198.51.100.7" in page
    assert page.count("This one") == 1
    assert PHONE not in page


def test_one_session_is_signed_out_and_out_at_its_next_request(user_with_totp: Person) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    assert here.post(f"/security/sessions/{named(there).public_id}/sign-out/").status_code == 302
    assert is_in(here)
    assert not is_in(there)
    event = Event.objects.filter(tag="account:signed-out").latest("sequence")
    assert '"scope":"one"' in event.content
    assert named_browsers(here) == 1


def named_browsers(client: Client) -> int:
    return len(client.get("/security/").context["sessions"])


def test_this_session_is_signed_out_from_the_list_as_well(user_with_totp: Person) -> None:
    here = signed_in_client(user_with_totp)
    address = f"/security/sessions/{named(here).public_id}/sign-out/"
    assert here.post(address)["Location"] == "/signed-out/"
    assert not is_in(here)


@pytest.mark.invariant("I3")
@pytest.mark.fault(54)
def test_nobody_signs_another_person_out(user_with_totp: Person) -> None:
    here, theirs = signed_in_client(user_with_totp), signed_in_client(people.user_with_totp("Otto Other"))
    here.post(f"/security/sessions/{named(theirs).public_id}/sign-out/")
    here.post("/security/sign-out-elsewhere/")
    here.post("/security/sign-out-everywhere/")
    assert is_in(theirs)


def test_signing_out_elsewhere_keeps_this_session_alone(user_with_totp: Person) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    assert here.post("/security/sign-out-elsewhere/").status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert named_browsers(here) == 1
    event = Event.objects.filter(tag="account:signed-out").latest("sequence")
    assert '"scope":"elsewhere","sessions":1' in event.content


def test_signing_out_everywhere_leaves_no_session_on_the_server(user_with_totp: Person) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    here.post("/security/sign-out-everywhere/")
    assert not is_in(here)
    assert not is_in(there)
    assert not AccountSession.objects.exclude(ended_at=None).filter(session_key__isnull=False).exists()
    assert not AccountSession.objects.filter(ended_at=None).exists()


@pytest.mark.fault(42)
@pytest.mark.parametrize("where", ["sign-out-elsewhere", "sign-out-everywhere"])
def test_following_a_link_signs_nobody_out(user_with_totp: Person, where: str) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    assert here.get(f"/security/{where}/").status_code == 405
    assert is_in(there)


@pytest.mark.fault(36)
def test_a_password_change_takes_the_other_sessions_off_the_list(user_with_totp: Person) -> None:
    here = signed_in_client(user_with_totp)
    signed_in_client(user_with_totp)
    new = "Trumpet sofa 7 glacier"
    here.post("/security/password/", {"old": PASSWORD, "password": new, "password_again": new})
    assert named_browsers(here) == 1
    assert Session.objects.filter(pk=named(here).session_key).exists()


def test_when_a_session_was_seen_is_noted_every_few_minutes_and_not_at_every_request(
    user_with_totp: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = signed_in_client(user_with_totp)
    began = named(here).seen_at
    for minutes, noted in ((4, False), (6, True)):
        later = clock.now() + timedelta(minutes=minutes)
        with monkeypatch.context() as moved:
            moved.setattr("rolebook.audit.clock.now", lambda at=later: at)
            here.get("/security/")
        assert (named(here).seen_at > began) is noted


@pytest.mark.parametrize(
    ("steps", "ends"), [([29 * 60, 29 * 60], False), ([31 * 60], True), ([25 * 60] * 30, True)]
)
def test_a_session_ends_after_30_idle_minutes_or_12_hours(
    user_with_totp: Person, steps: list[int], ends: bool
) -> None:
    client = signed_in_client(user_with_totp)
    at = clock.now()
    statuses = []
    for step in steps:
        at += timedelta(seconds=step)
        with mock.patch("rolebook.web.account.session.clock.now", return_value=at):
            statuses.append(client.get("/qpp/").status_code)
    assert (302 in statuses) is ends


def test_who_does_something_is_not_signed_out_however_short_the_limit_is(
    user_with_totp: Person, settings: Settings
) -> None:
    settings.ROLEBOOK_SESSION_IDLE_SECONDS = 60
    client = signed_in_client(user_with_totp)
    at = clock.now()
    for _ in range(4):
        at += timedelta(seconds=40)
        with mock.patch("rolebook.web.account.session.clock.now", return_value=at):
            assert client.get("/qpp/").status_code == 200


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(user_with_totp: Person) -> None:
    client = signed_in_client(user_with_totp)
    at, statuses = clock.now(), []
    for _ in range(3):
        at += timedelta(minutes=11)
        with mock.patch("rolebook.web.account.session.clock.now", return_value=at):
            statuses.append(client.get("/qpp/", headers={"Rolebook-Poll": "yes"}).status_code)
    assert statuses == [200, 200, 302]


def test_everything_that_pages_ask_by_themselves_says_so() -> None:
    templates = Path(apps.get_app_config("web").path) / "templates"
    asking = [page for page in templates.rglob("*.html") if 'hx-trigger="every' in page.read_text()]
    assert len(asking) == 4
    for page in asking:
        text = page.read_text()
        assert text.count('hx-trigger="every') == text.count("""hx-headers='{"Rolebook-Poll": "yes"}'""")


def test_an_idle_person_is_told_why_at_sign_in_and_comes_back_to_the_page(
    user_with_totp: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = signed_in_client(user_with_totp)
    name = named(here)
    later = clock.now() + timedelta(minutes=31)
    with monkeypatch.context() as moved:
        moved.setattr("rolebook.audit.clock.now", lambda: later)
        sent = here.get("/qpp/my-access/")
        assert sent["Location"] == "/qpp/sign-in/?next=%2Fqpp%2Fmy-access%2F"
        page = here.get(sent["Location"]).content.decode()
    assert "nothing was done for 30 minutes" in page
    name.refresh_from_db()
    assert name.ended_at == later
    Account.objects.update(last_totp_step=0)
    here.post(
        "/qpp/sign-in/", {"user_id": user_with_totp.account.user_id, "password": PASSWORD, "agree": "on"}
    )
    done = here.post("/sign-in/code/", {"code": user_with_totp.code(clock.now())})
    assert done["Location"] == "/qpp/my-access/"


@pytest.mark.parametrize(
    ("headers", "following"),
    [
        ({"Referer": "http://testserver/qpp/requests/?page=2"}, "?next=%2Fqpp%2Frequests%2F%3Fpage%3D2"),
        ({"HX-Request": "true", "HX-Current-URL": "http://testserver/qpp/"}, "?next=%2Fqpp%2F"),
        ({"Referer": "https://evil.test/qpp/"}, ""),
        ({"HX-Request": "true", "HX-Current-URL": "https://evil.test/qpp/"}, ""),
        ({}, ""),
    ],
    ids=["a form", "a part", "a form elsewhere", "a part elsewhere", "unknown"],
)
def test_who_is_signed_out_in_the_middle_of_something_comes_back_to_its_page(
    client: Client, headers: dict[str, str], following: str
) -> None:
    sent = client.post("/qpp/request-a-role/", headers=headers)
    assert (sent.headers.get("HX-Redirect") or sent["Location"]) == f"/qpp/sign-in/{following}"


def test_the_time_outs_are_settings_and_are_told_in_words(user_with_totp: Person, settings: Settings) -> None:
    settings.ROLEBOOK_SESSION_IDLE_SECONDS, settings.SESSION_COOKIE_AGE = 600, 3600
    page = signed_in_client(user_with_totp).get("/security/").content.decode()
    assert "after 10 minutes without doing anything" in " ".join(page.split())
    assert "after 1 hour in any case" in " ".join(page.split())
    assert [in_words(seconds) for seconds in (60, 5400, 43200)] == ["1 minute", "90 minutes", "12 hours"]


def test_ended_sessions_are_forgotten(user_with_totp: Person) -> None:
    here = signed_in_client(user_with_totp)
    prune_sessions(clock.now() + KEPT_ENDED - timedelta(hours=1))
    assert AccountSession.objects.exists()
    prune_sessions(clock.now() + KEPT_ENDED + timedelta(hours=1))
    assert not AccountSession.objects.exists()
    assert here.get("/signed-out/").status_code == 200


def test_browsers_are_named_in_plain_words() -> None:
    said = {
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0": "Edge on Windows",
        "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0": "Firefox on Linux",
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36": "Chrome on Android",
        PHONE: "Safari on iPhone",
        "<script>": "An unknown browser",
        "": "An unknown browser",
    }
    assert {text: browser_in_words(text) for text in said} == said


@pytest.mark.requirement("QPP-01")
def test_the_only_factor_has_no_button_to_remove_it_and_the_flow_says_why(user_with_totp: Person) -> None:
    here = signed_in_client(user_with_totp)
    assert "/second-factor/remove/" not in here.get("/security/").content.decode()
    refused = here.post("/second-factor/remove/", {"password": PASSWORD})
    assert refused.status_code == 409
    assert "without one nobody can act here" in refused.content.decode()
