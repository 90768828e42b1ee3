"""The days of a hold are no approver's days: what was open all along is overdue only after it went on (IQCS-04)."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows.let_rest_go_on import let_rest_go_on
from rolebook.governance.flows.watch_stages import escalate_stages, remind_approvers
from rolebook.governance.models import Stage
from tests.support import grants, iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import PROGRAM, REPRESENTATIVE, place
from tests.support.people import START, WEB

WENT_ON = START + timedelta(days=30)
SOON, LATE = WENT_ON + timedelta(minutes=1), WENT_ON + timedelta(days=21)


@pytest.mark.requirement("IQCS-03", "IQCS-04")
@pytest.mark.usefixtures("iqcs_world", "representative", "security")
def test_the_days_of_a_hold_count_neither_for_a_reminder_nor_for_an_escalation(
    person: Account, air_force: dict[str, Account]
) -> None:
    bureau = iqcs.holder(REPRESENTATIVE, "BLM-MT", "Berta Bureau")
    grants.steward(program_id=PROGRAM)
    request = iqcs.asks(person, iqcs.answers({}, ["BLM-MT", "USAF-ACC-1"]))
    decides(air_force["manager"], open_stage(request, place("USAF-ACC-1")), "denied", at=START)
    left = Stage.objects.get(request=request, state="open")
    assert (left.organization, left.opened_at) == (place("BLM-MT"), START)
    assert (remind_approvers(WENT_ON), escalate_stages(WENT_ON)) == (0, 0)
    let_rest_go_on(
        acting_user=person, program_id=PROGRAM, request_id=request.public_id, at=WENT_ON, origin=WEB
    )
    assert (remind_approvers(SOON), escalate_stages(SOON)) == (0, 0)
    assert (remind_approvers(LATE), escalate_stages(LATE)) == (1, 1)
    left.refresh_from_db()
    assert left.escalated_why == "overdue"
    decides(bureau, left, at=LATE)
