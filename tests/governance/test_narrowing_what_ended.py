"""A narrowing of access that ended before it was decided comes to nothing, in words; the rest goes on (IQCS-05)."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows.remove_access import remove_access
from rolebook.governance.models import Access, Grant, Request
from rolebook.governance.queries.account_detail import account_request_detail
from rolebook.governance.replaying import compare_with_log
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.governance.test_narrowing import NARROW, SAID, held, manager_with
from tests.support import iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import PROGRAM, TRAINING
from tests.support.people import START, WEB

pytestmark = [
    pytest.mark.usefixtures("iqcs_world"),
    pytest.mark.requirement("IQCS-05"),
    pytest.mark.requirement("IQCS-11"),
]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOTHING = "it had ended before, so there was nothing to narrow"


def asked(mona: Account) -> Request:
    """A narrowing, and a role beside it."""
    return iqcs.asks(mona, iqcs.answers({TRAINING: "add"}, [NARROW]), at=START + HOUR)


def test_what_ended_by_itself_is_not_narrowed_and_keeps_nothing_beside_it_from_being_given(
    representative: Account, security: Account
) -> None:
    mona = manager_with((True, 0, 3))
    request = asked(mona)
    decides(representative, open_stage(request), at=START + DAY)
    decides(security, open_stage(request), at=START + 5 * DAY)
    assert iqcs.state_of(request) == "approved"
    assert held(mona, START + 5 * DAY) == []
    assert Grant.objects.filter(account=mona, role_id=TRAINING, closed_at=None).exists()


@pytest.mark.invariant("I2")
def test_what_was_removed_meanwhile_is_not_given_back_by_its_narrowing(
    representative: Account, security: Account
) -> None:
    mona = iqcs.manager("FWS-R6", "Mona Manager")
    request = asked(mona)
    decides(representative, open_stage(request), at=START + DAY)
    remove_access(
        acting_user=security,
        program_id=PROGRAM,
        organization_id=iqcs.place("FWS-R6").public_id,
        beneficiary_id=mona.public_id,
        reason="Found in use by somebody else.",
        at=START + 2 * DAY,
        origin=WEB,
    )
    decides(security, open_stage(request), at=START + 5 * DAY)
    assert iqcs.state_of(request) == "approved"
    assert held(mona, START + 5 * DAY) == []
    assert compare_with_log().findings == []


def test_what_goes_on_without_lower_levels_stays_as_it_is_held(
    representative: Account, security: Account
) -> None:
    mona = manager_with((True, 0, 3), (False, 2, 30))
    request = asked(mona)
    for who in (representative, security):
        decides(who, open_stage(request), at=START + 5 * DAY)
    assert held(mona, START + 5 * DAY) == [("FWS-R6", False, START + 30 * DAY)]
    assert not Access.objects.filter(account=mona, closed_at__isnull=False).exists()


def test_who_decides_and_who_asked_are_told_that_there_was_nothing_to_narrow(
    representative: Account, security: Account
) -> None:
    mona = manager_with((True, 0, 3))
    request = asked(mona)
    decides(representative, open_stage(request), at=START + DAY)
    before = account_request_detail(security, request.public_id, PROGRAM, START + 2 * DAY)
    assert (SAID, "pending") in before.changes
    shown = account_request_detail(security, request.public_id, PROGRAM, START + 4 * DAY)
    assert (f"{SAID} ({NOTHING})", "pending") in shown.changes
    assert shown.preview is not None
    assert SAID not in shown.preview.changes
    decides(security, open_stage(request), at=START + 5 * DAY)
    seen = account_request_detail(mona, request.public_id, PROGRAM, START + 5 * DAY)
    assert (f"{SAID} ({NOTHING})", "approved") in seen.changes
    while derive_notices(now=START + 5 * DAY):
        pass
    mail = Notice.objects.get(kind="decision", recipient=mona)
    assert f"FWS Mountain-Prairie Region (FWS-R6): {NOTHING}." in " ".join(mail.text.split())
    assert "without lower levels from now on" not in mail.text
