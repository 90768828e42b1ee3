"""The digest of pending requests: at the chosen cadence, once, and only when something waits (QPP-16)."""

from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.flows import remove_access
from rolebook.governance.refusals import NotFound
from rolebook.notices.choosing import choose_reminder, stop_reminders, stop_url, whose_reminders
from rolebook.notices.letter import Written
from rolebook.notices.message import compose
from rolebook.notices.models import Notice, Reminder
from rolebook.notices.reminding import send_reminders
from tests.notices.conftest import Clock, make_sender
from tests.notices.smtp import Server
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.people import START, WEB

pytestmark = pytest.mark.requirement("QPP-16")
MONDAY_9 = datetime.fromisoformat("2026-03-09T09:00-04:00")
"""The first Monday at nine in New York after START, and after the clocks changed."""


@pytest.fixture
def place(qpp: str) -> Organization:
    return people.practice()


@pytest.fixture
def official(place: Organization) -> Account:
    return grants.official(place, "Olga Official")


def chooses(
    account: Account, cadence: str = "weekly", *, weekday: int = 0, hour: int = 9, at: datetime = START
) -> Reminder:
    return choose_reminder(
        acting_user=account,
        program_id="qpp",
        cadence=cadence,
        weekday=weekday,
        hour=hour,
        at=at,
        origin=WEB,
    )


def digests() -> list[Notice]:
    return list(Notice.objects.filter(kind="reminder:qpp").order_by("pk"))


def test_what_waits_comes_oldest_first_with_one_link_that_opens_a_page(
    place: Organization, official: Account
) -> None:
    grants.asks(grants.user("Nora New"), place, at=START + timedelta(hours=2))
    grants.asks(grants.user("Zoe Zimmer"), place, at=START)
    chooses(official)
    assert send_reminders(MONDAY_9 - timedelta(seconds=1)) == 0
    assert send_reminders(MONDAY_9) == 1
    [digest] = digests()
    assert digest.subject == "QPP: 2 requests wait for you"
    assert digest.text.startswith("2 requests wait for you, the oldest since Mar 2, 2026, 10:00 a.m. EST.")
    assert digest.text.index("Zoe Zimmer") < digest.text.index("Nora New")
    assert f"Staff User at {place.name}" in digest.text
    assert "every Monday at 9 a.m." in digest.text
    assert f"{settings.ROLEBOOK.site_url}/qpp/notices/" in digest.text
    assert (digest.recipient, digest.address) == (official, "")


def test_nothing_waiting_sends_nothing_and_the_next_week_is_looked_at(
    place: Organization, official: Account
) -> None:
    chooses(official)
    assert send_reminders(MONDAY_9) == 0
    assert Reminder.objects.get().due_at == MONDAY_9 + timedelta(days=7)
    grants.asks(grants.user("Nora New"), place, at=MONDAY_9)
    assert send_reminders(MONDAY_9 + timedelta(days=7)) == 1


@pytest.mark.fault(58)
def test_hours_missed_while_no_worker_ran_give_one_mail(place: Organization, official: Account) -> None:
    grants.asks(grants.user("Nora New"), place)
    chooses(official, "working-days")
    late = MONDAY_9 + timedelta(days=21, hours=3)
    assert [send_reminders(late), send_reminders(late + timedelta(minutes=1))] == [1, 0]
    assert Reminder.objects.get().due_at == MONDAY_9 + timedelta(days=22)


def test_a_digest_that_waits_for_the_mail_server_is_not_joined_by_another(
    place: Organization, official: Account
) -> None:
    grants.asks(grants.user("Nora New"), place)
    chooses(official)
    assert [send_reminders(MONDAY_9), send_reminders(MONDAY_9 + timedelta(days=7))] == [1, 0]
    Notice.objects.update(state=Notice.State.SENT)
    assert send_reminders(MONDAY_9 + timedelta(days=14)) == 1


def test_one_s_own_request_and_those_of_a_lost_office_are_not_in_the_digest(
    place: Organization, official: Account
) -> None:
    other = grants.official(place, "Omar Official")
    grants.asks(official, people.practice("Harbor Point Clinic"))
    chooses(official)
    assert send_reminders(MONDAY_9) == 0
    grants.asks(grants.user("Nora New"), place)
    remove_access(
        acting_user=other,
        program_id="qpp",
        organization_id=place.public_id,
        beneficiary_id=official.public_id,
        at=MONDAY_9,
        origin=WEB,
    )
    assert send_reminders(MONDAY_9 + timedelta(days=7)) == 0


