"""A change of employer raced against a former reviewer who saves an answer, and against one who submits (IQCS-12).

Both ends are possible, and each is whole: either the answer was first and stays behind with who gave it, or the
question went with its person and the answer was not saved. The moves' lock of the items is held for a moment, so that
answers come in between.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rolebook.governance import review_moving
from rolebook.governance.flows import answer_review as answering_flow
from rolebook.governance.flows.answer_review import Saved
from rolebook.governance.flows.submit_review import Submitted
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Access, Grant, ReviewMove
from rolebook.governance.refusals import Refused
from rolebook.governance.replaying import compare_with_log
from tests.support import iqcs
from tests.support.databases import CommittedDatabase
from tests.support.iqcs import MANAGER
from tests.support.reviews import MEANWHILE, Agencies, agencies, answers, items, opened, seen, submits

pytestmark = [pytest.mark.requirement("IQCS-12"), pytest.mark.invariant("I13")]
SOON = MEANWHILE + timedelta(minutes=1)


def then_wait(call: Callable[..., Any]) -> Callable[..., Any]:
    """Make a call after which a moment passes."""

    def run(*arguments: Any, **named: Any) -> Any:
        answer = call(*arguments, **named)
        time.sleep(0.3)
        return answer

    return run


def moves_away(people: Agencies, wait: float) -> Callable[[], object]:
    """The Air Force employs Bo, and the job brings the audit up to date."""

    def run() -> None:
        time.sleep(wait)
        iqcs.employed(people.both, "USAF-ACC", at=MEANWHILE)
        tend_reviews(SOON)

    return run


@pytest.mark.parametrize("wait", [0.0, 0.15])
def test_an_answer_and_a_change_of_employer_at_one_instant_leave_no_answer_on_what_went_elsewhere(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch, wait: float
) -> None:
    people = agencies()
    campaign = opened()
    # Between the look at who employs the person and the saving, and between the moves' lock and the moves.
    check = then_wait(answering_flow._require_employed_here)
    monkeypatch.setattr(answering_flow, "_require_employed_here", check)
    monkeypatch.setattr(review_moving, "_places", then_wait(review_moving._places))

    def answer() -> object:
        try:
            return answers(people.fws_lead, campaign, people.both, MEANWHILE, account="remove")
        except Refused as refusal:
            return refusal

    ends: list[object] = []
    committed_db.in_threads([lambda: ends.append(answer()), moves_away(people, wait)])
    item = items(campaign, people.both)["account"]
    move = ReviewMove.objects.get(item=item)
    assert (item.answer, item.answered_by) == ("", None)
    [end] = ends
    saved = isinstance(end, Saved) and end.saved == 1
    assert (move.answer == "remove") is saved
    assert ReviewMove.objects.filter(item=items(campaign, people.both)[MANAGER]).exists()
    assert not compare_with_log().findings


@pytest.mark.parametrize("wait", [0.0, 0.1])
def test_a_submission_and_a_change_of_employer_at_one_instant_end_as_if_one_was_first(
    committed_db: CommittedDatabase, wait: float
) -> None:
    people = agencies()
    campaign = opened()
    answers(people.fws_lead, campaign, people.both, account="remove")
    saw = seen(campaign, people.both)
    ends: list[object] = []

    def submit() -> None:
        try:
            ends.append(submits(people.fws_lead, campaign, people.both, SOON, saw=saw))
        except Refused as refusal:
            ends.append(refusal)

    committed_db.in_threads([submit, moves_away(people, wait)])
    [end] = ends
    rows = items(campaign, people.both)
    held = Grant.objects.filter(account=people.both, closed_at=None).count()
    fws = Access.objects.filter(account=people.both, organization__code="FWS-R6-BNR", closed_at=None).count()
    if isinstance(end, Submitted):
        # All that was theirs then ended, and nothing of it went anywhere.
        assert (held, fws, rows[MANAGER].outcome) == (0, 0, "removed")
        assert not ReviewMove.objects.exists()
    else:
        assert (held, fws, rows[MANAGER].outcome) == (1, 1, "")
        moves = ReviewMove.objects.order_by("item")
        assert {one.item: one.answer for one in moves} == {rows["account"]: "remove", rows[MANAGER]: ""}
        assert rows["account"].answer == ""
    assert not compare_with_log().findings
