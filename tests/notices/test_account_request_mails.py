"""What mails say about account requests: the days of a detail, what ends, the whole that went back, what pages have."""

import re
from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows import ask_to_submit_again
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.watch_stages import escalate_stages
from rolebook.governance.models import Participation, Request
from rolebook.governance.queries.account_detail import account_request_detail
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice, PostponedEvent
from rolebook.notices.supervisors import supervisor_mails
from tests.support import grants, iqcs
from tests.support.grants import LATER, decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY, TRAINING
from tests.support.people import WEB

DETAIL = {"starts_on": "2026-12-01", "ends_on": "2026-12-20"}
DAYS = "rom Dec 1, 2026 to the end of Dec 20, 2026"


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    iqcs.begin()


@pytest.fixture
def rita() -> Account:
    return grants.user("Rita Requester", PROGRAM)


@pytest.fixture
def rosa() -> Account:
    return iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")


@pytest.fixture
def sven() -> Account:
    return iqcs.holder(SECURITY, None, "Sven Security")


def mail(name: str, kind: str) -> Notice:
    """The newest mail of a kind to somebody; its text on one line."""
    while derive_notices(now=LATER + timedelta(minutes=5)):
        pass
    assert not PostponedEvent.objects.exists()
    found = Notice.objects.filter(recipient__name=name, kind=kind).latest("pk")
    found.text = " ".join(found.text.split())
    return found


def approved(request: Request, *people: Account) -> None:
    for person in people:
        decides(person, open_stage(request))


@pytest.mark.requirement("IQCS-11")
def test_the_mails_about_a_detail_say_from_when_to_when_and_that_it_is_not_yet_in_force(
    rita: Account, rosa: Account, sven: Account
) -> None:
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], **DETAIL))
    assert f"F{DAYS}, by the clock of America/Boise" in mail(rosa.name, "request-waiting").text
    approved(request, rosa, sven)
    told = mail(rita.name, "decision").text
    assert f"F{DAYS}" in told
    assert f"Not yet in force: you can use it f{DAYS}." in told
    assert "from now on" not in told


@pytest.mark.requirement("IQCS-11")
def test_a_detail_that_begins_at_once_is_told_with_its_end(
    rita: Account, rosa: Account, sven: Account
) -> None:
    approved(iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], ends_on="2026-12-20")), rosa, sven)
    told = mail(rita.name, "decision").text
    assert "You can use it from now on, until the end of Dec 20, 2026." in told


@pytest.mark.requirement("IQCS-10", "IQCS-11")
def test_a_reactivation_with_a_detail_is_told_apart_from_the_days_of_the_detail(
    rita: Account, rosa: Account, sven: Account
) -> None:
    iqcs.employed(rita, "FWS-R6-BNR")
    Participation.objects.filter(account=rita).update(status="closed")
    request = iqcs.asks(rosa, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], **DETAIL), beneficiary=rita)
    rolf = iqcs.holder(REPRESENTATIVE, "FWS", "Rolf Representative")
    waits = mail(rolf.name, "request-waiting").text
    assert "The account is open again from the approval on; what comes back keeps its own days." in waits
    detail = "The role Account Manager and access to FWS Mountain-Prairie Region (FWS-R6): "
    assert f"{detail}f{DAYS}, by the clock of America/Boise" in waits
    # The page says the same.
    shown = account_request_detail(rolf, request.public_id, PROGRAM, LATER).dates
    assert shown.startswith(
        "The account is open again from the approval on; what comes back keeps its own days. "
    )
    assert f"{detail}f{DAYS}, by the clock of America/Boise" in shown
    approved(request, rolf, sven)
    told = mail(rosa.name, "decision").text
    assert (
        "The account is open again. What was held before, and is not past its end date, holds again." in told
    )
    assert f"Not yet in force: Rita Requester can use what was added f{DAYS}." in told
    assert f"Days: F{DAYS}" not in told


