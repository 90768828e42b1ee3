"""Who sees what of the audit log: officials their own organizations, the steward the program, everybody themselves."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db.models import Q

from rolebook.accounts.models import Account, Organization, Program
from rolebook.audit import clock, tags
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance.models import Request
from rolebook.governance.queries import audit_walk, request_detail
from rolebook.governance.queries.audit_lines import EventLine
from rolebook.governance.queries.audit_reach import Reach
from rolebook.governance.queries.audit_trail import (
    Wanted,
    audit_trail,
    own_history,
    person_history,
    request_history,
)
from rolebook.governance.queries.audit_words import KINDS, tags_of
from rolebook.governance.refusals import NotFound
from tests.support import people
from tests.web.audit_worlds import all_pages, refused_decision, remove, sequences, tell
from tests.web.worlds import QPP, World, designate, signed_in

NOBODY = uuid.UUID(int=7)


@pytest.fixture
def steward(world: World) -> people.Person:
    """The steward of a program in which much has happened."""
    return tell(world)


def trail(person: people.Person, wanted: Wanted | None = None, limit: int = 200) -> list[EventLine]:
    now = clock.now()
    return all_pages(
        lambda after: audit_trail(person.account, QPP, now, wanted=wanted, after=after, limit=limit).trail
    )


def everything_wanted(world: World) -> Iterator[tuple[Wanted, Q]]:
    """Yield searches, each with the condition that it obviously means."""
    yield Wanted(), Q()
    for kind in KINDS:
        yield Wanted(kind=kind), Q(tag__in=tags_of(kind))
    for who in ("maria", "person", "Uma Under", "stella@example.org", "nobody at all"):
        named = Account.objects.filter(Q(name__icontains=who) | Q(user_id=who) | Q(email=who))
        ids = list(named.values_list("public_id", flat=True))
        yield Wanted(person=who), Q(actor_id__in=ids) | Q(beneficiary_id__in=ids)
    for where, place in (("CEDAR", world.cedar), ("11-2223334", world.hilltop)):
        yield Wanted(organization=where), Q(organization_id=place.public_id)
        both = Q(organization_id=place.public_id, tag__in=tags_of("decisions"))
        yield Wanted(organization=where, kind="decisions"), both
    day = world.start + timedelta(days=16, hours=20)
    yield Wanted(since=day), Q(occurred_at__gte=day)
    yield Wanted(until=day), Q(occurred_at__lt=day)


def theirs(world: World, who: str) -> Q:
    place: Organization = world.hilltop if who == "henry" else world.cedar
    return Q(program_id=QPP, organization_id=place.public_id)


def compare_with_the_whole_log(world: World, steward: people.Person) -> None:
    """Compare every search of everybody with what reading the whole log would give."""
    for wanted, meant in everything_wanted(world):
        for who in ("maria", "owen", "henry"):
            expected = Event.objects.filter(theirs(world, who) & meant).order_by("-sequence")
            assert sequences(trail(getattr(world, who), wanted)) == sequences(expected), (who, wanted)
        expected = Event.objects.filter(Q(program_id=QPP) & meant).order_by("-sequence")
        assert sequences(trail(steward, wanted)) == sequences(expected), wanted


@pytest.mark.invariant("I1")
@pytest.mark.fault(6)
def test_an_official_sees_every_event_of_their_own_organizations_and_no_other(
    world: World, steward: people.Person
) -> None:
    compare_with_the_whole_log(world, steward)


@pytest.mark.invariant("I1")
def test_that_comparison_finds_a_list_that_forgets_the_organizations(
    world: World, steward: people.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Reach(QPP, whole=True)
    monkeypatch.setattr("rolebook.governance.queries.audit_trail.reach_of", lambda _: whole)
    with pytest.raises(AssertionError):
        compare_with_the_whole_log(world, steward)


@pytest.mark.invariant("I1")
@pytest.mark.invariant("I12")
def test_short_stretches_and_many_organizations_change_nothing_but_the_number_of_pages(
    world: World, steward: people.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_walk, "BUDGET", 4)
    monkeypatch.setattr(audit_walk, "_LEAST_SHARE", 4)
    compare_with_the_whole_log(world, steward)
    monkeypatch.setattr("rolebook.governance.queries.audit_reach.MOST_WALKS", 0)
    compare_with_the_whole_log(world, steward)
    assert sequences(trail(world.maria, limit=3)) == sequences(trail(world.maria))


@pytest.mark.invariant("I3")
def test_nobody_else_has_an_audit_page(world: World) -> None:
    for who in ("stella", "nora", "uma"):
        person = getattr(world, who)
        with pytest.raises(NotFound):
            trail(person)
        with pytest.raises(NotFound):
            person_history(person.account, QPP, person.account.public_id, clock.now())
        assert b">Reports<" not in signed_in(person).get("/qpp/").content
    assert b">Reports<" in signed_in(world.henry).get("/qpp/").content
    assert b">Audit<" in signed_in(world.henry).get("/qpp/reports/").content


@pytest.mark.invariant("I7")
def test_who_lost_the_office_sees_no_audit_page_any_more(world: World) -> None:
    remove(world.maria, world.owen, world, clock.now())
    with pytest.raises(NotFound):
        trail(world.owen)


@pytest.mark.invariant("I1")
@pytest.mark.fault(1)
def test_the_history_of_a_foreign_person_looks_like_one_of_nobody(
    world: World, steward: people.Person
) -> None:
    del steward
    now = clock.now()
    for unknown in (world.stella.account.public_id, NOBODY):
        with pytest.raises(NotFound):
            person_history(world.henry.account, QPP, unknown, now)
    seen = person_history(world.maria.account, QPP, world.stella.account.public_id, now).trail.lines
    assert seen
    assert {line.organization_id for line in seen} == {world.cedar.public_id}


@pytest.mark.invariant("I1")
def test_of_a_request_at_two_organizations_each_official_sees_their_own_part(
    world: World, steward: people.Person
) -> None:
    now = clock.now()
    request_id = Request.objects.get(requester=world.uma.account, state="pending").public_id
    for official, place in ((world.maria, world.cedar), (world.henry, world.hilltop)):
        lines = request_history(official.account, QPP, request_id, now).lines
        assert {line.organization_id for line in lines} == {place.public_id, None}
        other = world.hilltop if place == world.cedar else world.cedar
        assert other.name not in " ".join(line.text for line in lines)
        assert "organizations" not in " ".join(line.text for line in lines)
        assert [line.changes for line in lines if line.tag == "request:submitted"] == [()]
    whole = request_history(steward.account, QPP, request_id, now).lines
    assert {world.cedar.public_id, world.hilltop.public_id} <= {line.organization_id for line in whole}
    assert "at 2 organizations" in " ".join(line.text for line in whole)
    with pytest.raises(NotFound):
        request_history(world.stella.account, QPP, request_id, now)


@pytest.mark.invariant("I1")
def test_the_record_of_a_request_tells_the_whole_exactly_where_its_page_shows_it_whole(
    world: World, steward: people.Person
) -> None:
    now = clock.now()
    request = Request.objects.get(requester=world.uma.account, state="pending")

    def whole(person: people.Person) -> tuple[bool, bool]:
        """Whether the page shows both organizations, and whether the record tells that two were asked."""
        items = request_detail(person.account, request.public_id, QPP, now).line.items
        lines = request_history(person.account, QPP, request.public_id, now).lines
        return len(items) == 2, "at 2 organizations" in " ".join(line.text for line in lines)

    assert {whole(one) for one in (world.maria, world.henry)} == {(False, False)}
    assert whole(steward) == (True, True)
    designate(world.maria, "security_official", world.hilltop, now)
    assert whole(world.maria) == (True, True)


@pytest.mark.fault(1)
@pytest.mark.invariant("I14")
def test_an_attempt_at_a_foreign_thing_tells_its_maker_no_more_than_one_at_nothing(world: World) -> None:
    at = world.start + timedelta(days=17)
    refused_decision(world.henry, world.stage.public_id, at)
    refused_decision(world.henry, NOBODY, at)
    of_nothing, of_foreign = own_history(world.henry.account, QPP, clock.now(), limit=2).lines
    for line in (of_nothing, of_foreign):
        assert line.text == "Henry Hill tried to decide a request. Refused."
        assert (line.beneficiary, line.organization, line.request_id, line.changes) == ("", "", None, ())
    assert of_nothing.why == of_foreign.why
    seen = trail(world.maria, Wanted(kind="refused"))
    assert [line.text for line in seen] == [
        "Henry Hill tried to decide a request of Nora Newell at Cedar Valley Family Practice. Refused."
    ]
    about_nora = own_history(world.nora.account, QPP, clock.now(), limit=200).lines
    assert not [line for line in about_nora if line.is_refused]


@pytest.mark.invariant("I3")
def test_ones_own_history_names_offices_and_not_the_officials(world: World, steward: people.Person) -> None:
    del steward
    lines = own_history(world.stella.account, QPP, clock.now(), limit=200).lines
    told = [line.text for line in lines]
    cedar = "at Cedar Valley Family Practice."
    assert f"Somebody who manages access removed the access of Stella Stone {cedar}" in told
    assert f"The Security Official approved the request of Stella Stone {cedar}" in told
    assert not [
        line for line in lines if "Maria" in line.text or line.actor_id == world.maria.account.public_id
    ]
    official = own_history(world.maria.account, QPP, clock.now(), limit=200).lines
    assert f"Maria Alvarez removed the access of Stella Stone {cedar}" in [line.text for line in official]


@pytest.mark.invariant("I3")
def test_events_of_another_program_are_not_seen_even_with_this_programs_ids(
    world: World, steward: people.Person
) -> None:
    Program.objects.create(program_id="other", created_at=world.start)
    before = {who: len(trail(getattr(world, who))) for who in ("maria", "henry")}
    number = len(trail(steward))
    _record_elsewhere(world, clock.now())
    assert {who: len(trail(getattr(world, who))) for who in ("maria", "henry")} == before
    assert len(trail(steward)) == number
    assert not own_history(world.nora.account, "qpp", clock.now(), limit=1).lines[0].tag.startswith("grant")


def _record_elsewhere(world: World, at: datetime) -> None:
    with unit_of_work(at=at, origin=Origin("command"), actor_id=world.maria.account.public_id) as work:
        work.record(
            tags.GRANT_OPENED,
            program_id="other",
            beneficiary_id=world.nora.account.public_id,
            organization_id=world.cedar.public_id,
            request_id=world.waiting.public_id,
            new={"role_id": "staff_user"},
        )
