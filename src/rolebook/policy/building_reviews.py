"""The reviews of the file form, judged against roles, kinds and authority."""

import re
from collections.abc import Sequence

from rolebook.policy.form_process import ActHolderForm
from rolebook.policy.form_reviews import ReviewForm
from rolebook.policy.names import AllNames, Source
from rolebook.policy.provisions import STEWARD_ID
from rolebook.policy.reviews import Overdue, Question, Review
from rolebook.policy.yaml_tree import Path

_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def build_reviews(
    source: Source, names: AllNames, forms: Sequence[ReviewForm], may_answer: Sequence[ActHolderForm]
) -> tuple[Review, ...]:
    """Return the reviews; `may_answer` is the file's `authority: answer_review`."""
    ids = [form.id for form in forms]
    for position, review_id in enumerate(ids):
        if review_id in ids[:position]:
            source.error(("reviews", position, "id"), "duplicate review", review_id, "each id once")
    builder = _ReviewBuilder(source, names, [names.roles.find(holder.role) for holder in may_answer])
    return tuple(builder.review(form, ("reviews", position)) for position, form in enumerate(forms))


class _ReviewBuilder:
    def __init__(self, source: Source, names: AllNames, may_answer: list[str | None]) -> None:
        self.source, self.names, self.may_answer = source, names, may_answer

    def review(self, form: ReviewForm, path: Path) -> Review:
        """One review."""
        self._days(form, path)
        self._asked(form, path)
        for number, name in enumerate(form.answered_by):
            self._may_answer(name, (*path, "answered_by", number))
        overdue = form.overdue
        escalate_to = None
        if overdue.escalate_to is not None:
            here: Path = (*path, "overdue", "escalate_to")
            escalate_to = self.source.one(self.names.roles, overdue.escalate_to, here)
            self._may_answer(overdue.escalate_to, here)
        return Review(
            form.id,
            form.title,
            None if form.opens_on is None else self._month_day(form.opens_on, (*path, "opens_on")),
            None if form.due_on is None else self._month_day(form.due_on, (*path, "due_on")),
            self.source.many(self.names.categories, form.categories, (*path, "categories")),
            tuple(Question(q.id, q.text, q.about, q.yes_means) for q in form.questions),
            self.source.many(self.names.roles, form.answered_by, (*path, "answered_by")),
            form.intro or "",
            every_months=form.every_months,
            starting_on=form.starting_on,
            due_days=form.due_days,
            role_ids=self.source.many(self.names.roles, form.roles, (*path, "roles")),
            kinds=self.source.many(self.names.kinds, form.kinds, (*path, "kinds")),
            switched_off=form.switched_off,
            remind_days_before=tuple(form.remind_days_before),
            overdue=Overdue(escalate_to, overdue.escalate_after_days, overdue.close_after_days, overdue.then),
            source=form.source or "",
        )

    def _days(self, form: ReviewForm, path: Path) -> None:
        """Judge that the days say one thing: every year, every so many months, or on demand."""
        yearly = {"opens_on": form.opens_on, "due_on": form.due_on}
        monthly = {"every_months": form.every_months, "starting_on": form.starting_on}
        for kind in (yearly, monthly):
            given = [name for name, value in kind.items() if value is not None]
            if len(given) == 1:
                missing = next(name for name in kind if name != given[0])
                self.source.key_error((*path, given[0]), "missing key", given[0], f"'{missing}' beside it")
        if form.opens_on is not None:
            for name in ("every_months", "due_days"):
                if getattr(form, name) is not None:
                    self.source.key_error((*path, name), "unused key", name, "only without 'opens_on'")
        self._escalation(form, path)

    def _escalation(self, form: ReviewForm, path: Path) -> None:
        """Judge that a review is open for at least a day after it was escalated: it closes first otherwise."""
        overdue = form.overdue
        days, closes = overdue.escalate_after_days, overdue.close_after_days
        if days > closes or (overdue.escalate_to is not None and days == closes):
            written = "escalate_after_days" in overdue.model_fields_set
            self.source.error(
                (*path, "overdue", "escalate_after_days" if written else "escalate_to"),
                "escalation when it closes or later",
                str(days),
                f"fewer days than the {closes} of 'close_after_days'",
            )

    def _asked(self, form: ReviewForm, path: Path) -> None:
        """Judge the questions: each id, and each subject, once."""
        ids: set[str] = set()
        subjects: set[str] = set()
        for number, question in enumerate(form.questions):
            if question.id in ids:
                self.source.error(
                    (*path, "questions", number, "id"), "duplicate question", question.id, "each id once"
                )
            elif question.about in subjects:
                self.source.error(
                    (*path, "questions", number, "about"),
                    "duplicate question",
                    question.about,
                    "one question a subject",
                )
            ids.add(question.id)
            subjects.add(question.about)

    def _may_answer(self, name: str, path: Path) -> None:
        role_id = self.names.roles.find(name)
        if role_id not in (None, STEWARD_ID, *self.may_answer):
            expected = "a role that 'authority: answer_review' names"
            self.source.error(path, "reviewer whose role may not answer", name, expected)

    def _month_day(self, text: str, path: Path) -> tuple[int, int]:
        month, day = (int(part) for part in re.findall(r"\d+", text))
        if not (1 <= month <= 12 and 1 <= day <= _LONGEST_MONTHS[month - 1]):
            self.source.error(path, "invalid date", text, "a month and day like '11-01'")
        return month, day
