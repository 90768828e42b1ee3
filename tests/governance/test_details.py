"""Temporary details begin and end by the program's clock, are extended by a modification, and reports follow access."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.governance.account_answers import CodeAnswer
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import remove_access
from rolebook.governance.models import Access
from rolebook.governance.queries.reports_reach import own_leads, reports_of
from rolebook.governance.refusals import Refused
from tests.support import grants, iqcs
from tests.support.grants import codes, decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, place
from tests.support.people import START, WEB

pytestmark = pytest.mark.usefixtures("iqcs_world")
SECOND = timedelta(seconds=1)
REPORT = "responder_reports"


def detail(
    person: Account,
    approvers: tuple[Account, ...],
    starts_on: str,
    ends_on: str,
    *,
    at: datetime = START,
) -> None:
    """Ask for a role and a code for some days, and have everybody approve it."""
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on=starts_on, ends_on=ends_on)
    request = iqcs.asks(person, form, at=at)
    for who in approvers:
        decides(who, open_stage(request), at=at)


def removed(person: Account, at: datetime) -> None:
    """Another of IQCS security takes the code away."""
    remove_access(
        acting_user=iqcs.holder(iqcs.SECURITY, None, "Sue Security"),
        program_id=PROGRAM,
        organization_id=place("FWS-R6").public_id,
        beneficiary_id=person.public_id,
        at=at,
        origin=WEB,
    )


def reads(person: Account, at: datetime) -> bool:
    """Whether a responder report would contain the code's data, by rows alone: no job has run."""
    return standing_of(person, PROGRAM, at).allows(REPORT, place("FWS-R6"))


@pytest.mark.requirement("IQCS-11")
@pytest.mark.parametrize(
    ("first", "last", "begins", "ends"),
    [
        ("2026-05-10", "2026-05-31", "2026-05-10T06:00:00+00:00", "2026-06-01T06:00:00+00:00"),
        # The clocks in Boise go forward on the first day, and back on the last.
        ("2026-03-08", "2026-11-01", "2026-03-08T07:00:00+00:00", "2026-11-02T07:00:00+00:00"),
    ],
)
def test_a_detail_begins_and_ends_to_the_second_whether_or_not_any_job_ran(
    person: Account, representative: Account, security: Account, first: str, last: str, begins: str, ends: str
) -> None:
    detail(person, (representative, security), first, last)
    start, end = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    instants = (start - SECOND, start, end - SECOND, end)
    assert [reads(person, at) for at in instants] == [False, True, True, False]
    assert not Access.objects.filter(account=person).exclude(closed_at=None).exists()


@pytest.mark.requirement("IQCS-11", "IQCS-02")
def test_a_detail_is_extended_by_a_modification_and_goes_on_without_a_gap(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, (representative, security), "", "2026-05-31")
    later = START + timedelta(days=5)
    detail(person, (representative, security), "", "2026-07-31", at=later)
    end = datetime.fromisoformat("2026-06-01T06:00:00+00:00")
    assert [reads(person, at) for at in (end - SECOND, end, end + SECOND)] == [True, True, True]
    assert reads(person, datetime.fromisoformat("2026-08-01T06:00:00+00:00")) is False


@pytest.mark.requirement("IQCS-11", "IQCS-02")
def test_a_detail_that_begins_later_keeps_nobody_from_asking_for_the_days_before_it(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, (representative, security), "2026-05-10", "2026-05-31")
    detail(person, (representative, security), "", "2026-05-09", at=START + SECOND)
    begins = datetime.fromisoformat("2026-05-10T06:00:00+00:00")
    ends = datetime.fromisoformat("2026-06-01T06:00:00+00:00")
    instants = (START + 2 * SECOND, begins - SECOND, begins, ends - SECOND, ends)
    assert [reads(person, at) for at in instants] == [True, True, True, True, False]
    with pytest.raises(Refused) as refusal:
        detail(person, (representative, security), "", "2026-05-11", at=START + 2 * SECOND)
    assert codes(refusal) == ["role_already_held", "access_already_held"]


@pytest.mark.requirement("IQCS-11")
@pytest.mark.fault(18)
@pytest.mark.invariant("I5")
def test_what_was_removed_after_its_extension_was_asked_for_is_not_given_back_by_it(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, (representative, security), "", "2026-05-31")
    at = START + timedelta(days=5)
    extension = iqcs.asks(person, iqcs.answers(codes=["FWS-R6"], ends_on="2026-07-31"), at=at)
    decides(representative, open_stage(extension), at=at)
    removed(person, at + SECOND)
    with pytest.raises(Refused) as refusal:
        decides(security, open_stage(extension), at=at + 2 * SECOND)
    assert codes(refusal) == ["removed_since_asked"]
    decides(security, open_stage(extension), "denied", at=at + 2 * SECOND)
    assert not Access.objects.filter(account=person, closed_at=None).exists()


