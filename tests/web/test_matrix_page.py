"""The Role Matrix page: every printed cell in its place, for everybody who is signed in; filtered, compared, quick."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import shipped_folder
from tests.policy.test_printed_cells import transcribed
from tests.support import people
from tests.web.printed_tables import ReadTable, tables_of
from tests.web.worlds import World, signed_in

ADDRESS = "/iqies/role-matrix/"
MOST_QUERIES = 12


@pytest.fixture(scope="module")
def iqies() -> Rolebook:
    return read_rolebook(shipped_folder("iqies"))


@pytest.fixture
def uma(world: World) -> Client:
    """Somebody without any role, where all three programs are in force."""
    people.activate("iqies", world.start)
    people.activate("iqcs", world.start)
    return signed_in(world.uma)


def page(client: Client, address: str = ADDRESS) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def tables(client: Client, address: str = ADDRESS) -> list[ReadTable]:
    return tables_of(page(client, address))[0]


@pytest.mark.requirement("IQIES-18", "IQIES-09", "IQIES-01")
def test_every_printed_cell_stands_on_the_page_in_printed_order_also_for_a_user_without_a_role(
    uma: Client,
) -> None:
    headings, rows = transcribed()
    shown = tables(uma)
    assert [table.caption.partition(":")[0] for table in shown] == list(headings)
    assert [[cell.text for cell in table.headings] for table in shown] == [
        ["Roles and Privileges", *printed] for printed in headings.values()
    ]
    found = [
        (table.caption.partition(":")[0], row.area, row.title, tuple(cell.text for cell in row.cells))
        for table in shown
        for row in table.rows
    ]
    assert found == rows
    assert sum(len(row.cells) for table in shown for row in table.rows) == 533


@pytest.mark.requirement("IQIES-18")
def test_every_cell_names_its_area_row_and_column_and_no_id_stands_twice(uma: Client) -> None:
    shown, ids = tables_of(page(uma))
    assert len(ids) == len(set(ids))
    for table in shown:
        columns = [cell.attributes["id"] for cell in table.headings[1:]]
        for row in table.rows:
            for column, cell in zip(columns, row.cells, strict=True):
                named = cell.attributes["headers"].split()
                assert set(named) <= set(ids)
                assert named[-1] == column
                assert len(named) == (2 if row.area is None else 3)


@pytest.mark.requirement("IQIES-18")
def test_version_date_and_the_documents_that_the_job_aid_names_are_there(uma: Client) -> None:
    text = " ".join(page(uma).split())
    assert "Version 3.0, <time" in text
    assert "October 25, 2022" in text
    for title in ("iQIES Onboarding Guide", "iQIES Security Official \N{EN DASH} Manage Job Aid"):
        assert (
            f'<a href="https://qtso.cms.gov/software/iqies/reference-manuals" rel="noreferrer">{title}</a>'
            in text
        )


@pytest.mark.requirement("IQIES-08")
def test_the_page_says_that_cms_security_official_is_not_to_be_requested(uma: Client) -> None:
    text = " ".join(page(uma).split())
    said = "<strong>Note on CMS Security Official:</strong> This role is designated for specific staff at CMS"
    assert f"{said} Headquarters only. Do not request this role." in text


@pytest.mark.requirement("IQIES-10")
@pytest.mark.parametrize(
    "address", [ADDRESS, f"{ADDRESS}?words=delete+a+survey", f"{ADDRESS}?role=help_desk"]
)
def test_where_delete_a_survey_is_shown_its_footnote_is_shown(uma: Client, address: str) -> None:
    text = " ".join(page(uma, address).split())
    shown = tables(uma, address)
    starred = [row for table in shown for row in table.rows if row.title == "Delete a survey*"]
    assert starred
    assert {cell.text for row in starred for cell in row.cells} == {"no"}
    note = "*Only the CMS Admin role can delete surveys, and only certain staff in the CMS locations have this role."
    assert text.count(note) == len(starred)


@pytest.mark.requirement("IQIES-10")
def test_cms_admin_has_no_column_and_its_one_privilege_is_told(uma: Client) -> None:
    text = " ".join(page(uma, f"{ADDRESS}?role=cms_admin").split())
    assert "What it gives, and all it gives:</p> <ul> <li>Delete a survey</li> </ul>" in text
    assert tables(uma, f"{ADDRESS}?role=cms_admin") == []
    assert "CMS Admin" in page(uma)


@pytest.mark.requirement("IQIES-14")
def test_the_notes_of_the_assessment_roles_stand_above_their_cells(uma: Client) -> None:
    text = " ".join(page(uma).split())
    assert (
        "The Assessment Submitter user role cannot create, modify, or inactivate assessments in the iQIES Assessment"
        in text
    )
    assert "The Provider Assessment Coordinator can create, modify, or inactivate assessments" in text
    (table,) = tables(uma, f"{ADDRESS}?role=assessment_submitter&words=assessment&area=Patient+Assessment")
    said = {row.title: row.cells[0].text for row in table.rows}
    assert {
        said[f"{verb} assessment"] for verb in ("Create a patient", "Edit a patient", "Inactivate an")
    } == {"no"}


@pytest.mark.requirement("IQIES-16")
def test_state_prohibited_codes_are_two_roles_and_no_others(uma: Client) -> None:
    shown = tables(uma, f"{ADDRESS}?words=state-prohibited+codes")
    having = [
        heading.text
        for table in shown
        for row in table.rows
        for heading, cell in zip(table.headings[1:], row.cells, strict=True)
        if cell.text == "yes"
    ]
    assert having == ["iQIES Help Desk Production Control", "State Agency Assessment Coordinator"]


@pytest.mark.requirement("IQIES-17")
def test_the_financial_management_user_has_the_four_cmpts_privileges(uma: Client) -> None:
    (table,) = tables(uma, f"{ADDRESS}?role=ofm_user")
    assert [(row.area, row.title, row.cells[0].text) for row in table.rows] == [
        ("CMPTS", title, "yes")
        for title in ("Edit details", "Edit notes", "View CMPTS details", "View CMPTS notes")
    ]


@pytest.mark.requirement("IQIES-18")
def test_role_area_and_words_narrow_the_tables_down(uma: Client, iqies: Rolebook) -> None:
    (one,) = tables(uma, f"{ADDRESS}?role=state_general_user")
    assert [cell.text for cell in one.headings] == ["Roles and Privileges", "State Agency General User"]
    assert len(one.rows) == len(iqies.matrix.tables[4].rows)
    surveys = tables(uma, f"{ADDRESS}?area=Surveys")
    assert {row.area for table in surveys for row in table.rows} == {"Surveys"}
    assert len(surveys) == 3
    letters = tables(uma, f"{ADDRESS}?words=see+letters&role=state_general_user")
    assert [row.title for table in letters for row in table.rows] == [
        "View enforcement letters",
        "View intake letters",
        "View letter template",
        "View provider letters",
        "View survey letters",
    ]
    assert "Nothing in the matrix fits “zzz”" in page(uma, f"{ADDRESS}?words=zzz")


@pytest.mark.requirement("IQIES-18")
def test_nonsense_in_the_address_shows_the_whole_matrix(uma: Client) -> None:
    for query in ("role=steward", "role=%00", "area=Nowhere", "role=a&role=b", "compare=nobody", "words=+++"):
        assert len(tables(uma, f"{ADDRESS}?{query}")) == 6


@pytest.mark.requirement("IQIES-18")
def test_two_roles_compared_show_only_what_differs(uma: Client) -> None:
    address = f"{ADDRESS}?role=provider_administrator&compare=assessment_coordinator"
    (table,) = tables(uma, address)
    assert [(row.title, *(cell.text for cell in row.cells)) for row in table.rows] == [
        ("Add a patient", "no", "yes"),
        ("Delete a patient", "yes", "no"),
        ("Edit a patient", "yes", "no"),
        ("Inactivate an assessment", "yes", "no"),
    ]
    assert "15 privileges are listed for both" in page(uma, address)


@pytest.mark.requirement("IQIES-09")
def test_not_listed_is_told_apart_from_a_printed_no(uma: Client) -> None:
    given, listed = tables(uma, f"{ADDRESS}?role=mac_user&compare=state_general_user")
    provider = next(row for row in given.rows if row.title == "View provider")
    assert [(cell.text, "unlisted" in cell.looks) for cell in provider.cells] == [
        ("yes", False),
        ("not listed", True),
    ]
    approval = next(row for row in listed.rows if row.title == "Create a user")
    assert [cell.text for cell in approval.cells] == ["not listed", "no"]
    (admin,) = tables(uma, f"{ADDRESS}?role=cms_admin&compare=help_desk")[:1]
    survey = next(row for row in admin.rows if row.title == "Delete a survey")
    assert [cell.text for cell in survey.cells] == ["yes, by a note", "no"]


def test_my_own_roles_are_marked_and_nobody_elses(world: World) -> None:
    maria = signed_in(world.maria)
    (table,) = tables(maria, "/qpp/role-matrix/")
    assert ["mine" in cell.looks for cell in table.headings] == [False, True, False]
    assert table.headings[1].text == "Security Official Your role"
    assert all(["mine" in cell.looks for cell in row.cells] == [True, False] for row in table.rows)
    assert "You hold no role yet" in page(signed_in(world.nora), "/qpp/role-matrix/")


@pytest.mark.requirement("IQCS-05")
def test_qualified_cells_and_kinds_of_privilege_are_shown_with_what_they_mean(uma: Client) -> None:
    (table,) = tables(uma, "/iqcs/role-matrix/")
    record = next(row for row in table.rows if row.title == "View responder record Page")
    assert record.cells[0].text == "own record"
    assert "mark" in record.cells[0].looks
    assert "Only the own record of the person who asks." in page(uma, "/iqcs/role-matrix/")
    kinds = {row.title.rpartition(" ")[2] for row in table.rows}
    assert kinds == {"item", "Page", "Tab", "Action", "Report"}


@pytest.mark.parametrize("query", ["", "?role=mac_user&compare=state_general_user", "?words=delete"])
def test_the_page_asks_the_database_a_dozen_times_at_most_however_many_cells(
    uma: Client, django_assert_max_num_queries: DjangoAssertNumQueries, query: str
) -> None:
    page(uma)
    with django_assert_max_num_queries(MOST_QUERIES):
        page(uma, f"{ADDRESS}{query}")


@pytest.mark.invariant("I14")
def test_the_page_has_no_inline_script_or_style_and_escapes_what_was_typed(uma: Client) -> None:
    text = page(uma, f"{ADDRESS}?words=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in text
    assert not re.search(r'\sstyle="|<style|\son\w+="', text)


def test_who_is_not_signed_in_is_asked_to_sign_in(uma: Client) -> None:
    for address in (ADDRESS, f"{ADDRESS}matrix.csv", "/iqies/which-role/", "/iqies/can-they/"):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert "/sign-in/" in answer["Location"]


def test_an_unknown_program_has_no_matrix(uma: Client) -> None:
    assert uma.get("/nowhere/role-matrix/").status_code == 404
    assert uma.get("/nowhere/role-matrix/matrix.pdf").status_code == 404
