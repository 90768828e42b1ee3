"""Who is told what after which event (QPP-07 to QPP-10, QPP-13)."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import resolve

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.audit.tags import TAGS
from rolebook.governance.flows import ask_to_submit_again, remove_access, withdraw_request
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.notices.table import TELLINGS
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, asks, decides, designated, open_stage
from tests.support.people import WEB, Person
from tests.web.worlds import signed_in

pytestmark = pytest.mark.usefixtures("qpp")
NOW = LATER + timedelta(minutes=5)


def told(kind: str, now: datetime = NOW) -> dict[str, Notice]:
    """Derive what there is to derive and return the notices of a kind, by the recipient's name."""
    while derive_notices(now=now):
        pass
    return {str(notice.recipient): notice for notice in Notice.objects.filter(kind=kind)}


@pytest.fixture
def officials(practice: Organization) -> tuple[Account, Account]:
    return grants.official(practice, "Olga Official"), grants.official(practice, "Omar Official")


@pytest.mark.requirement("QPP-09")
def test_every_security_official_is_told_when_a_request_starts_to_wait(
    practice: Organization, officials: tuple[Account, Account]
) -> None:
    elsewhere = grants.official(another_practice("Harbor Point Clinic"), "Edna Elsewhere")
    asks(grants.user("Uma User"), practice, reason="billing")
    waiting = told("request-waiting")
    assert set(waiting) == {"Olga Official", "Omar Official"}
    assert elsewhere.name not in waiting
    mail = waiting["Olga Official"]
    assert mail.subject == f"QPP: Request waiting for you: Staff User at {practice.name} for Uma User"
    assert mail.text.startswith(f"Uma User asks for the role Staff User at {practice.name}.")
    assert "billing" in mail.text


@pytest.mark.requirement("QPP-09")
@pytest.mark.invariant("I6")
def test_an_official_who_asks_for_themselves_is_not_asked_to_decide(practice: Organization) -> None:
    first = grants.official(practice, "Olga Official")
    asks(first, another_practice("Harbor Point Clinic"))
    asks(grants.user("Uma User"), practice)
    assert [notice.subject for notice in told("request-waiting").values()] == [
        f"QPP: Request waiting for you: Staff User at {practice.name} for Uma User"
    ]


@pytest.mark.requirement("QPP-09")
def test_a_removed_official_is_not_told_of_later_requests(
    practice: Organization, officials: tuple[Account, Account]
) -> None:
    remaining, removed = officials
    removes(remaining, removed, practice)
    asks(grants.user("Uma User"), practice, at=LATER)
    assert set(told("request-waiting")) == {remaining.name}


@pytest.mark.requirement("QPP-09")
def test_the_steward_is_told_where_nobody_else_can_decide(practice: Organization) -> None:
    grants.steward("Stella Steward")
    asks(grants.user("Uma User"), practice, role_id=OFFICIAL)
    assert set(told("request-waiting")) == {"Stella Steward"}


@pytest.mark.requirement("QPP-09")
def test_a_request_decided_before_the_reader_came_is_told_as_such_to_every_official(
    practice: Organization, officials: tuple[Account, Account]
) -> None:
    request = asks(grants.user("Uma User"), practice)
    decides(officials[0], open_stage(request))
    late = told("request-waiting")
    assert set(late) == {"Olga Official", "Omar Official"}
    assert all("no longer waiting" in notice.subject for notice in late.values())


@pytest.mark.requirement("QPP-07", "QPP-08")
@pytest.mark.parametrize(("verdict", "word"), [("approved", "approved"), ("denied", "denied")])
def test_a_decision_is_told_to_who_decided_and_to_who_asked(
    practice: Organization, officials: tuple[Account, Account], verdict: str, word: str
) -> None:
    request = asks(grants.user("Uma User"), practice)
    decides(officials[0], open_stage(request), verdict, reason="as agreed")
    own, answers = told("own-decision"), told("decision")
    assert set(own) == {"Olga Official"}
    assert own["Olga Official"].subject == f"QPP: You {word}: Staff User at {practice.name} for Uma User"
    assert set(answers) == {"Uma User"}
    assert answers["Uma User"].subject == f"QPP: Access {word}: Staff User at {practice.name}"
    assert "as agreed" in answers["Uma User"].text
    # Offices, not persons (docs/decisions/0033).
    assert f"Security Official of {practice.name}" in " ".join(answers["Uma User"].text.split())
    assert "Olga" not in answers["Uma User"].text


