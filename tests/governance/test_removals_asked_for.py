"""What is asked to be taken away: it may end before it is decided, and its organization may be closed (IQCS-05)."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.account_answers import CodeAnswer, check_answers
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.close_organization import close_organization, reopen_organization
from rolebook.governance.models import Access, Grant
from rolebook.governance.replaying import compare_with_log
from tests.support import grants, iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, TRAINING, place, state_of
from tests.support.people import COMMAND, START

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("iqcs_world"),
    pytest.mark.requirement("IQCS-05"),
]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def closes(code: str, reopens: bool = False) -> None:
    flow = reopen_organization if reopens else close_organization
    flow(
        acting_user=None,
        program_id=PROGRAM,
        organization_id=place(code).public_id,
        at=START + (9 if reopens else 1) * DAY,
        origin=COMMAND,
    )


@pytest.mark.requirement("IQCS-11")
def test_a_role_that_ended_by_itself_keeps_nothing_beside_its_removal_from_being_decided(
    person: Account, representative: Account, security: Account
) -> None:
    grants.placed(person, TRAINING, None, program_id=PROGRAM, ends_at=START + 3 * DAY)
    asked = iqcs.answers({TRAINING: "remove", MANAGER: "add"})
    request = iqcs.asks(person, asked, at=START + HOUR)
    decides(representative, open_stage(request), at=START + DAY)
    decides(security, open_stage(request), at=START + 5 * DAY)
    assert state_of(request) == "approved"
    assert Grant.objects.filter(account=person, role_id=MANAGER, closed_at=None).exists()
    assert Grant.objects.get(account=person, role_id=TRAINING).closed_at is None


@pytest.mark.requirement("IQCS-11")
def test_a_code_that_ended_by_itself_keeps_nothing_beside_its_removal_from_being_decided(
    person: Account, representative: Account, security: Account
) -> None:
    grants.placed(person, TRAINING, None, program_id=PROGRAM)
    iqcs.holds_for(person, "FWS-R6", START + 3 * DAY)
    codes = [CodeAnswer("FWS-R6", "remove"), CodeAnswer("FWS-R6-BNR")]
    request = iqcs.asks(person, iqcs.answers(codes=codes), at=START + HOUR)
    decides(representative, open_stage(request), at=START + 4 * DAY)
    decides(security, open_stage(request), at=START + 5 * DAY)
    assert state_of(request) == "approved"
    assert Access.objects.get(account=person, ends_at=None).organization.code == "FWS-R6-BNR"


def test_access_to_a_closed_organization_is_removed_and_does_not_come_back_with_it(
    person: Account, representative: Account, security: Account
) -> None:
    for code in ("FWS-R6", "FWS-R6-BNR"):
        iqcs.gives_access(person, code, lower_levels=False)
    closes("FWS-R6-BNR")
    asked = iqcs.answers(codes=[CodeAnswer("fws-r6-bnr", "remove")], employer_code="FWS-R6")
    request = iqcs.asks(person, asked, at=START + 2 * DAY)
    for who in (representative, security):
        decides(who, open_stage(request), at=START + 3 * DAY)
    assert state_of(request) == "approved"
    closes("FWS-R6-BNR", reopens=True)
    assert [one.organization.code for one in Access.objects.filter(account=person, closed_at=None)] == [
        "FWS-R6"
    ]
    assert compare_with_log().findings == []


def test_a_removal_goes_on_when_its_organization_closes_and_what_is_added_there_goes_back(
    person: Account, representative: Account
) -> None:
    iqcs.gives_access(person, "FWS-R6-BNR")
    removal = iqcs.asks(
        person, iqcs.answers(codes=[CodeAnswer("FWS-R6-BNR", "remove")], employer_code="FWS-R6")
    )
    other = grants.user("Olaf Other", PROGRAM)
    addition = iqcs.asks(other, iqcs.answers({TRAINING: "add"}, ["FWS-R6-BNR"], employer_code="FWS-R6"))
    closes("FWS-R6-BNR")
    assert (state_of(removal), state_of(addition)) == ("pending", "returned")


@pytest.mark.parametrize("verb", ["add", "narrow"])
def test_nothing_is_added_or_narrowed_at_a_closed_organization(person: Account, verb: str) -> None:
    iqcs.gives_access(person, "FWS-R6-BNR")
    closes("FWS-R6-BNR")
    asked = iqcs.answers(codes=[CodeAnswer("FWS-R6-BNR", verb)], employer_code="FWS-R6")
    checked = check_answers(standing_of(person, PROGRAM, START + 2 * DAY), person, asked)
    assert ("code-0", "unknown_code") in [(one.field, one.violation.code) for one in checked.problems]
