"""Why something ended, as *On that day* says it: a sentence for everything that the ledger closes for."""

from datetime import timedelta

import pytest

from rolebook.governance.past.behind import Behind, Ended
from rolebook.governance.queries.audit_words_values import CLOSINGS
from rolebook.governance.queries.then_files import ENDS, end_words
from rolebook.governance.queries.then_lists import person_then
from tests.support.iqcs import PROGRAM
from tests.support.people import START
from tests.support.reviews import MEANWHILE, OPENED, agencies, answers, opened, submits


def test_every_cause_for_which_the_ledger_closes_something_has_a_sentence() -> None:
    assert not CLOSINGS.keys() - ENDS.keys()
    later = Behind("import", None, START, ended=Ended(START, "something newer", None))
    assert end_words(later) == "Something newer"


@pytest.mark.django_db
@pytest.mark.requirement("IQCS-12")
def test_what_a_review_removed_ended_as_a_review_removed_it() -> None:
    people = agencies()
    campaign = opened()
    answers(people.usaf_lead, campaign, people.both, USAF_ACC="remove")
    submits(people.usaf_lead, campaign, people.both)
    then = person_then(
        people.usaf_lead, people.both.public_id, PROGRAM, OPENED, MEANWHILE + timedelta(minutes=1)
    )
    [ended] = [one.behind for one in then.held if one.organization_code == "USAF-ACC"]
    assert end_words(ended) == "A review removed it"
    assert ended.ended is not None
    assert ended.ended.by == "Ulf Lead"
