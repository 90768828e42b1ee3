"""People of IQCS, for the tests about programs that hold access apart from roles."""

import pytest

from rolebook.accounts.models import Account
from tests.support import grants, iqcs
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.reviews import Agencies, agencies


@pytest.fixture
def iqcs_world(db: None) -> None:
    iqcs.begin()


@pytest.fixture
def representative() -> Account:
    return iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")


@pytest.fixture
def security() -> Account:
    return iqcs.holder(SECURITY, None, "Sven Security")


@pytest.fixture
def person() -> Account:
    return grants.user("Rita Requester", PROGRAM)


@pytest.fixture
def air_force() -> dict[str, Account]:
    """Local account manager, representative and lead of the Air Force."""
    return {
        "manager": iqcs.holder(MANAGER, "USAF-ACC-1", "Lola Local"),
        "representative": iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative"),
        "lead": iqcs.holder(LEAD, "USAF", "Leo Lead"),
    }


@pytest.fixture
def both_agencies(db: None) -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()
