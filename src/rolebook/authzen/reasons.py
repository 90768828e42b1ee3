"""Why, on the wire: a code with its parameters, a sentence for the user and some for an administrator, and what is
behind it. Only for those who ask, and for clients that always get it.

Names of people and organizations are not known here: the user's sentence says "this organization" and "another
organization", the administrator's has their ids.
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from rolebook.authzen.state import ProgramState
from rolebook.decision.evaluation import Decision, Person
from rolebook.decision.explain import Explanation, explain
from rolebook.decision.instants import instant
from rolebook.policy.conditions import Properties
from rolebook.policy.words import sentence

LANGUAGE = "en"
"""Of the sentences: that of the catalogue."""
HERE, ELSEWHERE = "this organization", "another organization"
_ANSWER = 1
"""Which line of an explanation says yes or no."""
_encode = msgspec.json.Encoder().encode

type Asked = tuple[str, str, str | None, int, str | None]
"""Subject id, action, organization id, microsecond, own record: as `ProgramState.decide` takes them."""


def explained(program: ProgramState, asked: Asked, properties: Properties | None) -> tuple[bool, bytes]:
    """Return the decision, and the answer that says it with its reason."""
    subject_id, action, organization_id, at_micros, record_id = asked
    decision = program.decide(*asked, properties)
    book, person = program.book, program.snapshot.person(subject_id)
    found = {"reason": {"code": decision.reason.code, "params": _params(decision)}}
    if book is None or person is None:
        return decision.allowed, _encode(
            {"decision": decision.allowed, "context": found | _unknown(decision)}
        )
    tables = program.snapshot.tables
    names = _names(person, organization_id)

    def told(names: dict[str, str]) -> Explanation:
        return explain(
            book,
            tables.program,
            tables.tree,
            person,
            action,
            organization_id,
            instant(at_micros),
            record_id=record_id,
            names=names,
            properties=properties,
        )

    whole, plain = told({}), told(names)
    if whole.decision.reason.code != decision.reason.code:
        # Something changed between the two: what is explained is what was decided.
        return decision.allowed, _encode(
            {"decision": decision.allowed, "context": found | _unknown(decision)}
        )
    found |= {
        "reason_user": {LANGUAGE: plain.sentences[_ANSWER]},
        "reason_admin": {LANGUAGE: " ".join(whole.sentences)},
        **_behind(whole),
    }
    if not decision.allowed:
        found |= _ways_on(program, whole, action)
    return decision.allowed, _encode({"decision": decision.allowed, "context": found})


def _params(decision: Decision) -> dict[str, object]:
    return {name: _plain(value) for name, value in decision.reason.params.items() if value is not None}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _names(person: Person, organization_id: str | None) -> dict[str, str]:
    """Return what organizations are called in a sentence that must name none."""
    places = (
        *(one.organization_id for one in person.holdings),
        *(one.organization_id for one in person.accesses),
    )
    names = {place: ELSEWHERE for place in places if place is not None}
    return names | ({organization_id: HERE} if organization_id is not None else {})


def _unknown(decision: Decision) -> dict[str, dict[str, str]]:
    """Return the sentences where nothing is known of the person, or of the program."""
    code = "unknown_subject" if decision.reason.code != "unknown_action" else "unknown_action"
    said = sentence(f"decision.{code}", action=str(decision.reason.params.get("action", "")))
    return {"reason_user": {LANGUAGE: said}, "reason_admin": {LANGUAGE: said}}


def _behind(whole: Explanation) -> dict[str, Any]:
    """Return the grant, the access and the printed rows behind an answer."""
    decision = whole.decision
    rows = [
        {"role": row.role_id, "row": row.basis, **({} if row.cell is None else {"cell": row.cell})}
        for row in whole.rows
    ]
    found = {"grant": decision.holding_id, "access": decision.access_id, "rows": rows}
    return {name: value for name, value in found.items() if value}


def _ways_on(program: ProgramState, whole: Explanation, action: str) -> dict[str, Any]:
    """Return the roles that would do, and where to ask for one."""
    book = program.book
    if not whole.ways or book is None:
        return {}
    roles = [
        {"id": way.role_id, "title": role.title, "obtained": way.obtained}
        for way in whole.ways
        if (role := book.role(way.role_id)) is not None
    ]
    if program.site_url and any(way.requestable for way in whole.ways):
        ask = f"{program.site_url}/{program.program_id}/which-role/?privilege={quote(action, safe='')}"
        return {"roles": roles, "ask": ask}
    return {"roles": roles}
