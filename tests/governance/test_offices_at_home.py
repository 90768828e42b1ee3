"""A code of another agency says whose data somebody reaches; it makes no office there (IQCS-03, IQCS-04, IQCS-12)."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.decision.library import load
from rolebook.governance.account_answers import CodeAnswer
from rolebook.governance.authority import standing_of
from rolebook.governance.deciders import seat_at, stages_in_office, stages_with_nobody_left, who_may_decide
from rolebook.governance.flows.close_organization import close_organization
from rolebook.governance.last_officials import last_of
from rolebook.governance.models import Stage
from rolebook.governance.queries.review_reports import reportable
from rolebook.governance.refusals import Refused
from rolebook.governance.review_reach import reviewer_in
from rolebook.governance.review_report import report_places
from rolebook.policy.model import Act
from tests.support import iqcs
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import COMMAND, START
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


@pytest.mark.requirement("IQCS-03")
def test_another_agency_takes_no_lead_out_of_office_by_recording_an_employer_and_security_can() -> None:
    iqcs.begin()
    office, bureau = reads_both(LEAD), iqcs.holder(LEAD, "BLM", "Bea Bureau")
    with pytest.raises(Refused) as refused:
        iqcs.employed(office, "BLM-MT", by=bureau, at=LATER)
    assert [one.code for one in refused.value.violations] == ["employer_of_official"]
    assert standing_of(office, PROGRAM, LATER).may(Act.DECIDE, iqcs.place("FWS-R6"))
    iqcs.employed(iqcs.manager("FWS-R6-BNR"), "BLM-MT", by=bureau, at=LATER)
    iqcs.employed(office, "BLM-MT", by=iqcs.holder(SECURITY, None, "Sven Security"), at=LATER)
    assert not standing_of(office, PROGRAM, LATER).may(Act.DECIDE, iqcs.place("FWS-R6"))


@pytest.mark.requirement("IQCS-08")
def test_who_only_has_a_code_of_another_agency_is_not_the_last_who_decides_there() -> None:
    iqcs.begin()
    office = reads_both(LEAD)
    book = standing_of(office, PROGRAM, LATER).book
    assert last_of(book, office, LATER) == ("FWS",)


@pytest.mark.requirement("IQCS-13")
def test_no_report_of_its_own_is_made_where_a_reviewer_only_has_a_code() -> None:
    people = agencies()
    iqcs.gives_access(people.fws_lead, "USAF-ACC")
    made = {place.code for place in report_places(opened(), MEANWHILE)}
    assert made == {"FWS", "FWS-R6", "USAF"}


@pytest.mark.requirement("IQCS-05")
@pytest.mark.parametrize(
    ("code", "employer"),
    [("USAF-ACC-1", "FWS"), ("BLM-MT", "BLM-MT")],
    ids=["a foreign unit", "the own region"],
)
def test_access_to_a_closed_place_is_removed_by_whoever_is_in_office_above_it(
    code: str, employer: str
) -> None:
    iqcs.begin()
    iqcs.holder(MANAGER, "USAF-ACC-1", "Una Unit")
    iqcs.holder(REPRESENTATIVE, "BLM-MT", "Rita Representative")
    mona = iqcs.person("Mona Manager").account
    iqcs.employed(mona, employer)
    iqcs.gives_access(mona, code, lower_levels=False)
    form = iqcs.answers(codes=[CodeAnswer(code, "remove")], employer=employer)
    asked = iqcs.asks(mona, form)
    assert asked.stages.filter(organization=iqcs.place(code)).exists()
    close_organization(
        acting_user=None,
        program_id=PROGRAM,
        organization_id=iqcs.place(code).public_id,
        reason="Merged.",
        at=LATER,
        origin=COMMAND,
    )
    assert iqcs.state_of(asked) == "returned"
    again = iqcs.asks(mona, form, corrects=asked, at=LATER)
    present = again.stages.filter(request_version=again.version)
    assert not present.filter(organization__closed_at__isnull=False).exists()
    assert present.filter(state="open").exists()
