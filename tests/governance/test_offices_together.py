"""Who holds an office of the whole program and one of an organization sees what both cover, not the smaller alone."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.queries.access_checks import open_checks
from rolebook.governance.queries.waiting_besides import waiting_for
from tests.support import grants, iqcs
from tests.support.iqcs import LEAD, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import START

pytestmark = [pytest.mark.usefixtures("iqcs_world"), pytest.mark.requirement("IQCS-03")]
LATER = START + timedelta(hours=1)


@pytest.fixture
def both() -> Account:
    """IQCS Security, and Agency Representative of FWS besides."""
    person = iqcs.holder(SECURITY, None, "Sara Security")
    grants.designated(person, REPRESENTATIVE, program_id=PROGRAM)
    iqcs.gives_access(person, "FWS")
    return person


def test_the_codes_of_who_went_to_another_agency_are_looked_at_by_the_whole_programs_office(
    both: Account,
) -> None:
    lead = iqcs.holder(LEAD, "BLM", "Lena Lead")
    iqcs.employed(iqcs.manager("FWS-R6"), "BLM-MT", by=lead, at=START + timedelta(minutes=1))
    security = iqcs.holder(SECURITY, None, "Sven Security")
    for person in (security, both):
        assert len(open_checks(person, PROGRAM, LATER)) == 1
        assert waiting_for(person, PROGRAM, LATER).checks == 1
