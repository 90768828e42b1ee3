"""What a request's course says of who is out of office: who is asked meanwhile, and not that nobody else may decide."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from rolebook.audit import clock
from rolebook.governance.flows.record_absence import record_absence
from tests.support import grants, iqcs
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import WEB
from tests.web.test_approvers_pages import DAY, HOUR, browser, official, words


@pytest.mark.requirement("IQCS-04")
def test_beside_the_decision_form_of_who_is_away_the_course_says_who_is_asked_and_that_they_may_decide(
    db: None,
) -> None:
    iqcs.begin(clock.now() - DAY)
    owen, grace = (official(REPRESENTATIVE, "FWS", name) for name in ("Owen Away", "Grace Here"))
    rita = grants.user("Rita Requester", PROGRAM, clock.now() - DAY)
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}), at=clock.now() - HOUR)
    address = f"/iqcs/requests/{request.public_id}/"
    assert "Can decide it now: Owen Away, Grace Here" in words(browser(grace), address)
    today = clock.now().astimezone(ZoneInfo("America/Boise")).date()
    record_absence(
        acting_user=owen.account, program_id=PROGRAM, first_on=today, last_on=today + timedelta(days=5),
        delegates={REPRESENTATIVE: grace.account.public_id}, at=clock.now() - HOUR, origin=WEB,
    )  # fmt: skip
    his, hers = words(browser(owen), address), words(browser(grace), address)
    assert "Your decision" in his
    for page in (his, hers):
        assert "Can decide it now" not in page
        assert "Asked now: Grace Here" in page
        assert "Grace Here decides meanwhile." in page
    assert "You are out of office until" in his
    assert "who is out of office keeps the office, and may decide in it" in his
    assert "Owen Away is out of office until" in hers
