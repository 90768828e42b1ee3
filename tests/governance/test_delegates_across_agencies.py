"""A delegate is no second signature of a request that several agencies decide, whichever of them they signed for.

Rosa represents the Air Force and, in some tests, the Bureau of Land Management; Dora represents both, and decides for
Rosa while she is away. The request is for access to both; neither employs who asks.
"""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import standing_of
from rolebook.governance.deciders import (
    people_in_office,
    stages_in_office,
    stages_nobody_can_decide,
    stages_with_nobody_left,
    who_may_decide,
)
from rolebook.governance.facts import RowFacts
from rolebook.governance.flows.record_absence import decline_delegation, end_absence, record_absence
from rolebook.governance.models import Absence, Delegation, Outcome, Request, Stage
from rolebook.governance.one_voice import not_conflicted, spoken_before
from rolebook.governance.refusals import Refused
from tests.support import grants, iqcs, people, rolebooks
from tests.support.grants import LATER, OFFICIAL, asks, codes, decides
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import START, WEB

pytestmark = [
    pytest.mark.requirement("IQCS-04"),
    pytest.mark.invariant("I6"),
    pytest.mark.fault(9),
]
AIR_FORCE, LAND = "USAF-ACC", "BLM-MT"
SOON = LATER + timedelta(minutes=1)


@pytest.fixture
def rosa(iqcs_world: None) -> Account:
    return iqcs.holder(REPRESENTATIVE, "USAF", "Rosa Representative")


@pytest.fixture
def dora(iqcs_world: None) -> Account:
    found = iqcs.holder(REPRESENTATIVE, "USAF", "Dora Delegate")
    iqcs.gives_access(found, "BLM")
    return found


@pytest.fixture
def request_of_both(iqcs_world: None, person: Account) -> Request:
    return iqcs.asks(person, iqcs.answers({MANAGER: "add"}, [AIR_FORCE, LAND]))


def goes(account: Account, delegate: Account, at: datetime = LATER) -> Absence:
    """Somebody who represents an agency is away today, and names a delegate."""
    return record_absence(
        acting_user=account,
        program_id=PROGRAM,
        first_on=START.date(),
        last_on=START.date(),
        delegates={REPRESENTATIVE: delegate.public_id},
        at=at,
        origin=WEB,
    )


def stage_at(request: Request, code: str) -> Stage:
    """The open stage of the representative at an agency."""
    return Stage.objects.get(
        request=request, organization__code=code, approver_role_id=REPRESENTATIVE, state=Stage.State.OPEN
    )


def why_not(who: Account, stage: Stage, at: datetime = SOON) -> str | None:
    """Why somebody may not decide a stage; the lists, the mails and the one rule agree on whether they may."""
    standing = standing_of(who, PROGRAM, at)
    found = spoken_before(standing, stage)
    here = Stage.objects.filter(pk=stage.pk)
    listed = here.filter(stages_in_office(standing), not_conflicted(standing)).exists()
    asked = who in who_may_decide(standing.book, stage, at)
    assert listed == asked == (found is None)
    anybody = people_in_office(standing.book, stage, at).exists()
    assert here.filter(stages_with_nobody_left(standing.book, at)).exists() != anybody
    return found


def refused(who: Account, stage: Stage, at: datetime = SOON) -> list[str]:
    with pytest.raises(Refused) as refusal:
        decides(who, stage, at=at)
    return codes(refusal)


def test_who_decided_for_an_absent_person_at_one_agency_decides_at_no_other(
    rosa: Account, dora: Account, request_of_both: Request
) -> None:
    goes(rosa, dora)
    decides(dora, stage_at(request_of_both, AIR_FORCE), at=LATER)
    assert Outcome.objects.get().delegate_for == rosa
    other = stage_at(request_of_both, LAND)
    assert why_not(dora, other) == "decided_before"
    assert refused(dora, other) == ["decided_before"]
    # For good: the outcome stays a delegate's when the absence is over.
    after = START + timedelta(days=2)
    assert why_not(dora, other, after) == "decided_before"
    assert refused(dora, other, after) == ["decided_before"]


def test_the_rule_of_the_house_counts_a_delegates_word_for_every_stage_of_the_request(
    rosa: Account, dora: Account, request_of_both: Request
) -> None:
    goes(rosa, dora)
    decides(dora, stage_at(request_of_both, AIR_FORCE), at=LATER)
    facts = RowFacts(rolebooks.in_force(PROGRAM), stage=stage_at(request_of_both, LAND))
    assert facts.outcomes_by(str(request_of_both.public_id)) == {str(dora.public_id)}


