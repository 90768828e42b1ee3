"""The words of mails about the report of a review, at opening and at closing: a link, never the data (IQCS-13)."""

from collections.abc import Iterable

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.queries.held_days import end_in_words
from rolebook.governance.review_reach import reporting_offices, reviewers_of
from rolebook.governance.review_rows import APART, review_of
from rolebook.notices.facts import Facts, link
from rolebook.notices.letter import Button, Letter
from rolebook.notices.review_words import campaign_of


def who_may_have_a_report(facts: Facts) -> Iterable[Account]:
    """The leads and representatives: who holds a role that answers for the whole of an organization."""
    campaign = campaign_of(facts)
    return [one for one in reviewers_of(campaign, facts.now) if _may_have_one(one, campaign, facts)]


def _may_have_one(account: Account, campaign: ReviewCampaign, facts: Facts) -> bool:
    standing = standing_of(account, campaign.program_id, facts.now)
    return standing.person.active and bool(reporting_offices(standing, review_of(campaign)[1]))


def _button(campaign: ReviewCampaign) -> Button:
    return Button("Show the report", link(f"/{campaign.program_id}/reviews/{campaign.public_id}/reports/"))


def report_at_opening(facts: Facts) -> Letter:
    """To the leads and representatives, on the first day."""
    campaign = campaign_of(facts)
    short = facts.book.program.short_name
    return Letter(
        subject=f"{short}: the User Audit Report of {campaign.title} is there",
        first_line=(
            "The User Audit Report lists every account, of any agency, with access to your codes."
            if facts.book.access == APART
            else "The User Audit Report lists everybody who holds a role at your organization."
        ),
        facts=(
            ("Final", f"when the review closes; it is due by {end_in_words(facts.book, campaign.due_at)}"),
        ),
        paragraphs=(
            "You can have it at any time while the review is open, as a page, CSV, XLSX or PDF. Until the review "
            "closes it is preliminary, and says as of when.",
        ),
        button=_button(campaign),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you answer for an organization in this review.",
    )


def report_at_closing(facts: Facts) -> Letter:
    """To the leads and representatives, when the review has closed."""
    campaign = campaign_of(facts)
    short = facts.book.program.short_name
    return Letter(
        subject=f"{short}: the final User Audit Report of {campaign.title}",
        first_line=f"{campaign.title} was closed. The User Audit Report of your organization is final.",
        paragraphs=("It says who answered what and when, what was removed, and who did not answer.",),
        button=_button(campaign),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you answer for an organization in this review.",
    )
