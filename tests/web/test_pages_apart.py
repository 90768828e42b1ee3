"""Pages of a program that holds access apart from roles (IQCS): a role is asked for, and decided, on its own."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.flows import designate_role, request_role
from rolebook.governance.models import Request
from rolebook.governance.queries.officials import official_title
from rolebook.governance.refusals import Refused
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import resolve
from tests.support import grants, iqcs, people
from tests.support.iqcs import MANAGER, REPRESENTATIVE
from tests.web.reading import text, text_at
from tests.web.test_review_pages import browser

IQCS = "iqcs"
AT = clock.now() - timedelta(days=5)

pytestmark = pytest.mark.django_db


def office(name: str, user_id: str, role_id: str) -> people.Person:
    """Somebody who was designated, and holds the office at no organization."""
    person = people.user_with_totp(name, user_id, AT)
    designate_role(
        acting_user=None,
        program_id=IQCS,
        role_id=role_id,
        beneficiary_id=person.account.public_id,
        organization_id=None,
        reason="named",
        at=AT,
        origin=people.COMMAND,
    )
    return person


@pytest.mark.requirement("IQCS-02", "IQCS-05")
def test_a_role_is_asked_for_with_the_account_request_and_by_no_other_door() -> None:
    people.activate(IQCS, AT)
    asker = people.user_with_totp("Nora New", "nora", AT)
    client = people.signed_in_client(asker, IQCS)
    offered = client.get(reverse("request-a-role", args=[IQCS]), follow=True)
    assert "Account Manager" in text(offered)
    assert offered.redirect_chain[-1][0] == reverse("account-request", args=[IQCS])
    for name in ("request-role", "review-request"):
        address = reverse(name, args=[IQCS, "account_manager"])
        assert client.get(address).status_code == 404
        assert client.post(address, {"reason": "x"}).status_code in (404, 405)
    with pytest.raises(Refused) as refusal:
        request_role(
            acting_user=asker.account, program_id=IQCS, role_id="account_manager", at=AT, origin=people.WEB
        )
    assert [violation.code for violation in refusal.value.violations] == ["ask_with_the_form"]
    assert not Request.objects.exists()


def test_the_stewards_pages_open_while_nobody_holds_an_office_that_reaches_lower_levels() -> None:
    people.activate(IQCS, AT)
    steward = people.signed_in_client(office("Stella Steward", "stella", "steward"), IQCS)
    for name in ("home", "manage-access", "my-access", "account-request", "role-matrix", "help"):
        assert steward.get(reverse(name, args=[IQCS])).status_code == 200


@pytest.mark.parametrize(
    ("program_id", "called"),
    [("qpp", "Security Official"), ("iqies", "Security Official"), ("iqcs", "official")],
)
def test_officials_are_called_what_their_program_calls_them(program_id: str, called: str) -> None:
    assert official_title(read_rolebook(resolve(program_id))) == called


def test_view_users_counts_no_officials_where_offices_are_held_at_no_organization() -> None:
    iqcs.begin(AT)
    rosa = people.user_with_totp("Rosa Representative", "rosa", AT)
    grants.designated(rosa.account, iqcs.REPRESENTATIVE, program_id=IQCS, at=AT)
    iqcs.gives_access(rosa.account, "FWS-R6", at=AT)
    client = people.signed_in_client(rosa, IQCS)
    page = text(client.get(reverse("organization-users", args=[IQCS, iqcs.place("FWS-R6").public_id])))
    assert "Rosa Representative" in page
    assert "Security Official" not in page
    assert "IQCS Security must do so" in page
    assert "official" not in page.partition("About this organization")[0].rpartition("FWS Mountain")[2]


def test_a_steward_sees_how_many_hold_an_organizations_code_and_the_code_once() -> None:
    iqcs.begin(AT)
    iqcs.holder(MANAGER, "FWS-R6-BNR", "Mona Manager", at=AT)
    steward = grants.steward("Stella Steward", IQCS, AT)
    page = text_at(browser(steward), f"{reverse('steward-organizations', args=[IQCS])}?search=FWS-R6-BNR")
    assert re.findall(r'data-label="People">(\d+)<', page) == ["1"]
    assert len(re.findall(">[^<]*FWS-R6-BNR[^<]*<", page)) == 1


def test_the_page_of_a_person_says_where_a_role_counts_that_is_held_at_no_organization() -> None:
    iqcs.begin(AT)
    mona = iqcs.holder(MANAGER, "FWS-R6-BNR", "Mona Manager", at=AT)
    steward = grants.steward("Stella Steward", IQCS, AT)
    page = text_at(browser(steward), reverse("steward-person", args=[IQCS, mona.public_id]))
    assert "Where access is held" in page
    assert "The whole program" not in page


def test_who_looks_after_an_organization_without_a_role_there_is_told_so() -> None:
    iqcs.begin(AT)
    rosa = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative", at=AT)
    page = text_at(browser(rosa), reverse("manage-access", args=[IQCS]))
    assert "None here; you look after it" in page


@pytest.mark.requirement("IQCS-06")
def test_ones_request_for_a_role_and_a_code_names_the_organization_and_no_other() -> None:
    iqcs.begin(AT)
    nora = grants.user("Nora New", IQCS, AT)
    iqcs.asks(nora, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), authorized=False, at=AT)
    page = text_at(browser(nora), reverse("my-requests", args=[IQCS]))
    [said] = re.findall(r'data-label="Organization">(.*?)</td>', page)
    assert "FWS Mountain-Prairie Region" in said
    assert " more" not in said


def test_people_whose_part_has_ended_by_quiet_are_not_said_to_be_able_to_keep_it() -> None:
    now = clock.now()
    iqcs.begin(now - timedelta(days=500))
    quiet = iqcs.manager("FWS-R6-BNR", "Quiet Person", at=now - timedelta(days=400))
    steward = grants.steward("Stella Steward", IQCS, now - timedelta(days=2))
    listed = text_at(browser(steward), f"{reverse('steward-people', args=[IQCS])}?search=quiet+person")
    assert re.search(r"out since .*?, without a sign-in", listed)
    page = text_at(browser(steward), reverse("steward-person", args=[IQCS, quiet.public_id]))
    assert re.search(r"Closed since .*?, without a sign-in", page)


@pytest.mark.requirement("IQCS-03")
def test_the_page_of_an_organization_names_who_decides_there_by_an_office_held_at_none() -> None:
    iqcs.begin(AT)
    iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative", at=AT)
    iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Colin Elsewhere", at=AT)
    steward = grants.steward("Stella Steward", IQCS, AT)
    address = reverse("organization", args=[IQCS, iqcs.place("FWS-R6-BNR").public_id])
    page = text_at(browser(steward), address)
    assert "<bdi>Rosa Representative</bdi>" in page
    assert "Colin Elsewhere" not in page
    nobody = reverse("organization", args=[IQCS, iqcs.place("BLM").public_id])
    assert "Nobody yet" in text_at(browser(steward), nobody)
