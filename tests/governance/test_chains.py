"""Chains of several stages: the order, other people for each, what a change of the rolebook does to what waits."""

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.deciding import ReturnedForChange
from rolebook.governance.flows import submit_request_again, withdraw_request
from rolebook.governance.models import Grant, Outcome, RequestItem, Stage
from rolebook.governance.queries import pending_requests, request_detail
from rolebook.governance.refusals import NotAllowed, Refused
from tests.support import grants, people, rolebooks
from tests.support.grants import LATER, OFFICIAL, STAFF, asks, codes, decides, open_stage
from tests.support.people import WEB

pytestmark = pytest.mark.usefixtures("qpp")


@pytest.fixture
def official(practice: Organization) -> Account:
    return grants.official(practice)


@pytest.mark.invariant("I6")
@pytest.mark.fault(9)
def test_nobody_decides_two_stages_of_one_request(practice: Organization, official: Account) -> None:
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    colleague = grants.official(practice, "Colleague")
    request = asks(grants.user(), practice)
    first = open_stage(request)
    decides(official, first)
    second = open_stage(request)
    assert second.pk != first.pk
    assert not Grant.objects.filter(request_item__request=request).exists()
    with pytest.raises(Refused) as refusal:
        decides(official, second)
    assert codes(refusal) == ["decided_before"]
    assert pending_requests(official, "qpp", LATER, show="to decide").rows == ()
    assert len(pending_requests(colleague, "qpp", LATER, show="to decide").rows) == 1
    decides(colleague, second)
    assert Grant.objects.filter(request_item__request=request).count() == 1
    request.refresh_from_db()
    assert request.state == "approved"


@pytest.mark.invariant("I6")
@pytest.mark.fault(9)
def test_the_steward_stands_in_for_a_second_stage_that_only_the_first_approver_could_decide(
    practice: Organization, official: Account
) -> None:
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    steward = grants.steward()
    request = asks(grants.user(), practice)
    with pytest.raises(NotAllowed):
        decides(steward, open_stage(request))
    decides(official, open_stage(request))
    assert len(pending_requests(steward, "qpp", LATER, show="to decide").rows) == 1
    assert isinstance(decides(steward, open_stage(request)), Outcome)


def test_a_denial_at_the_first_stage_ends_the_later_ones(practice: Organization, official: Account) -> None:
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    request = asks(grants.user(), practice)
    decides(official, open_stage(request), "denied")
    states = list(request.stages.order_by("position").values_list("state", flat=True))
    assert states == ["denied", "void"]
    request.refresh_from_db()
    assert request.state == "denied"


def test_a_waiting_stage_is_not_decided_before_its_turn(practice: Organization, official: Account) -> None:
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    request = asks(grants.user(), practice)
    with pytest.raises(Refused) as refusal:
        decides(official, request.stages.get(position=1))
    assert codes(refusal) == ["stage_not_open"]


@pytest.mark.requirement("IQCS-03")
def test_closing_stages_run_once_after_all_chains_have_joined() -> None:
    rolebooks.put_in_force(rolebooks.closed_by_the_steward(rolebooks.in_force()))
    places = [people.practice(f"Practice {n}") for n in range(2)]
    officials = [grants.official(place, f"Official {n}") for n, place in enumerate(places)]
    steward, person = grants.steward(), grants.user()
    request = asks(person, *places)
    closing = request.stages.get(organization=None)
    decides(officials[0], open_stage(request, places[0]))
    closing.refresh_from_db()
    assert (closing.state, Grant.objects.filter(account=person).count()) == ("waiting", 0)
    decides(officials[1], open_stage(request, places[1]))
    closing.refresh_from_db()
    assert closing.state == "open"
    decides(steward, closing)
    assert Grant.objects.filter(account=person).count() == 2


@pytest.mark.invariant("I4")
@pytest.mark.fault(13, 24)
def test_a_request_whose_chain_has_changed_goes_back_and_is_decided_under_the_new_one(
    practice: Organization, official: Account
) -> None:
    person = grants.user()
    request = asks(person, practice)
    stage = open_stage(request)
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    assert isinstance(decides(official, stage), ReturnedForChange)
    request.refresh_from_db()
    assert (request.state, Outcome.objects.count()) == ("returned", 0)
    assert Event.objects.filter(tag="request:returned", request_id=request.public_id).exists()
    again = submit_request_again(
        acting_user=person, program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB
    )
    assert (again.pk, again.version, again.state) == (request.pk, 2, "pending")
    assert Stage.objects.filter(request=request, request_version=2).count() == 2
    assert request_detail(person, request.public_id, "qpp", LATER).line.version == 2


@pytest.mark.invariant("I5")
@pytest.mark.fault(22, 26)
def test_a_decision_on_an_earlier_version_of_a_request_is_worth_nothing(
    practice: Organization, official: Account
) -> None:
    person = grants.user()
    request = asks(person, practice)
    old = open_stage(request)
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    decides(official, old)
    submit_request_again(
        acting_user=person, program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB
    )
    decides(official, old)
    new = open_stage(request)
    with pytest.raises(Refused) as refusal:
        decides(official, new, shown_version=old.request_version, shown_hash=old.items_hash)
    assert codes(refusal) == ["changed_since_shown"]
    assert not Outcome.objects.exists()


def test_another_title_in_the_rolebook_returns_nothing(practice: Organization, official: Account) -> None:
    from dataclasses import replace

    request = asks(grants.user(), practice)
    book = rolebooks.in_force()
    chain = book.chains[0]
    retitled = replace(chain, stages=(replace(chain.stages[0], title="Official of the practice"),))
    rolebooks.put_in_force(rolebooks.with_chains(book, retitled))
    assert isinstance(decides(official, open_stage(request)), Outcome)


@pytest.mark.invariant("I4")
@pytest.mark.fault(24)
def test_a_role_that_the_rolebook_no_longer_has_is_not_granted(
    practice: Organization, official: Account
) -> None:
    request = asks(grants.user(), practice)
    rolebooks.put_in_force(rolebooks.without_role(rolebooks.in_force(), STAFF))
    with pytest.raises(Refused) as refusal:
        decides(official, open_stage(request))
    assert "unknown_role" in codes(refusal)
    assert isinstance(decides(official, open_stage(request), "denied"), Outcome)


@pytest.mark.invariant("I4")
@pytest.mark.fault(24)
def test_an_office_that_the_rolebook_no_longer_has_decides_nothing_and_the_steward_does(
    practice: Organization, official: Account
) -> None:
    from dataclasses import replace

    steward = grants.steward()
    request = asks(grants.user(), practice)
    book = rolebooks.without_role(rolebooks.in_force(), OFFICIAL)
    acts = {
        act: tuple(h for h in holders if h.role_id != OFFICIAL)
        for act, holders in book.authority.acts.items()
    }
    rolebooks.put_in_force(replace(book, authority=replace(book.authority, acts=acts)))
    with pytest.raises(Exception, match="not"):
        decides(official, open_stage(request))
    assert len(pending_requests(steward, "qpp", LATER, show="to decide").rows) == 1


def test_a_withdrawn_request_ends_every_stage_of_its_chain(practice: Organization) -> None:
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    person = grants.user()
    request = asks(person, practice)
    withdraw_request(acting_user=person, program_id="qpp", request_id=request.public_id, at=LATER, origin=WEB)
    assert set(request.stages.values_list("state", flat=True)) == {"void"}
    assert set(RequestItem.objects.values_list("state", flat=True)) == {"withdrawn"}
