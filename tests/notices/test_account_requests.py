"""Who is told what on the way of an account request, of a detail's end, and of another employer (IQCS)."""

from datetime import UTC, datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows import record_sign_in
from rolebook.governance.flows.warn_of_ends import warn_of_ends
from rolebook.governance.models import EndWarning, Participation
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice, PostponedEvent
from tests.support import grants, iqcs
from tests.support.grants import LATER, decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import START, WEB

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def world(db: None) -> None:
    iqcs.begin()


def told(since: int = 0) -> set[tuple[str, str]]:
    """Everybody who was told, as (kind, name), in mails newer than ``since``."""
    while derive_notices(now=LATER):
        pass
    assert not PostponedEvent.objects.exists()
    rows = Notice.objects.filter(pk__gt=since, recipient__isnull=False)
    return set(rows.values_list("kind", "recipient__name"))


def newest() -> int:
    return Notice.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def mail_to(name: str, kind: str) -> Notice:
    return Notice.objects.filter(recipient__name=name, kind=kind).latest("pk")


@pytest.mark.requirement("IQCS-04", "IQCS-06")
def test_each_agency_is_told_when_its_turn_comes_and_the_requester_when_a_part_is_denied() -> None:
    person = grants.user("Rita Requester", PROGRAM)
    foreign = iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative")
    iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    told()
    before = newest()
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["USAF-ACC"]))
    assert told(before) == {("request-waiting", "Rolf Representative")}
    waiting = mail_to("Rolf Representative", "request-waiting")
    assert "Add access to Air Combat Command (USAF-ACC)" in waiting.text
    before = newest()
    decides(foreign, open_stage(request), "denied", reason="No need seen.")
    assert told(before) == {("own-decision", "Rolf Representative"), ("request-held", "Rita Requester")}
    mail = " ".join(mail_to("Rita Requester", "request-held").text.split())
    assert "let the rest go on" in mail
    assert "No further step opens before; what is open already may still be decided." in mail


@pytest.mark.requirement("IQCS-03")
def test_a_stage_that_nobody_can_decide_is_told_to_the_steward() -> None:
    grants.steward("Stella Steward", PROGRAM)
    told()
    before = newest()
    iqcs.asks(grants.user("Rita Requester", PROGRAM), iqcs.answers({MANAGER: "add"}))
    assert told(before) == {("request-waiting", "Stella Steward")}


@pytest.mark.requirement("IQCS-03")
def test_another_employer_is_told_to_the_person_and_the_codes_to_who_decides_there() -> None:
    person = iqcs.manager("FWS-R6")
    lead = iqcs.holder(LEAD, "BLM", "Lena Lead")
    told()
    before = newest()
    iqcs.employed(person, "BLM-MT", by=lead)
    assert told(before) == {("employer", "Manuel Manager"), ("check-codes", "Lena Lead")}
    assert (
        "FWS Mountain-Prairie Region (FWS-R6) with lower levels" in mail_to("Lena Lead", "check-codes").text
    )


@pytest.mark.requirement("IQCS-03")
def test_another_employer_is_told_to_who_represented_the_person_before_by_office() -> None:
    person = iqcs.manager("FWS-R6")
    lead = iqcs.holder(LEAD, "BLM", "Lena Lead")
    iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    iqcs.holder(REPRESENTATIVE, "USAF", "Ursula Elsewhere")
    told()
    before = newest()
    iqcs.employed(person, "BLM-MT", by=lead)
    assert ("employer-left", "Rosa Representative") in told(before)
    assert len(told(before)) == 3
    mail = mail_to("Rosa Representative", "employer-left")
    assert "no longer works for FWS Mountain-Prairie Region" in mail.subject
    assert "who decides for BLM Montana State Office" in mail.text
    assert "Lena Lead" not in mail.text