@pytest.mark.invariant("I7")
def test_a_deactivated_person_gets_no_digest(place: Organization, official: Account) -> None:
    grants.asks(grants.user("Nora New"), place)
    chooses(official)
    Account.objects.filter(pk=official.pk).update(status=Account.Status.DEACTIVATED)
    assert send_reminders(MONDAY_9) == 0


@pytest.mark.fault(47)
def test_workers_at_the_same_time_send_one_digest_each_person(committed_db: CommittedDatabase) -> None:
    people.activate("qpp")
    place = people.practice()
    officials = [grants.official(place, name) for name in ("Olga Official", "Omar Official", "Odo Official")]
    grants.asks(grants.user("Nora New"), place)
    for official in officials:
        chooses(official)
    committed_db.in_threads([lambda: send_reminders(MONDAY_9)] * 4)
    assert sorted(digest.recipient.name for digest in digests() if digest.recipient) == [
        "Odo Official",
        "Olga Official",
        "Omar Official",
    ]


def test_a_choice_is_on_record_once_and_the_same_again_is_not(official: Account) -> None:
    for _ in range(2):
        chooses(official)
    events = Event.objects.filter(tag="reminder:chosen")
    assert [event.beneficiary_id for event in events] == [official.public_id]
    assert chooses(official, "off").due_at is None
    assert events.all().count() == 2


@pytest.mark.parametrize("wrong", [{"cadence": "hourly"}, {"weekday": 7}, {"hour": 24}])
def test_a_choice_that_is_not_offered_is_refused(official: Account, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected a cadence"):
        chooses(official, **wrong)  # type: ignore[arg-type]


def test_only_digests_offer_to_be_stopped_and_their_address_stays_on_one_line(
    place: Organization, official: Account, smtp: Server, clock: Clock
) -> None:
    grants.asks(grants.user("Nora New"), place)
    chooses(official)
    send_reminders(MONDAY_9)
    clock.now = MONDAY_9
    make_sender(smtp, clock).send_due()
    [mail] = smtp.received
    assert mail.message["List-Unsubscribe"] == f"<{stop_url(official, 'qpp')}>"
    assert mail.message["List-Unsubscribe-Post"] is None  # only an https address may have it


def test_one_click_is_offered_for_an_https_address_as_rfc_8058_asks() -> None:
    address = "https://rolebook.example.org/stop-reminders/" + "x" * 120 + "/"

    def composed(url: str) -> bytes:
        return compose(
            Written("Subject", "Text\n", ""),
            message_id="1@example.org",
            name="Olga",
            address="olga@example.org",
            mail_from="Rolebook <rolebook@example.org>",
            sent_at=START,
            unsubscribe_url=url,
        )

    raw = composed(address)
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in raw
    assert message_from_bytes(raw, policy=default)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert b"List-Unsubscribe" not in composed("")


def test_opening_the_stop_link_changes_nothing_and_one_post_without_a_session_stops(
    place: Organization, official: Account
) -> None:
    other = grants.official(place, "Omar Official")
    for account in (official, other):
        chooses(account)
    path = urlsplit(stop_url(official, "qpp")).path
    client = Client(enforce_csrf_checks=True)
    before = Event.objects.count()
    for ask in (client.get, client.head):
        assert ask(path).status_code == 200
    assert Event.objects.count() == before
    for _ in range(2):
        answer = client.post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert b"have stopped" in answer.content
    cadences = dict(Reminder.objects.values_list("participation__account__name", "cadence"))
    assert cadences == {"Olga Official": "off", "Omar Official": "weekly"}
    assert Event.objects.count() == before + 1


def test_a_stop_token_is_bound_to_its_person_and_program(official: Account, place: Organization) -> None:
    other = grants.official(place, "Omar Official")
    token = stop_url(official, "qpp").rstrip("/").rpartition("/")[2]
    assert whose_reminders(token).account == official
    forged = token.replace(str(official.public_id), str(other.public_id))
    for wrong in (forged, token.replace("qpp", "iqies"), token[:-1], "x", "~~", ""):
        with pytest.raises(NotFound):
            stop_reminders(token=wrong, at=START, origin=WEB)
    for wrong in (forged, "x"):
        assert Client().post(f"/stop-reminders/{wrong}/").status_code == 404
