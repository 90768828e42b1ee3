"""A request that came back is corrected without what somebody denied of it; one that has ended is asked anew whole."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows.let_rest_go_on import let_rest_go_on
from rolebook.governance.models import Request
from rolebook.governance.queries.account_detail import account_request_detail
from rolebook.governance.queries.account_requests import answers_of_request
from tests.support import iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import PROGRAM, REPRESENTATIVE, TRAINING, opened, place
from tests.support.people import START, WEB

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("iqcs_world"),
    pytest.mark.requirement("IQCS-04"),
    pytest.mark.requirement("IQCS-06"),
]
HOUR = timedelta(hours=1)


@pytest.fixture
def request_for_both(person: Account, security: Account, air_force: dict[str, Account]) -> Request:
    """A role, a code of one's own agency and one of another, which has denied its own: the rest goes on."""
    request = iqcs.asks(person, iqcs.answers({TRAINING: "add"}, ["FWS-R6-BNR", "USAF-ACC-1"]))
    decides(air_force["manager"], open_stage(request, place("USAF-ACC-1")), "denied")
    let_rest_go_on(
        acting_user=person,
        program_id=PROGRAM,
        request_id=request.public_id,
        at=START + HOUR,
        origin=WEB,
    )
    request.refresh_from_db()
    return request


def test_a_corrected_version_does_not_ask_again_for_what_another_agency_denied(
    person: Account, representative: Account, request_for_both: Request
) -> None:
    request = request_for_both
    decides(representative, open_stage(request), "returned", reason="The phone.", at=START + HOUR)
    request.refresh_from_db()
    form = answers_of_request(request)
    assert ([one.code for one in form.codes], form.roles) == (["FWS-R6-BNR"], {TRAINING: "add"})
    again = iqcs.asks(person, form, corrects=request, at=START + 2 * HOUR)
    assert opened(again) == [(REPRESENTATIVE, "FWS-R6")]
    seen = account_request_detail(representative, again.public_id, PROGRAM, START + 2 * HOUR)
    assert not any("USAF" in said for said, _ in seen.changes)


def test_what_is_asked_anew_after_its_denial_is_asked_as_it_was_written(
    person: Account, representative: Account, request_for_both: Request
) -> None:
    request = request_for_both
    decides(representative, open_stage(request), "denied", at=START + HOUR)
    request.refresh_from_db()
    assert request.state == "denied"
    assert [one.code for one in answers_of_request(request).codes] == ["FWS-R6-BNR", "USAF-ACC-1"]
