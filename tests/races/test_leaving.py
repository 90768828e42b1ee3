"""Decisions that meet somebody's leaving, a merge, a closing or a taking back at the same instant (I13).

As in `test_decisions`: every race is run with the locks, and must be found wrong with the locks taken out.
"""

from collections.abc import Callable

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.governance.deciding import AlreadyDecided, ReturnedForChange
from rolebook.governance.flows import decide_stages, withdraw_request
from rolebook.governance.flows.change_status import StatusChanged, change_participation_status
from rolebook.governance.flows.close_organization import close_organization
from rolebook.governance.flows.decide_stages import ShownStage
from rolebook.governance.flows.merge_accounts import Merged, merge_accounts
from rolebook.governance.flows.move_organization import TreeChanged
from rolebook.governance.models import Grant, Outcome, Participation, Request, Stage
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.grants import LATER, STEWARD, asks, decides, designated, waiting
from tests.support.people import COMMAND, WEB
from tests.support.racing import Call, Round, sequence_of, with_and_without_locks

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.invariant("I13")]


def _unexpected(one: Round) -> str | None:
    """What ended in a way that no person should see: a deadlock, a broken constraint, a defect."""
    expected = (Outcome, AlreadyDecided, ReturnedForChange, Refused, NotAllowed, NotFound)
    done = (Request, Grant, StatusChanged, TreeChanged, Merged, tuple)
    strange = [result for result in one.results.values() if not isinstance(result, (*expected, *done))]
    return f"ended with {strange!r}" if strange else None


def _request(one: Round) -> Request:
    """The request that a round is about, as it is now."""
    return Request.objects.get(pk=one.about["request"].pk)  # type: ignore[attr-defined]


def _open(account: Account) -> int:
    return Grant.objects.filter(account=account, closed_at=None).count()


def while_decided(meets: Callable[[Stage], Call]) -> Callable[[int], Callable[[], Round]]:
    """Rounds in which an official approves somebody's request and, at the same instant, ``meets`` happens to it."""

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")
        official = grants.official(practice)

        def next_round() -> Round:
            stage = waiting(grants.user(), practice)
            return Round([lambda: decides(official, stage), meets(stage)], {"request": stage.request})

        return next_round

    return prepare


