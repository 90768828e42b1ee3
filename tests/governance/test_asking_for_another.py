"""An account request for another person: by who decides where that person works, as recorded (IQCS-02)."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows.account_drafts import save_account_draft
from rolebook.governance.models import AccountDraft, Grant, Request
from rolebook.governance.queries import pending_requests
from rolebook.governance.queries.account_requests import form_to_fill
from rolebook.governance.refusals import NotAllowed, Refused
from tests.support import grants, iqcs, responders
from tests.support.grants import codes
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY, TRAINING
from tests.support.people import START

pytestmark = [pytest.mark.usefixtures("iqcs_world"), pytest.mark.requirement("IQCS-02")]
LATER = START + timedelta(hours=1)


def refused_to(who: Account, person: Account) -> set[str]:
    """The codes with which reading the form, keeping a draft and sending are refused."""
    form = iqcs.answers({TRAINING: "add"}, employer="FWS-R6-BNR")
    ways = (
        lambda: form_to_fill(who, PROGRAM, LATER, person.public_id),
        lambda: save_account_draft(
            acting_user=who, program_id=PROGRAM, beneficiary=person, answers=form, at=LATER
        ),
        lambda: iqcs.asks(who, form, beneficiary=person, at=LATER),
    )
    found: set[str] = set()
    for way in ways:
        with pytest.raises(NotAllowed) as refusal:
            way()
        found.add(refusal.value.code)
    assert not AccountDraft.objects.exists()
    assert not Request.objects.exists()
    return found


def test_an_account_manager_asks_for_a_user_of_the_own_codes_only(
    person: Account, representative: Account
) -> None:
    iqcs.employed(person, "FWS-R6-BNR")
    stranger = iqcs.manager("USAF-ACC", "Mia Manager")
    assert refused_to(stranger, person) == {"not_yours_to_ask_for"}
    manager = iqcs.manager("FWS-R6")
    request = iqcs.asks(manager, iqcs.answers({MANAGER: "add"}), beneficiary=person)
    assert (request.requester, request.beneficiary) == (manager, person)
    assert [row.mine for row in pending_requests(person, PROGRAM, LATER).rows] == [True]


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(
    ("role_id", "code"), [(MANAGER, "FWS-R6"), (REPRESENTATIVE, "FWS"), (SECURITY, None)]
)
def test_nobody_asks_for_or_reads_the_form_of_a_person_without_an_employer_on_record(
    person: Account, role_id: str, code: str | None
) -> None:
    iqcs.gives_access(person, "FWS-R6-BNR")
    assert refused_to(iqcs.holder(role_id, code, "Manuel Manager"), person) == {"employer_not_recorded"}


def test_who_decides_nothing_is_not_told_whether_a_person_has_an_employer(person: Account) -> None:
    iqcs.gives_access(person, "FWS-R6-BNR")
    assert refused_to(grants.user("Otto Other", PROGRAM), person) == {"not_yours_to_ask_for"}


@pytest.mark.requirement("IQCS-05")
@pytest.mark.parametrize("role_id", [REPRESENTATIVE, LEAD, SECURITY])
def test_a_role_that_comes_by_designation_is_never_offered_for_removal_nor_removed_by_a_request(
    role_id: str,
) -> None:
    rosa = iqcs.holder(role_id, "FWS", "Rosa Representative")
    iqcs.employed(rosa, "FWS")
    manager = iqcs.holder(MANAGER, "FWS", "Manuel Manager")
    for who in (rosa, manager):
        offered = {one.role.id for one in form_to_fill(who, PROGRAM, LATER, rosa.public_id).roles}
        assert role_id not in offered
        assert MANAGER in offered
        with pytest.raises(Refused) as refusal:
            iqcs.asks(who, iqcs.answers({role_id: "remove"}), beneficiary=rosa, at=LATER)
        assert codes(refusal) == ["not_removed_here"]
    assert Grant.objects.get(account=rosa).closed_at is None


@pytest.mark.requirement("IQCS-05")
def test_a_role_that_came_with_registering_is_not_offered_for_removal_nor_removed_by_a_request(
    person: Account,
) -> None:
    responders.imports()
    responders.registered(person)
    assert "responder" not in {one.role.id for one in form_to_fill(person, PROGRAM, LATER).roles}
    with pytest.raises(Refused) as refusal:
        iqcs.asks(person, iqcs.answers({"responder": "remove"}), at=LATER)
    assert codes(refusal) == ["registered_not_removed_here"]
