"""Self-registration of responders: a record of one's own by proof, one account a record, and nothing told (IQCS-01)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.models import Account, RolebookVersion
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit.models import Event
from rolebook.audit.recording import unit_of_work
from rolebook.governance import locks
from rolebook.governance.account_answers import check_answers
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.flows.register_own_record import ask_for_own_record, end_old_registrations
from rolebook.governance.ledger import close_holdings, move_holding
from rolebook.governance.merging import plan_merge
from rolebook.governance.models import Grant, Registration, ResponderRecord
from rolebook.governance.own_records import own_record_of
from rolebook.governance.queries.account_preview import preview_of
from rolebook.governance.queries.own_records import own_record, registrations_waiting
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.notices.models import Notice
from rolebook.notices.responders import record_mails
from rolebook.policy.errors import RolebookErrors
from tests.support import grants, iqcs, responders, rolebooks
from tests.support.grants import codes
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import START, WEB

pytestmark = pytest.mark.usefixtures("iqcs_world")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def records(iqcs_world: None) -> None:
    responders.imports()


@pytest.fixture
def rosa(iqcs_world: None) -> Account:
    return grants.user("Rosa Ranger", PROGRAM)


@pytest.mark.requirement("IQCS-01")
def test_the_code_mailed_to_the_address_on_the_record_makes_it_ones_own(rosa: Account) -> None:
    post = responders.Post()
    made = responders.asks(rosa, " r-104233 ", post=post)
    assert post.sent[0].record.email == "rosa.ranger@fws.example"
    grant = responders.proves(rosa, made, post.sent[0].code)
    assert (grant.role_id, grant.organization, grant.record and grant.record.identifier) == (
        "responder", None, "R-104233",
    )  # fmt: skip
    assert own_record(rosa, PROGRAM, START).grant == grant
    mine = Event.objects.filter(beneficiary_id=rosa.public_id).order_by("sequence")
    told = [tag for tag in mine.values_list("tag", flat=True) if tag.startswith(("own-record", "grant"))]
    assert told == ["own-record:asked", "own-record:confirmed", "grant:opened"]
    assert compare_with_log(program_id=PROGRAM).findings == []


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I8")
def test_a_code_is_taken_once_of_who_asked_for_the_record_that_it_was_mailed_for(rosa: Account) -> None:
    post, thief = responders.Post(), grants.user("Theo Thief", PROGRAM)
    made = responders.asks(rosa, post=post)
    other = responders.asks(thief, "R-104234", post=post)
    with pytest.raises(NotFound):
        responders.proves(thief, made, post.sent[0].code)
    with pytest.raises(CodeRefused):
        responders.proves(thief, other, post.sent[0].code)
    with pytest.raises(NotFound):
        responders.proves(rosa, other, post.sent[1].code)
    with pytest.raises(CodeRefused):
        responders.proves(rosa, made, post.sent[0].code, at=START + HOUR)
    responders.proves(rosa, made, post.sent[0].code)
    with pytest.raises(NotFound):
        responders.proves(rosa, made, post.sent[0].code)


@pytest.mark.requirement("IQCS-01")
def test_a_code_is_worth_nothing_once_another_address_stands_on_the_record(rosa: Account) -> None:
    post = responders.Post()
    made = responders.asks(rosa, post=post)
    responders.imports(responders.RECORDS.replace("rosa.ranger@", "rosa.new@"))
    with pytest.raises(CodeRefused):
        responders.proves(rosa, made, post.sent[0].code)


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I14")
@pytest.mark.parametrize("way", ["mailed code", "confirmation"])
def test_whether_there_is_a_record_and_whether_it_is_taken_shows_in_no_answer_and_no_work(way: str) -> None:
    responders.registered(grants.user("Fritz Forester", PROGRAM), "R-104234")
    seen = {}
    for name, identifier in (
        ("Free", "R-104233"), ("Taken", "R-104234"), ("Without address", "R-104235"), ("None", "R-999999"),
    ):  # fmt: skip
        account = grants.user(name, PROGRAM)
        own_record(account, PROGRAM, START)
        with CaptureQueriesContext(connection) as captured:
            registration = ask_for_own_record(
                acting_user=account,
                program_id=PROGRAM,
                identifier=identifier,
                way=way,
                send=record_mails(START),
                at=START,
                origin=WEB,
            )
        # Attempts are counted before anything is looked up: by who asks, from where, and for what text.
        made = [str(one["sql"]) for one in captured.captured_queries]
        counted = max(number for number, sql in enumerate(made) if "throttle" in sql)
        shapes = [shape for sql in made[counted + 1 :] if "SAVEPOINT" not in (shape := _shape(sql))]
        seen[name] = (shapes, registration.state, registration.expires_at, registration.proof_id is None)
        shown = own_record(account, PROGRAM, START)
        assert shown.waiting is not None
        assert shown.grant is None
    for one in seen.values():
        assert one == seen["Free"]
    mailed = set(Notice.objects.filter(kind="own-record").values_list("address", flat=True))
    if way == "mailed code":
        assert mailed == {"rosa.ranger@fws.example", "fritz@fws.example"}
        assert "yours already" in Notice.objects.get(address="fritz@fws.example").text
    else:
        assert mailed == set()


def _shape(sql: str) -> str:
    """A statement without its values."""
    words = re.sub(r"'[^']*'|\b\d+\b|\"s\d+_x\d+\"|NULL|[0-9a-f]{32}", "?", sql)
    return words.split("(")[0][:60]


@pytest.mark.requirement("IQCS-01")
def test_an_unusable_registration_is_never_proved_whatever_is_typed(rosa: Account) -> None:
    post = responders.Post()
    made = responders.asks(rosa, "R-999999", post=post)
    for code in (post.sent[0].code, "0000 0000", ""):
        with pytest.raises(CodeRefused):
            responders.proves(rosa, made, code)
    assert not Grant.objects.filter(account=rosa).exists()


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I12")
def test_asking_is_throttled_by_account_and_by_record(rosa: Account) -> None:
    for number in range(5):
        responders.asks(rosa, f"R-20000{number}")
    with pytest.raises(TooManyAttempts):
        responders.asks(rosa, "R-200005")
    for number in range(4):
        responders.asks(grants.user(f"Other {number}", PROGRAM), "R-200000", at=START + HOUR)
    with pytest.raises(TooManyAttempts):
        responders.asks(grants.user("One more", PROGRAM), "r-200000", at=START + HOUR)
    responders.asks(rosa, "R-200005", at=START + 2 * DAY)


@pytest.mark.requirement("IQCS-01")
def test_who_has_a_record_registers_for_no_other_and_no_identifier_is_taken_that_none_can_have(
    rosa: Account,
) -> None:
    with pytest.raises(Refused) as unlike:
        responders.asks(rosa, "104233")
    assert codes(unlike) == ["identifier_unlike"]
    responders.registered(rosa)
    with pytest.raises(Refused) as held:
        responders.asks(rosa, "R-104234")
    assert codes(held) == ["own_record_held"]


@pytest.mark.requirement("IQCS-01")
def test_a_manager_where_the_record_is_kept_confirms_whose_it_is_and_no_other_does(rosa: Account) -> None:
    here = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    elsewhere = iqcs.holder(MANAGER, "USAF", "Ursula Usaf")
    made = responders.asks(rosa, "R-104235", way="confirmation")
    assert [row.pk for row in registrations_waiting(here, PROGRAM, START).rows] == [made.pk]
    assert registrations_waiting(elsewhere, PROGRAM, START).rows == ()
    for other in (elsewhere, rosa, grants.user("Nobody", PROGRAM)):
        with pytest.raises(NotFound):
            responders.answers(other, made)
    responders.answers(here, made)
    bound = own_record_of(rosa, PROGRAM)
    assert bound is not None
    assert bound.registration is not None
    assert bound.registration.answered_by == here
    assert registrations_waiting(here, PROGRAM, START).rows == ()
    with pytest.raises(NotFound):
        responders.answers(here, made, confirmed=False, reason="second thoughts")


@pytest.mark.requirement("IQCS-01")
@pytest.mark.invariant("I6")
def test_nobody_confirms_their_own_record(rosa: Account) -> None:
    here = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    made = responders.asks(here, way="confirmation")
    with pytest.raises(NotAllowed):
        responders.answers(here, made)


@pytest.mark.requirement("IQCS-01")
def test_a_refusal_says_why_and_leaves_the_record_free_for_who_comes_next(rosa: Account) -> None:
    here = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    made = responders.asks(rosa, way="confirmation")
    with pytest.raises(Refused):
        responders.answers(here, made, confirmed=False)
    responders.answers(here, made, confirmed=False, reason="Rosa's number is another one.")
    shown = own_record(rosa, PROGRAM, START)
    assert shown.last is not None
    assert shown.last.reason == "Rosa's number is another one."
    responders.registered(grants.user("Rosa Again", PROGRAM))


@pytest.mark.requirement("IQCS-01")
def test_two_may_ask_for_one_record_and_the_first_to_prove_it_has_it(rosa: Account) -> None:
    here = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    second = grants.user("Second", PROGRAM)
    waiting = responders.asks(second, way="confirmation")
    responders.registered(rosa)
    with pytest.raises(Refused) as taken:
        responders.answers(here, waiting)
    assert codes(taken) == ["record_taken"]
    assert own_record_of(second, PROGRAM) is None


@pytest.mark.requirement("IQCS-01")
def test_a_confirmation_that_nobody_gave_is_over_after_its_time(rosa: Account) -> None:
    here = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    made = responders.asks(rosa, way="confirmation")
    with pytest.raises(NotFound):
        responders.answers(here, made, at=made.expires_at)
    assert own_record(rosa, PROGRAM, made.expires_at).waiting is None
    assert end_old_registrations(made.expires_at) == 0
    assert end_old_registrations(made.expires_at + 2 * DAY) == 1
    assert Registration.objects.get(pk=made.pk).state == "over"


@pytest.mark.requirement("IQCS-01")
def test_a_merge_takes_the_record_along_to_the_account_that_remains(rosa: Account) -> None:
    responders.registered(rosa)
    kept = grants.user("Rosa Remaining", PROGRAM)
    steward = grants.steward("Stella", program_id=PROGRAM)
    plan = plan_merge(kept, rosa, START + HOUR)
    merge_accounts(
        acting_user=steward,
        program_id=PROGRAM,
        kept_id=kept.public_id,
        closed_id=rosa.public_id,
        shown=plan.digest,
        reason="one person",
        at=START + HOUR,
        origin=WEB,
    )
    bound = own_record_of(kept, PROGRAM)
    assert bound is not None
    assert bound.record is not None
    assert bound.record.identifier == "R-104233"
    assert compare_with_log(program_id=PROGRAM).findings == []


@pytest.mark.requirement("IQCS-01")
def test_records_are_imported_whole_or_not_at_all_and_tried_first() -> None:
    tried = responders.imports("identifier,name,organization\nR-300001,New One,FWS\n", dry_run=True)
    assert [row.identifier for row in tried.created] == ["R-300001"]
    assert not ResponderRecord.objects.filter(identifier="R-300001").exists()
    with pytest.raises(RolebookErrors) as wrong:
        responders.imports(
            "identifier,name,email,organization\nR-300001,New One,x@y.example,FWS\n300002,,bad,FWS\n"
            "R-300001,Twice,,FWS\n"
        )
    said = [str(error) for error in wrong.value.errors]
    assert [one.split(": ")[0] for one in said] == [
        "records.csv:3:1", "records.csv:3:8", "records.csv:3:9", "records.csv:4:1",
    ]  # fmt: skip
    with pytest.raises(RolebookErrors, match=r"records\.csv:2:18: unknown organization"):
        responders.imports("identifier,name,organization\nR-300001,New One,NOWHERE\n")
    assert not ResponderRecord.objects.filter(identifier="R-300001").exists()
    again = responders.imports(responders.RECORDS.replace("Rosa Ranger", "Rosa Ranger-Roth"))
    assert ([row.identifier for row in again.changed], again.unchanged) == (["R-104233"], 2)
    assert responders.imports(responders.RECORDS.replace("Rosa Ranger", "Rosa Ranger-Roth")).sequence is None
    assert compare_with_log(program_id=PROGRAM).findings == []


@pytest.mark.requirement("IQCS-01", "IQCS-05")
def test_the_preview_of_a_request_tells_what_somebody_can_do_on_their_own_record(rosa: Account) -> None:
    responders.registered(rosa)
    standing = standing_of(rosa, PROGRAM, START)
    checked = check_answers(standing, rosa, iqcs.answers({MANAGER: "add"}, ["FWS-R6-BNR"]))
    shown = preview_of(standing, rosa, checked.wishes)
    assert shown.today[0] == "This person now holds the role Responder."
    assert shown.today[1].startswith(
        "On their own record, R-104233, this person can now view responder record"
    )
    assert len(shown.today) == 2
    assert "in Benton Lake Refuge (FWS-R6-BNR)." in shown.afterwards[1]
    assert checked.request_type == "new"


@pytest.mark.requirement("IQCS-01", "IQCS-10")
def test_what_comes_back_to_an_account_is_not_a_record_that_somebody_else_has_by_now(rosa: Account) -> None:
    grant = responders.registered(rosa)
    book, version = rolebooks.in_force(PROGRAM), RolebookVersion.objects.get(program_id=PROGRAM).number
    again = grants.user("Rosa Again", PROGRAM)

    with unit_of_work(at=START + HOUR, origin=WEB) as work:
        held = locks.lock(accounts={rosa.pk})
        close_holdings(work, held, [grant], cause="removed", rolebook_version=version)
    responders.registered(again, at=START + HOUR)

    def comes_back() -> None:
        with unit_of_work(at=START + HOUR, origin=WEB) as work:
            held = locks.lock(accounts={rosa.pk})
            move_holding(work, held, grant, rosa, book=book, rolebook_version=version)

    with pytest.raises(Refused) as taken:
        comes_back()
    assert "record_taken" in codes(taken)
