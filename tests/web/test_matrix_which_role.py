"""Which role do I need?: what is typed becomes privileges, and the answer is a role, with everything else it gives."""

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.decision.compiled import compile_program
from rolebook.decision.which_role import which_role
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import shipped_folder
from tests.support import grants, people
from tests.web.test_matrix_page import page
from tests.web.worlds import World, signed_in

ADDRESS = "/iqies/which-role/"


@pytest.fixture
def uma(world: World) -> Client:
    """Somebody without any role, where iQIES is in force."""
    people.activate("iqies", world.start)
    return signed_in(world.uma)


def titles(text: str) -> list[str]:
    """The headings of the answers, in order."""
    parts = text.split('<h3 id="answer-')[1:]
    return [part.partition(">")[2].partition("<")[0].strip() for part in parts]


def plain(client: Client, query: str = "") -> str:
    return " ".join(page(client, ADDRESS + query).split())


@pytest.mark.requirement("IQIES-03", "IQIES-01")
def test_typing_what_one_needs_gives_the_roles_that_have_it_fewest_extras_first(uma: Client) -> None:
    text = plain(uma, "?need=delete+a+patient")
    assert titles(text) == [
        "Provider Administrator",
        "Provider Security Official",
        "State Agency Assessment Coordinator",
        "iQIES Help Desk Production Control",
    ]
    assert "It also gives 12 privileges that you did not ask for" in text
    assert (
        'href="?need=delete+a+patient&amp;privilege=delete_a_patient&amp;privilege=delete_a_patient_assessment"'
        in text
    )


@pytest.mark.requirement("IQIES-03")
@pytest.mark.parametrize(
    "needed",
    [
        ["edit_idr"],
        ["manage_user_fsid", "iqies_role_approval"],
        ["view_idr", "edit_notes"],
        ["manage_user_fsid", "edit_idr"],
        ["edit_user_profile"],
    ],
)
def test_the_answers_are_those_of_the_decision_in_its_order(uma: Client, needed: list[str]) -> None:
    book = read_rolebook(shipped_folder("iqies"))
    expected = [
        " and ".join(role.title for role_id in found.role_ids if (role := book.role(role_id)) is not None)
        for found in which_role(book, compile_program(book), needed)
    ]
    assert titles(plain(uma, "?" + "&".join(f"privilege={one}" for one in needed))) == expected


@pytest.mark.requirement("IQIES-03")
def test_each_answer_leads_to_asking_for_that_role_and_says_who_decides(uma: Client) -> None:
    text = plain(uma, "?privilege=manage_state_prohibited_codes")
    assert f'href="{reverse("request-role", args=["iqies", "state_assessment_coordinator"])}"' in text
    assert "<dt>Who decides</dt> <dd> State Agency Security Official </dd>" in text
    assert f'<a href="{reverse("request-a-role", args=["iqies"])}">I know my role</a>' in text


@pytest.mark.requirement("IQIES-08", "IQIES-03")
def test_a_designated_role_is_an_answer_that_cannot_be_requested(uma: Client) -> None:
    text = plain(uma, "?privilege=manage_user_fsid")
    assert titles(text) == ["State Agency Security Official", "CMS Security Official"]
    assert (
        "This role is designated for specific staff at CMS Headquarters only. Do not request this role."
        in text
    )
    assert reverse("request-role", args=["iqies", "cms_security_official"]) not in text


@pytest.mark.requirement("IQIES-10")
def test_deleting_a_survey_is_the_cms_admin_s_and_gives_nothing_else(uma: Client) -> None:
    text = plain(uma, "?need=delete+a+survey")
    assert titles(text) == ["CMS Admin"]
    assert "It gives what you asked for, and nothing else." in text
    assert "CMS Headquarters" not in text


@pytest.mark.requirement("IQIES-03")
def test_what_no_role_gives_is_said_and_what_no_category_joins_is_taken_apart(uma: Client) -> None:
    assert "No role of the program gives it." in plain(uma, "?privilege=create_a_user")
    text = plain(uma, "?privilege=edit_user_profile&privilege=edit_idr")
    assert titles(text) == []
    assert "One person can hold roles of one user category only." in text
    assert "CMS Contractor User MAC" in text


def test_words_that_name_nothing_and_names_that_do_not_exist_change_nothing(uma: Client) -> None:
    assert "Nothing in the role matrix is called “qqq”" in plain(uma, "?need=qqq")
    assert titles(plain(uma, "?privilege=nonsense&privilege=%00")) == []
    assert (
        titles(plain(uma, "?" + "&".join(["privilege=edit_idr"] * 500)))
        == ["CMS General User", "State Agency General User"][::-1]
    )


@pytest.mark.requirement("IQIES-04")
def test_a_role_of_another_category_than_mine_says_so_and_offers_no_request(world: World) -> None:
    people.activate("iqies", world.start)
    grants.designated(world.uma.account, "cms_security_official", program_id="iqies", at=world.start)
    text = plain(signed_in(world.uma), "?privilege=add_a_patient")
    assert titles(text) == [
        "Provider Assessment Coordinator",
        "State Agency Assessment Coordinator",
        "iQIES Help Desk Production Control",
    ]
    assert text.count("Another user category than yours") == 2
    assert "Request Provider Assessment Coordinator" not in text
    assert "Request State Agency Assessment Coordinator" not in text
    assert "Request iQIES Help Desk Production Control" in text
