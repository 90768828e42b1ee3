"""What happens in reviews. Saved answers are no events: they take effect when an account is submitted."""

from rolebook.audit.tags.declaring import declare

# Campaigns: one event for all the items, with their digest.
REVIEW_OPENED = declare(
    "review:opened",
    "A review campaign was opened",
    "campaign_id review_id opened_on due_at closes_at accounts items items_hash",
)
REVIEW_REMINDED = declare(
    "review:reminded", "Who has to answer in a review campaign was reminded", "campaign_id due_at"
)
REVIEW_ESCALATED = declare(
    "review:escalated",
    "An overdue review campaign was put before those to whom the program escalates it",
    "campaign_id due_at escalate_to",
)
REVIEW_CLOSED = declare(
    "review:closed",
    "A review campaign was closed",
    "campaign_id answers_hash kept removed ended unanswered early",
)
# ``moves`` lists [what, public id, from which organization, to which one, by which record of employment, and the answer
# that was left behind, who gave it, when].
REVIEW_MOVED = declare(
    "review:moved",
    "What was not submitted in a review went where its people are employed now",
    "campaign_id moves",
)
# An account in a campaign: the beneficiary. ``answers`` lists [what, public id, answer, who answered, when].
REVIEW_SUBMITTED = declare(
    "review:submitted",
    "The answers about somebody in a review were submitted, and took effect",
    "campaign_id answers kept removed grants accesses roles account_closed",
)
REVIEW_LAPSED = declare(
    "review:lapsed",
    "What nobody had answered about somebody in a review was removed when it closed",
    "campaign_id removed grants accesses roles",
)
ATTEMPT_REFUSED_REVIEW = declare(
    "attempt:refused:review", "Something in a review was refused", "codes verdict role_id stage_id"
)
