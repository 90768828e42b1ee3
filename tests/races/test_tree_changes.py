"""Changes of the tree that meet each other, or a decision, at the same instant, on a real PostgreSQL (I13).

As in `test_decisions`: every race is run with the locks, and with the locks taken out, when the very same checks must
find something wrong.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from rolebook.accounts.models import Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.models import Event
from rolebook.governance import locks
from rolebook.governance.flows.close_organization import close_organization
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.flows.move_organization import TreeChanged, move_organization
from rolebook.governance.models import Grant, Request, Stage
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.model import Rolebook
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.grants import LATER, STEWARD, decides, waiting
from tests.support.racing import Round, with_and_without_locks

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.invariant("I13")]
_CHANGING = "rolebook.governance.flows.tree_changing"


@contextmanager
def no_locks() -> Iterator[None]:
    """The mutant: nobody locks the tree, a subtree or a row."""
    with (
        patch(f"{_CHANGING}.lock_tree", lambda _program: None),
        patch(f"{_CHANGING}.lock_subtrees", lambda _program, _paths: None),
        patch.object(locks, "lock_rows", lambda _model, _ids: None),
    ):
        yield


def nested(book: Rolebook) -> Rolebook:
    """QPP's rolebook in which practices may belong to registries and to practices."""
    kinds = tuple(
        dataclasses.replace(kind, parent_kinds=("registry", "practice")) if kind.id == "practice" else kind
        for kind in book.organization_kinds
    )
    return dataclasses.replace(book, organization_kinds=kinds)


def move(organization: Organization, parent: Organization) -> TreeChanged:
    return move_organization(
        acting_user=None,
        program_id="qpp",
        organization_id=organization.public_id,
        parent_id=parent.public_id,
        at=LATER,
        origin=people.COMMAND,
    )


@pytest.mark.fault(55)
def test_two_moves_that_would_make_a_circle_together_do_not_both_happen(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()
    version, shipped = rolebook_in_force("qpp", LATER)
    book = nested(shipped)

    def prepare(lane: int) -> Callable[[], Round]:
        def next_round() -> Round:
            one, other = people.practice(f"One {lane}"), people.practice(f"Other {lane}")
            return Round([lambda: move(one, other), lambda: move(other, one)], {"one": one, "other": other})

        return next_round

    def wrong(one: Round) -> str | None:
        kinds = sorted(type(result).__name__ for result in one.results.values())
        first, second = one.about["one"], one.about["other"]
        assert isinstance(first, Organization)
        assert isinstance(second, Organization)
        first.refresh_from_db()
        second.refresh_from_db()
        if first.parent_id == second.pk and second.parent_id == first.pk:
            return "each belongs to the other"
        upper, lower = (second, first) if first.parent_id else (first, second)
        if lower.path != f"/{upper.pk}/{lower.pk}/":
            return f"the path is {lower.path}"
        return None if kinds == ["Refused", "TreeChanged"] else f"the two were told {kinds}"

    with patch(f"{_CHANGING}.rolebook_in_force", lambda _program, _at: (version, book)):
        with_and_without_locks(committed_db, prepare, wrong, no_locks)


@pytest.mark.invariant("I4")
@pytest.mark.fault(24)
def test_a_role_is_not_given_at_an_organization_that_is_closed_at_the_same_instant(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        def next_round() -> Round:
            practice = people.practice(f"Lane {lane}")
            official = grants.official(practice)
            stage = waiting(people.new_user().account, practice)

            def close() -> TreeChanged:
                return close_organization(
                    acting_user=None,
                    program_id="qpp",
                    organization_id=practice.public_id,
                    at=LATER,
                    origin=people.COMMAND,
                )

            about: dict[str, object] = {"stage": stage, "practice": practice}
            return Round([close, lambda: decides(official, stage, "approved")], about)

        return next_round

    def wrong(one: Round) -> str | None:
        stage, practice = one.about["stage"], one.about["practice"]
        assert isinstance(stage, Stage)
        assert isinstance(practice, Organization)
        if not isinstance(one.results[0], TreeChanged):
            return f"the closing ended in {one.results[0]!r}"
        closed = Event.objects.get(tag="organization:closed", organization_id=practice.public_id)
        opened = Grant.objects.filter(request_item__request=stage.request_id)
        state = Request.objects.get(pk=stage.request_id).state
        if not opened.exists():
            refused = isinstance(one.results[1], Refused | NotAllowed | NotFound)
            settled = state == "returned"
            return None if settled and refused else f"{state}, {one.results[1]!r}"
        events = Event.objects.filter(tag="grant:opened", organization_id=practice.public_id)
        last = events.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        if last > closed.sequence:
            return "a role was given at a closed organization"
        return None if state == "approved" else f"given, and {state}"

    with_and_without_locks(committed_db, prepare, wrong, no_locks)


@pytest.mark.requirement("IQIES-08")
@pytest.mark.fault(15)
def test_of_two_stewards_whose_office_ends_at_once_one_stays(committed_db: CommittedDatabase) -> None:
    people.activate()

    def prepare(lane: int) -> Callable[[], Round]:
        program_id = "qpp"

        def next_round() -> Round:
            Grant.objects.filter(role_id=STEWARD, closed_at=None).update(closed_at=LATER)
            held = [grants.placed(grants.user(f"Steward {n}"), STEWARD, None) for n in range(2)]

            def end(grant: Grant) -> object:
                return end_designation(
                    acting_user=None,
                    program_id=program_id,
                    grant_id=grant.public_id,
                    at=LATER,
                    origin=people.COMMAND,
                )

            return Round([lambda: end(held[0]), lambda: end(held[1])], {"held": held})

        return next_round

    def wrong(one: Round) -> str | None:
        kinds = sorted(type(result).__name__ for result in one.results.values())
        return None if kinds == ["Refused", "Removal"] else f"the two were told {kinds}"

    with patch("tests.support.racing.CONNECTIONS", 2):  # one lane: the program's stewards are all in it
        with_and_without_locks(committed_db, prepare, wrong, no_locks)
