"""Home says what waits for somebody besides requests: a supervisor's word, records, codes."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from rolebook.audit import clock
from rolebook.governance.flows.register_own_record import ask_for_own_record
from rolebook.governance.models import AccessCheck, AccessCheckAnswer, SupervisorWord
from rolebook.notices.responders import record_mails
from tests.support import iqcs, responders
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, SECURITY
from tests.support.people import WEB, Person
from tests.web.counted_statements import MOST, statements
from tests.web.test_account_requests import browser, official, sent, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-02")]
HOME = "/iqcs/"


@pytest.fixture(autouse=True)
def before(db: None) -> datetime:
    at = clock.now() - timedelta(days=1)
    iqcs.begin(at)
    return at


def at_home(client: Client) -> str:
    return " ".join(client.get(HOME).content.decode().split())


def registers(name: str, identifier: str) -> None:
    ask_for_own_record(
        acting_user=somebody(name).account,
        program_id=PROGRAM,
        identifier=identifier,
        way="confirmation",
        send=record_mails(clock.now()),
        at=clock.now(),
        origin=WEB,
    )


def changed_employer(by: Person) -> AccessCheck:
    """A manager with a code of one agency, whom another one employs since."""
    manager = official(MANAGER, "FWS-R6", "Manuel Manager").account
    iqcs.employed(manager, "FWS-R6", at=clock.now() - timedelta(hours=2))
    iqcs.employed(manager, "BLM-MT", by=by.account, at=clock.now() - timedelta(hours=1))
    return AccessCheck.objects.get()


def test_a_supervisor_who_holds_nothing_finds_on_home_what_waits_for_their_word() -> None:
    rita, sam = somebody("Rita Requester"), somebody("Sam Supervisor")
    client = browser(sam)
    assert "Start by asking for a role" in at_home(client)
    assert "Waiting for your word" not in at_home(client)
    request = sent(browser(rita), rita.account, supervisor_email=sam.account.email.upper())
    shown = at_home(client)
    assert "1 account request names you as supervisor" in shown
    assert 'href="/iqcs/authorizations/"' in shown
    assert "Something waits for your word." in shown
    assert "Start by asking for a role" not in shown
    assert "names you as supervisor" not in at_home(browser(rita))
    assert statements(client, HOME) <= MOST
    word = SupervisorWord.objects.get(form__request=request)
    client.post(f"/iqcs/authorizations/{word.public_id}/", {"answer": "authorize"})
    assert "names you as supervisor" not in at_home(client)


@pytest.mark.requirement("IQCS-01")
def test_who_confirms_records_finds_on_home_how_many_wait_there_and_nobody_elsewhere_does(
    before: datetime,
) -> None:
    responders.imports(at=before)
    here = browser(official(MANAGER, "FWS-R6", "Manuel Manager"))
    elsewhere = browser(official(MANAGER, "USAF", "Ursula Usaf"))
    registers("Rosa Ranger", "R-104235")
    shown = at_home(here)
    assert "1 person says that a record is theirs" in shown
    assert 'href="/iqcs/registrations/"' in shown
    assert "a record is theirs" not in at_home(elsewhere)
    assert statements(here, HOME) <= MOST


@pytest.mark.requirement("IQCS-03")
def test_who_looks_at_codes_and_who_removes_them_find_on_home_what_waits_for_each() -> None:
    lead, other = official(LEAD, "BLM", "Lena Lead"), official(LEAD, "USAF", "Leo Lead")
    security = official(SECURITY, None, "Sven Security")
    check = changed_employer(lead)
    shown = at_home(browser(lead))
    assert "1 person has another employer and has codes" in shown
    assert 'href="/iqcs/employers/"' in shown
    assert "another employer" not in at_home(browser(other))
    assert "no longer needed" not in at_home(browser(security))
    held = check.employment.participation.account.accesses.get()
    browser(lead).post(
        f"/iqcs/access-checks/{check.public_id}/close/", {f"code-{held.public_id}": "remove", "note": "Left."}
    )
    assert AccessCheckAnswer.objects.count() == 1
    assert "another employer" not in at_home(browser(lead))
    removing = browser(security)
    shown = at_home(removing)
    assert "1 person has codes that are no longer needed" in shown
    assert statements(removing, HOME) <= MOST