@pytest.mark.fault(16)
def test_a_request_that_is_taken_back_and_approved_at_once_ends_in_one_way(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()

    def withdraw(stage: Stage) -> Call:
        return lambda: withdraw_request(
            acting_user=stage.request.requester,
            program_id="qpp",
            request_id=stage.request.public_id,
            at=LATER,
            origin=WEB,
        )

    def wrong(one: Round) -> str | None:
        request = _request(one)
        opened = Grant.objects.filter(request_item__request=request).count()
        approved = isinstance(one.results[0], Outcome)
        taken_back = isinstance(one.results[1], Request)
        if approved == taken_back or opened != approved:
            return f"{request.state}, {opened} grants: {one.results}"
        return _unexpected(one)

    with_and_without_locks(committed_db, while_decided(withdraw), wrong)


@pytest.mark.requirement("IQIES-04", "IQIES-08")
@pytest.mark.fault(21)
def test_a_request_and_a_designation_at_once_do_not_break_one_category(
    committed_db: CommittedDatabase,
) -> None:
    people.activate("iqies")

    def prepare(lane: int) -> Callable[[], Round]:
        state = Organization.objects.filter(program_id="iqies", kind_id="state").order_by("pk")[lane]

        def next_round() -> Round:
            person = grants.user(program_id="iqies")
            return Round(
                [
                    lambda: asks(person, state, role_id="state_general_user", program_id="iqies"),
                    lambda: designated(person, "cms_security_official", program_id="iqies"),
                ],
                {"person": person},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        refused = [result for result in one.results.values() if isinstance(result, Refused)]
        return f"both were taken: {one.results}" if len(refused) != 1 else _unexpected(one)

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.invariant("I7")
@pytest.mark.fault(18)
def test_nobody_whose_part_is_closed_at_that_instant_keeps_what_was_approved(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()

    def close(stage: Stage) -> Call:
        person = stage.request.beneficiary
        Participation.objects.create(account=person, program_id="qpp", created_at=LATER)
        return lambda: change_participation_status(
            acting_user=None,
            program_id="qpp",
            beneficiary_id=person.public_id,
            status="closed",
            reason="left",
            at=LATER,
            origin=COMMAND,
        )

    def wrong(one: Round) -> str | None:
        held = _open(_request(one).beneficiary)
        return f"{held} roles are held by who is closed: {one.results}" if held else _unexpected(one)

    with_and_without_locks(committed_db, while_decided(close), wrong)


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(7)
def test_nothing_is_given_to_an_account_that_is_merged_away_at_that_instant(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()

    def merge(stage: Stage) -> Call:
        kept = grants.user("Kept")
        return lambda: merge_accounts(
            acting_user=None,
            program_id="qpp",
            kept_id=kept.public_id,
            closed_id=stage.request.beneficiary.public_id,
            shown=None,
            reason="one person",
            at=LATER,
            origin=COMMAND,
        )

    def wrong(one: Round) -> str | None:
        held, merged = _open(_request(one).beneficiary), isinstance(one.results[1], Merged)
        return f"{held} roles of a merged account: {one.results}" if merged and held else _unexpected(one)

    with_and_without_locks(committed_db, while_decided(merge), wrong)


@pytest.mark.invariant("I4")
@pytest.mark.fault(24)
def test_nothing_is_given_at_an_organization_after_it_was_closed(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        def next_round() -> Round:
            practice = people.practice(f"Lane {lane}")
            official, person = people.new_user().account, people.new_user().account
            people.give_factor(official)
            grants.placed(official, grants.OFFICIAL, practice)
            stage = waiting(person, practice)

            def close() -> TreeChanged:
                return close_organization(
                    acting_user=None,
                    program_id="qpp",
                    organization_id=practice.public_id,
                    at=LATER,
                    origin=COMMAND,
                )

            return Round([lambda: decides(official, stage), close], {"practice": practice, "person": person})

        return next_round

    def wrong(one: Round) -> str | None:
        practice, person = one.about["practice"], one.about["person"]
        assert isinstance(practice, Organization)
        assert isinstance(person, Account)
        closed = sequence_of("organization:closed", organization_id=practice.public_id)
        opened = sequence_of("grant:opened", beneficiary_id=person.public_id)
        if opened is not None and closed is not None and opened > closed:
            return "a role was given at a closed organization"
        return _unexpected(one)

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.fault(15)
def test_of_two_stewards_who_close_each_other_at_once_one_stays(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        def next_round() -> Round:
            one, other = grants.user("One"), grants.user("Other")
            for account in (one, other):
                grants.placed(account, STEWARD, None)

            def closes(by: Account, whom: Account) -> StatusChanged:
                return change_participation_status(
                    acting_user=by,
                    program_id="qpp",
                    beneficiary_id=whom.public_id,
                    status="deactivated",
                    reason="left",
                    at=LATER,
                    origin=WEB,
                )

            return Round([lambda: closes(one, other), lambda: closes(other, one)], {"people": (one, other)})

        return next_round

    def wrong(one: Round) -> str | None:
        active = Participation.objects.filter(account__in=one.about["people"], status="active").count()  # type: ignore[misc]
        return f"{active} of two are active: {one.results}" if active != 1 else _unexpected(one)

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.requirement("QPP-15")
@pytest.mark.fault(17)
def test_two_bulk_calls_over_the_same_requests_in_opposite_order_decide_each_once(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")
        first, second = grants.official(practice, "First"), grants.official(practice, "Second")

        def next_round() -> Round:
            stages = [waiting(people.new_user().account, practice) for _ in range(3)]

            def decide(by: Account, turned: list[Stage]) -> object:
                shown = [ShownStage(one.public_id, one.request_version, one.items_hash) for one in turned]
                return decide_stages(
                    acting_user=by, program_id="qpp", stages=shown, verdict="approved", at=LATER, origin=WEB
                )

            return Round(
                [lambda: decide(first, stages), lambda: decide(second, stages[::-1])], {"stages": stages}
            )

        return next_round

    def wrong(one: Round) -> str | None:
        opened = Grant.objects.filter(request_item__stages__in=one.about["stages"]).count()  # type: ignore[misc]
        return f"{opened} grants: {one.results}" if opened != 3 else _unexpected(one)

    with_and_without_locks(committed_db, prepare, wrong)
