"""A steward's file of organizations: shown before it is confirmed, bound to what was shown, all of it or nothing."""

import json
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from rolebook.accounts.models import Organization
from rolebook.accounts.organization_models import OrganizationUpload
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.flows import organization_uploads
from rolebook.governance.flows.organization_uploads import work_on_uploads
from rolebook.governance.flows.return_stranded_requests import return_stranded_requests
from rolebook.governance.models import Request
from tests.support import grants, people
from tests.web.counted_statements import MOST, statements
from tests.web.reading import text_at
from tests.web.worlds import QPP, World, designate, signed_in, steward_of, user

HEAD = "code,name,kind,tin,contact_name,contact_phone\n"
FILE = (
    HEAD
    + "52-1830045,Maple Practice,practice,52-1830045,Billing,410-555-0100\n"
    + "elm,Elm Street,practice,12-3456789,,\n"
)


@pytest.fixture
def steward(world: World) -> Client:
    return signed_in(steward_of(world))


def upload(client: Client, table: str, **more: str) -> str:
    given = SimpleUploadedFile("practices.csv", table.encode(), "text/csv")
    answer = client.post(reverse("import-organizations", args=[QPP]), {"file": given, **more})
    assert answer.status_code == 303, answer.content.decode()
    return answer["Location"]


def confirm(client: Client, page: str) -> str:
    shown = OrganizationUpload.objects.latest("pk").plan_hash
    answer = client.post(page + "confirm/", {"shown": shown})
    assert answer.status_code == 303
    return text_at(client, answer["Location"])


@pytest.mark.fault(51)
def test_only_so_many_files_of_a_steward_wait_and_old_ones_are_forgotten(
    world: World, steward: Client
) -> None:
    pages = [upload(steward, f"{HEAD}new-{n},Practice {n},practice,12-345678{n},,\n") for n in range(5)]
    given = SimpleUploadedFile("more.csv", FILE.encode(), "text/csv")
    refused = steward.post(reverse("import-organizations", args=[QPP]), {"file": given})
    assert refused.status_code == 422
    said = " ".join(refused.content.decode().split())
    assert "5 files of yours wait already." in said
    assert all(page in said for page in pages)
    steward.post(pages[0] + "drop/")
    upload(steward, FILE)
    dropped = OrganizationUpload.objects.order_by("pk")[0]
    work_on_uploads(clock.now() + timedelta(days=31))
    assert not OrganizationUpload.objects.filter(pk=dropped.pk).exists()
    assert set(OrganizationUpload.objects.values_list("state", flat=True)) == {"dropped"}


@pytest.mark.fault(50)
def test_a_file_changes_nothing_before_it_is_confirmed_and_then_exactly_what_was_shown(
    world: World, steward: Client
) -> None:
    page = upload(steward, FILE)
    shown = text_at(steward, page)
    assert "It would make <strong>2 changes</strong>: 1 new, 1 changed, 0 moved, 0 closed." in shown
    assert (
        "Name: <del><bdi>Cedar Valley Family Practice</bdi></del> to <ins><bdi>Maple Practice</bdi></ins>"
        in shown
    )
    assert "Contact: General" in shown
    assert not Organization.objects.filter(code="elm").exists()
    assert "Imported." in confirm(steward, page)
    assert Organization.objects.get(code="elm").name == "Elm Street"
    assert Organization.objects.get(pk=world.cedar.pk).contacts.get().phone == "410-555-0100"
    [event] = Event.objects.filter(tag="organization:imported").order_by("-sequence")[:1]
    assert event.actor_id is not None
    # Logged as other flows: with the address and the session that confirmed it.
    [said] = Event.objects.filter(tag="organization:file-confirmed")
    for one in (said, event):
        assert one.personal_data.filter(field="origin_address", value="127.0.0.1").exists()
        assert json.loads(one.content)["origin"]["session"]
    assert bytes(OrganizationUpload.objects.latest("pk").data) == b""


def test_a_change_names_the_organization_above_and_writes_numbers_as_people_do(
    world: World, steward: Client
) -> None:
    assert "TIN: <ins><bdi>12-3456789</bdi></ins>" in text_at(steward, upload(steward, FILE))
    people.activate("iqies", world.start)
    ian = user("Ian Iqies", "ian", world.start)
    grants.placed(ian.account, "steward", None, program_id="iqies", at=world.start)
    iqies = signed_in(ian)
    table = "code,name,kind,parent,ccn\n367001,Buckeye Home Health,home_health_agency,OH,367001\n"
    given = SimpleUploadedFile("providers.csv", table.encode(), "text/csv")
    answer = iqies.post(reverse("import-organizations", args=["iqies"]), {"file": given})
    assert "Belongs to: <ins><bdi>Ohio (OH)</bdi></ins>" in text_at(iqies, answer["Location"])


@pytest.mark.invariant("I5")
def test_what_changed_meanwhile_is_said_and_shown_before_anything_is_imported(
    world: World, steward: Client
) -> None:
    page = upload(steward, FILE)
    Organization.objects.filter(pk=world.cedar.pk).update(name="Birch Practice")
    after = confirm(steward, page)
    assert "Something changed while you were looking" in after
    assert "Birch Practice" in after
    assert not Organization.objects.filter(code="elm").exists()
    assert "Imported." in confirm(steward, page)


