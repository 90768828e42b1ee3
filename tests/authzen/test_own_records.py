"""One's own record at the decision point: the one that was registered for, and no other (IQCS-01)."""

from datetime import timedelta

import pytest

from rolebook.authzen.state import State
from rolebook.governance.flows import change_participation_status
from rolebook.governance.flows.remove_access import remove_program_roles
from tests.authzen.asking import ask, catch_up, decision_point, token_for
from tests.support import grants, iqcs, responders
from tests.support.iqcs import MANAGER, PROGRAM, SECURITY
from tests.support.people import START, WEB

VIEW, EDIT = "responder_page", "edit_personal_information"
LATER = START + timedelta(hours=1)


@pytest.mark.django_db
@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I10")
def test_a_responder_reaches_the_record_registered_for_and_only_while_it_is_theirs() -> None:
    iqcs.begin()
    responders.imports()
    rosa, fritz = grants.user("Rosa Ranger", PROGRAM), grants.user("Fritz Forester", PROGRAM)
    security = iqcs.holder(SECURITY, None, "Sven Security")
    unbound = grants.user("Ulla Unbound", PROGRAM)
    point, token = decision_point(), token_for(PROGRAM)

    def allowed(who: object, record: str, action: str = VIEW, **properties: str) -> bool:
        catch_up(point)
        told = []
        fresh = State()
        fresh.load()
        for state in (point.state, fresh):
            point.state.programs = state.programs
            body = {
                "subject": {"type": "user", "id": str(who.public_id)},  # type: ignore[attr-defined]
                "action": {"name": action},
                "resource": {"type": "responder_record", "id": record, "properties": properties},
            }
            told.append(ask(point, body, token, path="/iqcs/access/v1/evaluation").json["decision"])
        assert told[0] == told[1]
        return bool(told[0])

    assert not allowed(rosa, "R-104233")
    responders.registered(rosa)
    responders.registered(fritz, "R-104234")
    assert allowed(rosa, "R-104233")
    assert not allowed(rosa, "R-104233", EDIT)
    assert not allowed(rosa, "R-104234")
    assert allowed(fritz, "R-104234")
    # A user's id is no record, whoever says so, and an owner stands for the record bound to them.
    for name in (str(rosa.public_id), str(unbound.public_id), "", "nothing"):
        assert not allowed(rosa, name)
        assert not allowed(unbound, name)
    at_benton = str(iqcs.place("FWS-R6-BNR").public_id)
    assert allowed(rosa, "R-104233", organization=at_benton)

    def entry(who: object, **properties: str) -> bool:
        catch_up(point)
        body = {
            "subject": {"type": "user", "id": str(who.public_id)},  # type: ignore[attr-defined]
            "action": {"name": "experience_tab"},
            "resource": {"type": "experience", "id": "7", "properties": properties},
        }
        return bool(ask(point, body, token, path="/iqcs/access/v1/evaluation").json["decision"])

    assert entry(rosa, record="R-104233")
    assert not entry(rosa, record="R-104234")
    assert entry(rosa, owner=str(rosa.public_id))
    assert not entry(rosa, owner=str(fritz.public_id))
    assert not entry(unbound, owner=str(unbound.public_id))
    assert not entry(rosa)
    assert not entry(rosa, record="R-104234", owner=str(rosa.public_id))

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


@pytest.mark.django_db
@pytest.mark.requirement("IQCS-01", "IQCS-05")
def test_a_manager_reaches_others_records_by_code_and_a_responder_who_is_closed_reaches_none() -> None:
    iqcs.begin()
    responders.imports()
    rosa = grants.user("Rosa Ranger", PROGRAM)
    manager = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    responders.registered(rosa)
    steward = grants.steward("Stella", program_id=PROGRAM)
    point, token = decision_point(), token_for(PROGRAM)

    def allowed(who: object, code: str) -> bool:
        catch_up(point)
        body = {
            "subject": {"type": "user", "id": str(who.public_id)},  # type: ignore[attr-defined]
            "action": {"name": VIEW},
            "resource": {
                "type": "responder_record",
                "id": "R-104233",
                "properties": {"organization": str(iqcs.place(code).public_id)},
            },
        }
        return bool(ask(point, body, token, path="/iqcs/access/v1/evaluation").json["decision"])

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
