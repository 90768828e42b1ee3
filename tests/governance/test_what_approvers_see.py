"""What approvers of account requests and reactivations are shown, and that they decide nothing unseen (IQCS)."""

from dataclasses import replace

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.models import PersonalData
from rolebook.governance.flows import ShownStage, decide_stages
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor
from rolebook.governance.flows.let_rest_go_on import let_rest_go_on
from rolebook.governance.models import Outcome, Request
from rolebook.governance.queries import my_requests, pending_requests
from rolebook.governance.queries.account_detail import AccountRequestDetail, account_request_detail
from rolebook.governance.queries.chosen import chosen_stages
from rolebook.governance.queries.reactivations import ReactivationTold, reactivation_told
from rolebook.governance.queries.to_decide import Filters, matching_stage_ids
from rolebook.governance.refusals import Refused
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.governance.test_reactivating import DAY, END, HOUR, People
from tests.governance.test_reactivating import LATER as REACTIVATED
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import LATER, codes, decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY, TRAINING
from tests.support.people import START, WEB


def seen(viewer: Account, request: Request) -> AccountRequestDetail:
    return account_request_detail(viewer, request.public_id, PROGRAM, LATER)


def together(approver: Account, request: Request) -> None:
    stage = open_stage(request)
    decide_stages(
        acting_user=approver,
        program_id=PROGRAM,
        stages=[ShownStage(stage.public_id, stage.request_version, stage.items_hash)],
        verdict="approved",
        at=stage.opened_at or LATER,
        origin=WEB,
    )


def refused_in_bulk(approver: Account, request: Request) -> bool:
    """Neither the summary nor the flow takes the request's open stage, and "all that match" leaves it out."""
    stage = open_stage(request)
    at = stage.opened_at or LATER
    assert matching_stage_ids(approver, PROGRAM, at, Filters(), most=9) == ()
    for refuse in (
        lambda: chosen_stages(approver, PROGRAM, [stage.public_id], at),
        lambda: together(approver, request),
    ):
        with pytest.raises(Refused) as refusal:
            refuse()
        assert codes(refusal) == ["decide_on_its_page"]
    return not Outcome.objects.filter(request=request).exists()


@pytest.mark.requirement("IQCS-03", "QPP-15")
@pytest.mark.invariant("I5")
@pytest.mark.usefixtures("iqcs_world")
def test_an_account_request_is_never_decided_by_the_line_of_a_list(
    person: Account, representative: Account
) -> None:
    grants.designated(person, MANAGER, program_id=PROGRAM)
    iqcs.employed(person, "FWS-R6-BNR")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "remove", TRAINING: "add"}))
    [row] = pending_requests(representative, PROGRAM, LATER, show="to decide").rows
    assert (row.may_decide, row.shown_whole) == (True, True)
    assert refused_in_bulk(representative, request)


@pytest.mark.requirement("IQCS-10", "QPP-15")
@pytest.mark.invariant("I5")
def test_a_reactivation_is_never_decided_by_the_line_of_a_list(db: None) -> None:
    world = People()
    world.close()
    assert refused_in_bulk(world.sven, world.asks())


@pytest.mark.requirement("QPP-15")
def test_a_request_for_roles_is_still_decided_with_others(qpp: None) -> None:
    from tests.support import people

    practice = people.practice()
    official = grants.official(practice)
    request = grants.asks(grants.user(), practice)
    [row] = pending_requests(official, "qpp", LATER, show="to decide").rows
    assert not row.shown_whole
    assert matching_stage_ids(official, "qpp", LATER, Filters(), most=9) == (open_stage(request).public_id,)


