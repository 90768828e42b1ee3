"""The part of the catalogue for reviews: what keeps one from being opened, answered, submitted or closed."""

from collections.abc import Mapping

REVIEWS: Mapping[str, str] = {
    "review_open_already": "{title} is open already, since {day}. Close that one first.",
    "review_opened_today": "{title} was opened today already. It opens once a day at most.",
    "review_finds_nothing": "Nobody holds anything that {title} asks about.",
    "review_due_in_the_past": "The last day to answer is before today. Choose a later one.",
    "review_due_too_late": "The last day to answer is more than {most} days away. Choose an earlier one.",
    "review_closed": "{title} is closed. Nothing can be answered any more.",
    "review_own": "You cannot answer about yourself. Somebody else who answers for the organization has to.",
    "review_incomplete": "{number} not answered yet. Answer every line of the account, then submit it.",
    "review_removes_too_many": (
        "This would end {number} roles and codes at once, and {most} can be ended together. Let some of them be "
        "removed first, then submit the account. Your answers are saved."
    ),
    "review_changed_meanwhile": "Something changed while you were looking. See what, and answer again.",
    "review_settled": "This was submitted already by {name}.",
    "review_moved": "{organization} employs {name} meanwhile, so those who answer there are asked. Nothing was saved.",
    "review_only_steward": "{name} is the program's only steward. Designate another one first.",
}
