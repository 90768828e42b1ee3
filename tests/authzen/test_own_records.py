"""One's own record at the decision point: the one that was registered for, and no other (IQCS-01)."""

from datetime import timedelta
from typing import Any

import pytest

from rolebook.accounts.models import Account
from rolebook.authzen.state import State
from rolebook.authzen.wsgi import DecisionPoint
from rolebook.governance.flows import change_participation_status
from rolebook.governance.flows.remove_access import remove_program_roles
from tests.authzen.asking import ask, catch_up, decision_point, token_for
from tests.support import grants, iqcs, responders
from tests.support.iqcs import MANAGER, PROGRAM, SECURITY
from tests.support.people import START, WEB

VIEW, EDIT = "responder_page", "edit_personal_information"
LATER = START + timedelta(hours=1)


def asked(point: DecisionPoint, token: str, who: Account, action: str, resource: dict[str, Any]) -> bool:
    """The answer of the decision point; it is the same when everything is loaded anew."""
    body = {
        "subject": {"type": "user", "id": str(who.public_id)},
        "action": {"name": action},
        "resource": resource,
    }
    catch_up(point)
    followed = ask(point, body, token, path="/iqcs/access/v1/evaluation").json["decision"]
    fresh, kept = State(), point.state.programs
    fresh.load()
    point.state.programs = fresh.programs
    loaded = ask(point, body, token, path="/iqcs/access/v1/evaluation").json["decision"]
    point.state.programs = kept
    assert followed == loaded
    return bool(followed)


@pytest.fixture
def world(db: None) -> tuple[DecisionPoint, str]:
    iqcs.begin()
    responders.imports()
    return decision_point(), token_for(PROGRAM)


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I10")
def test_a_responder_reaches_the_record_registered_for_and_only_while_it_is_theirs(
    world: tuple[DecisionPoint, str],
) -> None:
    rosa, fritz = grants.user("Rosa Ranger", PROGRAM), grants.user("Fritz Forester", PROGRAM)
    security = iqcs.holder(SECURITY, None, "Sven Security")

    def allowed(who: Account, record: str, action: str = VIEW, **properties: str) -> bool:
        return asked(
            *world, who, action, {"type": "responder_record", "id": record, "properties": properties}
        )

    assert not allowed(rosa, "R-104233")
    responders.registered(rosa)
    responders.registered(fritz, "R-104234")
    assert allowed(rosa, "R-104233")
    assert allowed(rosa, "R-104233", organization=str(iqcs.place("FWS-R6-BNR").public_id))
    assert not allowed(rosa, "R-104233", EDIT)
    assert not allowed(rosa, "R-104234")
    assert allowed(fritz, "R-104234")
    remove_program_roles(
        acting_user=security,
        program_id=PROGRAM,
        beneficiary_id=rosa.public_id,
        at=LATER,
        origin=WEB,
    )
    assert not allowed(rosa, "R-104233")
    again = grants.user("Rosa Again", PROGRAM)
    responders.registered(again, at=LATER)
    assert allowed(again, "R-104233")
    assert not allowed(rosa, "R-104233")


@pytest.mark.requirement("IQCS-01")
def test_no_users_id_is_a_record_and_an_owner_stands_for_the_record_bound_to_them(
    world: tuple[DecisionPoint, str],
) -> None:
    rosa, fritz = grants.user("Rosa Ranger", PROGRAM), grants.user("Fritz Forester", PROGRAM)
    responders.registered(rosa)
    responders.registered(fritz, "R-104234")
    for name in (str(rosa.public_id), "", "nothing"):
        assert not asked(*world, rosa, VIEW, {"type": "responder_record", "id": name})

    def entry(who: Account, **properties: str) -> bool:
        return asked(
            *world, who, "experience_tab", {"type": "experience", "id": "7", "properties": properties}
        )

    assert entry(rosa, record="R-104233")
    assert not entry(rosa, record="R-104234")
    assert entry(rosa, owner=str(rosa.public_id))
    assert not entry(rosa, owner=str(fritz.public_id))
    assert not entry(rosa)
    assert not entry(rosa, record="R-104234", owner=str(rosa.public_id))


@pytest.mark.requirement("IQCS-01", "IQCS-05")
def test_a_manager_reaches_others_records_by_code_and_a_responder_who_is_closed_reaches_none(
    world: tuple[DecisionPoint, str],
) -> None:
    rosa = grants.user("Rosa Ranger", PROGRAM)
    manager = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    responders.registered(rosa)
    steward = grants.steward("Stella", program_id=PROGRAM)

    def allowed(who: Account, code: str) -> bool:
        at = {"organization": str(iqcs.place(code).public_id)}
        return asked(*world, who, VIEW, {"type": "responder_record", "id": "R-104233", "properties": at})

    assert allowed(manager, "FWS-R6-BNR")
    assert not allowed(manager, "USAF-ACC")
    assert allowed(rosa, "FWS-R6-BNR")
    change_participation_status(
        acting_user=steward,
        program_id=PROGRAM,
        beneficiary_id=rosa.public_id,
        status="closed",
        reason="left",
        at=LATER,
        origin=WEB,
    )
    assert not allowed(rosa, "FWS-R6-BNR")
