"""As-of answers agree with a replay of the audit log, on generated histories; and faults are found.

The tree moves, closes, opens and is renamed; people are given and lose roles, are deactivated, closed and merged;
grants come in with their original dates; the rolebook changes. Then instants at which anything changed are asked about.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import strategies as st

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
from rolebook.governance.past.holdings import people_at
from rolebook.governance.queries.then_who_could import could_then
from tests.histories.past import Past, grants_soon, places_of_now, play_histories, status_of_now
from tests.histories.programs import PLACES, PRIVILEGES, SHAPES, day_start
from tests.histories.world import World
from tests.reference.decision import may
from tests.support.people import COMMAND

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


@dataclass(kw_only=True)
class Playing(Past):
    """One history of iQIES."""

    program_id = IQIES
    world: World = field(repr=False)

    def acts(self) -> Sequence[Callable[[int, int], object]]:
        return (
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

    def _place(self, index: int) -> Any:
        return self.world.places[index].public_id

    def _designate(self, who: int, which: int) -> None:
        where = WHERE[which]
        flows.designate_role(
            role_id=ROLES[which],
            beneficiary_id=self.world.accounts[who].public_id,
            organization_id=None if where is None else self._place(where),
            **self.told(),
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
        told = self.told()
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
        told = self.told() | {"acting_user": self.world.accounts[4]}
        flows.remove_access(
            organization_id=self._place((MAC, OHIO, PROVIDER)[which % 3]),
            beneficiary_id=self.world.accounts[who].public_id,
            **told,
        )

    def _end(self, who: int, which: int) -> None:
        mine = Grant.objects.filter(program_id=IQIES, account=self.world.accounts[who], closed_at=None)
        found = list(mine.order_by("pk"))
        if found:
            end_designation(grant_id=found[which % len(found)].public_id, **self.told())

    def _part(self, who: int, which: int) -> None:
        status = ("active", "deactivated", "closed")[which % 3]
        whom = self.world.accounts[who].public_id
        change_participation_status(beneficiary_id=whom, status=status, reason="r", **self.told())

    def _account(self, who: int, which: int) -> None:
        status = ("active", "deactivated", "closed")[which % 3]
        account = Account.objects.get(pk=self.world.accounts[who].pk)
        change_account_status(account=account, status=status, reason="r", at=self.at, origin=COMMAND)

    def _move(self, _: int, which: int) -> None:
        what, where = ((PROVIDER, OHIO), (PROVIDER, KENTUCKY), (OHIO, MAC))[which % 3]
        other = Organization.objects.filter(program_id=IQIES, code="JK").values_list("public_id", flat=True)
        to = other.get() if which == 5 else self._place(where)
        move_organization(organization_id=self._place(what), parent_id=to, **self.told())

    def _close(self, who: int, which: int) -> None:
        flow = reopen_organization if who % 2 else close_organization
        flow(organization_id=self._place((PROVIDER, PROVIDER, OHIO)[which % 3]), **self.told())

    def _rename(self, who: int, _: int) -> None:
        here = Organization.objects.get(pk=self.world.places[PROVIDER].pk)
        identifiers = dict(here.identifiers.values_list("scheme", "value"))
        edit_organization(
            organization_id=here.public_id,
            typed=Typed(f"Home Health {who}", here.code, identifiers, ()),
            **self.told(),
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
            **self.told(),
        )

    # --- what must be so ------------------------------------------------------------------------------------------

    def asked_besides(self) -> set[datetime]:
        return {day_start(self.at, days) for days in (-40, 4)}

    def agree_at(self, at: datetime) -> None:
        version = self.agree_on_frame(at)
        accounts = list(Account.objects.order_by("pk"))
        people = people_at(IQIES, accounts, at, apart=False)
        replayed = self.log.people(IQIES, at)
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
        if version is None:
            return
        stands = self.log.organizations(at)
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


def play(runs: int) -> None:
    """Play so many histories, and compare each with its log."""
    world = World()
    steps = st.lists(STEP, min_size=4, max_size=14)
    play_histories(lambda: Playing(world=world), world.quickly, steps=steps, runs=runs)


FAULTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "status": status_of_now,
    "place": places_of_now,
    "grant": grants_soon,
}


@pytest.mark.invariant("I10", "I11")
@pytest.mark.requirement("IQIES-02", "IQIES-15")
def test_who_held_what_and_who_could_is_what_the_log_says_at_every_instant(db: None) -> None:
    play(6)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(0)
@pytest.mark.invariant("I10", "I11")
def test_many_more_histories_have_the_past_that_the_log_tells(db: None) -> None:
    play(30)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(0)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_replay_finds_facts_of_another_instant(db: None, fault: str) -> None:
    """Each protection of the past, off: some history shows the difference."""
    with FAULTS[fault](), pytest.raises((AssertionError, ExceptionGroup)):
        play(60)
