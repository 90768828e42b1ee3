"""An organization moves while something is given there, on a real PostgreSQL (I13).

Offices reach lower levels here, so that a move takes them away: what is given after it by who decided above the old
place would be given by nobody's right. As in `test_tree_changes`, every race is run without the locks, too, and must
then find something wrong.
"""

import dataclasses
import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest

from rolebook.accounts.models import Organization
from rolebook.audit.models import Event
from rolebook.governance.flows.edit_organization import add_organization
from rolebook.governance.flows.move_organization import TreeChanged
from rolebook.governance.models import Grant, Request, Stage
from rolebook.governance.organization_record import Typed
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.model import WITH_LOWER_LEVELS, Rolebook
from tests.races.test_tree_changes import move, nested
from tests.support import grants, people, rolebooks
from tests.support.databases import CommittedDatabase
from tests.support.grants import LATER, OFFICIAL, decides, waiting
from tests.support.racing import Round, with_and_without_locks

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.invariant("I13")]
_numbers = itertools.count()


def reaching(book: Rolebook) -> Rolebook:
    """QPP's rolebook in which practices belong to registries, whose officials decide for those below, too."""
    acts = {
        act: tuple(
            dataclasses.replace(one, where=WITH_LOWER_LEVELS) if one.role_id == OFFICIAL else one
            for one in holders
        )
        for act, holders in book.authority.acts.items()
    }
    return dataclasses.replace(nested(book), authority=dataclasses.replace(book.authority, acts=acts))


def add(kind_id: str, name: str, above: Organization | None = None) -> Organization:
    """An organization, at the top or below another."""
    tin = f"90-{next(_numbers):07}"
    return add_organization(
        acting_user=None,
        program_id="qpp",
        kind_id=kind_id,
        parent_id=None if above is None else above.public_id,
        typed=Typed(name, tin, {"tin": tin}),
        at=LATER - timedelta(minutes=1),
        origin=people.COMMAND,
    ).organization


@pytest.mark.invariant("I2")
@pytest.mark.fault(5, 24)
def test_nobody_who_decided_above_the_old_place_gives_a_role_after_the_move(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()
    rolebooks.put_in_force(reaching(rolebooks.in_force()))

    def prepare(lane: int) -> Callable[[], Round]:
        def next_round() -> Round:
            old, new = add("registry", f"Old {lane}"), add("registry", f"New {lane}")
            official = grants.official(old, at=LATER - timedelta(seconds=30))
            practice = add("practice", f"Lane {lane}", old)
            stage = waiting(people.new_user().account, practice)
            calls = [lambda: move(practice, new), lambda: decides(official, stage, "approved")]
            return Round(calls, {"stage": stage, "practice": practice})

        return next_round

    def wrong(one: Round) -> str | None:
        stage, practice = one.about["stage"], one.about["practice"]
        assert isinstance(stage, Stage)
        assert isinstance(practice, Organization)
        if not isinstance(one.results[0], TreeChanged):
            return f"the move ended in {one.results[0]!r}"
        given = Grant.objects.filter(request_item__request=stage.request_id).exists()
        state = Request.objects.get(pk=stage.request_id).state
        if not given:
            refused = isinstance(one.results[1], Refused | NotAllowed | NotFound)
            return None if refused and state != "approved" else f"{state}, {one.results[1]!r}"
        events = Event.objects.filter(organization_id=practice.public_id)
        last = {
            tag: events.filter(tag=tag).latest("sequence").sequence
            for tag in ("organization:moved", "grant:opened")
        }
        if last["grant:opened"] > last["organization:moved"]:
            return "a role was given by who decides there no more"
        return None if state == "approved" else f"given, and {state}"

    with_and_without_locks(committed_db, prepare, wrong)