@pytest.mark.requirement("IQCS-11")
@pytest.mark.fault(18)
@pytest.mark.invariant("I5")
def test_what_was_removed_before_its_first_day_is_not_given_by_an_extension_asked_for_before(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, (representative, security), "2026-05-10", "2026-05-31")
    at = START + timedelta(days=1)
    extension = iqcs.asks(person, iqcs.answers(codes=["FWS-R6"], ends_on="2026-07-31"), at=at)
    decides(representative, open_stage(extension), at=at)
    removed(person, at + SECOND)
    with pytest.raises(Refused) as refusal:
        decides(security, open_stage(extension), at=at + 2 * SECOND)
    assert codes(refusal) == ["removed_since_asked"]
    assert not Access.objects.filter(account=person, closed_at=None).exists()


@pytest.mark.requirement("IQCS-06")
@pytest.mark.requirement("IQCS-11")
def test_an_extension_that_came_back_is_decided_as_its_corrected_version_asks_for_it_after_a_removal(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, (representative, security), "", "2026-05-31")
    at = START + timedelta(days=5)
    form = iqcs.answers(codes=["FWS-R6"], ends_on="2026-07-31")
    extension = iqcs.asks(person, form, at=at)
    decides(representative, open_stage(extension), "returned", reason="Say why.", at=at)
    removed(person, at + SECOND)
    again = iqcs.asks(person, form, corrects=extension, at=at + 2 * SECOND)
    for who in (representative, security):
        decides(who, open_stage(again), at=at + 3 * SECOND)
    assert iqcs.state_of(again) == "approved"
    assert Access.objects.get(account=person, closed_at=None).starts_at == at + 3 * SECOND


@pytest.mark.requirement("IQCS-11")
def test_what_was_taken_before_its_first_day_is_not_held_and_may_be_asked_for_again(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, (representative, security), "2026-05-10", "2026-05-31")
    later = START + timedelta(days=1)
    taken = iqcs.answers({MANAGER: "remove"}, [CodeAnswer("FWS-R6", "remove")])
    request = iqcs.asks(person, taken, at=later)
    for who in (representative, security):
        decides(who, open_stage(request), at=later)
    assert not Access.objects.filter(account=person, closed_at=None).exists()
    detail(person, (representative, security), "2026-05-10", "2026-05-31", at=later + SECOND)
    start = datetime.fromisoformat("2026-05-10T06:00:00+00:00")
    assert [reads(person, at) for at in (start - SECOND, start)] == [False, True]


@pytest.mark.requirement("IQCS-05")
@pytest.mark.parametrize(
    ("role", "access", "expected"),
    [
        (True, (), set()),
        (False, (CodeAnswer("FWS-R6", lower_levels=True),), set()),
        (True, (CodeAnswer("FWS-R6"),), {"FWS-R6"}),
        (True, (CodeAnswer("FWS-R6", lower_levels=True),), {"FWS-R6", "FWS-R6-BNR"}),
        (True, (CodeAnswer("FWS-R6"), CodeAnswer("USAF-ACC-1")), {"FWS-R6", "USAF-ACC-1"}),
    ],
)
def test_a_report_contains_the_data_that_access_says_and_nothing_without_both(
    person: Account, role: bool, access: tuple[CodeAnswer, ...], expected: set[str]
) -> None:
    if role:
        grants.designated(person, iqcs.REPRESENTATIVE, program_id=PROGRAM)
        grants.placed(person, MANAGER, None, program_id=PROGRAM)
    for one in access:
        iqcs.gives_access(person, one.code, lower_levels=one.lower_levels)
    found = {one.privilege_id: one for one in reports_of(person, PROGRAM, START)}
    told = found[REPORT].places if REPORT in found else ()
    everywhere = Organization.objects.filter(program_id=PROGRAM)
    contained = {
        one.code
        for one in everywhere
        for top, below in told
        if one.pk == top.pk or (below and one.path.startswith(top.path))
    }
    standing = standing_of(person, PROGRAM, START)
    assert contained == {one.code for one in everywhere if standing.allows(REPORT, one)} == expected


@pytest.mark.requirement("IQCS-15")
def test_the_contact_of_the_own_agency_is_its_lead_and_no_other_agencys(person: Account) -> None:
    lead = iqcs.holder(LEAD, "FWS", "Lena Lead")
    iqcs.holder(LEAD, "USAF", "Leo Lead")
    assert own_leads(person, PROGRAM, START) == ()
    iqcs.employed(person, "FWS-R6-BNR")
    assert own_leads(person, PROGRAM, START) == (lead,)
    iqcs.employed(lead, "FWS", at=START)
    assert own_leads(lead, PROGRAM, START) == ()