def test_who_signed_at_one_agency_decides_at_no_other_as_a_delegate_until_they_decline(
    rosa: Account, dora: Account, request_of_both: Request
) -> None:
    decides(dora, stage_at(request_of_both, LAND), at=LATER)
    goes(rosa, dora)
    other = stage_at(request_of_both, AIR_FORCE)
    assert why_not(dora, other) == "second_as_delegate"
    assert refused(dora, other) == ["second_as_delegate"]
    decline_delegation(
        acting_user=dora,
        program_id=PROGRAM,
        delegation_id=Delegation.objects.get().public_id,
        at=SOON,
        origin=WEB,
    )
    assert why_not(dora, other) is None
    decides(dora, other, at=SOON)
    assert not Outcome.objects.exclude(delegate_for=None).exists()


def test_the_delegate_of_who_signed_at_one_agency_decides_at_no_other(
    rosa: Account, dora: Account, request_of_both: Request
) -> None:
    iqcs.gives_access(rosa, "BLM")
    decides(rosa, stage_at(request_of_both, LAND), at=LATER)
    goes(rosa, dora)
    other = stage_at(request_of_both, AIR_FORCE)
    assert why_not(dora, other) == "delegate_of_decider"
    assert refused(dora, other) == ["delegate_of_decider"]


def test_for_whom_a_delegate_signed_at_one_agency_decides_at_no_other(
    rosa: Account, dora: Account, request_of_both: Request
) -> None:
    iqcs.gives_access(rosa, "BLM")
    absence = goes(rosa, dora)
    decides(dora, stage_at(request_of_both, AIR_FORCE), at=LATER)
    end_absence(acting_user=rosa, program_id=PROGRAM, absence_id=absence.public_id, at=SOON, origin=WEB)
    other = stage_at(request_of_both, LAND)
    assert why_not(rosa, other) == "delegate_decided"
    assert refused(rosa, other) == ["delegate_decided"]


def test_what_only_the_delegate_could_decide_comes_to_the_steward(
    rosa: Account, dora: Account, request_of_both: Request
) -> None:
    steward = grants.steward(program_id=PROGRAM)
    goes(rosa, dora)
    decides(dora, stage_at(request_of_both, AIR_FORCE), at=LATER)
    other = stage_at(request_of_both, LAND)
    book = rolebooks.in_force(PROGRAM)
    assert who_may_decide(book, other, SOON) == (steward,)
    assert not Stage.objects.filter(stages_nobody_can_decide(book, SOON), pk=other.pk).exists()
    decides(steward, other, at=SOON)


def test_a_steward_who_signed_as_a_delegate_does_not_stand_in_at_another_agency(
    rosa: Account, request_of_both: Request
) -> None:
    delegate = iqcs.holder(REPRESENTATIVE, "USAF", "Dora Delegate")
    grants.designated(delegate, "steward", program_id=PROGRAM)
    goes(rosa, delegate)
    decides(delegate, stage_at(request_of_both, AIR_FORCE), at=LATER)
    other = stage_at(request_of_both, LAND)
    book = rolebooks.in_force(PROGRAM)
    assert who_may_decide(book, other, SOON) == ()
    assert Stage.objects.filter(stages_nobody_can_decide(book, SOON), pk=other.pk).exists()
    assert refused(delegate, other) == ["decided_before"]


def test_in_their_own_right_who_represents_two_agencies_answers_for_each(
    dora: Account, request_of_both: Request
) -> None:
    for code in (AIR_FORCE, LAND):
        stage = stage_at(request_of_both, code)
        assert why_not(dora, stage, LATER) is None
        decides(dora, stage, at=LATER)
    assert Outcome.objects.filter(approver=dora, delegate_for=None).count() == 2


@pytest.mark.requirement("QPP-05")
def test_where_each_organization_answers_for_itself_a_delegate_answers_for_each_that_they_could(
    practice: Organization,
) -> None:
    second = people.practice("Harbor Point Clinic")
    away, delegate = (grants.official(practice, name) for name in ("Olga Official", "Cora Colleague"))
    for one in (away, delegate):
        grants.placed(one, OFFICIAL, second)
    record_absence(
        acting_user=away,
        program_id="qpp",
        first_on=START.date(),
        last_on=START.date(),
        delegates={OFFICIAL: delegate.public_id},
        at=START,
        origin=WEB,
    )
    request = asks(grants.user(), practice, second)
    for place in (practice, second):
        decides(delegate, grants.open_stage(request, place))
    assert Outcome.objects.filter(approver=delegate, delegate_for=away).count() == 2
