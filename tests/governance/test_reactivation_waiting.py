"""Of several requests to reactivate one person, the one that waits to be decided is the one that waits (IQCS-10)."""

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.ask_reactivation import require_reactivation_needed, waiting
from rolebook.governance.models import Request
from rolebook.governance.refusals import Refused
from tests.governance.test_reactivating import LATER, People
from tests.support import iqcs
from tests.support.iqcs import PROGRAM, REPRESENTATIVE

pytestmark = pytest.mark.requirement("IQCS-10")


def stands(request: Request, state: str) -> None:
    """Let a request be in a state, past the flows."""
    Request.objects.filter(pk=request.pk).update(state=state)


@pytest.fixture
def two_requests(db: None) -> tuple[People, Account, Request, Request]:
    """Another representative's request waits; the newer one of Rosa's came back."""
    world = People()
    rolf = iqcs.holder(REPRESENTATIVE, "FWS", "Rolf Representative")
    world.close()
    first = world.asks(by=rolf)
    stands(first, "withdrawn")
    second = world.asks()
    stands(second, "returned")
    stands(first, "pending")
    return world, rolf, first, second


def test_a_request_that_came_back_hides_none_that_waits_to_be_decided(
    two_requests: tuple[People, Account, Request, Request],
) -> None:
    world, rolf, first, second = two_requests
    assert waiting(world.mia, PROGRAM, world.rosa) == first
    assert waiting(world.mia, PROGRAM, rolf) == first
    with pytest.raises(Refused, match="reactivation_waits"):
        require_reactivation_needed(
            standing_of(world.rosa, PROGRAM, LATER), world.mia, "She is back.", besides=second
        )


def test_a_request_that_came_back_waits_for_who_made_it_and_for_nobody_else(
    two_requests: tuple[People, Account, Request, Request],
) -> None:
    world, rolf, first, second = two_requests
    stands(first, "withdrawn")
    assert waiting(world.mia, PROGRAM, world.rosa) == second
    assert waiting(world.mia, PROGRAM, rolf) is None