@pytest.mark.requirement("IQCS-04")
@pytest.mark.usefixtures("iqcs_world")
def test_security_is_told_who_denied_and_that_a_steward_stood_in(
    person: Account, representative: Account, security: Account
) -> None:
    steward = grants.steward(program_id=PROGRAM)
    lead = iqcs.holder(LEAD, "USAF", "Leo Lead")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC"]))
    # Nobody represents the Air Force, so the steward stands in; its lead then denies.
    decides(steward, open_stage(request))
    decides(lead, open_stage(request), "denied", reason="No need seen.")
    let_rest_go_on(acting_user=person, program_id=PROGRAM, request_id=request.public_id, at=LATER, origin=WEB)
    while open_stage(request).approver_role_id != SECURITY:
        decides(representative, open_stage(request))
    found = seen(security, request)
    assert not found.agreed
    told = [(one.agency, one.is_foreign, one.verdict, one.decided_by, one.stood_in) for one in found.before]
    assert told[:2] == [
        ("U.S. Air Force", True, "approved", "Stella Steward", "Application Steward"),
        ("U.S. Air Force", True, "denied", "Leo Lead", ""),
    ]
    assert {one[:4] for one in told[2:]} == {
        (iqcs.place("FWS").name, False, "approved", "Rosa Representative")
    }
    [now] = found.now
    assert now.names == ("Sven Security",)
    assert not any("USAF" in words for words in now.decides)
    assert any("FWS-R6" in words for words in now.decides)
    # The Air Force did not authorize it, though one of its steps was approved.
    stood_in = (
        "Stella Steward, Application Steward, standing in for the Agency Representative of Air Combat Command"
    )
    assert found.leads == (("Approved at U.S. Air Force before it was denied there", (stood_in,)),)
    # The requester is told the same by offices (docs/decisions/0033).
    own = seen(person, request)
    assert {one.decided_by for one in own.before} == {None}
    assert own.before[0].stood_in == "Application Steward"
    assert own.now[0].names == ()


@pytest.mark.requirement("IQCS-04")
@pytest.mark.usefixtures("iqcs_world")
def test_another_agency_has_authorized_only_once_every_step_of_its_run_is_approved(person: Account) -> None:
    rolf = iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative")
    lead = iqcs.holder(LEAD, "USAF", "Leo Lead")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC"]))
    assert seen(person, request).leads == ()
    decides(rolf, open_stage(request))
    first = "Rolf Representative, Agency Representative of Air Combat Command"
    assert seen(person, request).leads == (("Approved so far at U.S. Air Force", (first,)),)
    decides(lead, open_stage(request))
    [(words, people)] = seen(person, request).leads
    assert words == "Authorized by other agencies"
    assert people[0] == first
    assert people[1].startswith("Leo Lead, Agency Lead")


@pytest.mark.requirement("IQCS-04")
@pytest.mark.usefixtures("iqcs_world")
def test_security_is_told_that_all_agreed_only_where_all_did(
    person: Account, representative: Account, security: Account
) -> None:
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]))
    while open_stage(request).approver_role_id != SECURITY:
        decides(representative, open_stage(request))
    assert seen(security, request).agreed


