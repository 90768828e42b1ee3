"""As-of answers agree with a replay of the audit log, on generated histories; and faults are found.

The tree moves, closes, opens and is renamed; people are given and lose roles, are deactivated, closed and merged;
grants come in with their original dates; the rolebook changes. Then instants at which anything changed are asked about.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rolebook.accounts.flows.rolebooks import AlreadyInForce
from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries.rolebooks import book_of_version
from rolebook.decision.evaluation import Holding
from rolebook.governance import flows
from rolebook.governance.flows.change_status import change_account_status, change_participation_status
from rolebook.governance.flows.close_organization import close_organization, reopen_organization
from rolebook.governance.flows.edit_organization import edit_organization
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.flows.move_organization import move_organization
from rolebook.governance.models import Grant
from rolebook.governance.organization_record import Typed
from rolebook.governance.past import holdings, statuses
from rolebook.governance.past.holdings import people_at
from rolebook.governance.past.places import PastPlaces
from rolebook.governance.queries.then_rows import book_then
from rolebook.governance.queries.then_who_could import could_then
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.errors import RolebookErrors
from tests.histories.programs import PLACES, PRIVILEGES, SHAPES, day_start
from tests.histories.replay import Log
from tests.histories.world import World
from tests.reference.decision import may
from tests.support.people import COMMAND, START

IQIES = "iqies"
MAC, OHIO, PROVIDER, KENTUCKY = 3, 4, 5, 6
ROLES = (
    "state_general_user",
    "state_security_official",
    "assessment_viewer",
    "provider_security_official",
    "cms_general_user",
    "mac_user",
)
WHERE = (OHIO, OHIO, PROVIDER, PROVIDER, None, MAC)
STEP = st.tuples(st.integers(0, 11), st.integers(0, 6), st.integers(0, 5), st.integers(1, 900))
"""What is done, to whom, with which role or place, and how many hours after the last thing."""


@dataclass
class Playing:
    """One history of iQIES."""

    world: World
    at: datetime = START
    log: Log = field(default_factory=Log)
    instants: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = Organization.objects.filter(program_id=IQIES).select_related("parent")
        self.log.base = {
            str(one.public_id): (None if one.parent is None else str(one.parent.public_id), one.kind_id)
            for one in rows
        }

    def play(self, step: tuple[int, int, int, int]) -> None:
        """Do one thing; what the program refuses changes nothing."""
        what, who, which, hours = step
        self.at += timedelta(hours=hours, seconds=1)
        acts: tuple[Callable[[int, int], object], ...] = (
            self._designate,
            self._designate,
            self._bring_in,
            self._bring_in,
            self._remove,
            self._end,
            self._part,
            self._account,
            self._move,
            self._close,
            self._rename,
            self._merge_or_activate,
        )
        with suppress(Refused, NotFound, NotAllowed, RolebookErrors, AlreadyInForce):
            acts[what](who, which)
        self.instants.append(self.at)

    def _told(self) -> dict[str, Any]:
        return {"acting_user": None, "program_id": IQIES, "at": self.at, "origin": COMMAND}

    def _place(self, index: int) -> Any:
        return self.world.places[index].public_id

    def _designate(self, who: int, which: int) -> None:
        where = WHERE[which]
        flows.designate_role(
            role_id=ROLES[which],
            beneficiary_id=self.world.accounts[who].public_id,
            organization_id=None if where is None else self._place(where),
            **self._told(),
        )

    def _bring_in(self, who: int, which: int) -> None:
        where = WHERE[which]
        starts, ends = day_start(self.at, -40 * (who + 1)), day_start(self.at, 3) if who % 2 else None
        cells = (
            self.world.accounts[who].user_id,
            ROLES[which],
            "" if where is None else PLACES[where].code,
            starts.date(),
            "Ada",
            "the old list",
            starts.date(),
            "" if ends is None else ends.date(),
        )
        heading = "user_id,role,organization,approved_on,approved_by,source,starts_on,ends_on"
        before = set(Grant.objects.values_list("pk", flat=True))
        told = self._told()
        del told["acting_user"]
        flows.import_grants(
            data=f"{heading}\n{','.join(map(str, cells))}\n".encode(), file="old.csv", reason="", **told
        )
        for grant in Grant.objects.exclude(pk__in=before):
            account = str(self.world.accounts[who].public_id)
            place = None if where is None else str(self._place(where))
            # The last day is included: the grant ends with it.
            last = None if ends is None else day_start(ends, 1)
            self.log.imported[str(grant.public_id)] = (
                account,
                Holding(str(grant.public_id), ROLES[which], place, starts, last),
            )

    def _remove(self, who: int, which: int) -> None:
        told = self._told() | {"acting_user": self.world.accounts[4]}
        flows.remove_access(
            organization_id=self._place((MAC, OHIO, PROVIDER)[which % 3]),
            beneficiary_id=self.world.accounts[who].public_id,
            **told,
        )

    def _end(self, who: int, which: int) -> None:
        mine = Grant.objects.filter(program_id=IQIES, account=self.world.accounts[who], closed_at=None)
        found = list(mine.order_by("pk"))
        if found:
            end_designation(grant_id=found[which % len(found)].public_id, **self._told())

    def _part(self, who: int, which: int) -> None:
        status = ("active", "deactivated", "closed")[which % 3]
        whom = self.world.accounts[who].public_id
        change_participation_status(beneficiary_id=whom, status=status, reason="r", **self._told())

    def _account(self, who: int, which: int) -> None:
        status = ("active", "deactivated", "closed")[which % 3]
        account = Account.objects.get(pk=self.world.accounts[who].pk)
        change_account_status(account=account, status=status, reason="r", at=self.at, origin=COMMAND)

    def _move(self, _: int, which: int) -> None:
        what, where = ((PROVIDER, OHIO), (PROVIDER, KENTUCKY), (OHIO, MAC))[which % 3]
        other = Organization.objects.filter(program_id=IQIES, code="JK").values_list("public_id", flat=True)
        to = other.get() if which == 5 else self._place(where)
        move_organization(organization_id=self._place(what), parent_id=to, **self._told())

    def _close(self, who: int, which: int) -> None:
        flow = reopen_organization if who % 2 else close_organization
        flow(organization_id=self._place((PROVIDER, PROVIDER, OHIO)[which % 3]), **self._told())

    def _rename(self, who: int, _: int) -> None:
        here = Organization.objects.get(pk=self.world.places[PROVIDER].pk)
        identifiers = dict(here.identifiers.values_list("scheme", "value"))
        edit_organization(
            organization_id=here.public_id,
            typed=Typed(f"Home Health {who}", here.code, identifiers, ()),
            **self._told(),
        )

    def _merge_or_activate(self, who: int, which: int) -> None:
        if which > 3:
            self.world.activate(IQIES, SHAPES[who % len(SHAPES)], self.at)
            return
        people = self.world.accounts
        merge_accounts(
            kept_id=people[which].public_id,
            closed_id=people[who].public_id,
            shown=None,
            reason="the same",
            **self._told(),
        )

    # --- what must be so ------------------------------------------------------------------------------------------

    def agree(self) -> None:
        """Every instant at which something changed, and those beside it, have one answer."""
        self.log.read()
        smallest = timedelta(microseconds=1)
        asked = {self.at, START - timedelta(days=60), *self.instants[::2]}
        asked |= {at - smallest for at in self.instants[1::2]}
        asked |= {day_start(self.at, days) for days in (-40, 4)}
        for at in sorted(asked):
            self._agree_at(at)

    def _agree_at(self, at: datetime) -> None:
        version, _, was_in_force = book_then(IQIES, at)
        assert (version.number if was_in_force else None) == self.log.version(IQIES, at)
        accounts = list(Account.objects.order_by("pk"))
        people = people_at(IQIES, accounts, at, apart=False)
        replayed = self.log.people(IQIES, at)
        public = {str(one.pk): str(one.public_id) for one in Organization.objects.filter(program_id=IQIES)}
        for one in people:
            expected = replayed.get(str(one.account.public_id))
            found = {(held.id, held.role_id, held.starts_at, held.ends_at) for held in one.person.holdings}
            wanted = (
                set()
                if expected is None
                else {(held.id, held.role_id, held.starts_at, held.ends_at) for held in expected.holdings}
            )
            assert found == wanted, f"what {one.account} held at {at}"
            if expected is not None:
                assert one.person.active == expected.active, f"status of {one.account} at {at}"
        places = PastPlaces(IQIES, at)
        places.look_up(Organization.objects.filter(program_id=IQIES))
        tree, stands = places.tree(), self.log.organizations(at)
        assert {public[one]: _up(tree.parent(one), public) for one in tree} == {
            one: up for one, (up, _) in stands.items()
        }, f"the tree at {at}"
        for renamed, name in self.log.names(at).items():
            [pk] = [pk for pk, public_id in public.items() if public_id == renamed]
            assert places[int(pk)].name == name
        if not was_in_force:
            return
        turn = sum(map(ord, at.isoformat()))
        for index in (OHIO, PROVIDER):
            where = self.world.places[index]
            for privilege in (PRIVILEGES[IQIES][turn % len(PRIVILEGES[IQIES])],):
                said = could_then(accounts, IQIES, privilege, where, at)
                for account, decision in zip(accounts, said, strict=True):
                    person = replayed.get(str(account.public_id))
                    expected_yes = person is not None and may(
                        book_of_version(version), stands, person, privilege, str(where.public_id), at
                    )
                    assert decision.allowed == expected_yes, (
                        f"could {account} {privilege} at {PLACES[index].code} at {at}: {decision}"
                    )


def _up(pk: str | None, public: dict[str, str]) -> str | None:
    return None if pk is None else public[pk]


def play_histories(world: World, *, runs: int, phases: tuple[Phase, ...]) -> None:
    """Play so many histories, and compare each with its log."""

    @settings(
        max_examples=runs,
        deadline=None,
        database=None,
        derandomize=True,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(STEP, min_size=4, max_size=14))
    def play(steps: list[tuple[int, int, int, int]]) -> None:
        with world.quickly(), _undone():
            history = Playing(world)
            for step in steps:
                history.play(step)
            history.agree()

    play()


@contextmanager
def _undone() -> Iterator[None]:
    # Flows refuse to run inside a transaction; this one is a test's, and is rolled back at the end.
    whole = transaction.atomic()
    whole._from_testcase = True  # type: ignore[attr-defined]
    with whole:
        yield
        transaction.set_rollback(True)


@pytest.mark.invariant("I10", "I11")
@pytest.mark.requirement("IQIES-02", "IQIES-15")
def test_who_held_what_and_who_could_is_what_the_log_says_at_every_instant(db: None) -> None:
    play_histories(World(), runs=6, phases=(Phase.generate,))


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.invariant("I10", "I11")
def test_many_more_histories_have_the_past_that_the_log_tells(db: None) -> None:
    play_histories(World(), runs=100, phases=(Phase.generate,))


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("fault", ["status", "place", "grant"])
def test_the_replay_finds_facts_of_another_instant(db: None, fault: str) -> None:
    """Each protection of the past, off: some history shows the difference."""
    with _fault(fault), pytest.raises((AssertionError, ExceptionGroup)):
        play_histories(World(), runs=60, phases=(Phase.generate,))


@contextmanager
def _fault(fault: str) -> Iterator[None]:
    later = datetime.max.replace(tzinfo=START.tzinfo)
    if fault == "status":
        with patch.object(
            holdings, "statuses_at", lambda parts, events, at: statuses.statuses_at(parts, events, later)
        ):
            yield
    elif fault == "grant":
        real = holdings.grants_at
        with patch.object(
            holdings, "grants_at", lambda program_id, at: real(program_id, at + timedelta(seconds=2))
        ):
            yield
    else:
        begin = PastPlaces.__init__

        def begun_now(self: PastPlaces, program_id: str, at: datetime) -> None:
            begin(self, program_id, later)

        with patch.object(PastPlaces, "__init__", begun_now):
            yield
