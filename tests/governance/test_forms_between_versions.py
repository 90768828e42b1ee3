"""What a corrected form changed is shown to who decides it, also that it is of the other kind now (IQCS-02, -06)."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.models import AccountForm, Request
from rolebook.governance.queries.account_detail import account_request_detail
from tests.support import grants, iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, TRAINING
from tests.support.people import START

pytestmark = [
    pytest.mark.usefixtures("iqcs_world"),
    pytest.mark.requirement("IQCS-02"),
    pytest.mark.requirement("IQCS-06"),
]
LATER = START + timedelta(hours=1)


def corrected(person: Account, representative: Account, *, given: bool) -> tuple[str, ...]:
    """What the approver reads of a second version; ``given``: the person was given a role before it was sent."""
    asked = iqcs.answers({MANAGER: "add"})
    request = iqcs.asks(person, asked)
    decides(representative, open_stage(request), "returned", reason="Say why.", at=LATER)
    if given:
        grants.placed(person, TRAINING, None, program_id=PROGRAM)
    iqcs.asks(person, asked, corrects=Request.objects.get(pk=request.pk), at=LATER)
    kinds = AccountForm.objects.order_by("request_version").values_list("request_type", flat=True)
    assert list(kinds) == ["new", "modification" if given else "new"]
    [(version, changed)] = account_request_detail(representative, request.public_id, PROGRAM, LATER).versions
    assert version == 2
    return changed


def test_that_a_new_request_became_a_modification_is_told_between_its_versions(
    person: Account, representative: Account, security: Account
) -> None:
    assert corrected(person, representative, given=True) == ("New or modification: new became modification",)


def test_nothing_is_told_of_a_kind_that_stayed(
    person: Account, representative: Account, security: Account
) -> None:
    assert corrected(person, representative, given=False) == ()
