"""Fields that no browser sends: every one is answered with a page, and none reaches the database as it came."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rolebook.accounts import organization_file
from rolebook.accounts.organization_file import read_organizations
from rolebook.accounts.organization_models import OrganizationUpload
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import clock
from rolebook.governance.flows import organization_uploads
from rolebook.governance.flows.organization_uploads import work_on_uploads
from rolebook.governance.models import AccountDraft
from rolebook.policy.errors import Report, RolebookErrors
from tests.support import grants, iqcs, people
from tests.support.iqcs import MANAGER, PROGRAM
from tests.web.test_uploading_pages import FILE
from tests.web.worlds import QPP, World, signed_in, steward_of

NUL = "a\0b"


@pytest.mark.postgres
@pytest.mark.fault(43)
def test_nul_in_the_digest_of_an_upload_confirms_nothing(world: World) -> None:
    steward = steward_of(world)
    client = signed_in(steward)
    given = SimpleUploadedFile("a\0.csv", FILE.encode(), "text/csv")
    page = client.post(reverse("import-organizations", args=[QPP]), {"file": given})["Location"]
    assert client.post(page + "confirm/", {"shown": NUL}).status_code == 303
    assert OrganizationUpload.objects.get().state == OrganizationUpload.State.COMPARED


@pytest.mark.fault(51)
def test_a_large_file_is_not_worked_on_while_its_page_waits_however_its_lines_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organization_uploads, "BYTES_AT_ONCE", 100)
    steward = steward_of(world)
    given = SimpleUploadedFile("a.csv", FILE.replace("\n", "\r").encode(), "text/csv")
    signed_in(steward).post(reverse("import-organizations", args=[QPP]), {"file": given})
    assert OrganizationUpload.objects.get().state == OrganizationUpload.State.COMPARING
    work_on_uploads(clock.now())
    assert OrganizationUpload.objects.get().state == OrganizationUpload.State.COMPARED


@pytest.mark.fault(51)
def test_a_file_of_too_many_cells_is_refused_before_they_are_made(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.activate()
    _, book = rolebook_in_force(QPP, clock.now())
    monkeypatch.setattr(organization_file, "MOST_CELLS", 1_000)
    monkeypatch.setattr(organization_file, "parse_csv", None)
    with pytest.raises(RolebookErrors, match="1001 cells"):
        read_organizations(FILE.encode() + b"," * (1_001 - FILE.count(",")), "a.csv", book, Report())


@pytest.mark.postgres
@pytest.mark.fault(43)
def test_nul_in_codes_and_people_names_nobody_and_nothing(db: None) -> None:
    before = clock.now() - timedelta(days=1)
    iqcs.begin(before)
    manager = people.user_with_totp("Manuel Manager", at=before)
    grants.designated(manager.account, MANAGER, program_id=PROGRAM, at=before)
    iqcs.gives_access(manager.account, "FWS-R6", at=before)
    client = people.signed_in_client(manager, PROGRAM)
    for typed in ({"person": NUL}, {"person": manager.account.user_id, "code": NUL}):
        assert client.post("/iqcs/employers/", typed).status_code == 422
    answer = client.post("/iqcs/account-request/", {"remove-code": ["\0", NUL], "rows": "3", "do": "check"})
    assert answer.status_code == 303
    assert client.get("/iqcs/account-request/check/").status_code == 422
    assert "\0" not in str(AccountDraft.objects.get().content)


@pytest.mark.requirement("IQIES-04")
def test_one_account_told_apart_from_itself_is_refused_in_words(world: World) -> None:
    steward = steward_of(world)
    same = world.stella.account.public_id
    answer = signed_in(steward).post(reverse("told-apart", args=[QPP, same, same]), follow=True)
    assert answer.status_code == 200
    assert "These are one and the same account." in answer.content.decode()
