"""The pages of one's own record and of attachments, as browsers ask for them (IQCS-01, IQCS-14)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rolebook.audit import clock
from rolebook.governance.models import Attachment, Grant, Registration, Request
from rolebook.notices.models import Notice
from tests.governance.test_attachments import PDF
from tests.support import iqcs, responders
from tests.support.iqcs import LEAD, MANAGER
from tests.support.people import Person
from tests.web.reading import mailed_code
from tests.web.test_account_requests import FORM, browser, mailed_link, official, somebody

pytestmark = pytest.mark.django_db
OWN = "/iqcs/own-record/"


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    before = clock.now() - timedelta(days=1)
    iqcs.begin(before)
    responders.imports(at=before)


@pytest.fixture
def rosa() -> Person:
    return somebody("Rosa Ranger")


@pytest.mark.requirement("IQCS-01")
def test_somebody_registers_by_the_code_mailed_to_the_record_and_sees_it_as_theirs(rosa: Person) -> None:
    client = browser(rosa)
    assert OWN in client.get("/iqcs/my-access/").content.decode()
    typed = client.post(OWN, {"identifier": "r-104233", "way": "mailed code"})
    assert typed.status_code == 303
    assert Notice.objects.get(kind="own-record").address == "rosa.ranger@fws.example"
    wrong = client.post(typed["Location"], {"code": "0000 0000"})
    assert wrong.status_code == 422
    done = client.post(typed["Location"], {"code": mailed_code("own-record")}, follow=True)
    assert "The record R-104233 is yours" in done.content.decode()
    assert Grant.objects.get(account=rosa.account).role_id == "responder"
    assert "Your own record" in client.get("/iqcs/my-access/").content.decode()


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I14")
def test_a_record_that_is_not_there_reads_the_same_as_one_that_is(rosa: Person) -> None:
    seen = []
    for person, identifier in ((rosa, "R-104233"), (somebody("Otto Other"), "R-777777")):
        client = browser(person)
        typed = client.post(OWN, {"identifier": identifier, "way": "mailed code"})
        shown = client.get(typed["Location"]).content.decode()
        name = person.account.name
        seen.append(
            re.sub(
                rf"csrf\w+\W+value=\W\w+|{name}|\w+@example.org|[\w-]{{36}}|<time .*?</time>|\d+:\d\d",
                "",
                shown,
            )
        )
    assert seen[0] == seen[1]
    unlike = browser(rosa).post(OWN, {"identifier": "104233", "way": "mailed code"})
    assert (unlike.status_code, "It looks like R-104233" in unlike.content.decode()) == (422, True)


@pytest.mark.requirement("IQCS-01")
def test_a_manager_confirms_on_a_page_and_who_keeps_other_records_finds_none(rosa: Person) -> None:
    here = browser(official(MANAGER, "FWS-R6", "Manuel Manager"))
    elsewhere = browser(official(MANAGER, "USAF", "Ursula Usaf"))
    client = browser(rosa)
    client.post(OWN, {"identifier": "R-104235", "way": "confirmation"})
    assert "the manager who keeps it is asked" in client.get(OWN).content.decode()
    address = f"/iqcs/registrations/{Registration.objects.get().public_id}/"
    assert "R-104235" in here.get("/iqcs/registrations/").content.decode()
    assert "R-104235" not in elsewhere.get("/iqcs/registrations/").content.decode()
    assert (
        elsewhere.get(address).status_code
        == elsewhere.post(address, {"answer": "confirm"}).status_code
        == 404
    )
    assert client.get("/iqcs/registrations/").status_code == 404
    lead = browser(official(LEAD, "FWS", "Leo Lead"))
    assert lead.get("/iqcs/registrations/").status_code == 404
    for decides, is_linked in ((here, True), (lead, False)):
        assert ("/iqcs/registrations/" in decides.get("/iqcs/manage-access/").content.decode()) is is_linked
    assert here.get(address).status_code == 200
    assert not Grant.objects.filter(account=rosa.account).exists()
    assert here.post(address, {"answer": "refuse"}).status_code == 409
    assert here.post(address, {"answer": "confirm"}).status_code == 303
    assert "confirmed by an Account Manager of " in client.get(OWN).content.decode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from dataclasses import replace

    monkeypatch.setattr(settings, "ROLEBOOK", replace(settings.ROLEBOOK, attachments=tmp_path / "kept"))
    return tmp_path / "kept"


def with_files(client: Client, *files: SimpleUploadedFile, do: str = "attach", **changed: str) -> object:
    return client.post("/iqcs/account-request/", {**FORM, "do": do, "attachment": list(files), **changed})


@pytest.mark.requirement("IQCS-14")
def test_an_attachment_goes_from_the_form_to_those_on_the_chain_as_a_file_to_keep(
    rosa: Person, folder: Path
) -> None:
    client = browser(rosa)
    hostile = SimpleUploadedFile("../../<b>card\r\nX: y.html", PDF, "text/html")
    assert with_files(client, hostile).status_code == 303  # type: ignore[attr-defined]
    kept = Attachment.objects.get()
    page = client.get("/iqcs/account-request/").content.decode()
    assert kept.name in page.replace("&lt;", "<")
    assert "not scanned" in page
    sent = client.get(f"/iqcs/account-request/attachments/{kept.public_id}/")
    assert sent.content == PDF
    assert sent["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in sent["Content-Disposition"]
    assert (sent["Content-Type"], sent["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert "sandbox" in sent["Content-Security-Policy"]
    assert "no-store" in sent["Cache-Control"]
    other = browser(somebody("Otto Other"))
    assert other.get(f"/iqcs/account-request/attachments/{kept.public_id}/").status_code == 404
    check = client.get("/iqcs/account-request/check/").content.decode()
    hidden = dict(re.findall(r'name="(shown|type)"\s+value="([^"]*)"', check))
    assert client.post("/iqcs/account-request/check/", hidden).status_code == 303
    request = Request.objects.get()
    address = f"/iqcs/requests/{request.public_id}/attachments/{kept.public_id}/"
    assert client.get(address).content == PDF
    assert other.get(address).status_code == 404
    link = mailed_link()
    by_link = f"{link}attachments/{kept.public_id}/"
    assert by_link in Client().get(link).content.decode()
    assert Client().get(by_link).content == PDF
    assert Client().get(by_link.replace(link[-8:-1], "xxxxxxx")).status_code == 404
    assert Client().get(address).status_code == 302


@pytest.mark.requirement("IQCS-14")
def test_what_is_refused_is_said_beside_the_field_and_the_rest_is_kept(rosa: Person, folder: Path) -> None:
    client = browser(rosa)
    program = SimpleUploadedFile("setup.pdf", b"MZ" * 100, "application/pdf")
    good = SimpleUploadedFile("card.pdf", PDF, "application/pdf")
    refused = with_files(client, program, good, do="save", comments="Please hurry")
    assert refused.status_code == 422  # type: ignore[attr-defined]
    page = refused.content.decode()  # type: ignore[attr-defined]
    assert "setup is no PDF, PNG or JPEG file" in page
    assert "Please hurry" in page
    assert Attachment.objects.get().name == "card.pdf"
    gone = {"remove-attachment": str(Attachment.objects.get().public_id)}
    with_files(client, do="save", **gone)
    assert Attachment.objects.get().drafts.count() == 0
