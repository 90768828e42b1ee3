"""Attachments and certificates of account requests: judged by their bytes, read on the chain only, kept by version."""

import stat
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rolebook.accounts.models import Account
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit.models import Event
from rolebook.governance.account_answers import AccountAnswers
from rolebook.governance.attachment_store import MOST, AttachmentStore, clean_name, kind_of
from rolebook.governance.flows.account_drafts import discard_account_draft, save_account_draft
from rolebook.governance.flows.attachments import (
    GivenFile,
    attach_file,
    delete_orphans,
    detach_files,
)
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.models import AccountForm, Attachment, Grant, Request
from rolebook.governance.queries.account_detail import account_request_detail
from rolebook.governance.queries.account_requests import answers_of_request
from rolebook.governance.queries.attachments import attachment_by_link, attachment_to_read
from rolebook.governance.refusals import NotFound, Refused
from tests.support import grants, iqcs
from tests.support.grants import LATER, codes, decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import COMMAND, START

pytestmark = pytest.mark.usefixtures("iqcs_world")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> AttachmentStore:
    return AttachmentStore(tmp_path / "attachments")


@pytest.fixture
def person() -> Account:
    return grants.user("Rita Requester", PROGRAM)


def drafted(person: Account, form: AccountAnswers | None = None, at: datetime = START) -> None:
    told = iqcs.answers({MANAGER: "add"}) if form is None else form
    save_account_draft(acting_user=person, program_id=PROGRAM, beneficiary=person, answers=told, at=at)


def attaches(
    person: Account,
    store: AttachmentStore,
    data: bytes | None = PDF,
    name: str = "certificate.pdf",
    *,
    certificate: bool = False,
    at: datetime = START,
) -> Attachment:
    return attach_file(
        acting_user=person,
        program_id=PROGRAM,
        beneficiary=person,
        given=GivenFile(name, data, certificate),
        store=store,
        at=at,
    )


@pytest.mark.requirement("IQCS-14")
@pytest.mark.fault(51)
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PDF, "pdf"), (PNG, "png"), (JPEG, "jpeg"), (b"", None), (b"%PDF-1.7 cut off", None), (b"GIF89a", None),
        (b"PK\x03\x04 a document with macros", None), (b"MZ a program", None), (b"<html>", None),
        (b" %PDF-1.7 %%EOF", None), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
    ],
)  # fmt: skip
def test_a_file_is_what_its_own_bytes_say(data: bytes, expected: str | None) -> None:
    assert kind_of(data) == expected


@pytest.mark.requirement("IQCS-14")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("certificate.pdf", "certificate.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Temp\\Zeugnis Müller.PDF", "Zeugnis Müller.pdf"),
        ("report.pdf.exe", "report.pdf.pdf"),
        ("evil\u202efdp.exe", "evilfdp.pdf"),
        ('a"b\r\nSet-Cookie: x.pdf', "a_bSet-Cookie_ x.pdf"),
        ("nul.pdf", "attachment nul.pdf"),
        ("...", "attachment.pdf"),
        ("", "attachment.pdf"),
        ("x" * 300 + ".pdf", "x" * 80 + ".pdf"),
        ("<script>.pdf", "_script_.pdf"),
    ],
)
def test_a_name_harms_nobody_and_ends_as_its_kind_does(name: str, expected: str) -> None:
    assert clean_name(name, Attachment.Kind.PDF) == expected


@pytest.mark.requirement("IQCS-14")
@pytest.mark.parametrize(
    ("data", "code"),
    [(None, "attachment_too_large"), (b"", "attachment_empty"), (b"MZ" * 100, "attachment_kind")],
)
def test_what_is_too_large_empty_or_of_another_kind_is_not_kept(
    person: Account, store: AttachmentStore, data: bytes | None, code: str
) -> None:
    drafted(person)
    with pytest.raises(Refused) as refused:
        attaches(person, store, data, "program.pdf")
    assert codes(refused) == [code]
    assert not Attachment.objects.exists()
    assert not [path for path in store.folder.glob("**/*") if path.is_file()]