@pytest.mark.requirement("IQCS-10")
def test_a_reactivation_alone_is_told_as_that_and_without_days(
    rita: Account, rosa: Account, sven: Account
) -> None:
    iqcs.employed(rita, "FWS-R6-BNR")
    Participation.objects.filter(account=rita).update(status="closed")
    request = ask_reactivation(
        acting_user=rosa,
        program_id=PROGRAM,
        beneficiary_id=rita.public_id,
        reason="She is back.",
        at=LATER,
        origin=WEB,
    )
    approved(request, sven)
    told = mail(rosa.name, "decision").text
    assert "The account is open again." in told
    assert "Days:" not in told
    assert "use it" not in told


@pytest.mark.requirement("IQCS-11")
def test_a_removal_beside_a_detail_is_not_told_to_begin_or_end_with_it(
    rita: Account, rosa: Account, sven: Account
) -> None:
    approved(iqcs.asks(rita, iqcs.answers({TRAINING: "add"}, ["FWS-R6"])), rosa, sven)
    at = LATER + timedelta(seconds=1)
    both = iqcs.asks(rita, iqcs.answers({MANAGER: "add", TRAINING: "remove"}, **DETAIL), at=at)
    for person in (rosa, sven):
        decides(person, open_stage(both), at=at)
    told = mail(rita.name, "decision").text
    assert f"The role Account Manager: f{DAYS}" in told
    assert "The role Training Officer: removed with the approval." in told
    assert f"Not yet in force: you can use what was added f{DAYS}. What was to be removed has ended" in told


@pytest.mark.requirement("IQCS-11")
def test_of_several_in_a_list_it_is_said_how_much_of_each_has_days(rita: Account, rosa: Account) -> None:
    stella, rolf = grants.steward("Stella Steward", PROGRAM), iqcs.holder(REPRESENTATIVE, "FWS", "Rolf")
    for person in (rita, grants.user("Otto Other", PROGRAM)):
        iqcs.employed(person, "FWS-R6-BNR")
        Participation.objects.filter(account=person).update(status="closed")
        iqcs.asks(rosa, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], **DETAIL), beneficiary=person)
    Participation.objects.filter(account=rolf).update(status="closed")
    assert escalate_stages(LATER) == 2
    assert mail(stella.name, "stage-escalated").text.count(f", 2 of 3 f{DAYS}") == 2


@pytest.mark.requirement("IQCS-11")
def test_several_parts_that_wait_for_one_person_are_told_as_changes_with_their_days(rita: Account) -> None:
    stella = grants.steward("Stella Steward", PROGRAM)
    iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC", "BLM-MT"], **DETAIL))
    told = mail(stella.name, "request-waiting")
    assert "Rita Requester asks for changes" in told.text
    assert "the role" not in told.text.partition("For:")[0]
    assert f"f{DAYS}" in told.text
    assert "with one press" not in told.text


@pytest.mark.requirement("IQCS-02")
def test_a_removal_is_told_as_a_removal(rita: Account, rosa: Account, sven: Account) -> None:
    first = iqcs.asks(rita, iqcs.answers({MANAGER: "add", TRAINING: "add"}, ["FWS-R6"]))
    approved(first, rosa, sven)
    at = LATER + timedelta(seconds=1)
    second = iqcs.asks(rita, iqcs.answers({TRAINING: "remove"}), at=at)
    for person in (rosa, sven):
        decides(person, open_stage(second), at=at)
    told = mail(rita.name, "decision")
    assert told.subject.startswith(
        "IQCS: Removal approved: account request (Remove the role Training Officer)"
    )
    assert "It has ended" in told.text
    assert "use it" not in told.text


@pytest.mark.requirement("IQCS-02")
def test_what_was_added_and_what_was_removed_are_told_apart(
    rita: Account, rosa: Account, sven: Account
) -> None:
    approved(iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6"])), rosa, sven)
    at = LATER + timedelta(seconds=1)
    both = iqcs.asks(rita, iqcs.answers({TRAINING: "add", MANAGER: "remove"}), at=at)
    for person in (rosa, sven):
        decides(person, open_stage(both), at=at)
    told = mail(rita.name, "decision").text
    assert "You can use what was added from now on. What was to be removed has ended" in told


@pytest.mark.requirement("IQCS-06", "QPP-13")
def test_the_mails_of_a_denial_name_the_buttons_of_the_pages(rita: Account, rosa: Account) -> None:
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]))
    decides(rosa, open_stage(request), "denied", reason="Not needed.")
    ask_to_submit_again(
        acting_user=rosa, program_id=PROGRAM, request_id=request.public_id, at=LATER, origin=WEB
    )
    for kind in ("decision", "submit-again"):
        told = mail(rita.name, kind).text
        assert "choose Ask again with these answers" in told
        assert "choose Submit again" not in told
    assert "choose Ask Rita Requester to submit again." in mail(rosa.name, "own-decision").text


