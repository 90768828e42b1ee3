"""An answer that was saved when its person changes employer: it is not lost, and not submitted (IQCS-12)."""

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Grant, ReviewCampaign, ReviewMove
from rolebook.governance.refusals import Refused
from tests.governance.test_review_moves import SOON, THEN, asked_at, card
from tests.support import iqcs
from tests.support.grants import codes
from tests.support.reviews import MEANWHILE, Agencies, answers, items, opened, submits

pytestmark = pytest.mark.requirement("IQCS-12")


def told_of_the_account(by: Account, campaign: ReviewCampaign, about: Account) -> tuple[str, str, bool]:
    """What somebody's page says of the question about an account: where it went, its answer, whether it is theirs."""
    shown = card(by, campaign, about)
    assert shown is not None
    [line] = [one for one in shown.lines if one.about == "account"]
    return line.moved, line.answer, line.mine


def test_an_answer_that_was_saved_stays_behind_for_who_gave_it_and_takes_no_effect(
    both_agencies: Agencies,
) -> None:
    campaign = opened()
    answers(both_agencies.fws_lead, campaign, both_agencies.both, account="remove", account_manager="remove")
    iqcs.employed(both_agencies.both, "USAF-ACC", at=SOON)
    tend_reviews(THEN)
    account = items(campaign, both_agencies.both)["account"]
    assert (asked_at(account), account.answer, account.answered_by, account.answered_at) == (
        "USAF-ACC", "", None, None,
    )  # fmt: skip
    move = ReviewMove.objects.get(item=account)
    assert (move.answer, move.answered_by, move.answered_at) == ("remove", both_agencies.fws_lead, MEANWHILE)
    # The former agency finds it again; the new one is asked without hearing what another agency meant to say.
    assert told_of_the_account(both_agencies.fws_lead, campaign, both_agencies.both) == (
        "Went to Air Combat Command on Nov 10, 2026, which employs them since then. Lena Lead had answered Remove "
        "before; it was not submitted, and counts for nothing.",
        "",
        False,
    )
    assert told_of_the_account(both_agencies.usaf_lead, campaign, both_agencies.both) == (
        "Came from Benton Lake Refuge on Nov 10, 2026: Air Combat Command employs them since then.", "", True,
    )  # fmt: skip
    answers(
        both_agencies.usaf_lead,
        campaign,
        both_agencies.both,
        THEN,
        account="keep",
        account_manager="keep",
        USAF_ACC="keep",
    )
    assert submits(both_agencies.usaf_lead, campaign, both_agencies.both, THEN).kept == 3
    answers(both_agencies.fws_lead, campaign, both_agencies.both, THEN, FWS_R6_BNR="keep")
    assert submits(both_agencies.fws_lead, campaign, both_agencies.both, THEN).account_closed is False
    assert Grant.objects.get(account=both_agencies.both).closed_at is None


def test_who_comes_back_is_asked_about_anew_and_the_page_says_what_was_answered_before(
    both_agencies: Agencies,
) -> None:
    campaign = opened()
    answers(both_agencies.fws_lead, campaign, both_agencies.both, account="keep")
    iqcs.employed(both_agencies.both, "USAF-ACC", at=SOON)
    tend_reviews(SOON)
    iqcs.employed(both_agencies.both, "FWS-R6-BNR", at=THEN)
    tend_reviews(THEN)
    moved, answer, mine = told_of_the_account(both_agencies.fws_lead, campaign, both_agencies.both)
    assert moved.startswith("Came from Air Combat Command on Nov 11, 2026")
    assert moved.endswith("Lena Lead had answered Keep before; it was not submitted, and counts for nothing.")
    assert (answer, mine) == ("", True)


def test_who_was_about_to_change_a_saved_answer_is_told_who_employs_the_person_now(
    both_agencies: Agencies,
) -> None:
    campaign = opened()
    answers(both_agencies.fws_lead, campaign, both_agencies.both, account="remove")
    iqcs.employed(both_agencies.both, "USAF-ACC", at=MEANWHILE)
    # No job has run.
    with pytest.raises(Refused) as refusal:
        answers(both_agencies.fws_lead, campaign, both_agencies.both, SOON, account="keep")
    assert codes(refusal) == ["review_moved"]
    assert ReviewMove.objects.get(item=items(campaign, both_agencies.both)["account"]).answer == "remove"