@pytest.mark.requirement("IQCS-03")
def test_who_represents_the_person_at_both_employers_is_not_told_of_a_farewell() -> None:
    person = iqcs.manager("FWS-R6")
    iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    told()
    before = newest()
    iqcs.employed(person, "FWS-R6-BNR")
    assert told(before) == {("employer", "Manuel Manager"), ("check-codes", "Rosa Representative")}


@pytest.fixture
def on_detail() -> Account:
    """Somebody whose role and codes end on 1 June 2026, 06:00 UTC (midnight in Boise)."""
    return detail_until("2026-05-31")


def detail_until(last_day: str) -> Account:
    """Somebody with a role and codes until the end of a day in Boise."""
    person = grants.user("Rita Requester", PROGRAM)
    representative = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    security = iqcs.holder(SECURITY, None, "Sven Security")
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], ends_on=last_day))
    decides(representative, open_stage(request))
    decides(security, open_stage(request))
    return person


END = datetime(2026, 6, 1, 6, tzinfo=UTC)


@pytest.mark.requirement("IQCS-11")
def test_a_detail_is_told_of_fourteen_and_three_days_before_its_end_once_each(on_detail: Account) -> None:
    second, days = timedelta(seconds=1), timedelta(days=1)
    assert warn_of_ends(END - 14 * days - second) == 0
    assert warn_of_ends(END - 14 * days) == 1
    assert warn_of_ends(END - 14 * days) == 0
    assert warn_of_ends(END - 3 * days) == 1
    assert warn_of_ends(END - second) == 0
    assert warn_of_ends(END) == 0
    assert ("end-near", "Rita Requester") in told()
    mail = mail_to("Rita Requester", "end-near")
    assert "Role Account Manager" in mail.text
    assert "Access to FWS Mountain-Prairie Region (FWS-R6)" in mail.text


@pytest.mark.requirement("IQCS-11")
@pytest.mark.fault(58)
@pytest.mark.parametrize(
    ("last_day", "warned_at"),
    [
        ("2026-11-10", datetime(2026, 10, 28, 6, tzinfo=UTC)),
        ("2027-03-20", datetime(2027, 3, 7, 7, tzinfo=UTC)),
    ],
    ids=["clocks go back meanwhile", "clocks go forward meanwhile"],
)
def test_fourteen_days_before_an_end_are_days_of_the_calendar_when_the_clocks_are_changed(
    last_day: str, warned_at: datetime
) -> None:
    person = detail_until(last_day)
    # Who signs in is not closed for quiet meanwhile.
    record_sign_in(acting_user=person, program_id=PROGRAM, at=warned_at - timedelta(days=30), origin=WEB)
    assert warn_of_ends(warned_at - timedelta(seconds=1)) == 0
    assert warn_of_ends(warned_at) == 1


@pytest.mark.requirement("IQCS-11")
def test_after_a_pause_one_warning_is_given_and_none_to_who_is_closed_or_goes_on(on_detail: Account) -> None:
    assert warn_of_ends(END - timedelta(days=1)) == 1
    assert list(EndWarning.objects.values_list("days_before", flat=True)) == [3]
    other = grants.user("Nobody Else", PROGRAM)
    assert not EndWarning.objects.filter(participation__account=other).exists()


@pytest.mark.requirement("IQCS-11")
def test_nobody_is_warned_whose_part_is_closed(on_detail: Account) -> None:
    Participation.objects.filter(account=on_detail).update(status="closed")
    assert warn_of_ends(END - timedelta(days=1)) == 0


@pytest.mark.requirement("IQCS-11")
def test_nobody_is_warned_of_what_goes_on_by_an_extension(on_detail: Account) -> None:
    security = Account.objects.get(name="Sven Security")
    representative = Account.objects.get(name="Rosa Representative")
    after = START + timedelta(days=2)
    longer = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], ends_on="2026-12-31")
    request = iqcs.asks(on_detail, longer, at=after)
    decides(representative, open_stage(request), at=after)
    decides(security, open_stage(request), at=after)
    assert warn_of_ends(END - timedelta(days=1)) == 0
