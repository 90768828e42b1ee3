"""The form and the check for a person whose part is out, as their representative uses them (IQCS-02, IQCS-10)."""

import re
from datetime import timedelta
from html import unescape

import pytest

from rolebook.audit import clock
from rolebook.governance.models import Request
from tests.support import grants, iqcs, people
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE

DAY = timedelta(days=1)


def said(page: str) -> str:
    """The page as it is read: without tags, one space between words."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def choices(page: str, role_id: str) -> set[str]:
    found = re.findall(rf'<input[^>]*name="role-{role_id}"[^>]*>', page)
    return {value for one in found for value in re.findall(r'value="([^"]*)"', one)}


@pytest.mark.requirement("IQCS-02", "IQCS-10")
def test_what_comes_back_is_offered_to_be_removed_and_the_check_says_what_is_then_left(db: None) -> None:
    now = clock.now()
    iqcs.begin(now - 500 * DAY)
    rosa = people.user_with_totp("Rosa Representative", at=now - DAY)
    grants.designated(rosa.account, REPRESENTATIVE, program_id=PROGRAM, at=now - DAY)
    iqcs.gives_access(rosa.account, "FWS", at=now - DAY)
    mia = iqcs.manager("FWS-R6-BNR", "Mia Manager", at=now - 400 * DAY)
    iqcs.gives_access(mia, "FWS-R6", at=now - 400 * DAY)
    client = people.signed_in_client(rosa, PROGRAM)
    address = f"/iqcs/account-request/for/{mia.public_id}/"
    page = client.get(address).content.decode()
    assert choices(page, MANAGER) == {"remove", ""}
    assert choices(page, "training_officer") == {"add", ""}
    text = said(page)
    assert (
        "The account is closed: nobody signed in to it for 12 months. This request also opens it again"
        in text
    )
    assert "Account Manager comes back" in text
    assert "Remove access that comes back" in text
    answer = client.post(
        address,
        {
            "work_email": "mia@fws.example",
            "supervisor_name": "Sam Supervisor",
            "supervisor_email": "sam@fws.example",
            f"role-{MANAGER}": "remove",
            "role-training_officer": "add",
            "remove-code": "FWS-R6",
            "do": "check",
        },
    )
    assert answer.status_code == 303
    page = client.get(answer["Location"]).content.decode()
    text = said(page)
    for change in (
        "Open the account again",
        "Add the role Training Officer",
        "Remove the role Account Manager",
    ):
        assert change in text
    assert (
        "Today The account is closed: nobody signed in to it for 12 months. This person can do nothing"
        in text
    )
    assert "Afterwards This person then holds the role Training Officer. This person can then" in text
    assert "in Benton Lake Refuge (FWS-R6-BNR) with lower levels." in text
    hidden = dict(re.findall(r'name="(shown|type)"\s+value="([^"]*)"', page))
    sent = client.post(answer["Location"], hidden)
    assert sent.status_code == 303
    request = Request.objects.get(beneficiary=mia)
    text = said(client.get(f"/iqcs/requests/{request.public_id}/").content.decode())
    comes_back = text.split(" Comes back ")[1]
    assert comes_back.startswith("Access to Benton Lake Refuge (FWS-R6-BNR) with lower levels")
    assert "Access to FWS Mountain-Prairie Region" not in comes_back
    assert "Role Account Manager" not in comes_back
