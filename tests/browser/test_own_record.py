"""Registering for one's own record, and an attachment that comes back and is corrected, as their people see it."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import FilePayload, Page, expect

from rolebook.audit import clock
from rolebook.governance.models import Request
from rolebook.notices.models import Notice
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.test_account_request import somebody
from tests.browser.ways import Way, every_way
from tests.governance.test_attachments import JPEG, PDF
from tests.support import iqcs, responders
from tests.support.iqcs import MANAGER, REPRESENTATIVE

pytestmark = pytest.mark.browser


@pytest.mark.requirement("IQCS-01")
@every_way
def test_a_responder_registers_by_code_and_another_by_a_managers_word(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    before = clock.now() - timedelta(days=1)
    iqcs.begin(before)
    responders.imports(at=before)
    rosa, nora = somebody("Rosa Ranger"), somebody("Nora Nomail")
    manager = somebody("Manuel Manager", MANAGER, "FWS-R6")
    page = open_page(rosa, **way.opening())
    page.goto("/iqcs/my-access/")
    page.get_by_role("link", name="Your responder record").click()
    assert violations(page) == []
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("link", name="Type the responder record number.")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Responder record number").fill("R-104233")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Type the code")
    assert violations(page) == []
    code = re.search(r"\d{4} \d{4}", Notice.objects.filter(kind="own-record").latest("pk").text)
    assert code is not None
    page.get_by_label("Code").fill(code.group())
    page.get_by_role("button", name="This is my record").click()
    expect(page.get_by_role("heading", name="R-104233")).to_be_visible()
    assert violations(page) == []

    other = open_page(nora, **way.opening())
    other.goto("/iqcs/own-record/")
    other.get_by_label("Responder record number").fill("R-104235")
    other.get_by_text("Ask the manager who keeps the record").click()
    other.get_by_role("button", name="Go on").click()
    expect(other.get_by_text("the manager who keeps it is asked until")).to_be_visible()
    here = open_page(manager, **way.opening())
    here.goto("/iqcs/manage-access/")
    here.get_by_role("link", name="Registrations").click()
    assert violations(here) == []
    here.get_by_role("link", name="Open the registration of Nora Nomail").click()
    assert violations(here) == []
    here.get_by_role("button", name="Confirm that it is theirs").click()
    expect(here.get_by_text("You confirmed that this record is the one of Nora Nomail.")).to_be_visible()


def card(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


@pytest.mark.requirement("IQCS-06", "IQCS-07", "IQCS-14")
@pytest.mark.parametrize("width", [1280, 390])
def test_an_attachment_comes_back_is_corrected_and_the_approver_sees_what_changed(
    site: Site, open_page: OpenPage, width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ROLEBOOK", replace(settings.ROLEBOOK, attachments=tmp_path / "kept"))
    iqcs.begin(clock.now() - timedelta(days=1))
    rita = somebody("Rita Requester")
    representative = somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    page = open_page(rita, width=width)
    page.goto("/iqcs/request-a-role/")
    page.get_by_label("Organization code of the employer").fill("FWS-R6-BNR")
    page.get_by_label("Supervisor's name").fill("Sam Supervisor")
    page.get_by_label("Supervisor's e-mail").fill("sam@fws.example")
    page.get_by_role("group", name="Account Manager").get_by_text("Add", exact=True).click()
    page.get_by_label("Files").set_input_files([card("setup.exe", b"MZ" * 99), card("last year.pdf", PDF)])
    page.get_by_text("Certificates of role-based training", exact=True).click()
    page.get_by_role("button", name="See what it comes to").click()
    expect(page.get_by_role("alert")).to_contain_text("setup is no PDF, PNG or JPEG file.")
    expect(page.get_by_role("link", name="last year.pdf")).to_be_visible()
    assert violations(page) == []
    sends(page)
    decided(open_page(representative, width=width), "Return as incomplete", "It is last year's.")
    page.goto(f"/iqcs/requests/{Request.objects.get(program_id='iqcs').public_id}/")
    page.get_by_role("button", name="Correct and send again").click()
    page.get_by_role("group", name="Attached; tick what is to go").locator("label").click()
    page.get_by_label("Files").set_input_files([card("this year.jpg", JPEG)])
    sends(page)
    reads = open_page(representative, width=width)
    reads.goto(f"/iqcs/requests/{Request.objects.get(program_id='iqcs').public_id}/")
    expect(reads.get_by_text("Attached now: this year.jpg")).to_be_visible()
    expect(reads.get_by_text("No longer attached: last year.pdf")).to_be_visible()
    assert violations(reads) == []
    with reads.expect_download() as got:
        reads.get_by_role("link", name="this year.jpg").click()
    assert got.value.suggested_filename == "this year.jpg"
    assert Path(got.value.path()).read_bytes() == JPEG


def sends(page: Page) -> None:
    """Look at what it comes to, send it, and let the supervisor authorize it by the mailed link."""
    page.get_by_role("button", name="See what it comes to").click()
    assert violations(page) == []
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("Waits for the supervisor, Sam Supervisor")).to_be_visible()
    link = re.search(r"/iqcs/supervisor/[\w-]+/", Notice.objects.latest("pk").text)
    assert link is not None
    page.goto(link.group())
    page.get_by_role("button", name="Authorize", exact=True).click()


def decided(page: Page, button: str, reason: str) -> None:
    """Open the request, and press a button with a reason."""
    page.goto(f"/iqcs/requests/{Request.objects.get(program_id='iqcs').public_id}/")
    page.get_by_label("What is missing, or why").fill(reason)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("Returned to Rita Requester with what is missing.")).to_be_visible()
