"""Flows that meet at the same instant, on a real PostgreSQL with eight connections (I13).

Every race is run twice: with the locks, when nothing may ever go wrong, and with the locks taken out, when the very
same checks must find something wrong.
"""

from collections.abc import Callable

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.governance.deciding import AlreadyDecided
from rolebook.governance.flows import Removal, remove_access
from rolebook.governance.models import Grant, Outcome, Request, Stage
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.grants import LATER, OFFICIAL, STAFF, asks, decides, designated, waiting
from tests.support.racing import Round, sequence_of, with_and_without_locks

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.invariant("I13")]


def _in_office(practice: Organization) -> Account:
    account = people.new_user().account
    people.give_factor(account)
    grants.placed(account, OFFICIAL, practice)
    return account


def _remove(by: Account, whom: Account, practice: Organization) -> Removal:
    return remove_access(
        acting_user=by,
        program_id=practice.program_id,
        organization_id=practice.public_id,
        beneficiary_id=whom.public_id,
        at=LATER,
        origin=people.WEB,
    )


@pytest.mark.fault(16, 17)
def test_two_officials_who_decide_a_request_at_once_make_one_decision(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")
        first, second = grants.official(practice, "First"), grants.official(practice, "Second")

        def next_round() -> Round:
            stage = waiting(people.new_user().account, practice)
            return Round(
                [lambda: decides(first, stage, "approved"), lambda: decides(second, stage, "denied")],
                {"stage": stage},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        stage = one.about["stage"]
        assert isinstance(stage, Stage)
        kinds = sorted(type(result).__name__ for result in one.results.values())
        if kinds != ["AlreadyDecided", "Outcome"]:
            return f"the two were told {kinds}"
        outcome = Outcome.objects.get(stage=stage)
        second = next(r for r in one.results.values() if isinstance(r, AlreadyDecided))
        if second.by != outcome.approver:
            return "the second was not told who decided"
        opened = Grant.objects.filter(request_item__request=stage.request_id).count()
        return None if opened == (outcome.verdict == "approved") else f"{opened} grants were opened"

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.requirement("QPP-11")
@pytest.mark.fault(15)
def test_of_two_officials_who_remove_each_other_at_once_one_stays(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")

        def next_round() -> Round:
            one, other = _in_office(practice), _in_office(practice)
            return Round(
                [lambda: _remove(one, other, practice), lambda: _remove(other, one, practice)],
                {"people": (one, other)},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        people_of_round = one.about["people"]
        left = Grant.objects.filter(account__in=people_of_round, closed_at=None).count()  # type: ignore[misc]
        removed = [r for r in one.results.values() if isinstance(r, Removal)]
        refused = [r for r in one.results.values() if isinstance(r, NotFound | NotAllowed)]
        if (len(removed), len(refused), left) != (1, 1, 1):
            return f"{len(removed)} removed, {len(refused)} were refused, {left} are left: {one.results}"
        return None

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.invariant("I7")
@pytest.mark.fault(18, 23)
def test_nothing_is_approved_after_the_approver_was_removed(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")
        colleague = grants.official(practice, "Colleague")

        def next_round() -> Round:
            approver = _in_office(practice)
            stage = waiting(people.new_user().account, practice)
            return Round(
                [lambda: decides(approver, stage), lambda: _remove(colleague, approver, practice)],
                {"approver": approver, "request": stage.request},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        approver, request = one.about["approver"], one.about["request"]
        assert isinstance(approver, Account)
        assert isinstance(request, Request)
        if not isinstance(one.results[1], Removal):
            return f"the removal ended with {one.results[1]!r}"
        removed = sequence_of("access:removed", beneficiary_id=approver.public_id)
        approved = sequence_of("outcome:approved", request_id=request.public_id)
        if approved is None:
            refused = isinstance(one.results[0], NotFound)
            return None if refused else f"the approval ended with {one.results[0]!r}"
        return None if removed is not None and approved < removed else "approved after the removal"

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(21)
def test_two_requests_at_once_do_not_jointly_break_one_category(committed_db: CommittedDatabase) -> None:
    people.activate("iqies")

    def prepare(lane: int) -> Callable[[], Round]:
        state = Organization.objects.filter(program_id="iqies", kind_id="state").order_by("pk")[lane]
        jurisdiction = Organization.objects.filter(program_id="iqies", kind_id="mac_jurisdiction").order_by(
            "pk"
        )[lane]

        def next_round() -> Round:
            person = grants.user(program_id="iqies")
            return Round(
                [
                    lambda: asks(person, state, role_id="state_general_user", program_id="iqies"),
                    lambda: asks(person, jurisdiction, role_id="mac_user", program_id="iqies"),
                ],
                {"person": person},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        made = Request.objects.filter(beneficiary=one.about["person"]).count()  # type: ignore[misc]
        codes = [v.code for r in one.results.values() if isinstance(r, Refused) for v in r.violations]
        return None if (made, codes) == (1, ["other_category_pending"]) else f"{made} requests, {one.results}"

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(21)
def test_an_approval_and_a_designation_at_once_give_a_role_once(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")
        official = grants.official(practice)
        steward = grants.steward()

        def next_round() -> Round:
            person = people.new_user().account
            stage = waiting(person, practice, OFFICIAL)
            return Round(
                [
                    lambda: decides(official, stage),
                    lambda: designated(person, OFFICIAL, practice, by=steward, at=LATER),
                ],
                {"person": person},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        held = Grant.objects.filter(account=one.about["person"], closed_at=None).count()  # type: ignore[misc]
        return None if held == 1 else f"held {held} times: {one.results}"

    with_and_without_locks(committed_db, prepare, wrong)


@pytest.mark.fault(17)
def test_a_request_that_is_submitted_twice_at_once_is_made_once(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")

        def next_round() -> Round:
            person = grants.user()
            ask = lambda: asks(person, practice, role_id=STAFF)  # noqa: E731
            return Round([ask, ask], {"person": person})

        return next_round

    def wrong(one: Round) -> str | None:
        made = Request.objects.filter(beneficiary=one.about["person"]).count()  # type: ignore[misc]
        refused = [r for r in one.results.values() if isinstance(r, Refused)]
        return None if (made, len(refused)) == (1, 1) else f"{made} requests, {one.results}"

    with_and_without_locks(committed_db, prepare, wrong)