def corrected(person: Account, representative: Account, lead: Account) -> Request:
    """A request that two approved and one returned, and its second version, with other comments."""
    form = iqcs.answers({MANAGER: "add"}, ["USAF-ACC"], comments="For the fire season of 2025.")
    request = iqcs.asks(person, form)
    decides(iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative"), open_stage(request))
    decides(lead, open_stage(request))
    decides(representative, open_stage(request), "returned", reason="The year is wrong.")
    request.refresh_from_db()
    iqcs.asks(person, replace(form, comments="For the fire season of 2026."), corrects=request, at=LATER)
    request.refresh_from_db()
    return request


@pytest.mark.requirement("IQCS-06")
@pytest.mark.usefixtures("iqcs_world")
def test_the_comments_of_the_corrected_version_are_shown_wherever_a_reason_is(
    person: Account, representative: Account
) -> None:
    lead = iqcs.holder(LEAD, "USAF", "Leo Lead")
    request = corrected(person, representative, lead)
    rolf = Account.objects.get(name="Rolf Representative")
    [row] = pending_requests(rolf, PROGRAM, LATER).rows
    [line] = my_requests(person, PROGRAM, LATER).rows
    assert {row.reason, line.reason, seen(rolf, request).detail.line.reason} == {
        "For the fire season of 2026."
    }
    [only] = seen(rolf, request).detail.to_decide
    assert only.reason == "For the fire season of 2026."
    derive_notices(now=LATER + HOUR, batch=1_000)
    mails = Notice.objects.filter(recipient=rolf, kind="request-waiting").order_by("pk")
    assert [("season of 2025" in mail.text, "season of 2026" in mail.text) for mail in mails][-1] == (
        False,
        True,
    )
    logged = PersonalData.objects.filter(event__tag="request:submitted", field="reason")
    assert list(logged.order_by("pk").values_list("value", flat=True)) == [
        "For the fire season of 2025.",
        "For the fire season of 2026.",
    ]


@pytest.mark.requirement("IQCS-06")
@pytest.mark.fault(22)
@pytest.mark.usefixtures("iqcs_world")
def test_the_course_is_told_by_version_and_what_fell_is_marked(
    person: Account, representative: Account
) -> None:
    lead = iqcs.holder(LEAD, "USAF", "Leo Lead")
    request = corrected(person, representative, lead)
    second, first = seen(lead, request).detail.course
    assert (second.version, second.is_present, second.sent_at) == (2, True, LATER)
    assert (first.version, first.is_present, first.sent_at) == (1, False, START)
    assert [(one.verdict, one.fell) for one in first.steps if one.verdict] == [
        ("approved", True),
        ("approved", True),
        ("returned", False),
    ]
    assert [one.agency for one in first.steps if one.verdict] == [
        "U.S. Air Force",
        "U.S. Air Force",
        iqcs.place("FWS").name,
    ]
    assert not any(one.verdict or one.fell for one in second.steps)
    assert first.word is not None
    assert second.word is not None
    assert first.word.pk != second.word.pk


@pytest.mark.requirement("IQCS-02")
@pytest.mark.usefixtures("iqcs_world")
def test_what_the_supervisor_wrote_beside_yes_reaches_those_who_decide(
    person: Account, representative: Account
) -> None:
    post = iqcs.Post()
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}), authorized=False, post=post)
    answer_as_supervisor(
        program_id=PROGRAM,
        authorize=True,
        reason="Only until October.",
        token=post.sent[0].token,
        at=LATER,
        origin=WEB,
    )
    word = seen(representative, request).detail.present.word
    assert word is not None
    assert (word.state, word.reason) == ("given", "Only until October.")


def told(request: Request) -> ReactivationTold:
    at = REACTIVATED + 2 * HOUR
    found = reactivation_told(rolebooks.in_force(PROGRAM, at), request.public_id, at, tell_reason=True)
    assert found is not None
    return found


@pytest.mark.requirement("IQCS-10")
def test_a_reactivation_says_why_the_part_ended_what_would_come_back_and_then_what_did(db: None) -> None:
    world = People()
    iqcs.holds_for(world.mia, "USAF-ACC", END + 2 * DAY)
    world.close()
    request = world.asks()
    before = told(request)
    assert (before.alone, before.status, before.cause, before.months) == (True, "closed", "inactivity", 12)
    assert before.since == END
    assert before.reactivated_at is None
    assert [words.split(" (")[0] for words in before.comes_back] == [
        "Role Account Manager",
        "Access to Benton Lake Refuge",
    ]
    assert before.stays_ended == ("Access to Air Combat Command (USAF-ACC)",)
    decides(world.sven, open_stage(request), at=REACTIVATED + HOUR)
    after = told(request)
    assert (after.cause, after.since, after.reactivated_at) == ("inactivity", END, REACTIVATED + HOUR)
    assert after.came_back == before.comes_back
    assert after.comes_back == ()


@pytest.mark.requirement("IQCS-10")
def test_a_modification_that_reactivates_tells_what_comes_back_beside_what_is_asked(db: None) -> None:
    world = People()
    world.close()
    request = iqcs.asks(world.rosa, iqcs.answers({TRAINING: "add"}), beneficiary=world.mia, at=REACTIVATED)
    found = told(request)
    assert (found.alone, found.cause, len(found.comes_back)) == (False, "inactivity", 2)
