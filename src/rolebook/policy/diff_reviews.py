"""Differences in reviews."""

from collections.abc import Iterator

from rolebook.policy.diff_terms import Difference
from rolebook.policy.model import Review, Rolebook
from rolebook.policy.reviews import REMOVE_UNANSWERED


def review_differences(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    """Yield what differs in the reviews; who may answer more, and what is looked at less, is marked as added power."""
    before = {review.id: review for review in old.reviews}
    after = {review.id: review for review in new.reviews}
    for review_id, review in after.items():
        if review_id not in before:
            yield Difference("review", review_id, f"New review: '{review.title}'.", None, review.title)
        elif before[review_id] != review:
            was_text, now_text = _review(before[review_id]), _review(review)
            sentence = f"The review '{review.title}' is now: {now_text} (was: {was_text})."
            if was_text == now_text:
                sentence = f"The words of the review '{review.title}' changed."
            more = _is_weaker(before[review_id], review)
            yield Difference("review", review_id, sentence, was_text, now_text, added_power=more)
    for review_id in [i for i in before if i not in after]:
        title = before[review_id].title
        yield Difference("review", review_id, f"The review '{title}' is gone.", title, None)


def _is_weaker(before: Review, after: Review) -> bool:
    """Return whether more people may answer, or less is taken away from whom nobody answers for."""
    return (
        bool(set(after.answered_by) - set(before.answered_by))
        or (after.switched_off and not before.switched_off)
        or (before.overdue.then == REMOVE_UNANSWERED and after.overdue.then != REMOVE_UNANSWERED)
    )


def _review(review: Review) -> str:
    """A review as one text: when, about whom, what is asked, who answers, and what follows from silence."""
    asked = ", ".join(f"{question.id} (yes: {question.yes_means})" for question in review.questions)
    scope = [_names(review.category_ids), *(["roles " + _names(review.role_ids)] if review.role_ids else [])]
    if review.kinds:
        scope.append("at " + _names(review.kinds))
    text = f"{_days(review)}, {', '.join(scope)}, asking {asked}, answered by {', '.join(review.answered_by)}"
    if review.remind_days_before:
        text += f", reminded {', '.join(map(str, review.remind_days_before))} days before"
    overdue = review.overdue
    if overdue.escalate_to is not None:
        text += f", escalated to {overdue.escalate_to} after {overdue.escalate_after_days} days"
    if overdue.close_after_days:
        text += f", closed after {overdue.close_after_days} days"
    return text if overdue.then != REMOVE_UNANSWERED else f"{text}, unanswered is removed"


def _days(review: Review) -> str:
    if review.opens_on is not None and review.due_on is not None:
        days = " to ".join(f"{month:02}-{day:02}" for month, day in (review.opens_on, review.due_on))
    elif review.every_months is not None:
        days = f"every {review.every_months} months from {review.starting_on}, {review.due_days or 30} days"
    else:
        days = f"on demand, {review.due_days or 30} days"
    return f"{days}, switched off" if review.switched_off else days


def _names(ids: tuple[str, ...]) -> str:
    return ", ".join(ids) or "all"
