"""The file form of authority, approval, rules and lifecycle."""

from typing import Annotated, Literal

from pydantic import Field

from rolebook.policy.form_base import Cited, Day, DaysBefore, Id, Part, Text, Title


class ActHolderForm(Cited):
    """A role that may do an act."""

    role: Title
    categories: list[Title] = Field(default_factory=list, description="User categories covered; empty: all")
    where: Literal["same organization", "with lower levels"] = "same organization"


class AuthorityForm(Part):
    """Which roles may do what in governing the program."""

    decide: list[ActHolderForm] = Field(default_factory=list)
    view_users: list[ActHolderForm] = Field(default_factory=list)
    remove: list[ActHolderForm] = Field(default_factory=list)
    designate: list[ActHolderForm] = Field(default_factory=list)
    answer_review: list[ActHolderForm] = Field(default_factory=list)
    view_audit: list[ActHolderForm] = Field(default_factory=list)
    administer: list[ActHolderForm] = Field(default_factory=list)


class StageForm(Part):
    """One stage of a chain."""

    id: Id
    title: Title
    approver: Title = Field(description="The role whose holders decide")
    place: Literal["organization", "nearest", "program"] = Field(
        description="Where they hold it: the item's organization, the nearest at or above it of `kinds`, or anywhere"
    )
    kinds: list[Title] = Field(default_factory=list)
    optional: bool = Field(False, description="Left out where there is no such place")


class ChainForm(Part):
    """The stages for some organizations, by kind or by code, or for items that name none."""

    id: Id
    title: Title
    kinds: list[Title] = Field(default_factory=list)
    organizations: list[Title] = Field(default_factory=list)
    everywhere: bool = False
    stages: Annotated[list[StageForm], Field(min_length=1)]


class ApprovalForm(Part):
    """Who decides, in which order."""

    chains: Annotated[list[ChainForm], Field(min_length=1)]
    closing: list[StageForm] = Field(default_factory=list)
    employing_chain: bool = False
    employing_waits: bool = False
    foreign_first: list[StageForm] = Field(
        default_factory=list, description="Stages before those of another organization's chain"
    )
    foreign_last: list[StageForm] = Field(
        default_factory=list, description="Stages after them, where the chain has none with that approver"
    )
    remind_after_working_days: list[Annotated[int, Field(ge=1, le=366)]] = Field(
        default_factory=list, description="When approvers are reminded of what waits for them, shortest first"
    )
    escalate_after_working_days: Annotated[int, Field(ge=1, le=366)] | None = Field(
        None, description="When the steward is told of a stage that waits, and may decide it, too"
    )
    holidays: list[Day] = Field(
        default_factory=list, description="Days of the program that are no working days"
    )


SettingForm = str | int | bool | list[str]


class OverrideForm(Part):
    """Other settings or dates for some organizations."""

    organizations: Annotated[list[Title], Field(min_length=1)]
    settings: dict[str, SettingForm] = Field(default_factory=dict)
    effective_from: Day | None = None
    effective_until: Day | None = None


class RuleForm(Part):
    """A rule in force."""

    id: Id
    settings: dict[str, SettingForm] = Field(default_factory=dict)
    effective_from: Day | None = Field(None, description="First day on which it applies")
    effective_until: Day | None = Field(None, description="First day on which it no longer applies")
    overrides: list[OverrideForm] = Field(default_factory=list)
    source: Text | None = None


class LifecycleForm(Part):
    """What ends by itself, and what is said before."""

    inactivity_months: Annotated[int, Field(ge=1, le=120)] | None = None
    warn_days_before_closing: DaysBefore = Field(default_factory=list)
    grace_days: Annotated[int, Field(ge=1, le=90)] = Field(
        7, description="Days between the first warning and the closing, at least"
    )
    most_due_percent: Annotated[int, Field(ge=1, le=100)] = Field(
        5, description="When more of the active people are to be closed at once, the steward is asked"
    )
    bounce_deactivates: bool = Field(False, description="Deactivate whose mail is rejected for good")
    bounces_needed: Annotated[int, Field(ge=1, le=20)] = Field(
        1, description="After how many rejected mails; more than one within `bounces_within_days`"
    )
    bounces_within_days: Annotated[int, Field(ge=1, le=365)] | None = None
    temporary_details: bool = False
    warn_days_before_end: DaysBefore = Field(default_factory=list)
    request_expires_days: Annotated[int, Field(ge=1, le=3660)] | None = None
