"""Deactivating, closing and reopening people: power ends at once, requests are settled, nobody is left alone."""

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.authority import may, standing_of
from rolebook.governance.flows import (
    StatusChanged,
    change_account_status,
    change_participation_status,
)
from rolebook.governance.models import Grant, Participation, Request, Stage
from rolebook.governance.queries import pending_requests
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Act
from tests.support import grants as people
from tests.support.grants import LATER, codes
from tests.support.people import COMMAND, WEB

pytestmark = pytest.mark.django_db


def change(
    by: Account | None, whom: Account, status: str, reason: str = "left the practice", program_id: str = "qpp"
) -> StatusChanged:
    return change_participation_status(
        acting_user=by,
        program_id=program_id,
        beneficiary_id=whom.public_id,
        status=status,
        reason=reason,
        at=LATER,
        origin=WEB,
    )


@pytest.mark.invariant("I7")
@pytest.mark.parametrize("status", ["deactivated", "closed"])
def test_whoever_is_not_active_any_more_may_do_nothing_and_what_they_asked_is_withdrawn(
    practice: Organization, status: str
) -> None:
    steward, olga = people.steward(), people.official(practice)
    nora = people.user("Nora New")
    asked = people.asks(nora, practice)
    assert may(olga, Act.DECIDE, practice, LATER)
    change(steward, olga, status)
    done = change(steward, nora, status)
    assert not may(olga, Act.DECIDE, practice, LATER)
    assert (done.withdrawn, done.already) == (1, False)
    asked.refresh_from_db()
    assert asked.state == Request.State.WITHDRAWN
    assert not Stage.objects.filter(request=asked, state__in=["open", "waiting"]).exists()
    event = Event.objects.get(tag="request:withdrawn")
    assert event.actor_id == steward.public_id
    assert "no longer active" in (event.personal_data.get(field="reason").value or "")


def test_closing_ends_the_roles_where_a_program_has_them_asked_for_and_deactivating_does_not(
    practice: Organization,
) -> None:
    steward, olga = people.steward(), people.official(practice)
    stan, dana = people.staff(practice, olga, "Stan Staff"), people.staff(practice, olga, "Dana Daily")
    assert change(steward, stan, "closed").ended == 1
    assert change(steward, dana, "deactivated").ended == 0
    change(steward, stan, "active", "came back")
    change(steward, dana, "active", "came back")
    assert standing_of(stan, "qpp", LATER).person.holdings == ()
    assert [one.role_id for one in standing_of(dana, "qpp", LATER).person.holdings] == [people.STAFF]


def test_what_only_they_could_decide_waits_for_the_steward_and_the_log_says_so(
    practice: Organization,
) -> None:
    steward, olga = people.steward(), people.official(practice)
    people.asks(people.user("Nora New"), practice)
    assert pending_requests(steward, "qpp", LATER, show="to decide").rows == ()
    assert change(steward, olga, "deactivated").escalated == 1
    assert len(pending_requests(steward, "qpp", LATER, show="to decide").rows) == 1
    assert Event.objects.filter(tag="requests:escalated", beneficiary_id=olga.public_id).count() == 1


def test_nothing_is_escalated_where_a_colleague_can_decide(practice: Organization) -> None:
    steward, olga = people.steward(), people.official(practice)
    people.official(practice, "Otto Other")
    people.asks(people.user("Nora New"), practice)
    assert change(steward, olga, "closed").escalated == 0


@pytest.mark.invariant("I6")
def test_nobody_changes_their_own_status_and_the_attempt_is_on_record(practice: Organization) -> None:
    steward = people.steward()
    people.steward("Sten Second")
    with pytest.raises(Refused) as refused:
        change(steward, steward, "closed")
    assert codes(refused) == ["own_status"]
    assert Event.objects.get(tag="attempt:refused:status").beneficiary_id == steward.public_id
    assert Participation.objects.get(account=steward).status == "active"


def test_the_only_steward_is_closed_by_nobody_the_operator_included(practice: Organization) -> None:
    steward = people.steward()
    with pytest.raises(Refused) as refused:
        change(None, steward, "deactivated")
    assert codes(refused) == ["only_steward"]
    with pytest.raises(Refused) as refused:
        change_account_status(account=steward, status="closed", reason="left", at=LATER, origin=COMMAND)
    assert codes(refused) == ["only_steward"]
    second = people.steward("Sten Second")
    assert not change(second, steward, "closed").already


@pytest.mark.invariant("I3")
@pytest.mark.fault(1)
def test_only_stewards_change_a_status_and_others_learn_nothing(practice: Organization) -> None:
    olga = people.official(practice)
    stan = people.staff(practice, olga)
    for whom in (stan, people.user("Uma Unknown")):
        with pytest.raises(NotFound):
            change(olga, whom, "closed")
    assert Event.objects.filter(tag="attempt:refused:status").count() == 2
    with pytest.raises(NotFound):
        change(people.steward(), people.user("Una Unseen"), "closed")


def test_the_same_status_again_changes_nothing_and_names_the_earlier_event(practice: Organization) -> None:
    steward, stan = people.steward(), people.staff(practice, people.official(practice))
    first = change(steward, stan, "deactivated")
    events = Event.objects.count()
    again = change(steward, stan, "deactivated", "another reason")
    assert (again.already, again.sequence) == (True, first.sequence)
    assert Event.objects.count() == events


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_status_is_changed_for_a_reason_only(practice: Organization, reason: str) -> None:
    steward, stan = people.steward(), people.staff(practice, people.official(practice))
    with pytest.raises(Refused):
        change(steward, stan, "closed", reason)


@pytest.mark.invariant("I7")
@pytest.mark.fault(18)
def test_an_account_closed_by_the_operator_is_closed_in_every_program(practice: Organization) -> None:
    stan = people.staff(practice, people.official(practice))
    salt = Account.objects.get(pk=stan.pk).session_salt
    done = change_account_status(account=stan, status="closed", reason="died", at=LATER, origin=COMMAND)
    assert done.ended == 1
    fresh = Account.objects.get(pk=stan.pk)
    assert (fresh.status, fresh.status_reason, fresh.status_at) == ("closed", "died", LATER)
    assert fresh.session_salt != salt
    assert not standing_of(stan, "qpp", LATER).person.active
    assert not Grant.objects.filter(account=stan, closed_at=None).exists()
