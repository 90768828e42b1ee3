"""Two agencies give their last word at the same instant: the own agency's stage opens, once (IQCS-04, I13)."""

from collections.abc import Callable
from functools import partial

import pytest

from rolebook.governance.flows import withdraw_request
from rolebook.governance.models import Request, Stage
from tests.support import grants, iqcs
from tests.support.databases import CommittedDatabase
from tests.support.grants import decides
from tests.support.iqcs import LEAD, PROGRAM, REPRESENTATIVE
from tests.support.people import WEB
from tests.support.racing import Round, with_and_without_locks

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.invariant("I13")]


def not_joined(one: Round) -> str | None:
    """What is wrong after both leads have approved: the stage that joins them must have been opened."""
    refused = [result for result in one.results.values() if isinstance(result, Exception)]
    if refused:
        return f"refused: {refused}"
    request = one.about["request"]
    assert isinstance(request, Request)
    own = Stage.objects.filter(request=request, is_foreign=False, approver_role_id=REPRESENTATIVE)
    opened = [stage.opened_at is not None for stage in own]
    return None if opened == [True] else f"the own stages were opened: {opened}"


@pytest.mark.requirement("IQCS-04")
def test_chains_that_end_together_open_what_joins_them(committed_db: CommittedDatabase) -> None:
    iqcs.begin()

    def prepare(lane: int) -> Callable[[], Round]:
        person = grants.user(f"Person {lane}", PROGRAM)
        iqcs.employed(person, "FWS-R6")
        first = {
            code: iqcs.holder(REPRESENTATIVE, code, f"Representative {code} {lane}")
            for code in ("BLM-MT", "USAF-ACC")
        }
        leads = [iqcs.holder(LEAD, code, f"Lead {code} {lane}") for code in ("BLM", "USAF")]

        def next_round() -> Round:
            request = iqcs.asks(person, iqcs.answers(codes=["BLM-MT", "USAF-ACC"]))
            for code, who in first.items():
                decides(who, Stage.objects.get(request=request, organization__code=code))
            stages = [
                Stage.objects.get(request=request, approver_role_id=LEAD, organization__code=code)
                for code in ("BLM", "USAF")
            ]
            calls = [partial(decides, who, stage) for who, stage in zip(leads, stages, strict=True)]
            return Round(calls, {"request": request})

        def one_at_a_time() -> Round:
            for earlier in Request.objects.filter(beneficiary=person, state="pending"):
                withdraw_request(
                    acting_user=person,
                    program_id=PROGRAM,
                    request_id=earlier.public_id,
                    at=grants.LATER,
                    origin=WEB,
                )
            return next_round()

        return one_at_a_time

    with_and_without_locks(committed_db, prepare, not_joined)
