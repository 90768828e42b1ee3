"""A history whose past is asked about: one program, a clock, the log, and what is asked at every instant alike."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rolebook.accounts.flows.rolebooks import AlreadyInForce
from rolebook.accounts.models import Organization, RolebookVersion
from rolebook.governance.past import holdings, statuses
from rolebook.governance.past.places import PastPlaces
from rolebook.governance.queries.then_rows import book_then
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.errors import RolebookErrors
from tests.histories.replay import Log
from tests.support.people import COMMAND, START
from tests.support.undoing import undone

type Step = tuple[int, int, int, int]
"""What is done, to whom, with which role or place, and how many hours after the last thing."""

LATER = datetime.max.replace(tzinfo=START.tzinfo)


@dataclass
class Past:
    """One history of a program."""

    program_id: ClassVar[str]
    at: datetime = START
    log: Log = field(default_factory=Log)
    instants: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Remember the tree as it stood before anything was done."""
        rows = Organization.objects.filter(program_id=self.program_id).select_related("parent")
        self.log.base = {
            str(one.public_id): (None if one.parent is None else str(one.parent.public_id), one.kind_id)
            for one in rows
        }

    def acts(self) -> Sequence[Callable[[int, int], object]]:
        """What can be done, in the order of a step's first number: to whom, with what."""
        raise NotImplementedError

    def agree_at(self, at: datetime) -> None:
        """Compare all that the product says of an instant with the log; `agree_on_frame` has what all programs have."""
        raise NotImplementedError

    def asked_besides(self) -> set[datetime]:
        """Instants to be asked about at which nothing was done."""
        return set()

    def play(self, step: Step) -> None:
        """Do one thing; what the program refuses changes nothing."""
        what, who, which, hours = step
        self.at += timedelta(hours=hours, seconds=1)
        with suppress(Refused, NotFound, NotAllowed, RolebookErrors, AlreadyInForce):
            self.acts()[what](who, which)
        self.instants.append(self.at)

    def told(self) -> dict[str, Any]:
        """What a flow is told that the operator calls now."""
        return {"acting_user": None, "program_id": self.program_id, "at": self.at, "origin": COMMAND}

    def agree(self) -> None:
        """Every instant at which something changed, and those beside it, have one answer."""
        self.log.read()
        smallest = timedelta(microseconds=1)
        asked = {self.at, START - timedelta(days=60), *self.instants[::2]}
        asked |= {at - smallest for at in self.instants[1::2]} | self.asked_besides()
        for at in sorted(asked):
            self.agree_at(at)

    def agree_on_frame(self, at: datetime) -> RolebookVersion | None:
        """Compare the rolebook, the tree and its names; return the version in force at ``at``, if one was."""
        version, _, was_in_force = book_then(self.program_id, at)
        assert (version.number if was_in_force else None) == self.log.version(self.program_id, at)
        organizations = list(Organization.objects.filter(program_id=self.program_id))
        public = {str(one.pk): str(one.public_id) for one in organizations}
        places = PastPlaces(self.program_id, at)
        places.look_up(organizations)
        tree, stands = places.tree(), self.log.organizations(at)
        found = {public[one]: None if (up := tree.parent(one)) is None else public[up] for one in tree}
        assert found == {one: up for one, (up, _) in stands.items()}, f"the tree at {at}"
        for renamed, name in self.log.names(at).items():
            [pk] = [pk for pk, public_id in public.items() if public_id == renamed]
            assert places[int(pk)].name == name
        return version if was_in_force else None


def play_histories(
    begin: Callable[[], Past],
    quickly: Callable[[], AbstractContextManager[None]],
    *,
    steps: st.SearchStrategy[list[Step]],
    runs: int,
) -> None:
    """Play so many histories, each undone at its end, and compare each with its log."""

    @settings(
        max_examples=runs,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(steps)
    def play(steps: list[Step]) -> None:
        with quickly(), undone():
            history = begin()
            for step in steps:
                history.play(step)
            history.agree()

    play()


# --- faults: each reads some fact of another instant ------------------------------------------------------------------


def status_of_now() -> AbstractContextManager[object]:
    """Statuses are those of now."""
    return patch.object(
        holdings, "statuses_at", lambda parts, events, at: statuses.statuses_at(parts, events, LATER)
    )


def grants_soon() -> AbstractContextManager[object]:
    """Roles are those of two seconds later."""
    real = holdings.grants_at
    return patch.object(
        holdings, "grants_at", lambda program_id, at: real(program_id, at + timedelta(seconds=2))
    )


def places_of_now() -> AbstractContextManager[object]:
    """Organizations stand where they stand now."""
    begin = PastPlaces.__init__

    def begun_now(self: PastPlaces, program_id: str, at: datetime) -> None:
        begin(self, program_id, LATER)

    return patch.object(PastPlaces, "__init__", begun_now)
