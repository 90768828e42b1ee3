"""Reviews as a rolebook declares them: when, about whom, what is asked, who answers, and what follows from silence."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

type QuestionSubject = Literal["account", "roles", "access"]
type Silence = Literal["keep and report", "remove"]

KEEP_AND_REPORT: Silence = "keep and report"
REMOVE_UNANSWERED: Silence = "remove"
ON_DEMAND_DAYS = 30
"""Days until a review is due that says nothing else."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a review, asked once an account, or once for each role or access that it holds."""

    id: str
    text: str
    about: QuestionSubject
    yes_means: Literal["keep", "remove"]


@dataclass(frozen=True, slots=True)
class Overdue:
    """What follows when a review is not answered by its due day.

    `escalate_to`: the role (or the steward) that is told `escalate_after_days` days after the due day, and answers as
    well from then on; None: nobody. `lint` demands that it does not close by then.
    `close_after_days`: days after the due day until it closes by itself; then what is unanswered is kept and reported,
    or removed.
    """

    escalate_to: str | None = None
    escalate_after_days: int = 0
    close_after_days: int = 0
    then: Silence = KEEP_AND_REPORT


@dataclass(frozen=True, slots=True)
class Review:
    """A review campaign that opens every year on (month, day), every so many months, or when the steward opens it.

    Yearly: `opens_on` and `due_on` are (month, day) of the program's days. Every `every_months` months, counted from
    `starting_on`, due after `due_days` days. With neither it opens on demand only. `switched_off`: it never opens by
    itself. Its scope are accounts with a role of the categories (empty: all) and, where given, of `role_ids`, at
    organizations of `kinds`. `remind_days_before`: days before the due day on which who has to answer is reminded.
    """

    id: str
    title: str
    opens_on: tuple[int, int] | None
    due_on: tuple[int, int] | None
    category_ids: tuple[str, ...]
    questions: tuple[Question, ...]
    answered_by: tuple[str, ...]
    intro: str = ""
    every_months: int | None = None
    starting_on: date | None = None
    due_days: int | None = None
    role_ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    switched_off: bool = False
    remind_days_before: tuple[int, ...] = ()
    overdue: Overdue = Overdue()
    source: str = ""

    def question(self, about: QuestionSubject) -> Question | None:
        """Return what is asked about a subject, or None."""
        return next((question for question in self.questions if question.about == about), None)


def latest_opening(review: Review, day: date) -> date | None:
    """Return the last day up to `day` on which a review opens by itself; None when there is none."""
    if review.switched_off:
        return None
    if review.opens_on is not None:
        this_year = _in_year(review.opens_on, day.year)
        return this_year if this_year <= day else _in_year(review.opens_on, day.year - 1)
    if review.every_months is None or review.starting_on is None or day < review.starting_on:
        return None
    months = (day.year - review.starting_on.year) * 12 + day.month - review.starting_on.month
    number = months // review.every_months
    found = _months_later(review.starting_on, number * review.every_months)
    return found if found <= day else _months_later(review.starting_on, (number - 1) * review.every_months)


def next_opening(review: Review, day: date) -> date | None:
    """Return the first day after `day` on which a review opens by itself; None when it never does."""
    if review.switched_off:
        return None
    if review.opens_on is not None:
        this_year = _in_year(review.opens_on, day.year)
        return this_year if this_year > day else _in_year(review.opens_on, day.year + 1)
    if review.every_months is None or review.starting_on is None:
        return None
    latest = latest_opening(review, day)
    if latest is None:
        return review.starting_on
    gone = (latest.year - review.starting_on.year) * 12 + latest.month - review.starting_on.month
    return _months_later(review.starting_on, gone + review.every_months)


def due_day(review: Review, opened_on: date) -> date:
    """Return the last day on which a campaign that opened on a day may be answered in time."""
    if review.due_on is not None:
        due = _in_year(review.due_on, opened_on.year)
        return due if due >= opened_on else _in_year(review.due_on, opened_on.year + 1)
    return opened_on + timedelta(days=ON_DEMAND_DAYS if review.due_days is None else review.due_days)


def due_on_demand(review: Review, today: date) -> date:
    """Return the last day to answer in time of a campaign that somebody opens today, unless they choose another.

    Between the days on which a yearly review is open by itself, it is the declared day; on any other day it is open
    for as long as declared, and not until next year's day.
    """
    if review.opens_on is None:
        return due_day(review, today)
    declared = latest_opening(review, today)
    if declared is not None and due_day(review, declared) >= today:
        return due_day(review, declared)
    opening = _in_year(review.opens_on, today.year)
    return today + (due_day(review, opening) - opening)


def _in_year(month_day: tuple[int, int], year: int) -> date:
    month, day = month_day
    return date(year, month, min(day, monthrange(year, month)[1]))


def _months_later(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