@pytest.mark.requirement("QPP-10")
def test_the_person_removed_is_told(practice: Organization, officials: tuple[Account, Account]) -> None:
    staff = grants.staff(practice, officials[0], "Stan Staff")
    removes(officials[0], staff, practice)
    removed = told("access-removed")
    assert set(removed) == {"Stan Staff"}
    assert removed["Stan Staff"].subject == f"QPP: Access removed: Staff User at {practice.name}"
    assert removed["Stan Staff"].text.startswith(f"Your access at {practice.name} was removed.")


@pytest.mark.requirement("QPP-13")
def test_who_denied_by_mistake_can_have_the_requester_asked_again(
    practice: Organization, officials: tuple[Account, Account]
) -> None:
    request = asks(grants.user("Uma User"), practice)
    decides(officials[0], open_stage(request), "denied")
    # Named as the button on the request's page is.
    (own,) = [one for one in told("own-decision").values() if one.subject.startswith("QPP: You denied")]
    assert "choose Ask Uma User to submit again." in " ".join(own.text.split())
    ask_to_submit_again(
        acting_user=officials[0], program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB
    )
    again = told("submit-again")
    assert set(again) == {"Uma User"}
    assert "submit your request" in again["Uma User"].subject
    assert "The Security Official of" in again["Uma User"].text
    assert officials[0].name not in again["Uma User"].text
    assert str(request.public_id) in again["Uma User"].text


def test_a_withdrawn_request_tells_nobody_that_it_was_decided(
    practice: Organization, officials: tuple[Account, Account]
) -> None:
    person = grants.user("Uma User")
    request = asks(person, practice)
    withdraw_request(acting_user=person, program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB)
    assert told("decision") == {}


def test_a_designation_is_told_to_the_person(practice: Organization) -> None:
    designated(grants.user("Uma User"), OFFICIAL, practice)
    assert (
        told("role-designated")["Uma User"].subject
        == f"QPP: Access given: Security Official at {practice.name}"
    )


def test_every_line_of_the_table_names_a_declared_event() -> None:
    assert [telling.tag.name for telling in TELLINGS if telling.tag.name not in TAGS] == []


@pytest.mark.invariant("I9")
def test_a_notice_names_no_address_of_its_own(
    practice: Organization, officials: tuple[Account, Account]
) -> None:
    asks(grants.user("Uma User"), practice)
    assert {notice.address for notice in told("request-waiting").values()} == {""}


@pytest.mark.fault(45, 48)
def test_a_scanner_that_opens_every_link_of_every_mail_changes_nothing(
    practice: Organization, officials: tuple[Account, Account]
) -> None:
    denied, approved = asks(grants.user("Uma User"), practice), asks(grants.user("Ulf User"), practice)
    decides(officials[0], open_stage(denied), "denied")
    decides(officials[0], open_stage(approved))
    removes(officials[0], approved.beneficiary, practice)
    asks(grants.user("Una User"), practice, at=LATER)
    told("decision")
    links = {line for notice in Notice.objects.all() for line in notice.text.splitlines() if "://" in line}
    assert len(links) == 3
    official = signed_in(Person(officials[0]))
    official.get("/qpp/")  # the session's first page in the program is on record
    before = (Event.objects.count(), Notice.objects.count())
    for link in sorted(links):
        assert link.startswith("http://127.0.0.1:8000/"), link
        resolve(urlsplit(link).path)
        for client in (Client(), official, Client(headers={"host": "evil.example"})):
            client.get(urlsplit(link).path)
            client.head(urlsplit(link).path)
    assert (Event.objects.count(), Notice.objects.count()) == before


def removes(by: Account, person: Account, where: Organization) -> None:
    remove_access(
        acting_user=by,
        program_id="qpp",
        organization_id=where.public_id,
        beneficiary_id=person.public_id,
        at=LATER,
        origin=WEB,
    )


def another_practice(name: str) -> Organization:
    return people.practice(name)
