"""Vouching is tried a few times: a wrong proof uses up a try, a form that is not filled in uses none (fault 38)."""

import pytest

from rolebook.accounts.person_models import Recovery
from rolebook.accounts.throttling import CODE_BY_SOURCE_AND_ACCOUNT, TooManyAttempts
from rolebook.governance.refusals import Refused
from rolebook.governance.voucher_proof import Vouch
from tests.governance.test_vouching import TOLD, asks, office, staffed, vouches
from tests.support import grants as people
from tests.support.people import Mails, practice

pytestmark = pytest.mark.requirement("QPP-01")


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    ("vouch", "raised"),
    [
        (("called", "yes", True, "000000"), None),
        (("called", TOLD, False, "000000"), None),
        (("called", TOLD, True, "000000"), TooManyAttempts),
    ],
)
def test_a_wrong_proof_uses_up_a_try_and_a_form_that_is_not_filled_in_uses_none(
    qpp: str, mails: Mails, vouch: tuple[str, str, bool, str], raised: type[Exception] | None
) -> None:
    cedar = practice()
    olga = office("Olga Official", people.OFFICIAL, cedar)
    recovery = asks(staffed("Ana Lopez", cedar, olga.account), mails)
    for _ in range(CODE_BY_SOURCE_AND_ACCOUNT.attempts):
        with pytest.raises(Refused):
            vouches(olga, recovery, mails, vouch=Vouch(*vouch))
    if raised is None:
        vouches(olga, recovery, mails)
        return
    with pytest.raises(raised):
        vouches(olga, recovery, mails)
    assert Recovery.objects.get().state == "asked"
