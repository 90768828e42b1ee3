"""The pages about inactivity and reactivation: who sees them, what they say, and that they do it."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.audit import clock
from rolebook.audit.recording import Origin
from rolebook.governance.flows.watch_quiet import watch_quiet
from rolebook.governance.models import Grant, Participation, QuietWatch, Request
from rolebook.policy.months import months_after
from tests.governance.test_reactivating_by_todays_rules import exclusive
from tests.support import grants, iqcs, people, rolebooks
from tests.support.grants import open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY, TRAINING
from tests.support.people import Person
from tests.web.reading import text_at

DAY = timedelta(days=1)
JOB = Origin("job")


@pytest.fixture
def now(db: None) -> datetime:
    at = clock.now()
    iqcs.begin(at - 500 * DAY)
    return at


def manager(at: datetime) -> Person:
    person = iqcs.person("Mia Manager", MANAGER, "FWS-R6-BNR", at)
    iqcs.employed(person.account, "FWS-R6-BNR", at=at)
    return person


def browser(person: Person) -> Client:
    return people.signed_in_client(person, PROGRAM)


def part_of(person: Person) -> Participation:
    return Participation.objects.get(account=person.account, program_id=PROGRAM)


@pytest.mark.requirement("IQCS-08")
def test_who_is_past_twelve_months_reads_why_and_whom_to_ask_though_no_job_has_run(now: datetime) -> None:
    iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS", now - DAY)
    mia = manager(now - 400 * DAY)
    assert part_of(mia).status == "active"
    page = browser(mia).get("/iqcs/")
    assert page.status_code == 403
    text = page.content.decode()
    assert "is closed" in text
    assert "You did not sign in to IQCS for 12 months." in text
    assert "Your IQCS representative can ask for your account to be reactivated" in " ".join(text.split())
    assert "Rosa Representative" in text
    assert part_of(mia).last_signed_in_at is None


@pytest.mark.requirement("IQCS-10")
def test_a_representative_asks_on_a_page_and_security_does_it_with_one_click(now: datetime) -> None:
    rosa = iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS", now - DAY)
    sven = iqcs.person("Sven Security", SECURITY, None, now - DAY)
    mia = manager(now - 400 * DAY)
    client = browser(rosa)
    assert "Mia Manager" in client.get("/iqcs/reactivations/").content.decode()
    address = f"/iqcs/reactivations/{mia.account.public_id}/"
    page = client.get(address).content.decode()
    assert "Role Account Manager" in page
    assert "Benton Lake Refuge" in page
    without = client.post(address, {"reason": "  "})
    assert without.status_code == 409
    assert "Say why" in without.content.decode()
    assert client.post(address, {"reason": "She is back."}).status_code == 303
    request = Request.objects.get()
    assert "asked for already" in client.get(address).content.decode()
    stage = open_stage(request)
    acting = browser(sven)
    shown = acting.get(f"/iqcs/requests/{request.public_id}/")
    assert shown.status_code == 200
    text = shown.content.decode()
    assert "Reactivation of Mia Manager" in text
    assert "Role Account Manager" in text
    hidden = dict(re.findall(r'name="(version|items)"\s+value="([^"]*)"', text))
    done = acting.post(
        f"/iqcs/reactivations/stages/{stage.public_id}/", {**hidden, "verdict": "approved"}, follow=True
    )
    assert "Mia Manager was reactivated." in done.content.decode()
    assert part_of(mia).status == "active"
    assert browser(mia).get("/iqcs/").status_code == 200
    assert Grant.objects.filter(account=mia.account, closed_at=None).exists()


@pytest.mark.requirement("IQCS-10")
def test_a_withdrawn_reactivation_is_submitted_again_from_its_own_page(now: datetime) -> None:
    rosa = iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS", now - DAY)
    mia, client = manager(now - 400 * DAY), browser(rosa)
    client.post(f"/iqcs/reactivations/{mia.account.public_id}/", {"reason": "She is back."})
    first = Request.objects.get()
    client.post(f"/iqcs/requests/{first.public_id}/withdraw/")
    page = client.get(f"/iqcs/requests/{first.public_id}/").content.decode()
    address = re.search(r"/iqcs/requests/[\w-]+/submit-again/", page)
    assert address is not None
    refused = client.post(address.group(), {"reason": " "})
    assert refused.status_code == 409
    done = client.post(address.group(), {"reason": "She is back, indeed."}, follow=True)
    assert done.status_code == 200
    assert "Your request was submitted again" in done.content.decode()
    second = Request.objects.exclude(pk=first.pk).get()
    assert (second.beneficiary, second.reason) == (mia.account, "She is back, indeed.")


@pytest.mark.requirement("IQCS-10")
@pytest.mark.invariant("I14")
def test_to_everybody_else_the_pages_of_reactivation_are_not_there(now: datetime) -> None:
    berta = iqcs.person("Berta Elsewhere", REPRESENTATIVE, "BLM-MT", now - DAY)
    sven = iqcs.person("Sven Security", SECURITY, None, now - DAY)
    nobody = people.user_with_totp("Nora New", at=now - DAY)
    mia = manager(now - 400 * DAY)
    address = f"/iqcs/reactivations/{mia.account.public_id}/"
    for person in (berta, sven, nobody):
        assert browser(person).get(address).status_code == 404
        assert browser(person).post(address, {"reason": "please"}).status_code == 404
    assert "Mia Manager" not in browser(berta).get("/iqcs/reactivations/").content.decode()
    assert browser(nobody).get("/iqcs/reactivations/").status_code == 404
    assert browser(nobody).get("/iqcs/inactivity/").status_code == 404
    assert not Request.objects.exists()


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
def test_a_steward_sees_who_is_due_and_lets_stopped_closings_go_on(now: datetime) -> None:
    stella = iqcs.person("Stella Steward", grants.STEWARD, None, now - DAY)
    mia = manager(now - 400 * DAY)
    watch_quiet(PROGRAM, at=now - 400 * DAY, origin=JOB)
    watch_quiet(PROGRAM, at=now, origin=JOB)
    client = browser(stella)
    page = client.get("/iqcs/inactivity/").content.decode()
    assert "Mia Manager" in page
    assert "Closings stopped" in page
    assert "They are warned 60, 30 and 7 days before." in page
    assert "Let it go on" in page
    assert "1 of the active people" in client.get("/iqcs/inactivity/go-on/").content.decode()
    assert client.post("/iqcs/inactivity/go-on/").status_code == 303
    assert QuietWatch.objects.get().confirmed_by == stella.account
    assert client.post("/iqcs/inactivity/go-on/").status_code == 409
    run = watch_quiet(PROGRAM, at=clock.now(), origin=JOB)
    assert (run.stopped, run.warned >= 1) == ("", True)
    people_page = client.get("/iqcs/people/").content.decode()
    assert "unless they sign in" in people_page
    person = client.get(f"/iqcs/people/{mia.account.public_id}/").content.decode()
    assert "Closed without a sign-in by" in person


@pytest.mark.requirement("IQCS-08")
def test_who_is_past_twelve_months_is_closed_on_the_stewards_pages_though_no_job_has_run(
    now: datetime,
) -> None:
    stella = iqcs.person("Stella Steward", grants.STEWARD, None, now - DAY)
    mia = manager(now - 400 * DAY)
    assert part_of(mia).status == "active"
    client = browser(stella)
    found = {
        status: "Mia Manager" in client.get(f"/iqcs/people/?status={status}").content.decode()
        for status in ("active", "deactivated", "closed")
    }
    assert found == {"active": False, "deactivated": False, "closed": True}
    told = text_at(client, f"/iqcs/people/{mia.account.public_id}/")
    assert "Active" not in told
    assert "Closed since" in told
    assert "A reactivation opens the account again" in told
    assert ",closed," in client.get("/iqcs/people/export.csv?search=mia").getvalue().decode()
    rosa = iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS-R6-BNR", now - DAY)
    place = iqcs.place("FWS-R6-BNR").public_id
    users = text_at(browser(rosa), reverse("organization-users", args=[PROGRAM, place]))
    assert "Not active" in users.split("Mia Manager")[1]


@pytest.mark.requirement("IQCS-08")
def test_a_sign_in_before_the_end_counts_twelve_months_from_then(now: datetime) -> None:
    mia = manager(now - 300 * DAY)
    assert browser(mia).get("/iqcs/").status_code == 200
    part = part_of(mia)
    assert part.last_signed_in_at is not None
    assert part.quiet_ends_at == months_after(part.last_signed_in_at, 12, "America/Boise")


@pytest.mark.requirement("IQCS-10")
def test_what_newer_rules_keep_ended_is_said_before_it_is_asked_for_and_where_it_is_decided(
    now: datetime,
) -> None:
    began = now - 400 * DAY
    mia = manager(began)
    grants.placed(mia.account, TRAINING, None, program_id=PROGRAM, at=began)
    ends = months_after(began, 12, "America/Boise")
    for at in (ends - 8 * DAY, ends):
        watch_quiet(PROGRAM, at=at, origin=JOB)
    assert part_of(mia).status == "closed"
    rolebooks.put_in_force(exclusive(rolebooks.in_force(PROGRAM, now)), now - 2 * DAY)
    rosa = iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS", now - DAY)
    sven = iqcs.person("Sven Security", SECURITY, None, now - DAY)
    client, address = browser(rosa), f"/iqcs/reactivations/{mia.account.public_id}/"
    page = " ".join(client.get(address).content.decode().split())
    back, _, refused = page.partition("Does not come back, by the rules in force now or by what was found")
    assert "Role Account Manager" in back
    assert "Role Training Officer: " in refused
    client.post(address, {"reason": "She is back."})
    decided = browser(sven).get(f"/iqcs/requests/{Request.objects.get().public_id}/").content.decode()
    assert "Does not come back" in decided
    assert "Role Training Officer: " in decided