@pytest.mark.requirement("IQCS-14")
@pytest.mark.invariant("I12")
def test_a_draft_takes_so_many_files_and_an_account_so_many_in_an_hour(
    person: Account, store: AttachmentStore
) -> None:
    with pytest.raises(NotFound):
        attaches(person, store)
    drafted(person)
    for _ in range(MOST):
        attaches(person, store)
    with pytest.raises(Refused) as refused:
        attaches(person, store)
    assert codes(refused) == ["attachments_too_many"]
    assert len([path for path in store.folder.glob("**/*") if path.is_file()]) == MOST
    for _ in range(60 - MOST - 2):
        with pytest.raises(Refused):
            attaches(person, store, b"")
    with pytest.raises(TooManyAttempts):
        attaches(person, store, b"")


@pytest.mark.requirement("IQCS-14")
@pytest.mark.parametrize(
    ("leaves", "code"),
    [(1, "attachment_infected"), (2, "attachment_not_scanned"), (77, "attachment_not_scanned")],
)
def test_the_scanners_exit_code_decides_and_what_it_could_not_scan_is_not_kept(
    person: Account, tmp_path: Path, leaves: int, code: str
) -> None:
    drafted(person)
    store = AttachmentStore(
        tmp_path / "attachments",
        (sys.executable, "-c", f"import sys; open(sys.argv[1], 'rb').read(); sys.exit({leaves})"),
    )
    with pytest.raises(Refused) as refused:
        attaches(person, store)
    assert codes(refused) == [code]
    assert not Attachment.objects.exists()
    assert not [path for path in store.folder.glob("**/*") if path.is_file()]


@pytest.mark.requirement("IQCS-14")
def test_a_scanner_sees_the_bytes_and_without_one_the_file_says_that_nobody_scanned_it(
    person: Account, tmp_path: Path
) -> None:
    drafted(person)
    looks = f"import sys; sys.exit(0 if open(sys.argv[1], 'rb').read() == {PDF!r} else 1)"
    scanned = attaches(person, AttachmentStore(tmp_path / "a", (sys.executable, "-c", looks)))
    assert scanned.scan == Attachment.Scan.CLEAN
    assert attaches(person, AttachmentStore(tmp_path / "b")).scan == Attachment.Scan.NOT_SCANNED
    with pytest.raises(Refused) as refused:
        attaches(person, AttachmentStore(tmp_path / "c", (str(tmp_path / "gone"),)))
    assert codes(refused) == ["attachment_not_scanned"]


@pytest.mark.requirement("IQCS-14")
def test_bytes_are_kept_by_id_for_the_server_alone_and_their_digest_goes_on_record(
    person: Account, store: AttachmentStore
) -> None:
    drafted(person)
    kept = attaches(person, store, name="../../../up.pdf")
    path = store.path(kept)
    assert path.is_relative_to(store.folder)
    assert path.name == kept.public_id.hex
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.read(kept) == PDF
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}), authorized=False)
    form = AccountForm.objects.get(request=request)
    assert list(form.attachments.all()) == [kept]
    submitted = Event.objects.get(tag="request:submitted", request_id=request.public_id)
    assert kept.digest in submitted.content


@pytest.mark.requirement("IQCS-14")
@pytest.mark.fault(1)
def test_those_on_the_chain_read_an_attachment_and_nobody_else(
    person: Account, store: AttachmentStore
) -> None:
    representative = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    security = iqcs.holder("iqcs_security", None, "Sven Security")
    steward = grants.steward("Stella", program_id=PROGRAM)
    supervisor = grants.user("Sam Supervisor", PROGRAM)
    form = replace(iqcs.answers({MANAGER: "add"}), supervisor_email=supervisor.email)
    drafted(person, form)
    kept = attaches(person, store)
    post = iqcs.Post()
    request = iqcs.asks(person, form, authorized=False, post=post)
    other_request = iqcs.asks(
        grants.user("Otto Other", PROGRAM), iqcs.answers({MANAGER: "add"}), authorized=False
    )

    def reads(viewer: Account, one: Request = request) -> bool:
        try:
            return attachment_to_read(viewer, PROGRAM, one.public_id, kept.public_id, START) == kept
        except NotFound:
            return False

    for viewer in (person, representative, security, steward, supervisor):
        assert reads(viewer), viewer
        assert not reads(viewer, other_request)
    strangers = [
        grants.user("Nobody", PROGRAM),
        iqcs.holder(REPRESENTATIVE, "USAF", "Rita Elsewhere"),
        # May see the request, as may whoever views the users there, and is none of its chain.
        iqcs.holder(LEAD, "FWS", "Lena Lead"),
    ]
    for viewer in strangers:
        assert not reads(viewer), viewer
    assert attachment_by_link(PROGRAM, post.sent[0].token, kept.public_id, START) == kept
    with pytest.raises(NotFound):
        attachment_by_link(PROGRAM, post.sent[0].token[:-1] + "x", kept.public_id, START)


