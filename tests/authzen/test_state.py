"""The decision point's copy: what it has after following events is what a fresh load gives, and the walk."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from rolebook.accounts.flows.organizations import import_organizations
from rolebook.accounts.flows.rolebooks import activate_rolebook
from rolebook.accounts.models import Account, Organization, RolebookVersion
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import clock, triggers
from rolebook.audit.recording import unit_of_work
from rolebook.audit.tags import PARTICIPATION_STATUS_CHANGED
from rolebook.authzen import loading
from rolebook.authzen.state import State
from rolebook.decision.instants import micros
from rolebook.governance.authority import compiled, person_of
from rolebook.governance.flows import change_participation_status, remove_access
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.models import Grant, Participation
from rolebook.policy.model import STEWARD_ID
from rolebook.policy.shipped import resolve
from tests.authzen.asking import VIEW, catch_up, decision_point
from tests.support import grants, people
from tests.support.people import COMMAND, START, WEB

ACTIONS = (VIEW, "approve_role_requests", "remove_access", "no_such_privilege")


@dataclass
class World:
    """People and practices of QPP to which things happen by chance."""

    chance: Random
    practices: list[Organization] = field(default_factory=list)
    people: list[Account] = field(default_factory=list)
    days: int = 0

    def happen(self) -> None:
        """Let one thing happen, through the flows that applications use."""
        self.days += 1
        at = START + timedelta(days=self.days)
        choices = [
            self.designate,
            self.designate,
            self.designate,
            self.remove,
            self.arrive,
            self.found,
            self.status,
        ]
        self.chance.choice(choices)(at)

    def arrive(self, at: datetime) -> None:
        self.people.append(people.new_user(f"Person {len(self.people)}", at=at).account)

    def found(self, at: datetime) -> None:
        self.practices.append(people.practice(f"Practice {len(self.practices)}", at=at))

    def designate(self, at: datetime) -> None:
        account, practice = self.chance.choice(self.people), self.chance.choice(self.practices)
        if Grant.objects.filter(account=account, organization=practice, closed_at=None).exists():
            return
        if (
            account.is_active
            and not Participation.objects.filter(account=account).exclude(status="active").exists()
        ):
            grants.designated(account, grants.OFFICIAL, practice, at=at)

    def remove(self, at: datetime) -> None:
        grant = self.chance.choice([*Grant.objects.filter(closed_at=None, role_id=grants.OFFICIAL), None])
        place = None if grant is None else grant.organization
        if grant is not None and place is not None:
            remover = grants.official(place, "Remover", at)
            remove_access(
                acting_user=remover,
                program_id="qpp",
                organization_id=place.public_id,
                beneficiary_id=grant.account.public_id,
                at=at + timedelta(hours=1),
                origin=WEB,
            )
            self.people.append(remover)

    def status(self, at: datetime) -> None:
        account = self.chance.choice(self.people)
        found = Participation.objects.filter(account=account).first()
        if found is not None:
            with unit_of_work(at=at, origin=COMMAND) as work:
                found.status = "active" if found.status != "active" else "deactivated"
                found.save()
                work.record(
                    PARTICIPATION_STATUS_CHANGED,
                    program_id="qpp",
                    beneficiary_id=account.public_id,
                    new={"status": found.status},
                )


def answers(state: State, world: World, at_micros: int) -> dict[tuple[str, str, str], bool]:
    """Every answer about everybody, everything and everywhere."""
    qpp = state.programs["qpp"]
    return {
        (str(account.public_id), action, place.name): qpp.check(
            str(account.public_id), action, str(place.public_id), at_micros, None
        )
        for account in world.people
        for action in ACTIONS
        for place in world.practices
    }


@pytest.mark.django_db
@pytest.mark.invariant("I10")
@pytest.mark.parametrize("seed", range(6))
def test_following_events_gives_what_a_fresh_load_and_the_walk_give(qpp: str, seed: int) -> None:
    world = World(Random(seed))
    for _ in range(3):
        world.arrive(START)
        world.found(START)
    point = decision_point()
    said_yes = False
    for _ in range(5):
        for _ in range(6):
            world.happen()
        catch_up(point)
        now = START + timedelta(days=world.days + 1)
        followed = answers(point.state, world, micros(now))
        fresh = State()
        fresh.load()
        assert followed == answers(fresh, world, micros(now))
        said_yes = said_yes or any(followed.values())
        for account in world.people:
            walked = walk_answers(account, world, now)
            assert {asked: followed[asked] for asked in walked} == walked
    assert said_yes


def walk_answers(account: Account, world: World, at: datetime) -> dict[tuple[str, str, str], bool]:
    """What the flows would say from rows read now."""
    from rolebook.decision.check import check
    from rolebook.decision.tree import OrganizationTree

    version, book = rolebook_in_force("qpp", at)
    account.refresh_from_db()
    person = person_of(account, "qpp", at)
    tree = OrganizationTree((str(place.pk), None, place.kind_id) for place in world.practices)
    return {
        (str(account.public_id), action, place.name): check(
            compiled(version, book), tree, person, action, str(place.pk), at
        ).allowed
        for action in ACTIONS
        for place in world.practices
    }


@pytest.mark.django_db
def test_what_happens_to_an_account_counts_in_every_program(qpp: str) -> None:
    people.activate("iqies")
    account = grants.official(people.practice())
    grants.designated(account, STEWARD_ID, program_id="iqies")
    point = decision_point()
    Account.objects.filter(pk=account.pk).update(status="deactivated")
    from rolebook.audit.tags import ACCOUNT_STATUS_CHANGED

    with unit_of_work(at=START, origin=COMMAND) as work:
        work.record(ACCOUNT_STATUS_CHANGED, beneficiary_id=account.public_id, new={"status": "deactivated"})
    catch_up(point)
    for program in ("qpp", "iqies"):
        person = point.state.programs[program].snapshot.person(str(account.public_id))
        assert person is not None
        assert person.active is False


@pytest.mark.django_db
@pytest.mark.invariant("I7")
def test_somebody_who_was_closed_and_somebody_who_was_merged_are_so_at_the_decision_point(qpp: str) -> None:
    practice = people.practice()
    steward, olga = grants.steward(), grants.official(practice)
    stan, kept = grants.staff(practice, olga), grants.official(people.practice("Hilltop"))
    point = decision_point()
    merged = merge_accounts(
        acting_user=steward,
        program_id="qpp",
        kept_id=kept.public_id,
        closed_id=stan.public_id,
        shown=None,
        reason="both are hers",
        at=START,
        origin=COMMAND,
    )
    change_participation_status(
        acting_user=steward,
        program_id="qpp",
        beneficiary_id=olga.public_id,
        status="deactivated",
        reason="on leave",
        at=START,
        origin=COMMAND,
    )
    catch_up(point)
    seen = {
        one.pk: point.state.programs["qpp"].snapshot.person(str(one.public_id)) for one in (stan, olga, kept)
    }
    assert [one is not None and one.active for one in seen.values()] == [False, False, True]
    moved = seen[kept.pk]
    assert moved is not None
    assert (merged.moved, len([one for one in moved.holdings if one.closed_at is None])) == (1, 2)


@pytest.mark.django_db
def test_a_program_that_is_activated_later_is_followed_from_then_on(db: None) -> None:
    point = decision_point()
    assert point.state.programs == {}
    people.activate("qpp")
    catch_up(point)
    assert set(point.state.programs) == {"qpp"}


@pytest.mark.django_db
def test_a_new_version_takes_its_turn_at_its_instant_without_an_event(qpp: str, tmp_path: Path) -> None:
    practice = people.practice()
    account = grants.official(practice)
    turn = START + timedelta(days=30)
    folder = Path(shutil.copytree(resolve("qpp"), tmp_path / "qpp"))
    matrix = folder / "matrix.csv"
    matrix.write_text(
        matrix.read_text().replace("View performance data,yes,yes", "View performance data,no,yes")
    )
    activate_rolebook(acting_user=None, folder=folder, activated_by="tests", at=START, origin=COMMAND)
    triggers.drop_all()  # a version is never moved; activation has no date of its own yet
    RolebookVersion.objects.filter(number=2).update(effective_at=turn)
    point = decision_point()
    state = point.state.programs["qpp"]
    state.change(versions=loading.load_versions("qpp", START))
    asked = (str(account.public_id), VIEW, str(practice.public_id))
    assert state.check(*asked, micros(turn) - 1, None) is True
    # Whoever asks first, be it for a reason, lets the new version take its turn.
    assert state.decide(*asked, micros(turn), None).reason.code == "not_given"
    assert state.check(*asked, micros(turn), None) is False
    assert state.decide(*asked, micros(START) - 1, None).allowed is False


@pytest.mark.django_db
def test_before_the_first_version_is_effective_the_answer_is_no(qpp: str) -> None:
    practice = people.practice()
    account = grants.official(practice)
    triggers.drop_all()
    RolebookVersion.objects.update(effective_at=clock.now() + timedelta(days=1))
    point = decision_point()
    asked = (str(account.public_id), VIEW, str(practice.public_id))
    assert point.state.programs["qpp"].check(*asked, clock.now_micros(), None) is False
    assert point.state.programs["qpp"].check(*asked, micros(clock.now() + timedelta(days=2)), None) is True


@pytest.mark.django_db
@pytest.mark.invariant("I7")
@pytest.mark.fault(58)
def test_a_closed_grant_stays_closed_for_a_clock_that_runs_behind(qpp: str) -> None:
    practice = people.practice()
    account, remover = grants.official(practice), grants.official(practice, "Remover")
    point = decision_point()
    now = START + timedelta(days=10)
    remove_access(
        acting_user=remover,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=account.public_id,
        at=now,
        origin=WEB,
    )
    catch_up(point)
    asked = (str(account.public_id), VIEW, str(practice.public_id))
    for behind in (timedelta(0), timedelta(hours=1), timedelta(days=9)):
        assert point.state.programs["qpp"].check(*asked, micros(now - behind), None) is False
    reason = point.state.programs["qpp"].decide(*asked, micros(now), None).reason
    assert (reason.code, reason.params["closed_at"]) == ("removed", now)


@pytest.mark.django_db
def test_organizations_that_are_imported_are_known_at_once(qpp: str) -> None:
    point = decision_point()
    data = b"code,name,kind,tin\n11-1111111,New Practice,practice,11-1111111\n"
    import_organizations(
        acting_user=None, program_id="qpp", data=data, file="new.csv", at=START, origin=COMMAND
    )
    account = grants.official(Organization.objects.get(program_id="qpp", code="11-1111111"))
    catch_up(point)
    asked = (str(account.public_id), VIEW, str(Organization.objects.get().public_id))
    assert point.state.programs["qpp"].check(*asked, clock.now_micros(), None) is True


@pytest.mark.django_db
@pytest.mark.invariant("I4")
def test_a_closed_organization_answers_no_and_what_lies_below_it_still_counts(qpp: str) -> None:
    upper, middle, lower = (people.practice(name) for name in ("Upper", "Middle", "Lower"))
    account = grants.official(middle)
    Organization.objects.filter(pk=middle.pk).update(parent=upper)
    Organization.objects.filter(pk=lower.pk).update(parent=middle)
    point = decision_point()
    state = point.state.programs["qpp"]
    asked = (str(account.public_id), VIEW, str(middle.public_id), clock.now_micros(), None)
    assert state.check(*asked) is True
    Organization.objects.filter(pk=middle.pk).update(closed_at=clock.now() + timedelta(hours=1))
    state.change(tree=loading.load_tree("qpp"))
    assert state.check(*asked) is False
    tree = state.snapshot.tables.tree
    assert str(middle.public_id) not in tree
    assert tree.lies_in(str(lower.public_id), str(upper.public_id))
