"""Who presses on a page of account requests that is stale is told what became of it, and changes nothing (IQCS)."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.checks_going_on import FOLDED
from rolebook.governance.models import Access, AccessCheck, AccessCheckAnswer, AccountDraft, Request
from rolebook.governance.queries import my_requests
from tests.support import iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import Person
from tests.web.test_account_request_words import browser, somebody, words

BEFORE = timedelta(days=1)
CHECK = "/iqcs/account-request/check/"


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    iqcs.begin(clock.now() - BEFORE)


def changed_employer() -> AccessCheck:
    """A manager with one code, whom an agency employs since that is not the code's."""
    manager, at = somebody("Manuel Manager", MANAGER, "FWS-R6"), clock.now() - timedelta(hours=1)
    iqcs.employed(manager.account, "FWS-R6", at=at)
    iqcs.employed(manager.account, "BLM-MT", at=at)
    return AccessCheck.objects.get()


@pytest.mark.requirement("IQCS-03")
def test_codes_that_were_looked_at_before_are_not_said_to_be_recorded_again() -> None:
    lena, leo = somebody("Lena Lead", LEAD, "BLM"), somebody("Leo Lead", LEAD, "BLM")
    address = reverse("close-access-check", args=[PROGRAM, changed_employer().public_id])
    code = f"code-{Access.objects.get(account__name='Manuel Manager').public_id}"
    said = [
        browser(who).post(address, {code: answer}, follow=True).content.decode()
        for who, answer in ((lena, "remove"), (lena, "keep"), (leo, "keep"))
    ]
    assert "Recorded: you looked at the codes of Manuel Manager." in said[0]
    for page, who in ((said[1], "you"), (said[2], "Lena Lead")):
        assert f"were looked at before by {who}. Your press changed nothing." in page
        assert "Recorded" not in page
    assert not AccessCheckAnswer.objects.get().keep


@pytest.mark.requirement("IQCS-03", "IQIES-04")
def test_a_check_that_goes_on_with_another_account_is_not_said_to_have_been_looked_at() -> None:
    lena, check = somebody("Lena Lead", LEAD, "BLM"), changed_employer()
    AccessCheck.objects.update(closed_at=clock.now(), note=FOLDED)
    address = reverse("close-access-check", args=[PROGRAM, check.public_id])
    page = browser(lena).post(address, follow=True).content.decode()
    assert "The codes of Manuel Manager are looked at in another check" in page
    assert "Your press changed nothing." in page


def to_send(client: Client) -> dict[str, str]:
    """What the button of the page "Check and send" posts."""
    page = client.get(CHECK).content.decode()
    return dict(re.findall(r'name="(shown|type)"\s+value="([^"]*)"', page))


@pytest.fixture
def rita(world: None) -> Person:
    return somebody("Rita Requester")


@pytest.fixture
def requester(rita: Person) -> Client:
    return browser(rita)


@pytest.fixture
def returned(rita: Person) -> Request:
    """A request of Rita's that came back."""
    rosa = somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    at = clock.now() - timedelta(hours=2)
    request = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), at=at)
    decides(rosa.account, open_stage(request), "returned", reason="The phone is missing.", at=at)
    return request


@pytest.mark.requirement("IQCS-06")
def test_a_correction_whose_request_was_withdrawn_meanwhile_is_not_sent_as_a_new_one_unseen(
    returned: Request, requester: Client
) -> None:
    requester.post(reverse("correct-account-request", args=[PROGRAM, returned.public_id]))
    stale = to_send(requester)
    requester.post(reverse("withdraw-request", args=[PROGRAM, returned.public_id]))
    page = requester.post(CHECK, stale)
    assert page.status_code == 409
    assert "The request that this corrected has ended." in page.content.decode()
    assert list(Request.objects.all()) == [returned]
    assert requester.post(CHECK, to_send(requester)).status_code == 303
    assert Request.objects.latest("pk").version == 1


@pytest.mark.requirement("IQCS-06")
def test_a_correction_that_is_sent_from_a_page_that_is_not_stale_is_the_next_version(
    returned: Request, requester: Client
) -> None:
    requester.post(reverse("correct-account-request", args=[PROGRAM, returned.public_id]))
    assert requester.post(CHECK, to_send(requester)).status_code == 303
    assert Request.objects.get().version == 2


@pytest.mark.requirement("IQCS-06")
def test_who_sends_the_same_form_twice_is_told_and_sees_what_was_sent(
    returned: Request, requester: Client
) -> None:
    requester.post(reverse("correct-account-request", args=[PROGRAM, returned.public_id]))
    form = to_send(requester)
    pages = [requester.post(CHECK, form, follow=True) for _ in range(2)]
    assert not AccountDraft.objects.exists()
    assert "in another window. Your press changed nothing." in pages[1].content.decode()
    assert reverse("request", args=[PROGRAM, returned.public_id]) in pages[1].content.decode()
    assert "Your press changed nothing" not in pages[0].content.decode()


@pytest.mark.requirement("IQCS-06")
def test_of_a_request_that_was_withdrawn_after_it_came_back_no_part_is_said_to_be_returned(
    returned: Request, rita: Person, requester: Client
) -> None:
    page = words(requester, "request", returned.public_id)
    assert "(FWS-R6) Returned" in page
    requester.post(reverse("withdraw-request", args=[PROGRAM, returned.public_id]))
    assert "(FWS-R6) Withdrawn" in words(requester, "request", returned.public_id)
    assert "(FWS-R6) Returned" not in words(requester, "request", returned.public_id)
    [listed] = my_requests(rita.account, PROGRAM, clock.now()).rows
    assert listed.came_to == (("withdrawn", 2),)
