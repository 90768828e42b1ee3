"""Temporary details, and how far offices reach where access is held apart from roles (IQCS)."""

from datetime import UTC, datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.deciders import people_in_office, who_may_decide
from rolebook.governance.flows import decide_stage, remove_access
from rolebook.governance.models import Access, Employment, Grant, SupervisorWord
from rolebook.governance.queries import pending_requests
from rolebook.governance.queries.users import users_of_organization
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.model import Act
from tests.governance.test_triggers import refused
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import codes, decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY, opened, state_of
from tests.support.people import START, WEB

pytestmark = pytest.mark.usefixtures("iqcs_world")
LATER = START + timedelta(hours=1)


@pytest.mark.requirement("IQCS-11")
def test_a_detail_begins_and_ends_with_days_of_the_programs_zone_and_no_job(
    person: Account, representative: Account, security: Account
) -> None:
    request = iqcs.asks(
        person,
        iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on="2026-03-10", ends_on="2026-11-01"),
    )
    decides(representative, open_stage(request))
    decides(security, open_stage(request))
    # Boise keeps summer time from 8 March to 1 November 2026, the last day of the detail.
    begins, ends = datetime(2026, 3, 10, 6, tzinfo=UTC), datetime(2026, 11, 2, 7, tzinfo=UTC)
    access, grant = Access.objects.get(account=person), Grant.objects.get(account=person)
    assert (access.starts_at, access.ends_at) == (grant.starts_at, grant.ends_at) == (begins, ends)
    second = timedelta(seconds=1)
    place = iqcs.place("FWS-R6")
    for at, powerful in ((begins - second, False), (begins, True), (ends - second, True), (ends, False)):
        standing = standing_of(person, PROGRAM, at)
        assert bool(standing.offices(Act.DECIDE)) == powerful
        assert (standing.office_over(Act.DECIDE, place, ()) is not None) == powerful


@pytest.mark.requirement("IQCS-11")
def test_an_extension_is_a_modification_with_a_later_day(
    person: Account, representative: Account, security: Account
) -> None:
    for last in ("2026-06-01", "2026-09-01"):
        request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], ends_on=last))
        decides(representative, open_stage(request))
        decides(security, open_stage(request))
    assert Access.objects.filter(account=person).count() == 2
    with pytest.raises(Refused) as refusal:
        iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], ends_on="2026-08-01"))
    assert codes(refusal) == ["role_already_held", "access_already_held"]


@pytest.mark.requirement("IQCS-03")
def test_a_stage_that_nobody_can_decide_waits_for_the_steward_and_never_passes(person: Account) -> None:
    steward = grants.steward(program_id=PROGRAM)
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    stage = open_stage(request)
    book = rolebooks.in_force(PROGRAM)
    assert not people_in_office(book, stage, LATER).exists()
    assert who_may_decide(book, stage, LATER) == (steward,)
    [row] = pending_requests(steward, PROGRAM, LATER, show="to decide").rows
    assert row.stands_in
    decides(steward, stage)
    assert opened(request) == [(SECURITY, "")]


@pytest.mark.requirement("IQCS-04")
@pytest.mark.invariant("I1")
def test_an_office_reaches_as_far_as_its_access(person: Account) -> None:
    exact = iqcs.holder(REPRESENTATIVE, None, "Eva Exact")
    iqcs.gives_access(exact, "FWS", lower_levels=False)
    foreign = iqcs.holder(REPRESENTATIVE, "BLM", "Bo Foreign")
    own = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Rosa Representative")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    stage = open_stage(request)
    assert who_may_decide(rolebooks.in_force(PROGRAM), stage, LATER) == (own,)
    for other in (exact, foreign):
        assert pending_requests(other, PROGRAM, LATER, show="to decide").rows == ()
        with pytest.raises(NotFound):
            decides(other, stage)
    assert len(pending_requests(own, PROGRAM, LATER, show="to decide").rows) == 1


@pytest.mark.invariant("I5")
def test_another_employer_sends_what_waits_back(person: Account, representative: Account) -> None:
    iqcs.employed(person, "FWS-R6")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    iqcs.employed(person, "BLM-MT", at=LATER)
    stage = open_stage(request)
    decide_stage(
        acting_user=representative,
        program_id=PROGRAM,
        stage_id=stage.public_id,
        verdict="approved",
        shown_version=1,
        shown_hash=stage.items_hash,
        at=LATER,
        origin=WEB,
    )
    assert state_of(request) == "returned"


@pytest.mark.invariant("I11")
@pytest.mark.parametrize(
    "change",
    [
        {"lower_levels": True},
        {"starts_at": START - timedelta(days=400)},
        {"ends_at": LATER + timedelta(days=9)},
    ],
    ids=["wider", "earlier", "longer"],
)
def test_what_an_access_promised_never_changes(person: Account, change: dict[str, object]) -> None:
    access = iqcs.gives_access(person, "FWS-R6", lower_levels=False)
    assert refused(lambda: Access.objects.filter(pk=access.pk).update(**change))
    assert refused(access.delete)
    Access.objects.filter(pk=access.pk).update(closed_at=LATER)
    assert refused(lambda: Access.objects.filter(pk=access.pk).update(closed_at=None))


@pytest.mark.invariant("I11")
def test_who_employed_a_person_and_what_a_form_said_never_change(person: Account) -> None:
    iqcs.employed(person, "FWS-R6")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    assert refused(lambda: Employment.objects.update(organization=iqcs.place("BLM")))
    assert refused(lambda: Employment.objects.all().delete())
    assert refused(lambda: request.forms.update(comments="other"))
    assert refused(lambda: SupervisorWord.objects.update(state="refused"))


@pytest.mark.requirement("IQCS-03")
def test_an_account_manager_does_not_say_whom_the_agency_employs(person: Account) -> None:
    iqcs.employed(person, "USAF-ACC")
    manager = iqcs.manager("FWS-R6")
    with pytest.raises(NotAllowed):
        iqcs.employed(person, "FWS-R6", by=manager)
    iqcs.employed(person, "FWS-R6", by=iqcs.holder(LEAD, "FWS", "Lena Lead"))
    assert [
        one.organization.code
        for one in Employment.objects.order_by("pk")
        if one.participation.account == person
    ] == [
        "USAF-ACC",
        "FWS-R6",
    ]


@pytest.mark.requirement("IQCS-05")
def test_security_removes_the_access_to_a_code_and_the_role_stays(person: Account, security: Account) -> None:
    grants.designated(person, MANAGER, program_id=PROGRAM)
    for code in ("FWS-R6", "BLM-MT"):
        iqcs.gives_access(person, code)
    removed = remove_access(
        acting_user=security,
        program_id=PROGRAM,
        organization_id=iqcs.place("FWS-R6").public_id,
        beneficiary_id=person.public_id,
        at=LATER,
        origin=WEB,
    )
    assert [access.organization.code for access in removed.accesses] == ["FWS-R6"]
    left = Access.objects.filter(account=person, closed_at=None)
    assert [access.organization.code for access in left] == ["BLM-MT"]
    assert Grant.objects.filter(account=person, closed_at=None).count() == 1
    users = users_of_organization(security, iqcs.place("BLM-MT").public_id, PROGRAM, LATER)
    assert [(user.name, user.may_remove) for user in users.connected.rows] == [("Rita Requester", True)]