@pytest.mark.requirement("QPP-13")
def test_who_asks_again_is_the_office_that_denied_and_not_every_one_that_decided(
    rita: Account, rosa: Account, sven: Account
) -> None:
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]))
    decides(rosa, open_stage(request))
    decides(sven, open_stage(request), "denied", reason="Not needed.")
    ask_to_submit_again(
        acting_user=sven, program_id=PROGRAM, request_id=request.public_id, at=LATER, origin=WEB
    )
    assert mail(rita.name, "submit-again").text.startswith("IQCS Security asks you to submit your request")


@pytest.mark.requirement("IQCS-04", "QPP-13")
def test_who_denies_a_part_is_told_that_the_rest_has_to_end_first(rita: Account) -> None:
    rolf = iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative")
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC"]))
    decides(rolf, open_stage(request), "denied", reason="Not needed.")
    assert "once the whole request has its end, you can ask" in mail(rolf.name, "own-decision").text


@pytest.mark.requirement("IQCS-06")
def test_a_request_that_went_back_is_told_whole_whoever_returned_it(rita: Account) -> None:
    rolf = iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative")
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC"]))
    decides(rolf, open_stage(request), "returned", reason="Which unit?")
    for name, kind in ((rita.name, "returned"), (rolf.name, "own-decision")):
        told = mail(name, kind)
        assert "Add the role Account Manager and 2 more" in told.subject
        for words in ("role Account Manager", "(FWS-R6)", "(USAF-ACC)"):
            assert words in told.text


@pytest.mark.requirement("IQCS-02")
def test_a_request_for_somebody_else_is_told_as_asked_by_who_asked(
    rita: Account, rosa: Account, sven: Account
) -> None:
    ray = iqcs.manager("FWS-R6", "Ray Asker")
    iqcs.employed(rita, "FWS-R6-BNR")
    request = iqcs.asks(ray, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), beneficiary=rita)
    told = mail(rosa.name, "request-waiting").text
    assert told.startswith("Ray Asker asks for changes: ")
    assert ", for Rita Requester." in told
    approved(request, rosa, sven)
    assert "Rita Requester can use it from now on." in mail(ray.name, "decision").text
    assert "You can use it from now on." in mail(rita.name, "decision").text


@pytest.mark.requirement("IQCS-02")
def test_the_supervisor_reads_who_asked(rita: Account) -> None:
    ray = iqcs.manager("FWS-R6", "Ray Asker")
    iqcs.employed(rita, "FWS-R6-BNR")
    post = iqcs.Post()
    iqcs.asks(ray, iqcs.answers({MANAGER: "add"}), beneficiary=rita, authorized=False, post=post)
    supervisor_mails(LATER)(post.sent[-1])
    written = Notice.objects.latest("pk").text
    assert re.match(r"Ray Asker asks for IQCS access, for Rita Requester, and names you", written)


@pytest.mark.requirement("IQCS-03", "IQCS-11")
def test_several_that_come_to_the_steward_at_once_are_listed_with_their_days(
    rita: Account, rosa: Account
) -> None:
    stella = grants.steward("Stella Steward", PROGRAM)
    other = grants.user("Otto Other", PROGRAM)
    for person in (rita, other):
        iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], **DETAIL))
    Participation.objects.filter(account=rosa).update(status="closed")
    assert escalate_stages(LATER) == 2
    told = mail(stella.name, "stage-escalated").text
    assert "2 requests come to you" in told
    assert told.count(f"f{DAYS}") == 2
