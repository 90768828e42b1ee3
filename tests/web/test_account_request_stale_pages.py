"""Who presses on a page of account requests that is stale is told what became of it, and changes nothing (IQCS)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.checks_going_on import FOLDED
from rolebook.governance.models import Access, AccessCheck, AccessCheckAnswer
from tests.support import iqcs
from tests.support.iqcs import LEAD, MANAGER, PROGRAM
from tests.web.test_account_request_words import browser, somebody

BEFORE = timedelta(days=1)


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
