"""A world with a story for the audit log: every kind of act at two practices, and by and about people of both."""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pytest

from rolebook.audit.models import Event
from rolebook.governance.flows import decide_stage, request_role, withdraw_request
from rolebook.governance.flows.remove_access import remove_access
from rolebook.governance.queries.audit_lines import EventLine
from rolebook.governance.queries.audit_trail import Trail
from rolebook.governance.refusals import NotFound
from tests.support import people
from tests.web.worlds import QPP, World, answer, ask, designate, user


def tell(world: World) -> people.Person:
    """Let things happen at both practices, in their order, and return the program's steward."""
    at = world.start + timedelta(days=16, hours=1)
    steward = user("Sam Steward", "sam", at)
    designate(steward, "steward", None, at)
    for number, place in enumerate((world.cedar, world.hilltop, world.cedar, world.hilltop)):
        someone = user(f"Person {number}", f"person{number}", at + timedelta(hours=number))
        official = world.maria if place == world.cedar else world.henry
        made = ask(someone, place, at + timedelta(hours=number), reason="=HYPERLINK(1)")
        answer(
            official, made, "approved" if number < 2 else "denied", at + timedelta(hours=number, minutes=20)
        )
    remove(world.maria, world.stella, world, at + timedelta(hours=10))
    withdrawn = ask(world.uma, world.hilltop, at + timedelta(hours=20))
    withdraw_request(
        acting_user=world.uma.account,
        program_id=QPP,
        request_id=withdrawn.public_id,
        at=at + timedelta(hours=30),
        origin=people.WEB,
    )
    everywhere(world, at + timedelta(hours=40))
    refused_decision(world.henry, world.stage.public_id, at + timedelta(hours=50))
    return steward


def remove(official: people.Person, person: people.Person, world: World, at: datetime) -> None:
    """Let an official of Cedar Valley remove somebody's access there."""
    remove_access(
        acting_user=official.account,
        program_id=QPP,
        organization_id=world.cedar.public_id,
        beneficiary_id=person.account.public_id,
        at=at,
        origin=people.WEB,
    )


def everywhere(world: World, at: datetime) -> uuid.UUID:
    """Let Uma ask at both practices in one request, and return its id."""
    made = request_role(
        acting_user=world.uma.account,
        program_id=QPP,
        role_id="staff_user",
        organization_ids=[world.cedar.public_id, world.hilltop.public_id],
        reason="",
        at=at,
        origin=people.WEB,
    )
    return made.public_id


def refused_decision(person: people.Person, stage_id: uuid.UUID, at: datetime) -> None:
    """Let somebody try to decide what is not theirs."""
    with pytest.raises(NotFound):
        decide_stage(
            acting_user=person.account,
            program_id=QPP,
            stage_id=stage_id,
            verdict="approved",
            shown_version=1,
            shown_hash="",
            at=at,
            origin=people.WEB,
        )


def all_pages(page: Callable[[str | None], Trail]) -> list[EventLine]:
    """Return every line of a list, page by page."""
    lines: list[EventLine] = []
    after: str | None = None
    while True:
        trail = page(after)
        lines += trail.lines
        after = trail.next_after
        if after is None:
            return lines


def sequences(events: Iterable[Event | EventLine]) -> list[int]:
    """Return the places of events in the log."""
    return [event.sequence for event in events]
