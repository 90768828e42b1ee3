"""The pages of the User Audit Report: who sees which, its numbers and accounts, and its files (IQCS-13)."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils.html import strip_tags

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.making import make_files
from rolebook.governance.queries import review_quality
from tests.support import iqcs
from tests.support.iqcs import LEAD, MANAGER, place
from tests.support.people import LATELY
from tests.support.reviews import agencies, answers, opened, steward

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-13")]


def signed_in(account: Account) -> Client:
    """A client whose session proved two factors."""
    client = Client()
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    moment = clock.now().timestamp()
    session["rolebook.signed_in_at"] = session["rolebook.seen_at"] = moment
    session["rolebook.assurance"] = "two factors"
    session["rolebook.session"] = "test"
    session.save()
    return client


def test_a_lead_reads_the_report_of_their_agency_has_its_files_and_no_other(db: None) -> None:
    at = clock.now() - timedelta(days=3)
    iqcs.begin(at)
    lena, ulf = iqcs.holder(LEAD, "FWS", "Lena Lead", at=at), iqcs.holder(LEAD, "USAF", "Ulf Lead", at=at)
    iqcs.holder(MANAGER, "FWS-R6-BNR", "Mona Manager", at=at)
    campaign = opened(at)
    client, reports = signed_in(lena), f"/iqcs/reviews/{campaign.public_id}/reports/"
    listed = client.get(reports).content.decode()
    assert "FWS" in listed
    assert "USAF" not in listed
    assert client.get(f"{reports}quality/").status_code == 404
    assert client.post(reports, {"organization": str(place("USAF").public_id)}).status_code == 404
    assert client.post(reports).status_code == 404
    made = client.post(reports, {"organization": str(place("FWS").public_id)})
    assert made.status_code == 303
    page = client.get(made["Location"]).content.decode()
    assert "Preliminary" in page
    assert "Mona Manager" in page
    assert "Lena Lead submitted nothing" in " ".join(strip_tags(page).split())
    text = client.get(made["Location"] + "export.csv").getvalue().decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Name,User ID,E-mail,Employer,Status,Last sign-in")
    asked = made
    for wanted, begins in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        asked = client.post(f"{made['Location']}{wanted}/")
        make_files(clock.now())
        assert client.get(asked["Location"] + "fetch/").getvalue().startswith(begins)
    other = signed_in(ulf)
    assert other.get(made["Location"]).status_code == 404
    assert other.get(made["Location"] + "export.csv").status_code == 404
    assert other.post(made["Location"] + "pdf/").status_code == 404
    assert other.get(asked["Location"] + "fetch/").status_code == 404
    # The file was made: who lost the office since does not get it any more.
    lena.grants.update(closed_at=clock.now())
    assert client.get(asked["Location"] + "fetch/").status_code == 404


def test_a_steward_reads_how_people_answered(db: None) -> None:
    at = clock.now() - timedelta(days=3)
    iqcs.begin(at)
    stella = iqcs.holder("steward", None, "Stella Steward", at=at)
    iqcs.holder(LEAD, "FWS", "Lena Lead", at=at)
    campaign = opened(at)
    page = signed_in(stella).get(f"/iqcs/reviews/{campaign.public_id}/reports/quality/")
    assert "Nobody has answered yet" in page.content.decode()


def test_how_people_answered_is_shown_a_page_at_a_time(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_quality, "REVIEWERS_A_PAGE", 1)
    people, at = agencies(LATELY), clock.now() - timedelta(hours=1)
    campaign, client = opened(at, due_on=(at + timedelta(days=30)).date()), signed_in(steward(LATELY))
    answers(people.fws_lead, campaign, people.both, clock.now(), account="keep")
    answers(people.usaf_lead, campaign, people.both, clock.now(), USAF_ACC="keep")
    address = f"/iqcs/reviews/{campaign.public_id}/reports/quality/"
    first = client.get(address)
    assert "Lena Lead" in first.content.decode()
    assert "Ulf Lead" not in first.content.decode()
    second = client.get(first.context["next_url"]).content.decode()
    assert "Ulf Lead" in second
    assert "Lena Lead" not in second
    assert "Back to the first page" in second
