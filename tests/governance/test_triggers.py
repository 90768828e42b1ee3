"""What the database itself refuses on both kinds, whatever code asks for it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from rolebook.accounts.models import Account, Organization
from rolebook.audit.triggers import check_installed, registered
from rolebook.governance.models import Designation, Grant, Outcome, Participation, Request, RequestItem, Stage
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, asks, decides, open_stage
from tests.support.people import START

pytestmark = [pytest.mark.usefixtures("qpp"), pytest.mark.invariant("I11")]


def refused(change: Callable[[], object]) -> bool:
    """Whether the database refuses a change."""
    try:
        with transaction.atomic():
            change()
    except DatabaseError:
        return True
    return False


@pytest.fixture
def decided(practice: Organization) -> Request:
    """A request that was approved; its grant is open."""
    request = asks(grants.user(), practice)
    decides(grants.official(practice), open_stage(request))
    return request


def test_every_trigger_of_governance_is_installed() -> None:
    assert check_installed() == []
    tables = {one.table for one in registered() if one.app_label == "governance"}
    assert tables >= {
        f"governance_{name}" for name in ("grant", "outcome", "stage", "requestitem", "request")
    }


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("starts_at", START - timedelta(days=400)),
        ("ends_at", LATER + timedelta(days=1)),
        ("role_id", OFFICIAL),
        ("organization_id", None),
        ("request_item_id", None),
        ("public_id", "01a20087-feb7-7a35-a8cf-05b6b742a0ea"),
    ],
)
def test_what_a_grant_promised_never_changes(decided: Request, column: str, value: object) -> None:
    grant = Grant.objects.get(request_item__request=decided)
    assert refused(lambda: Grant.objects.filter(pk=grant.pk).update(**{column: value}))


def test_a_grant_is_closed_once_and_never_reopened_or_deleted(decided: Request) -> None:
    grant = Grant.objects.filter(request_item__request=decided)
    assert not refused(lambda: grant.update(closed_at=LATER))
    for closed_at in (None, LATER + timedelta(days=1)):
        assert refused(lambda closed_at=closed_at: grant.update(closed_at=closed_at))  # type: ignore[misc]
    assert refused(lambda: _delete("governance_grant"))


def test_outcomes_and_designations_never_change(decided: Request) -> None:
    assert refused(lambda: Outcome.objects.update(verdict="denied"))
    assert refused(lambda: Designation.objects.update(reason="x"))
    assert refused(lambda: _delete("governance_outcome"))


@pytest.mark.invariant("I5")
def test_what_was_asked_and_what_a_stage_is_bound_to_never_change(practice: Organization) -> None:
    asks(grants.user(), practice)
    assert refused(lambda: RequestItem.objects.update(role_id=OFFICIAL))
    assert refused(lambda: Stage.objects.update(items_hash="0" * 64))
    assert refused(lambda: Stage.objects.update(approver_role_id="staff_user"))
    assert refused(lambda: _delete("governance_requestitem"))


@pytest.mark.invariant("I6")
def test_who_asked_for_whom_never_changes_nor_does_a_settled_request(
    practice: Organization, decided: Request
) -> None:
    waiting = asks(grants.user(), practice)
    other = grants.user().pk
    for changed in ({"requester": other}, {"beneficiary": other}, {"reason": "x"}, {"submitted_at": LATER}):
        assert refused(lambda changed=changed: Request.objects.filter(pk=waiting.pk).update(**changed))  # type: ignore[misc]
    assert refused(lambda: Request.objects.filter(pk=decided.pk).update(state="pending", settled_at=None))


def test_a_settled_stage_and_a_decided_item_stay_settled(decided: Request) -> None:
    assert refused(lambda: Stage.objects.filter(request=decided).update(state="open"))
    assert refused(lambda: RequestItem.objects.filter(request=decided).update(state="pending"))


@pytest.mark.invariant("I1")
def test_rows_that_point_at_each_other_are_of_one_program(practice: Organization) -> None:
    people.activate("iqies")
    person: Account = grants.user()
    ours = Participation.objects.create(program_id="qpp", account=person, created_at=START)
    theirs = Participation.objects.create(program_id="iqies", account=person, created_at=START)

    def grant(
        program_id: str, participation: Participation, account: Account = person
    ) -> Callable[[], Grant]:
        def make() -> Grant:
            designation = Designation.objects.create(
                program_id=program_id, account=account, role_id=OFFICIAL, designated_at=START
            )
            return Grant.objects.create(
                program_id=program_id,
                participation=participation,
                account=account,
                role_id=OFFICIAL,
                organization=practice,
                starts_at=START,
                designation=designation,
            )

        return make

    assert refused(grant("qpp", theirs))
    assert refused(grant("iqies", theirs))
    assert refused(grant("qpp", ours, grants.user()))
    assert not refused(grant("qpp", ours))


def _delete(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
