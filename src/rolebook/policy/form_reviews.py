"""The file form of reviews."""

from typing import Annotated, Literal

from pydantic import Field

from rolebook.policy.form_base import Day, DaysBefore, Id, MonthDay, Part, Text, Title

Days = Annotated[int, Field(ge=0, le=366)]


class QuestionForm(Part):
    """A question of a review."""

    id: Id
    text: Text
    about: Literal["account", "roles", "access"]
    yes_means: Literal["keep", "remove"]


class OverdueForm(Part):
    """What follows when a review is not answered by its due day."""

    escalate_to: Title | None = Field(
        None, description="The role that is told and may answer from then on, or the steward's title"
    )
    escalate_after_days: Days = Field(0, description="Days after the due day; fewer than `close_after_days`")
    close_after_days: Days = Field(0, description="Days after the due day until it closes by itself")
    then: Literal["keep and report", "remove"] = Field(
        "keep and report", description="What becomes of what nobody answered"
    )


class ReviewForm(Part):
    """A review: every year (`opens_on`, `due_on`), every so many months, or on demand."""

    id: Id
    title: Title
    opens_on: MonthDay | None = Field(None, description="Month and day in quotes: '11-01'")
    due_on: MonthDay | None = None
    every_months: Annotated[int, Field(ge=1, le=60)] | None = None
    starting_on: Day | None = Field(None, description="The first day on which it opens, with `every_months`")
    due_days: Annotated[int, Field(ge=1, le=366)] | None = Field(
        None, description="Days until it is due; without `opens_on`"
    )
    switched_off: bool = Field(False, description="It opens on demand only, and never by itself")
    categories: list[Title] = Field(default_factory=list, description="Whose accounts; empty: all")
    roles: list[Title] = Field(default_factory=list, description="Whose accounts, by role; empty: all")
    kinds: list[Title] = Field(
        default_factory=list, description="Kinds of organizations that it looks at; empty: all"
    )
    intro: Text | None = None
    questions: Annotated[list[QuestionForm], Field(min_length=1)]
    answered_by: Annotated[list[Title], Field(min_length=1)]
    remind_days_before: DaysBefore = Field(default_factory=list)
    overdue: OverdueForm = Field(default_factory=OverdueForm)
    source: Text | None = None
