"""Certificates of role-based training: required between days of the program, and where an agency says so (IQCS-07)."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.account_answers import check_answers
from rolebook.governance.attachment_store import AttachmentStore
from rolebook.governance.authority import standing_of
from rolebook.governance.queries.account_requests import answers_of_request
from rolebook.governance.queries.certificates import certificates_for
from rolebook.governance.refusals import Refused
from rolebook.policy.model import RuleInForce, RuleOverride
from tests.governance.test_attachments import attaches, drafted
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import codes, decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE

pytestmark = pytest.mark.usefixtures("iqcs_world")
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> AttachmentStore:
    return AttachmentStore(tmp_path / "attachments")


@pytest.fixture
def person() -> Account:
    return grants.user("Rita Requester", PROGRAM)


RULE = RuleInForce(
    "certificate_required",
    effective_until=date(2023, 11, 1),
    overrides=(RuleOverride(("FWS",), effective_from=date(2027, 3, 14), effective_until=date(2028, 1, 1)),),
)


def with_rule(rule: RuleInForce) -> None:
    book = rolebooks.in_force(PROGRAM)
    rules = tuple(rule if one.id == rule.id else one for one in book.rules)
    rolebooks.put_in_force(replace(book, rules=rules))


@pytest.mark.requirement("IQCS-07")
@pytest.mark.parametrize(
    ("at", "required"),
    [
        # The zone of the program is America/Boise; on March 14, 2027 its clocks go forward at two in the morning.
        (datetime(2027, 3, 14, 6, 59, 59, tzinfo=UTC), False),
        (datetime(2027, 3, 14, 7, 0, 0, tzinfo=UTC), True),
        (datetime(2028, 1, 1, 6, 59, 59, tzinfo=UTC), True),
        (datetime(2028, 1, 1, 7, 0, 0, tzinfo=UTC), False),
    ],
)
def test_an_agencys_own_dates_begin_and_end_with_the_programs_day(
    person: Account, at: datetime, *, required: bool
) -> None:
    with_rule(RULE)
    form = iqcs.answers({MANAGER: "add"})
    standing = standing_of(person, PROGRAM, at)
    checked = check_answers(standing, person, form)
    missing = [(one.field, one.violation.code) for one in checked.problems]
    assert missing == ([("attachments", "certificate_missing")] if required else [])
    told = certificates_for(standing.book, iqcs.place("FWS-R6-BNR"), at)
    assert told is not None
    assert told.required is required
    elsewhere = certificates_for(standing.book, iqcs.place("BLM-MT"), at)
    assert elsewhere is not None
    assert not elsewhere.required
    if required:
        assert told.until_day == date(2028, 1, 1)
        with pytest.raises(Refused) as refused:
            iqcs.asks(person, form, at=at)
        assert codes(refused) == ["certificate_missing"]
    else:
        assert told.from_day == (date(2027, 3, 14) if at.year == 2027 else None)
        iqcs.asks(person, form, authorized=False, at=at)


@pytest.mark.requirement("IQCS-07")
@pytest.mark.parametrize(
    ("at", "required"),
    [
        (datetime(2023, 11, 1, 5, 59, 59, tzinfo=UTC), True),
        (datetime(2023, 11, 1, 6, 0, 0, tzinfo=UTC), False),
    ],
)
def test_the_boards_decision_takes_effect_with_its_day_in_the_programs_zone(
    at: datetime, *, required: bool
) -> None:
    told = certificates_for(rolebooks.in_force(PROGRAM), iqcs.place("BLM-MT"), at)
    assert told is not None
    assert told.required is required


@pytest.mark.requirement("IQCS-07")
def test_the_certificate_that_is_required_is_an_attachment_that_says_so(
    person: Account, store: AttachmentStore
) -> None:
    representative = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    with_rule(replace(RULE, overrides=(RuleOverride(("FWS",)),)))
    form = iqcs.answers({MANAGER: "add"})
    drafted(person, form)
    attaches(person, store)
    with pytest.raises(Refused) as refused:
        iqcs.asks(person, form)
    assert codes(refused) == ["certificate_missing"]
    attaches(person, store, certificate=True)
    request = iqcs.asks(person, form)
    decides(representative, open_stage(request))
    assert iqcs.state_of(request) == "pending"
    # Access alone needs no certificate: it is a role that one is trained for.
    other = grants.user("Otto Other", PROGRAM)
    iqcs.asks(other, iqcs.answers({}, ["FWS-R6"]), authorized=False)


@pytest.mark.requirement("IQCS-07")
def test_a_request_first_sent_before_the_day_needs_no_certificate_when_it_is_corrected_after_it(
    person: Account,
) -> None:
    with_rule(RULE)
    before = datetime(2027, 3, 14, 6, 59, 59, tzinfo=UTC)
    representative = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative", at=before - DAY)
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}), at=before)
    decides(representative, open_stage(request), "returned", reason="Which refuge?", at=before)
    request.refresh_from_db()
    again = replace(answers_of_request(request), comments="Benton Lake")
    iqcs.asks(person, again, corrects=request, at=before + DAY)
    assert iqcs.state_of(request) == "pending"
    other = grants.user("Otto Other", PROGRAM)
    with pytest.raises(Refused, match=re.escape("certificate_missing")):
        iqcs.asks(other, iqcs.answers({MANAGER: "add"}), at=before + DAY)
