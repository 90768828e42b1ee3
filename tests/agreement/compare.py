"""The comparison: one world, many questions, every way of asking them against the reference."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from rolebook.decision.check import check, check_all
from rolebook.decision.evaluation import Person
from rolebook.decision.explain import explain
from rolebook.decision.instants import micros
from rolebook.decision.search import actions, reach, resources, subjects
from rolebook.decision.snapshot import Snapshot, SnapshotBuilder
from tests.agreement.worlds import World
from tests.reference.decision import may

RECORDS = (None, "record-1", "person-1")
"""Records asked about: none, one that is some people's own, and one with the id of a person."""


@dataclass(slots=True)
class Tally:
    """How many decisions were compared, and the questions on which a way of asking differed."""

    decisions: int = 0
    allowed: int = 0
    differences: list[str] = field(default_factory=list)

    def expect(self, way: str, got: object, wanted: object, asked: object) -> None:
        """Note a difference."""
        if got != wanted:
            self.differences.append(f"{way} said {got!r}, the reference {wanted!r}: {asked!r}")


def snapshot_of(world: World) -> Snapshot:
    """Load a world into a snapshot, at an instant in the middle of those that are asked about."""
    settled = sorted(world.instants)[len(world.instants) // 2]
    builder = SnapshotBuilder(world.program, world.tree, settled=micros(settled))
    for subject_id, person in world.people.items():
        builder.add_person(subject_id, person)
    return builder.build()


def compare(world: World, random: Random, *, people: int = 8, tally: Tally | None = None) -> Tally:
    """Ask every action of some people, everywhere and nowhere, at some instant, in every way there is."""
    tally = Tally() if tally is None else tally
    snapshot = snapshot_of(world)
    places = [*world.organizations, None, "unknown"]
    asked = [*world.program.actions, "unknown", "act:unknown"]
    subject_ids = random.sample(sorted(world.people), min(people, len(world.people)))
    for subject_id in subject_ids:
        at, record_id = random.choice(world.instants), random.choice(RECORDS)
        person = world.people[subject_id]
        answers = {
            (action, place): may(world.rolebook, world.organizations, person, action, place, at, record_id)
            for action in asked
            for place in places
        }
        tally.decisions += len(answers)
        tally.allowed += sum(answers.values())
        _checks(world, snapshot, subject_id, answers, at, record_id, random, tally)
        _searches(world, person, answers, at, record_id, tally)
    _people(world, snapshot, random, tally)
    return tally


type Answers = dict[tuple[str, str | None], bool]


def _checks(
    world: World,
    snapshot: Snapshot,
    subject_id: str,
    answers: Answers,
    at: datetime,
    record_id: str | None,
    random: Random,
    tally: Tally,
) -> None:
    """Compare the batch, the single check, the explanation and the snapshot, singly and in bulk."""
    program, tree, person = world.program, world.tree, world.people[subject_id]
    questions = [(action, place, record_id) for action, place in answers]
    wanted = list(answers.values())
    batch = list(check_all(program, tree, person, questions, at))
    tally.expect("batch", [decision.allowed for decision in batch], wanted, (subject_id, questions, at))
    at_micros = micros(at)
    quick = [snapshot.check(subject_id, action, place, at_micros, record_id) for action, place in answers]
    tally.expect("snapshot", quick, wanted, (subject_id, questions, at))
    codes, places = [action for action, _ in answers], [place for _, place in answers]
    if record_id is None:
        rightly = [number for number, allowed in enumerate(wanted) if allowed]
        yes = snapshot.which(subject_id, codes, places, at_micros)
        tally.expect("which", yes, rightly, (subject_id, questions, at))
    encoded = snapshot.encode([subject_id] * len(codes), codes, places)
    bulk = [bool(answer) for answer in snapshot.check_many(encoded, at_micros, record_id)]
    tally.expect("bulk", bulk, wanted, (subject_id, questions, at))
    for index in random.sample(range(len(batch)), min(8, len(batch))):
        action, place, _ = questions[index]
        asked = (subject_id, action, place, at, record_id)
        single = check(program, tree, person, action, place, at, record_id=record_id)
        tally.expect("check", single, batch[index], asked)
        explained = explain(world.rolebook, program, tree, person, action, place, at, record_id=record_id)
        tally.expect("explain", explained.decision, batch[index], asked)
        decided = snapshot.decide(subject_id, action, place, at, record_id=record_id)
        tally.expect("decide", (decided.allowed, decided.reason.code), _outcome(batch[index]), asked)


def _outcome(decision: object) -> tuple[bool, str]:
    return decision.allowed, decision.reason.code  # type: ignore[attr-defined]


def _searches(
    world: World, person: Person, answers: Answers, at: datetime, record_id: str | None, tally: Tally
) -> None:
    """Compare which actions, which organizations, and the reach that lists filter by."""
    program, tree = world.program, world.tree
    for place in [*world.organizations, None, "unknown"]:
        wanted = tuple(action for action in program.actions if answers[action, place])
        got = actions(program, tree, person, place, at, record_id=record_id)
        tally.expect("actions", got, wanted, (person, place, at, record_id))
    own_record = record_id is not None and record_id == person.record_id
    for action in program.actions:
        reached = reach(program, tree, person, action, at)
        if own_record and reached.own_record:
            continue
        wanted_places = {place for place in world.organizations if answers[action, place]}
        got_places = {place for place in world.organizations if _within(world, reached.organizations, place)}
        if reached.everywhere:
            got_places = set(world.organizations)
        tally.expect("reach", got_places, wanted_places, (person, action, at))
        tally.expect("reach", reached.without_organization, answers[action, None], (person, action, at))
        listed = list(_listed(world, person, action, at))
        tally.expect("resources", listed, sorted(wanted_places), (person, action, at))


def _within(world: World, pairs: tuple[tuple[str, bool], ...], place: str) -> bool:
    """Return whether a place is one of those reached, following parents one by one."""
    here: str | None = place
    while here is not None:
        if any(here == reached and (lower or here == place) for reached, lower in pairs):
            return True
        here = world.organizations[here][0]
    return False


def _listed(world: World, person: Person, action: str, at: datetime) -> Iterator[str]:
    """Yield every organization of a search, three a page."""
    after: str | None = None
    while True:
        page = resources(world.program, world.tree, person, action, at, after=after, limit=3)
        yield from page.ids
        if page.next_after is None:
            return
        after = page.next_after


def _people(world: World, snapshot: Snapshot, random: Random, tally: Tally) -> None:
    """Compare which subjects, in pages, from the walk and from the snapshot."""
    at, record_id = random.choice(world.instants), random.choice(RECORDS)
    for action in random.sample(world.program.actions, 3):
        place = random.choice([*world.organizations, None])
        wanted = [
            subject_id
            for subject_id in sorted(world.people)
            if may(
                world.rolebook, world.organizations, world.people[subject_id], action, place, at, record_id
            )
        ]
        tally.decisions += len(world.people)
        walked: list[str] = []
        quick: list[str] = []
        after: str | None = ""
        while after is not None:
            page = subjects(
                world.program, world.tree, world.people.items(), action, place, at,
                record_id=record_id, after=after, limit=2,
            )  # fmt: skip
            walked += page.ids
            after = page.next_after
        after = ""
        while after is not None:
            page = snapshot.subjects(action, place, micros(at), record_id=record_id, after=after, limit=2)
            quick += page.ids
            after = page.next_after
        tally.expect("subjects", walked, wanted, (action, place, at, record_id))
        tally.expect("snapshot subjects", quick, wanted, (action, place, at, record_id))
