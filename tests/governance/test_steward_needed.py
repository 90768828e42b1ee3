"""A steward decides once in a run, standing in or not: where none is left, the request says that another is needed."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.deciders import stewards_for, who_may_decide
from rolebook.governance.flows.record_absence import record_absence
from rolebook.governance.flows.watch_stages import escalate_stages, remind_approvers
from rolebook.governance.models import Request, Stage
from rolebook.governance.queries.account_detail import account_request_detail
from rolebook.governance.refusals import Refused
from rolebook.governance.whose_turn import Whose
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import LATER, codes, decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import START, WEB

pytestmark = [
    pytest.mark.requirement("IQCS-03"),
    pytest.mark.invariant("I6"),
    pytest.mark.usefixtures("iqcs_world"),
]
NEEDED = "steward-needed"


@pytest.fixture
def steward() -> Account:
    return grants.steward(program_id=PROGRAM)


@pytest.fixture
def request_at_bor(person: Account) -> Request:
    """A request whose representative and lead nobody is."""
    return iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["BOR"], employer="BOR"))


def told(kind: str, at: datetime = LATER) -> list[str]:
    """Who is told by a kind of notice of what happened since notices were derived last."""
    while derive_notices(now=at):
        pass
    found = Notice.objects.filter(kind=kind, created_at=at)
    return sorted(one.recipient.name for one in found if one.recipient is not None)


def now(viewer: Account, request: Request, at: datetime = LATER) -> tuple[bool, tuple[str, ...]]:
    """Whether nobody can decide the one open stage, and who can, as the request's page says."""
    found = account_request_detail(viewer, request.public_id, PROGRAM, at)
    [stage] = found.now
    [waits] = [step.waits for step in found.detail.present.steps if step.waits is not None]
    return waits.whose == Whose.NOBODY, stage.names


def test_the_only_steward_stands_in_once_and_is_told_that_another_is_needed(
    steward: Account, request_at_bor: Request
) -> None:
    first = open_stage(request_at_bor)
    assert now(steward, request_at_bor) == (False, (steward.name,))
    assert told("request-waiting") == [steward.name]
    decides(steward, first)
    second = open_stage(request_at_bor)
    at = LATER + timedelta(minutes=1)
    assert now(steward, request_at_bor, at) == (True, ())
    assert told("request-waiting", at) == []
    assert told(NEEDED, at) == [steward.name]
    text = Notice.objects.get(kind=NEEDED).text
    assert "nobody can decide it" in text
    assert "Designate another Application Steward, or Agency Lead at" in text
    assert "rolebook designate" in text
    assert "/iqcs/designate/" in text
    # It waits: nobody's word is counted twice, and no time passes the step.
    with pytest.raises(Refused) as refusal:
        decides(steward, second, at=at)
    assert codes(refusal) == ["decided_before"]
    escalate_stages(START + timedelta(days=60))
    second.refresh_from_db()
    assert second.state == Stage.State.OPEN


def test_with_a_second_steward_it_goes_on_and_nobody_is_told_that_one_is_needed(
    steward: Account, request_at_bor: Request
) -> None:
    other = grants.steward("Stefan Steward", PROGRAM)
    assert told("request-waiting") == [other.name, steward.name]
    decides(steward, open_stage(request_at_bor))
    second, at = open_stage(request_at_bor), LATER + timedelta(minutes=1)
    assert now(steward, request_at_bor, at) == (False, (other.name,))
    assert told("request-waiting", at) == [other.name]
    assert told(NEEDED, at) == []
    decides(other, second, at=at)
    second.refresh_from_db()
    assert second.state == Stage.State.APPROVED


def test_a_reminder_says_so_where_the_last_steward_who_could_decide_left_meanwhile(
    steward: Account, request_at_bor: Request
) -> None:
    other = grants.steward("Stefan Steward", PROGRAM)
    decides(steward, open_stage(request_at_bor))
    assert told(NEEDED) == []
    Account.objects.filter(pk=other.pk).update(status=Account.Status.DEACTIVATED)
    days = START + timedelta(days=5)
    remind_approvers(days)
    assert told(NEEDED, days) == [steward.name]
    assert told("stage-reminder", days) == []


def test_neither_the_absent_person_nor_the_delegate_is_the_steward_where_one_of_them_decided(
    steward: Account, person: Account
) -> None:
    away = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    delegate = iqcs.holder(REPRESENTATIVE, "FWS", "Dora Delegate")
    for both in (away, delegate):
        grants.designated(both, "steward", program_id=PROGRAM)
    record_absence(
        acting_user=away,
        program_id=PROGRAM,
        first_on=START.date(),
        last_on=START.date(),
        delegates={REPRESENTATIVE: delegate.public_id},
        at=START,
        origin=WEB,
    )
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    decides(delegate, open_stage(request))
    last = open_stage(request)
    book = rolebooks.in_force(PROGRAM)
    assert stewards_for(book, last, LATER) == who_may_decide(book, last, LATER) == (steward,)


@pytest.mark.parametrize("vacant", [True, False])
def test_a_steward_who_decided_by_another_office_is_not_asked_to_stand_in(
    steward: Account, person: Account, vacant: bool
) -> None:
    grants.designated(steward, REPRESENTATIVE, program_id=PROGRAM)
    iqcs.gives_access(steward, "BOR")
    lead = None if vacant else iqcs.holder(LEAD, "BOR", "Leo Lead")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["BOR"], employer="BOR"))
    decides(steward, open_stage(request))
    assert now(steward, request) == ((True, ()) if lead is None else (False, (lead.name,)))
