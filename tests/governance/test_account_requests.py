"""Account requests of a program that holds access apart from roles: form, supervisor, chains, provision (IQCS)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.account_answers import CodeAnswer, check_answers
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import withdraw_request
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor
from rolebook.governance.flows.let_rest_go_on import let_rest_go_on
from rolebook.governance.models import Access, Employment, Grant, Outcome, Request, Stage
from rolebook.governance.queries import my_requests, pending_requests
from rolebook.governance.refusals import NotFound, Refused
from tests.support import grants, iqcs
from tests.support.grants import codes, decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY, TRAINING, opened, state_of
from tests.support.people import START, WEB

pytestmark = pytest.mark.usefixtures("iqcs_world")
LATER = START + timedelta(hours=1)


@pytest.mark.requirement("IQCS-01", "IQCS-02", "IQCS-03", "IQCS-05")
def test_a_new_account_goes_through_the_own_representative_to_security_who_makes_it_so(
    person: Account, representative: Account, security: Account
) -> None:
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, [CodeAnswer("FWS-R6", lower_levels=True)]))
    assert opened(request) == [(REPRESENTATIVE, "FWS-R6")]
    decides(representative, open_stage(request))
    assert opened(request) == [(SECURITY, "")]
    assert not Grant.objects.filter(account=person).exists()
    decides(security, open_stage(request))
    assert state_of(request) == "approved"
    assert Grant.objects.get(account=person).role_id == MANAGER
    access = Access.objects.get(account=person)
    assert (access.organization.code, access.lower_levels) == ("FWS-R6", True)
    assert Employment.objects.get(participation__account=person).organization.code == "FWS-R6-BNR"


@pytest.mark.requirement("IQCS-02")
def test_no_stage_opens_before_the_supervisor_has_given_their_word(
    person: Account, representative: Account
) -> None:
    post = iqcs.Post()
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}), authorized=False, post=post)
    assert opened(request) == []
    answer_as_supervisor(program_id=PROGRAM, authorize=True, token=post.sent[0].token, at=LATER, origin=WEB)
    assert opened(request) == [(REPRESENTATIVE, "FWS-R6")]


@pytest.mark.requirement("IQCS-02")
@pytest.mark.invariant("I8")
def test_the_supervisors_link_works_once_for_a_time_and_for_nobody_who_guesses(person: Account) -> None:
    post = iqcs.Post()
    iqcs.asks(person, iqcs.answers({MANAGER: "add"}), authorized=False, post=post)
    token = post.sent[0].token

    def gives(told: str, at: datetime = LATER) -> None:
        answer_as_supervisor(program_id=PROGRAM, authorize=True, token=told, at=at, origin=WEB)

    with pytest.raises(NotFound):
        gives(token[:-1])
    with pytest.raises(NotFound):
        gives("")
    with pytest.raises(NotFound):
        gives(token, START + timedelta(days=30))
    gives(token)
    with pytest.raises(NotFound):
        gives(token)


@pytest.mark.requirement("IQCS-02")
@pytest.mark.invariant("I6")
def test_a_supervisor_signed_in_is_known_by_the_confirmed_address_and_is_nobody_involved(
    person: Account,
) -> None:
    post = iqcs.Post()
    supervisor = grants.user("Sam Supervisor", PROGRAM)
    request = iqcs.asks(
        person,
        iqcs.answers({MANAGER: "add"}, supervisor_email=supervisor.email.upper()),
        authorized=False,
        post=post,
    )

    def authorizes(who: Account) -> None:
        answer_as_supervisor(
            program_id=PROGRAM,
            authorize=True,
            acting_user=who,
            word_id=post.sent[0].word.public_id,
            at=LATER,
            origin=WEB,
        )

    for other in (person, grants.user("Otto Other", PROGRAM)):
        with pytest.raises(NotFound):
            authorizes(other)
    authorizes(supervisor)
    assert opened(request)


@pytest.mark.requirement("IQCS-06")
def test_a_supervisor_who_says_no_sends_the_request_back_with_the_reason(person: Account) -> None:
    post = iqcs.Post()
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}), authorized=False, post=post)
    with pytest.raises(Refused) as refusal:
        answer_as_supervisor(
            program_id=PROGRAM, authorize=False, token=post.sent[0].token, at=LATER, origin=WEB
        )
    assert codes(refusal) == ["say_what_is_missing"]
    answer_as_supervisor(
        program_id=PROGRAM,
        authorize=False,
        reason="Not for this job.",
        token=post.sent[0].token,
        at=LATER,
        origin=WEB,
    )
    assert state_of(request) == "returned"


@pytest.mark.requirement("IQCS-03")
def test_an_agency_with_a_lead_stage_has_its_lead_decide_before_security(
    person: Account, security: Account
) -> None:
    representative = iqcs.holder(REPRESENTATIVE, "DOI-EM", "Rosa Representative")
    lead = iqcs.holder(LEAD, "DOI-EM", "Lena Lead")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["DOI-EM"], employer="DOI-EM"))
    for who, where in ((representative, "DOI-EM"), (lead, "DOI-EM"), (security, "")):
        assert [code for _, code in opened(request)] == [where]
        decides(who, open_stage(request))
    assert state_of(request) == "approved"


@pytest.mark.requirement("IQCS-04")
def test_access_to_another_agency_is_authorized_there_before_the_own_representative_passes_it_on(
    person: Account, representative: Account, security: Account, air_force: dict[str, Account]
) -> None:
    asked = iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC-1"])
    request = iqcs.asks(person, asked)
    own = Stage.objects.get(request=request, approver_role_id=REPRESENTATIVE, is_foreign=False, position=0)
    for who, role_id, where in (
        ("manager", MANAGER, "USAF-ACC-1"),
        ("representative", REPRESENTATIVE, "USAF-ACC"),
        ("lead", LEAD, "USAF"),
    ):
        assert opened(request) == [(role_id, where)]
        with pytest.raises(Refused) as refusal:
            decides(representative, own)
        assert codes(refusal) == ["stage_not_open"]
        decides(air_force[who], open_stage(request))
    assert {code for _, code in opened(request)} == {"FWS-R6"}
    while opened(request) != [(SECURITY, "")]:
        decides(representative, open_stage(request))
    decides(security, open_stage(request))
    held = Access.objects.filter(account=person).values_list("organization__code", flat=True)
    assert set(held) == {"FWS-R6", "USAF-ACC-1"}


@pytest.mark.requirement("IQCS-04")
def test_the_lead_of_another_agency_approves_where_its_own_process_has_no_lead() -> None:
    lead = iqcs.holder(LEAD, "FWS", "Lena Lead")
    foreign = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    request = iqcs.asks(
        grants.user("Ada Airman", PROGRAM), iqcs.answers(codes=["FWS-R6"], employer="USAF-ACC")
    )
    decides(foreign, open_stage(request))
    assert opened(request) == [(LEAD, "FWS")]
    decides(lead, open_stage(request))
    assert opened(request) == [(REPRESENTATIVE, "USAF-ACC")]


@pytest.mark.requirement("IQCS-04")
def test_a_foreign_denial_ends_its_items_and_the_rest_goes_on_only_if_the_requester_agrees(
    person: Account, representative: Account, security: Account, air_force: dict[str, Account]
) -> None:
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC"]))
    decides(air_force["representative"], open_stage(request), "denied", reason="No need seen.")
    request.refresh_from_db()
    assert (request.state, request.held_since is not None, opened(request)) == ("pending", True, [])
    with pytest.raises(NotFound):
        let_rest_go_on(
            acting_user=representative, program_id=PROGRAM, request_id=request.public_id, at=LATER, origin=WEB
        )
    let_rest_go_on(acting_user=person, program_id=PROGRAM, request_id=request.public_id, at=LATER, origin=WEB)
    while opened(request) != [(SECURITY, "")]:
        decides(representative, open_stage(request))
    decides(security, open_stage(request))
    assert state_of(request) == "partly approved"
    assert Grant.objects.filter(account=person, role_id=MANAGER).exists()
    assert [one.organization.code for one in Access.objects.filter(account=person)] == ["FWS-R6"]


@pytest.mark.requirement("IQCS-04")
def test_a_requester_who_does_not_agree_withdraws_and_nothing_is_given(
    person: Account, air_force: dict[str, Account]
) -> None:
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["USAF-ACC"]))
    decides(air_force["representative"], open_stage(request), "denied")
    withdraw_request(
        acting_user=person, program_id=PROGRAM, request_id=request.public_id, at=LATER, origin=WEB
    )
    assert state_of(request) == "withdrawn"
    assert not Grant.objects.filter(account=person).exists()


@pytest.mark.requirement("IQCS-04")
def test_a_denial_by_the_own_agency_ends_the_whole_request(
    person: Account, representative: Account, air_force: dict[str, Account]
) -> None:
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC"]))
    decides(air_force["representative"], open_stage(request))
    decides(air_force["lead"], open_stage(request))
    decides(representative, open_stage(request), "denied")
    assert state_of(request) == "denied"
    assert set(request.items.values_list("state", flat=True)) == {"denied"}


@pytest.mark.requirement("IQCS-04")
def test_a_denied_request_for_another_agency_alone_ends_with_it(
    person: Account, air_force: dict[str, Account]
) -> None:
    request = iqcs.asks(person, iqcs.answers(codes=["USAF-ACC"]))
    decides(air_force["representative"], open_stage(request), "denied")
    assert state_of(request) == "denied"


@pytest.mark.requirement("IQCS-06")
@pytest.mark.fault(22)
@pytest.mark.invariant("I5")
def test_a_returned_request_becomes_its_next_version_and_earlier_approvals_fall(
    person: Account, representative: Account, air_force: dict[str, Account]
) -> None:
    asked = iqcs.answers({MANAGER: "add"}, ["USAF-ACC"])
    request = iqcs.asks(person, asked)
    decides(air_force["representative"], open_stage(request))
    decides(air_force["lead"], open_stage(request))
    stage = open_stage(request)
    with pytest.raises(Refused) as refusal:
        decides(representative, stage, "returned")
    assert codes(refusal) == ["say_what_is_missing"]
    decides(representative, stage, "returned", reason="Your job title is missing.")
    assert state_of(request) == "returned"
    request.refresh_from_db()
    iqcs.asks(person, replace(asked, job_title="Biologist"), corrects=request, at=LATER)
    request.refresh_from_db()
    assert (request.state, request.version) == ("pending", 2)
    assert opened(request) == [(REPRESENTATIVE, "USAF-ACC")]
    assert Outcome.objects.filter(request=request, request_version=1).count() == 3
    assert [form.job_title for form in request.forms.order_by("request_version")] == ["", "Biologist"]


@pytest.mark.requirement("IQCS-02", "IQCS-05", "QPP-05")
def test_what_is_to_be_removed_is_listed_as_such_and_given_to_nobody(
    person: Account, representative: Account
) -> None:
    grants.designated(person, MANAGER, program_id=PROGRAM)
    iqcs.employed(person, "FWS-R6-BNR")
    iqcs.asks(person, iqcs.answers({MANAGER: "remove", TRAINING: "add"}), at=LATER)
    (row,) = pending_requests(representative, PROGRAM, LATER).rows
    assert sorted(row.role_titles) == ["Remove Account Manager", "Training Officer"]
    assert [role.role_id for role in row.gives] == [TRAINING]
    (own,) = my_requests(person, PROGRAM, LATER).rows
    assert sorted(own.role_titles) == ["Remove Account Manager", "Training Officer"]


@pytest.mark.requirement("IQCS-06")
def test_everything_that_is_missing_is_told_at_once_and_beside_its_field(person: Account) -> None:
    form = replace(
        iqcs.answers({LEAD: "add"}, ["NOWHERE", "FWS", "FWS"], employer=""),
        work_email="nobody",
        supervisor_name="",
        supervisor_email=person.email,
        starts_on="2026-06-01",
    )
    found = check_answers(standing_of(person, PROGRAM, START), person, form)
    assert {(problem.field, problem.violation.code) for problem in found.problems} == {
        ("work_email", "work_email_missing"),
        ("supervisor_name", "supervisor_missing"),
        ("supervisor_email", "supervisor_is_yourself"),
        ("employer_code", "employer_missing"),
        ("role-agency_lead", "by_designation_only"),
        ("code-0", "unknown_code"),
        ("code-2", "code_twice"),
        ("ends_on", "detail_needs_end"),
    }
    with pytest.raises(Refused):
        iqcs.asks(person, form)
    assert not Request.objects.exists()


@pytest.mark.requirement("IQCS-06", "IQCS-11")
@pytest.mark.parametrize(("first", "said"), [("2026-03-01", ["starts_in_the_past"]), ("2026-03-02", [])])
def test_a_first_day_that_has_passed_where_the_program_is_is_refused_at_its_field(
    person: Account, first: str, said: list[str]
) -> None:
    # In Boise it is still the second of March; in UTC it is the third.
    late = START + timedelta(hours=12)
    form = iqcs.answers({MANAGER: "add"}, starts_on=first, ends_on="2026-12-31")
    found = check_answers(standing_of(person, PROGRAM, late), person, form).problems
    assert [problem.violation.code for problem in found] == said
    assert {problem.field for problem in found} <= {"starts_on"}


@pytest.mark.requirement("IQCS-02")
def test_what_applies_is_said_by_the_system_and_a_form_that_says_otherwise_is_refused(
    person: Account, representative: Account, security: Account
) -> None:
    from rolebook.governance.flows.submit_account_request import submit_account_request

    with pytest.raises(Refused) as refusal:
        submit_account_request(
            acting_user=person,
            program_id=PROGRAM,
            beneficiary=person,
            answers=iqcs.answers({MANAGER: "add"}),
            shown_type="modification",
            send=iqcs.Post(),
            at=START,
            origin=WEB,
        )
    assert codes(refusal) == ["changed_type"]
    first = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    decides(representative, open_stage(first))
    decides(security, open_stage(first))
    after = LATER + timedelta(days=1)
    second = iqcs.asks(person, iqcs.answers({TRAINING: "add", MANAGER: "remove"}), at=after)
    assert [first.forms.get().request_type, second.forms.get().request_type] == ["new", "modification"]
    decides(representative, open_stage(second), at=after)
    decides(security, open_stage(second), at=after)
    still = Grant.objects.filter(account=person, closed_at=None).values_list("role_id", flat=True)
    assert list(still) == [TRAINING]


@pytest.mark.requirement("IQCS-04", "IQCS-06")
def test_what_waits_for_its_requester_is_on_the_first_page_however_many_requests_are_newer(
    person: Account, representative: Account
) -> None:
    returned = iqcs.asks(person, iqcs.answers({MANAGER: "add"}))
    decides(representative, open_stage(returned), "returned", reason="Your job title is missing.")
    newer = iqcs.asks(person, iqcs.answers({TRAINING: "add"}), at=LATER)

    def shown(who: Account, *, first: bool) -> list[bool]:
        page = my_requests(who, PROGRAM, LATER, to_answer_first=first, limit=1)
        return [line.request_id == returned.public_id and line.to_answer for line in page.rows]

    assert (shown(person, first=True), shown(person, first=False)) == ([True], [False])
    decides(representative, open_stage(newer), "denied", reason="No.", at=LATER)
    assert shown(person, first=True) == [True]
