"""A code of another agency says whose data somebody reaches; it makes no office there (IQCS-03, IQCS-04, IQCS-12)."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.decision.library import load
from rolebook.governance.authority import standing_of
from rolebook.governance.deciders import seat_at, stages_in_office, stages_with_nobody_left, who_may_decide
from rolebook.governance.models import Stage
from rolebook.governance.queries.review_reports import reportable
from rolebook.governance.review_reach import reviewer_in
from rolebook.policy.model import Act
from tests.support import iqcs
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import START
from tests.support.reviews import MEANWHILE, agencies, opened

pytestmark = pytest.mark.django_db
LATER = START + timedelta(days=1)


def usaf_stage(role_id: str) -> Stage:
    """A stage that the US Air Force decides: somebody of the Fish and Wildlife Service asks for a code of it."""
    asker = iqcs.person("Ann Asker").account
    request = iqcs.asks(asker, iqcs.answers({MANAGER: "add"}, ["FWS-R6-BNR", "USAF-ACC-1"]))
    return request.stages.get(
        approver_role_id=role_id, organization__path__startswith=iqcs.place("USAF").path
    )


def reads_both(role_id: str) -> Account:
    """Somebody with an office at the Fish and Wildlife Service, which employs them, and a code of the Air Force."""
    found = iqcs.holder(role_id, "FWS", "Rita Reads-Both")
    iqcs.employed(found, "FWS")
    iqcs.gives_access(found, "USAF")
    return found


@pytest.mark.requirement("IQCS-03", "IQCS-04", "IQCS-15")
@pytest.mark.parametrize("role_id", [REPRESENTATIVE, LEAD])
def test_a_stage_of_another_agency_is_not_decided_by_who_has_a_code_there(role_id: str) -> None:
    iqcs.begin()
    stage = usaf_stage(role_id)
    office = reads_both(role_id)
    standing = standing_of(office, PROGRAM, LATER)
    assert seat_at(standing, stage, [MANAGER]) is None
    assert not standing.may(Act.DECIDE, stage.organization)
    assert office not in who_may_decide(standing.book, stage, LATER)
    assert not Stage.objects.filter(stages_in_office(standing), pk=stage.pk).exists()
    assert Stage.objects.filter(stages_with_nobody_left(standing.book, LATER), pk=stage.pk).exists()


@pytest.mark.requirement("IQCS-05")
def test_what_a_role_may_do_with_data_follows_every_code() -> None:
    iqcs.begin()
    office = reads_both(LEAD)
    standing = standing_of(office, PROGRAM, LATER)
    (privilege, *_) = load(PROGRAM).rolebook.powers(LEAD)
    assert standing.allows(privilege, iqcs.place("USAF-ACC-1"))
    assert standing.allows(privilege, iqcs.place("FWS-R6"))


@pytest.mark.requirement("IQCS-03")
def test_an_office_ends_where_its_holder_is_not_employed_any_more_and_comes_with_the_new_employer() -> None:
    iqcs.begin()
    stage = usaf_stage(REPRESENTATIVE)
    office = reads_both(REPRESENTATIVE)
    iqcs.employed(office, "USAF-ACC", at=LATER)
    standing = standing_of(office, PROGRAM, LATER)
    assert seat_at(standing, stage, [MANAGER]) is not None
    assert office in who_may_decide(standing.book, stage, LATER)
    assert not standing.may(Act.DECIDE, iqcs.place("FWS-R6"))


@pytest.mark.requirement("IQCS-12", "IQCS-13")
def test_a_code_of_another_agency_is_neither_answered_for_nor_reported_by_who_only_has_access_to_it() -> None:
    people = agencies()
    iqcs.gives_access(people.fws_lead, "USAF-ACC")
    campaign = opened()
    reviewer = reviewer_in(standing_of(people.fws_lead, PROGRAM, MEANWHILE), campaign)
    assert reviewer is not None
    about_both = reviewer.theirs().filter(reviewed__account=people.both)
    codes = set(about_both.values_list("access__organization__code", flat=True))
    assert codes & {"FWS-R6-BNR", "USAF-ACC"} == {"FWS-R6-BNR"}
    reported = reportable(people.fws_lead, PROGRAM, campaign.public_id, MEANWHILE)[1]
    assert not {place.code for place in reported if place.code.startswith("USAF")}
