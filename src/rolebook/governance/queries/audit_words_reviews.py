"""The part of the catalogue of events about reviews."""

from collections.abc import Mapping

REVIEWS: Mapping[str, tuple[str, str, str | None]] = {
    "review:opened": ("reviews", "{who} opened a review", None),
    "review:reminded": ("reviews", "Who has to answer in a review was reminded", None),
    "review:escalated": ("reviews", "A review is overdue, and was escalated", None),
    "review:moved": (
        "reviews",
        "Questions of a review went to the organizations that employ their people now",
        None,
    ),
    "review:closed": ("reviews", "{who} closed a review", None),
    "review:submitted": (
        "reviews",
        "{who} submitted the answers about {whom} in a review",
        None,
    ),
    "review:lapsed": ("reviews", "What nobody had answered about {whom} in a review was removed", None),
    "review:reported": ("reviews", "The final report of a review was made[: {where}]", None),
    "attempt:refused:review": (
        "refused",
        "{who} tried to do something in a review[ about {whom}]",
        "{who} tried to answer about themselves in a review",
    ),
}
"""For each tag: its kind, its sentence, and the sentence about oneself where that is another one."""

REVIEWS_LABELS: Mapping[str, str] = {
    "account_closed": "Account closed",
    "accounts": "Accounts",
    "answers_hash": "Digest of the answers",
    "closes_at": "Closes",
    "digest": "Digest of the report",
    "due_at": "Due",
    "early": "Closed early",
    "escalate_to": "Escalated to",
    "kept": "Kept",
    "opened_on": "Opened on",
    "removed": "Removed",
    "review_id": "Review",
    "unanswered": "Not answered",
}
"""What the details are called."""

REVIEWS_UNTOLD = ("answers", "campaign_id", "moves", "report_id")
"""Details that are internal ids, or stand on the campaign's pages."""
