"""The person whose mail was rejected, at their next sign-in; and the pages of who looks after people (IQCS-09)."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from rolebook.accounts.rejected_addresses import is_rejected
from rolebook.audit import clock
from rolebook.governance.models import Participation
from rolebook.notices.bounce_models import Bounce
from rolebook.notices.bounces import take_report
from rolebook.notices.models import Notice
from tests.notices.reports import report_about
from tests.support import grants, iqcs, people
from tests.support.people import LATELY, PASSWORD, Person, sign_in, signed_in_client

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-09")]


@pytest.fixture
def rita() -> Person:
    """Somebody in IQCS and QPP, to whom a mail was rejected a minute ago."""
    iqcs.begin(LATELY)
    people.activate("qpp", LATELY)
    person = people.user_with_totp("Rita Responder", at=LATELY)
    for program_id in ("iqcs", "qpp"):
        Participation.objects.create(account=person.account, program_id=program_id, created_at=LATELY)
    rejects(person)
    return person


def rejects(person: Person) -> None:
    at = clock.now() - timedelta(minutes=1)
    notice = Notice.objects.create(
        recipient=person.account,
        kind="password-changed",
        subject="Rolebook: Password changed",
        text="Your password was changed.\n",
        message_id=f"mail.{person.account.user_id}@example.org",
        state="sent",
        attempts=1,
        sent_at=at,
        next_attempt_at=at,
        created_at=at,
    )
    take_report(report_about(notice), source=Bounce.Source.COMMAND, at=at)


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_at_the_next_sign_in_the_person_is_told_and_whom_to_ask(rita: Person) -> None:
    client = Client()
    sign_in(client, rita, "qpp")
    shown = page(client, "/security/email/rejected/")
    assert "Mail to you was rejected" in shown
    assert rita.account.email in shown
    assert "IQCS Application Steward" in shown
    assert "your representative asks for that" in shown
    assert 'href="/qpp/"' in shown  # where they wanted to go


def test_the_sign_in_leads_to_that_page_first_and_never_for_anybody_else(rita: Person) -> None:
    client = Client()
    client.post("/qpp/sign-in/", {"user_id": rita.account.user_id, "password": PASSWORD, "agree": "on"})
    answered = client.post("/sign-in/code/", {"code": rita.code(clock.now())})
    assert answered["Location"] == "/security/email/rejected/"
    other = people.user_with_totp("Olga Other")
    client = Client()
    client.post("/qpp/sign-in/", {"user_id": other.account.user_id, "password": PASSWORD, "agree": "on"})
    assert client.post("/sign-in/code/", {"code": other.code(clock.now())})["Location"] == "/qpp/"


def test_a_code_to_the_address_proves_it_and_the_program_stays_closed_until_somebody_reopens_it(
    rita: Person,
) -> None:
    client = signed_in_client(rita, "qpp")
    wrong = client.post("/security/email/prove/", {"password": "not mine"})
    assert wrong.status_code == 422
    client.post("/security/email/prove/", {"password": PASSWORD})
    text = Notice.objects.get(kind="confirm-new-email").text
    code = re.findall(r"\d{4} \d{4}", text)[0]
    done = client.post("/security/email/confirm/", {"code": code})
    assert done["Location"] == "/security/email/rejected/"
    assert not is_rejected(rita.account)
    shown = page(client, "/security/email/rejected/")
    assert "Mail reaches you again" in shown
    assert "your representative asks for that" in shown
    closed = client.get("/iqcs/")
    assert closed.status_code == 403
    assert "A mail to the address of the account was rejected" in closed.content.decode()
    assert "/security/email/rejected/" in closed.content.decode()


def test_who_manages_people_sees_the_address_that_rejects_mail(rita: Person) -> None:
    steward = people.user_with_totp("Stella Steward", at=LATELY)
    for program_id in ("iqcs", "qpp"):
        grants.agree(steward.account, program_id, LATELY)
        grants.designated(steward.account, grants.STEWARD, program_id=program_id, at=LATELY)
    client = signed_in_client(steward, "iqcs")
    assert "Mail is rejected since" in page(client, "/iqcs/people/?search=Rita")
    assert "Mail is rejected since" in page(client, f"/iqcs/people/{rita.account.public_id}/")
    mail = page(client, "/iqcs/mail-queue/?show=rejected")
    assert "Rejected for good" in mail
    assert "smtp; 550 5.1.1 no such user" in mail
    assert "Deactivated" in mail
