"""After a change of employer each code that is held is kept or removed, by who decides and who removes (IQCS-03)."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.check_codes import LookedAt, carry_out_check, close_access_check
from rolebook.governance.models import Access, AccessCheck, AccessCheckAnswer
from rolebook.governance.queries.access_checks import codes_to_remove, open_checks
from rolebook.governance.queries.waiting_besides import waiting_for
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.policy.model import Act
from tests.support import grants, iqcs
from tests.support.grants import codes
from tests.support.iqcs import LEAD, PROGRAM, place
from tests.support.people import START, WEB

pytestmark = [pytest.mark.usefixtures("iqcs_world"), pytest.mark.requirement("IQCS-03", "IQCS-05")]
LATER = START + timedelta(hours=1)


@pytest.fixture
def lead() -> Account:
    return iqcs.holder(LEAD, "BLM", "Lena Lead")


@pytest.fixture
def check(lead: Account) -> AccessCheck:
    """A manager with two codes of one agency, employed by another one since."""
    manager = iqcs.manager("FWS-R6")
    iqcs.gives_access(manager, "USAF-ACC-1", lower_levels=False)
    iqcs.employed(manager, "BLM-MT", by=lead, at=START + timedelta(minutes=1))
    return AccessCheck.objects.select_related("employment__participation__account").get()


def looks(who: Account, check: AccessCheck, answers: Mapping[str, bool]) -> LookedAt:
    """Answer for the codes named by their organization's code."""
    held = {
        one.organization.code: str(one.public_id) for one in Access.objects.select_related("organization")
    }
    return close_access_check(
        acting_user=who,
        program_id=PROGRAM,
        check_id=check.public_id,
        keeps={held[code]: keep for code, keep in answers.items()},
        at=LATER,
        origin=WEB,
    )


def removes(who: Account, check: AccessCheck) -> list[str]:
    done = carry_out_check(
        acting_user=who, program_id=PROGRAM, check_id=check.public_id, at=LATER, origin=WEB
    )
    return [one.organization.code for one in done]


def held(account: Account) -> set[str]:
    rows = Access.objects.filter(account=account, closed_at=None)
    return set(rows.values_list("organization__code", flat=True))


def told(kind: str) -> list[str]:
    while derive_notices(now=LATER):
        pass
    return sorted(str(notice.recipient) for notice in Notice.objects.filter(kind=kind))


def test_a_check_is_not_closed_before_each_code_is_answered_for(check: AccessCheck, lead: Account) -> None:
    with pytest.raises(Refused) as refusal:
        looks(lead, check, {"FWS-R6": True})
    assert codes(refusal) == ["answer_each_code"]
    assert not AccessCheckAnswer.objects.exists()


def test_what_is_not_kept_is_removed_by_who_removes_access_and_the_person_is_told(
    check: AccessCheck, lead: Account, security: Account
) -> None:
    manager = check.employment.participation.account
    looks(lead, check, {"FWS-R6": False, "USAF-ACC-1": True})
    assert held(manager) == {"FWS-R6", "USAF-ACC-1"}
    assert told("remove-codes") == [security.name]
    with pytest.raises(NotFound):
        removes(lead, check)
    assert removes(security, check) == ["FWS-R6"]
    assert removes(security, check) == []
    assert held(manager) == {"USAF-ACC-1"}
    assert not standing_of(manager, PROGRAM, LATER).may(Act.DECIDE, place("FWS-R6"))
    assert told("codes-removed") == [manager.name]


def test_who_decides_and_removes_does_both_with_one_press(check: AccessCheck, security: Account) -> None:
    looks(security, check, {"FWS-R6": False, "USAF-ACC-1": False})
    assert held(check.employment.participation.account) == set()
    assert told("remove-codes") == []


@pytest.mark.invariant("I6")
def test_neither_the_person_nor_another_agency_answers(check: AccessCheck) -> None:
    manager = check.employment.participation.account
    grants.designated(manager, "iqcs_security", program_id=PROGRAM)
    with pytest.raises(NotAllowed):
        looks(manager, check, {"FWS-R6": True, "USAF-ACC-1": True})
    with pytest.raises(NotFound):
        looks(iqcs.holder(LEAD, "FWS", "Edna Elsewhere"), check, {"FWS-R6": True, "USAF-ACC-1": True})


@pytest.fixture
def coming(lead: Account) -> Access:
    """A code that begins in ten days, of somebody whose employer changes before that."""
    person = grants.user("Pat Person", PROGRAM)
    iqcs.employed(person, "FWS-R6")
    code = iqcs.holds_for(
        person, "USAF-ACC-1", START + timedelta(days=100), starts_at=START + timedelta(days=10)
    )
    iqcs.employed(person, "BLM-MT", by=lead, at=START + timedelta(minutes=1))
    return code


def test_a_code_that_has_not_begun_is_answered_for_too(coming: Access, lead: Account) -> None:
    [line] = open_checks(lead, PROGRAM, LATER)
    assert line.held == (coming,)
    with pytest.raises(Refused) as refusal:
        looks(lead, AccessCheck.objects.get(), {})
    assert codes(refusal) == ["answer_each_code"]


def test_a_code_that_has_not_begun_and_is_not_to_be_kept_never_begins(
    coming: Access, lead: Account, security: Account
) -> None:
    check = AccessCheck.objects.select_related("employment__participation__account").get()
    looks(lead, check, {"USAF-ACC-1": False})
    assert told("remove-codes") == [security.name]
    [waiting] = codes_to_remove(security, PROGRAM, LATER)
    assert waiting.accesses == (coming,)
    assert waiting_for(security, PROGRAM, LATER).removals == 1
    assert removes(security, check) == ["USAF-ACC-1"]
    coming.refresh_from_db()
    assert coming.closed_at == coming.starts_at
    assert codes_to_remove(security, PROGRAM, LATER) == ()
