"""Access apart from roles at the decision point: followed, loaded anew, and what the flows would say, all agree."""

from datetime import UTC, datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.authzen.state import State
from rolebook.decision.instants import micros
from rolebook.governance.account_answers import CodeAnswer
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import record_sign_in, remove_access
from rolebook.governance.models import Access
from tests.authzen.asking import catch_up, decision_point
from tests.support import grants, iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import START, WEB

EDIT = "edit_qualifications"
PLACES = ("FWS", "FWS-R6", "FWS-R6-BNR", "USAF-ACC", "BLM-MT")


def by_flows(account: Account, at: datetime) -> dict[str, bool]:
    standing = standing_of(account, PROGRAM, at)
    return {code: standing.allows(EDIT, iqcs.place(code)) for code in PLACES}


def by_state(state: State, account: Account, at: datetime) -> dict[str, bool]:
    program = state.programs[PROGRAM]
    subject = str(account.public_id)
    return {
        code: program.check(subject, EDIT, str(iqcs.place(code).public_id), micros(at), None)
        for code in PLACES
    }


@pytest.mark.django_db
@pytest.mark.requirement("IQCS-05", "IQCS-11")
@pytest.mark.invariant("I10")
def test_what_is_followed_loaded_and_walked_is_one_answer_as_access_comes_and_goes() -> None:
    iqcs.begin()
    person = grants.user("Rita Requester", PROGRAM)
    representative = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    security = iqcs.holder(SECURITY, None, "Sven Security")
    point = decision_point()

    def agreed(at: datetime) -> set[str]:
        catch_up(point)
        fresh = State()
        fresh.load()
        followed = by_state(point.state, person, at)
        assert followed == by_state(fresh, person, at) == by_flows(person, at)
        return {code for code, allowed in followed.items() if allowed}

    hour, day = timedelta(hours=1), timedelta(days=1)
    # Their quiet is not what this is about: it ends after everything else here.
    record_sign_in(acting_user=person, program_id=PROGRAM, at=datetime(2100, 1, 1, tzinfo=UTC), origin=WEB)
    grants.designated(person, MANAGER, program_id=PROGRAM)
    assert agreed(START + hour) == set()
    iqcs.gives_access(person, "FWS-R6", lower_levels=False)
    assert agreed(START + hour) == {"FWS-R6"}
    iqcs.employed(person, "FWS-R6")
    request = iqcs.asks(
        person, iqcs.answers(codes=[CodeAnswer("FWS", lower_levels=True)], ends_on="2100-06-01")
    )
    decides(representative, open_stage(request))
    decides(security, open_stage(request), at=START + hour)
    assert agreed(START + 2 * hour) == {"FWS", "FWS-R6", "FWS-R6-BNR"}
    access = Access.objects.get(request_item__request=request)
    assert access.ends_at is not None
    # No job ends it: the second itself does, at every one of the three.
    assert agreed(access.ends_at - timedelta(seconds=1)) == {"FWS", "FWS-R6", "FWS-R6-BNR"}
    assert agreed(access.ends_at) == {"FWS-R6"}
    remove_access(
        acting_user=security,
        program_id=PROGRAM,
        organization_id=iqcs.place("FWS").public_id,
        beneficiary_id=person.public_id,
        at=START + 2 * day,
        origin=WEB,
    )
    assert agreed(START + 3 * day) == {"FWS-R6"}
    assert agreed(access.ends_at - timedelta(seconds=1)) == {"FWS-R6"}
