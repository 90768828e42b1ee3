"""The demo's world: every state that there is, the same for the same seed, and a log that verifies."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin
from rolebook.audit.verification import verify
from rolebook.cli.server.demo_world.acts import Acts
from rolebook.cli.server.demo_world.build import build_world
from rolebook.cli.server.demo_world.cast import CAST
from rolebook.cli.server.demo_world.iqcs_quiet import CAME_OVER
from rolebook.cli.server.demo_world.places import make_neighbors, make_places
from rolebook.cli.server.demo_world.story import Story
from rolebook.governance.flows.watch_quiet import confirm_closings, watch_quiet
from rolebook.governance.models import Access, AccessCheck, Grant, Participation, Request
from rolebook.governance.queries.inactivity import quiet_overview
from rolebook.notices.models import Notice
from tests.support.databases import CommittedDatabase
from tests.support.people import START, WEB

pytestmark = pytest.mark.slow


def small_world(seed: int = 1) -> None:
    build_world(now=START, seed=seed, practices=8, connected=3, waiting=2)


def told(seed: int) -> tuple[object, ...]:
    """The places and the course of a story; nothing happens yet."""
    chance = random.Random(seed)
    places = make_places(chance, practices=20)
    story = Story(Acts("qpp", chance, mailed=lambda person, at: False), places, START, chance)
    return places, [step.at for step in story.steps()], next(story.crowd)


@pytest.mark.once
def test_the_world_has_people_and_requests_in_every_state(committed_db: CommittedDatabase) -> None:
    small_world()
    assert not verify().findings
    assert set(Request.objects.values_list("state", flat=True)) == {
        "pending",
        "approved",
        "denied",
        "withdrawn",
    }
    assert {person.user_id for person in CAST} <= set(Account.objects.values_list("user_id", flat=True))
    held = Counter(Grant.objects.filter(closed_at=None, program_id="qpp").values_list("role_id", flat=True))
    assert held["steward"] == 1
    assert held["security_official"] >= 8
    assert Grant.objects.filter(closed_at__isnull=False, account__user_id="victor.hale").exists()
    assert not Grant.objects.filter(account__user_id="nora.quinn").exists()
    assert set(Participation.objects.values_list("program_id", flat=True)) == {"qpp", "iqies", "iqcs"}
    maria = Grant.objects.filter(account__user_id="maria.lopez", closed_at=None)
    waiting = Request.objects.filter(state="pending", items__organization__in=maria.values("organization"))
    assert len(set(waiting.values_list("items__organization", flat=True))) >= 4
    instants = list(Event.objects.order_by("sequence").values_list("occurred_at", flat=True))
    assert max(instants) <= START
    assert not Notice.objects.exists()  # nobody delivered: nothing waits to be sent, either


@pytest.mark.requirement("IQCS-03", "IQCS-04", "IQCS-06")
@pytest.mark.once
def test_in_iqcs_requests_are_denied_held_overdue_or_without_an_office_and_somebody_changed_agency(
    committed_db: CommittedDatabase,
) -> None:
    small_world()
    requests_that_do_not_go_straight()
    codes_to_look_at()


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.once
def test_in_iqcs_a_run_of_closings_stopped_and_asks_the_steward_while_others_were_warned_and_closed(
    committed_db: CommittedDatabase,
) -> None:
    small_world()
    parts = Participation.objects.filter(program_id="iqcs")
    steward = Account.objects.get(user_id="grace.holloway")
    found = quiet_overview(steward, "iqcs", START)
    assert found.watch is not None
    assert (found.watch.why, found.watch.confirmed_at, found.watch.due) == ("share", None, found.past)
    came_over = parts.filter(account__user_id__in=[one.user_id for one in CAME_OVER])
    assert set(came_over.values_list("status", flat=True)) == {"active"}
    assert not came_over.filter(quiet_warned_at=None).exists()
    assert parts.get(account__user_id="quinn.avila").status == "closed"
    stan = parts.get(account__user_id="stan.okafor")
    assert (stan.status, stan.quiet_warned_days) == ("active", 30)
    # She says so, and the next run closes them.
    confirm_closings(acting_user=steward, program_id="iqcs", at=START, origin=WEB)
    watched = watch_quiet("iqcs", at=START + timedelta(minutes=1), origin=Origin("job"))
    assert (watched.closed, watched.stopped) == (len(CAME_OVER), "")


def requests_that_do_not_go_straight() -> None:
    asked = Request.objects.filter(program_id="iqcs")
    denied = asked.get(requester__user_id="omar.bright")
    assert denied.state == "denied"
    assert denied.outcomes.get(verdict="denied").approver.user_id == "ray.castellano"
    held = asked.get(requester__user_id="ivy.calder")
    assert held.state == "pending"
    assert held.held_since is not None
    assert set(held.items.values_list("state", flat=True)) == {"denied", "pending"}
    [overdue] = asked.get(requester__user_id="joy.whitlock").stages.filter(state="open")
    assert (overdue.reminded_after, overdue.escalated_why) == (7, "overdue")
    [nobody] = asked.get(requester__user_id="lee.hargrove").stages.filter(state="open")
    assert nobody.escalated_why == "nobody"


def codes_to_look_at() -> None:
    [check] = AccessCheck.objects.filter(closed_at=None)
    employment = check.employment
    assert employment.participation.account.user_id == "gil.santos"
    assert employment.organization.code == "BLM-MT-BDO"
    assert employment.recorded_by is not None
    assert employment.recorded_by.user_id == "helen.yazzie"
    assert Access.objects.filter(account=employment.participation.account, closed_at=None).exists()


def test_the_same_seed_tells_the_same_story_and_another_another() -> None:
    assert told(7) == told(7)
    assert told(7) != told(8)


def test_the_demo_has_some_hundred_practices_and_no_name_or_number_twice() -> None:
    places = make_places(random.Random(1))
    everywhere = (*places, *make_neighbors(random.Random(1), places))
    assert 300 <= len(everywhere) < 400
    assert len({place.name for place in everywhere}) == len(everywhere)
    assert len({place.number for place in everywhere}) == len(everywhere)