@pytest.mark.requirement("IQCS-14")
@pytest.mark.fault(1)
def test_who_decided_and_lost_the_office_since_reads_neither_the_attachment_nor_the_request(
    person: Account, store: AttachmentStore
) -> None:
    representative = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    drafted(person)
    kept = attaches(person, store)
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    decides(representative, open_stage(request), "denied", reason="Not needed.")
    assert attachment_to_read(representative, PROGRAM, request.public_id, kept.public_id, LATER) == kept
    end_designation(
        acting_user=None,
        program_id=PROGRAM,
        grant_id=Grant.objects.get(account=representative).public_id,
        at=LATER,
        origin=COMMAND,
    )
    with pytest.raises(NotFound):
        attachment_to_read(representative, PROGRAM, request.public_id, kept.public_id, LATER)
    with pytest.raises(NotFound):
        account_request_detail(representative, request.public_id, PROGRAM, LATER)


@pytest.mark.requirement("IQCS-06", "IQCS-14")
def test_a_returned_request_is_corrected_its_attachments_come_along_and_the_change_is_said(
    person: Account, store: AttachmentStore
) -> None:
    representative = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    drafted(person)
    first = attaches(person, store, name="wrong year.pdf")
    stays = attaches(person, store, PNG, name="badge.png")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    decides(representative, open_stage(request), "returned", reason="The certificate is of another year.")
    request.refresh_from_db()
    save_account_draft(
        acting_user=person,
        program_id=PROGRAM,
        beneficiary=person,
        answers=answers_of_request(request),
        corrects=request,
        copied=request,
        at=START,
    )
    detach_files(
        acting_user=person, program_id=PROGRAM, beneficiary=person, attachment_ids=[first.public_id], at=START
    )
    second = attaches(person, store, JPEG, name="right year.jpg")
    form = replace(answers_of_request(request), employer_code="FWS-R6-BNR", comments="The right year now.")
    iqcs.asks(person, form, corrects=request)
    found = account_request_detail(representative, request.public_id, PROGRAM, START)
    assert found.versions[0] == (
        2,
        (
            "Comments: empty became The right year now.",
            "Attached now: right year.jpg",
            "No longer attached: wrong year.pdf",
        ),
    )
    assert (found.attachments, found.earlier_attachments) == ((stays, second), (first,))
    assert found.reads_attachments
    old = AccountForm.objects.get(request=request, request_version=1)
    assert set(old.attachments.all()) == {first, stays}
    assert attachment_to_read(representative, PROGRAM, request.public_id, first.public_id, START) == first


@pytest.mark.requirement("IQCS-14")
def test_what_no_draft_and_no_form_has_any_more_is_deleted_after_a_day_and_nothing_else(
    person: Account, store: AttachmentStore
) -> None:
    drafted(person)
    sent = attaches(person, store)
    iqcs.asks(person, iqcs.answers({MANAGER: "add"}), authorized=False)
    other = grants.user("Otto Other", PROGRAM)
    drafted(other)
    orphan = attaches(other, store)
    discard_account_draft(acting_user=other, program_id=PROGRAM, beneficiary=other)
    drafted(other)
    waits = attaches(other, store)
    stray = store.folder / PROGRAM / "ab" / "left-behind"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"x")
    assert delete_orphans(START + timedelta(hours=23), store) == 0
    later = datetime.now(UTC) + 2 * DAY
    assert delete_orphans(later, store) == 2
    assert set(Attachment.objects.all()) == {sent, waits}
    assert store.read(orphan) is None
    assert not stray.exists()
    assert store.read(sent) == store.read(waits) == PDF
    assert delete_orphans(later, store) == 0
