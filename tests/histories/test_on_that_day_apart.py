"""As-of answers agree with a replay of the audit log where access is held apart from roles, on generated histories.

Besides what iQIES knows (`test_on_that_day`): access is given with and without lower levels, narrowed, and held for a
detail; employers change; people sign in or are closed for want of it, and are reactivated; an audit removes something.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import strategies as st

from rolebook.accounts.models import Account, Organization, RolebookVersion
from rolebook.accounts.queries.rolebooks import book_of_version
from rolebook.decision.evaluation import Person
from rolebook.governance.authority import as_access
from rolebook.governance.models import Employment, Participation
from rolebook.governance.past import holdings, statuses
from rolebook.governance.past.holdings import people_at
from rolebook.governance.queries.then_lists import people_then, users_then
from rolebook.governance.queries.then_rows import PersonThen
from rolebook.governance.queries.then_who_could import could_then, who_could
from tests.histories.apart_acts import PlayingApart
from tests.histories.apart_world import PRIVILEGES, ApartWorld
from tests.histories.past import grants_soon, places_of_now, play_histories, status_of_now
from tests.reference.decision import may
from tests.support import iqcs
from tests.support.iqcs import PROGRAM
from tests.support.people import START

ASKED_AT = ("FWS-R6-BNR", "FWS-R6", "BLM-MT")
STEP = st.tuples(st.integers(0, 19), st.integers(0, 4), st.integers(0, 5), st.integers(1, 2000))


class Agreeing(PlayingApart):
    """What must be so of a history of IQCS."""

    def asked_besides(self) -> set[datetime]:
        people = {str(one.public_id) for one in self.world.people}
        turns = sorted(at for at in self.log.turns(PROGRAM, people) if START < at <= self.at)[-4:]
        return {*turns, *(at - timedelta(microseconds=1) for at in turns)}

    def agree_at(self, at: datetime) -> None:
        version = self.agree_on_frame(at)
        accounts = list(Account.objects.order_by("pk"))
        replayed = self.log.people(PROGRAM, at)
        self._agree_on_people(accounts, replayed, at)
        turn = sum(map(ord, at.isoformat()))
        code = ASKED_AT[turn // 3 % len(ASKED_AT)]
        # One of the lists at each instant: each is a page of its own over the same facts.
        if turn % 3 == 0:
            everybody = people_then(self.world.steward, PROGRAM, at, self.at, limit=200).rows
            self._are(everybody, {who: _all(one) for who, one in replayed.items()}, at)
        elif turn % 3 == 1:
            self._agree_on_users(replayed, code, at)
        if version is not None:
            privilege = PRIVILEGES[turn // 2 % len(PRIVILEGES)]
            self._agree_on_who_could(accounts, replayed, version, privilege, code, at, listed=turn % 3 == 2)

    def _agree_on_people(self, accounts: list[Account], replayed: dict[str, Person], at: datetime) -> None:
        stood = self.log.standings(PROGRAM, at)
        called = {str(one.public_id): one.name for one in Organization.objects.filter(program_id=PROGRAM)}
        called |= self.log.names(at)
        for one in people_at(PROGRAM, accounts, at, apart=True):
            who = str(one.account.public_id)
            held, expected = one.person, replayed.get(who, Person(active=True))
            assert {(h.id, h.role_id, h.starts_at, h.ends_at) for h in held.holdings} == {
                (h.id, h.role_id, h.starts_at, h.ends_at) for h in expected.holdings
            }, f"which roles {one.account} held at {at}"
            assert {(a.id, a.lower_levels, a.starts_at, a.ends_at) for a in held.accesses} == {
                (a.id, a.lower_levels, a.starts_at, a.ends_at) for a in expected.accesses
            }, f"which access {one.account} held at {at}"
            known = stood.get(who)
            if known is None or not known.started:
                continue  # who has no part is in no list
            assert one.status == known.status(at), f"status of {one.account} at {at}"
            assert one.last_signed_in_at == known.last_signed_in_at, f"sign-in of {one.account} at {at}"
            employer = "" if known.employer is None else called[known.employer]
            assert one.employer == employer, f"employer of {one.account} at {at}"

    def _agree_on_users(self, replayed: dict[str, Person], code: str, at: datetime) -> None:
        place = iqcs.place(code).public_id
        above = self.log.above(str(place), at)
        wanted: dict[str, set[str]] = {}
        for who, one in replayed.items():
            there = {
                held.id
                for held in one.accesses
                if held.organization_id == str(place) or (held.lower_levels and held.organization_id in above)
            }
            if there:
                wanted[who] = there | {held.id for held in one.holdings}
        found = users_then(self.world.steward, place, PROGRAM, at, self.at, limit=200).people.rows
        self._are(found, wanted, at)

    def _are(self, rows: tuple[PersonThen, ...], wanted: dict[str, set[str]], at: datetime) -> None:
        """A list has these people with what they held, and their statuses of then."""
        found = {str(one.account_id): {str(held.holding_id) for held in one.held} for one in rows}
        assert found == wanted, f"a list at {at}"
        stood = self.log.standings(PROGRAM, at)
        for one in rows:
            assert one.status == stood[str(one.account_id)].status(at), f"status of {one.name} at {at}"

    def _agree_on_who_could(
        self,
        accounts: list[Account],
        replayed: dict[str, Person],
        version: RolebookVersion,
        privilege: str,
        code: str,
        at: datetime,
        *,
        listed: bool,
    ) -> None:
        where, book = iqcs.place(code), book_of_version(version)
        stands = self.log.organizations(at)

        def could(one: Person) -> bool:
            return may(book, stands, one, privilege, str(where.public_id), at)

        wanted = {who for who, one in replayed.items() if could(one)}
        said = could_then(accounts, PROGRAM, privilege, where, at)
        yes = {str(one.public_id) for one, decision in zip(accounts, said, strict=True) if decision.allowed}
        assert yes == wanted, f"who could {privilege} at {code} at {at}"
        if listed:
            told = who_could(self.world.steward, PROGRAM, privilege, where.public_id, at, self.at, limit=200)
            rows = told.people.rows
            assert {str(one.account_id) for one in rows} == wanted, (
                f"the list of {privilege} at {code} at {at}"
            )
            for row in rows:
                alone = _only(replayed[str(row.account_id)], {str(held.holding_id) for held in row.held})
                assert could(alone), f"what gave {privilege} at {code} to {row.name} at {at}"


def _all(one: Person) -> set[str]:
    return {held.id for held in one.holdings} | {held.id for held in one.accesses}


def _only(one: Person, ids: set[str]) -> Person:
    """Somebody with some of what they held."""
    return replace(
        one,
        holdings=tuple(held for held in one.holdings if held.id in ids),
        accesses=tuple(held for held in one.accesses if held.id in ids),
    )


def play(runs: int) -> None:
    """Play so many histories, and compare each with its log."""
    world = ApartWorld()
    steps = st.lists(STEP, min_size=5, max_size=12)
    play_histories(lambda: Agreeing(world=world), world.quickly, steps=steps, runs=runs)


@pytest.mark.invariant("I10", "I11")
@pytest.mark.requirement("IQCS-04", "IQCS-08", "IQCS-11", "IQCS-13")
def test_roles_access_statuses_and_employers_are_what_the_log_says_at_every_instant(db: None) -> None:
    play(4)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(0)
@pytest.mark.invariant("I10", "I11")
def test_many_more_histories_with_access_apart_have_the_past_that_the_log_tells(db: None) -> None:
    play(10)


def _accesses_soon() -> AbstractContextManager[object]:
    real = holdings.accesses_at
    return patch.object(
        holdings, "accesses_at", lambda program_id, at: real(program_id, at + timedelta(seconds=2))
    )


def _all_with_lower_levels() -> AbstractContextManager[object]:
    return patch.object(holdings, "as_access", lambda one: replace(as_access(one), lower_levels=True))


def _employer_of_now() -> AbstractContextManager[object]:
    def newest(part: Participation) -> str:
        rows = Employment.objects.filter(participation=part).order_by("recorded_at", "pk")
        last = rows.last()
        return "" if last is None else last.organization.name

    return patch.object(holdings, "employer_name", newest)


def _sign_in_of_now() -> AbstractContextManager[object]:
    return patch.object(holdings, "last_sign_in", lambda part, at: part.last_signed_in_at)


def _quiet_forgotten() -> AbstractContextManager[object]:
    """An end by quiet that was put off later is not told any more."""
    return patch.object(statuses, "_ends_a_gap", lambda *_: False)


FAULTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "status": status_of_now,
    "place": places_of_now,
    "grant": grants_soon,
    "access": _accesses_soon,
    "lower levels": _all_with_lower_levels,
    "employer": _employer_of_now,
    "sign-in": _sign_in_of_now,
    "quiet": _quiet_forgotten,
}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(0)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_replay_finds_facts_of_another_instant_where_access_is_apart(db: None, fault: str) -> None:
    """Each protection of the past, off: some history shows the difference."""
    with FAULTS[fault](), pytest.raises((AssertionError, ExceptionGroup)):
        play(40)