@pytest.mark.fault(50)
def test_every_error_is_told_with_its_line_and_nothing_is_imported(world: World, steward: Client) -> None:
    page = upload(steward, HEAD + "elm,Elm Street,practice,12-3,,\noak,,practise,12-3456789,,\n")
    shown = unescape(text_at(steward, page))
    assert (
        "Line 2, column 4 (“tin”): bad tin. Found '12-3'; expected a TIN such as 00-1234567. Correct the number."
        in shown
    )
    assert (
        "Line 3, column 2 (“name”): missing name. Found nothing; expected text of at most 200 characters. "
        "Write it into this cell." in shown
    )
    assert "Line 3, column 3 (“kind”): unknown kind. Found 'practise'" in shown
    assert "Did you mean 'practice'?" in shown
    assert "Nothing was changed." in shown
    assert steward.post(page + "confirm/", {"shown": ""}).status_code == 303
    assert not Organization.objects.filter(code="elm").exists()


@pytest.mark.fault(51)
def test_of_many_errors_a_page_says_how_many_more_there_are(world: World, steward: Client) -> None:
    rows = "".join(f"code-{number},,practice,{number:09},,\n" for number in range(250))
    assert "And 50 more. Correct these first" in text_at(steward, upload(steward, HEAD + rows))


@pytest.mark.invariant("I4")
@pytest.mark.fault(24)
def test_what_a_file_does_not_name_is_closed_only_when_that_is_asked(world: World, steward: Client) -> None:
    row = HEAD + "11-2223334,Hilltop Clinic,practice,11-2223334,,\n"
    assert "It would change nothing" in text_at(steward, upload(steward, row))
    page = upload(steward, row, close_absent="on")
    assert "1 closed" in text_at(steward, page)
    confirm(steward, page)
    assert Organization.objects.get(pk=world.cedar.pk).closed_at is not None
    assert return_stranded_requests(clock.now()) == 1
    assert Request.objects.get(pk=world.waiting.pk).state == "returned"
    assert return_stranded_requests(clock.now()) == 0


@pytest.mark.invariant("I4")
def test_a_file_that_closes_organizations_says_before_who_loses_how_many_roles_and_where(
    world: World, steward: Client
) -> None:
    row = HEAD + "elm,Elm Street,practice,12-3456789,,\n"
    empty = people.practice("Nobody's Practice", "98-7654321", world.start)
    page = upload(steward, row, close_absent="on")
    shown = text_at(steward, page)
    assert "4 people lose 4 roles at 2 of the 3 organizations that close." in shown
    assert (
        "<bdi>Cedar Valley Family Practice</bdi> (<bdi>52-1830045</bdi>): 3 people hold roles there" in shown
    )
    assert "<bdi>Hilltop Clinic</bdi> (<bdi>11-2223334</bdi>): 1 person holds roles there" in shown
    assert "3 people lose what is held here" in shown
    assert "Nobody loses access" in shown
    losing = text_at(steward, page + "?what=losing")
    assert "1 person loses what is held here" in losing
    assert empty.name not in losing
    assert "lose what is held here" not in confirm(steward, page)


def test_a_file_that_closes_where_nobody_holds_a_role_says_that_nobody_loses_access(
    world: World, steward: Client
) -> None:
    people.practice("Nobody's Practice", "98-7654321", world.start)
    rows = "52-1830045,Cedar,practice,52-1830045,,\n11-2223334,Hilltop,practice,11-2223334,,\n"
    shown = text_at(steward, upload(steward, HEAD + rows, close_absent="on"))
    assert "Nobody loses access: no role at an organization that closes is held." in shown


def test_who_loses_access_is_counted_in_as_many_statements_however_many_organizations_close(
    world: World, steward: Client
) -> None:
    row = HEAD + "elm,Elm Street,practice,12-3456789,,\n"
    few = statements(steward, upload(steward, row, close_absent="on"))
    for number in range(30):
        place = people.practice(f"Practice {number}", f"20-00000{number:02}", world.start)
        designate(world.uma, "security_official", place, world.start)
    page = upload(steward, row, close_absent="on")
    assert few == statements(steward, page) == statements(steward, page + "?what=losing") <= MOST
    shown = text_at(steward, page)
    assert "5 people lose 34 roles at the 32 organizations that close." in shown
    assert "And 22 more organizations." in shown
    assert 'href="?what=losing#changes">Show all 32' in shown


def test_a_large_file_is_worked_on_by_a_worker(
    world: World, steward: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organization_uploads, "ROWS_AT_ONCE", 1)
    page = upload(steward, FILE)
    assert "Being compared" in text_at(steward, page)
    assert work_on_uploads(clock.now()) == 1
    assert "It would make" in text_at(steward, page)
    assert "Being imported" in confirm(steward, page)
    assert work_on_uploads(clock.now()) == 1
    assert work_on_uploads(clock.now()) == 0
    assert "Imported." in text_at(steward, page)


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1)
def test_a_file_is_seen_and_confirmed_by_nobody_but_who_uploaded_it(world: World, steward: Client) -> None:
    page = upload(steward, FILE)
    other = steward_of(world, "Theo Steward", "theo")
    for client in (signed_in(other), signed_in(world.maria)):
        assert client.get(page).status_code == 404
        assert client.post(page + "confirm/", {"shown": "x"}).status_code == 404
        assert client.post(page + "drop/").status_code == 404
    assert signed_in(world.maria).get(reverse("import-organizations", args=[QPP])).status_code == 404
