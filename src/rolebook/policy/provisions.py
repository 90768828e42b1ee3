"""What a rolebook provides besides roles and matrix: authority, approval, rules in force, lifecycle,
reviews.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

type SettingValue = str | int | bool | tuple[str, ...]

STEWARD_ID = "steward"


class Act(StrEnum):
    """What a role may be authorized to do in governing the program; never a cell of the matrix."""

    DECIDE = "decide"
    VIEW_USERS = "view_users"
    REMOVE = "remove"
    DESIGNATE = "designate"
    ANSWER_REVIEW = "answer_review"
    VIEW_AUDIT = "view_audit"
    ADMINISTER = "administer"


SAME_ORGANIZATION: Literal["same organization"] = "same organization"
WITH_LOWER_LEVELS: Literal["with lower levels"] = "with lower levels"

type Where = Literal["same organization", "with lower levels"]


@dataclass(frozen=True, slots=True)
class ActHolder:
    """A role that may do an act.

    `category_ids` are the user categories of the roles that it covers; empty means all. `where` is counted
    from the organization at which the holder's grant (or access) stands; a grant without an organization
    counts as program-wide for roles that have none either. `basis` cites the printed row ("Table 1 / Other
    / iQIES role approval"), the document's text ("document: …"), or says "ours: …".
    """

    role_id: str
    category_ids: tuple[str, ...]
    where: Where
    basis: str

    @property
    def categories(self) -> tuple[str, ...]:
        """The category ids covered; empty means all."""
        return self.category_ids

    def covers(self, category_id: str) -> bool:
        """Whether roles of this user category are covered."""
        return not self.category_ids or category_id in self.category_ids


@dataclass(frozen=True, slots=True)
class Authority:
    """Which roles may do which acts. Every act is a key; the steward stands in each (see
    `Rolebook.steward`).
    """

    acts: Mapping[Act, tuple[ActHolder, ...]]

    def holders(self, act: Act) -> tuple[ActHolder, ...]:
        """The roles that may do an act."""
        return self.acts[act]

    def holder(self, act: Act, role_id: str) -> ActHolder | None:
        """How a role holds an act, or None."""
        return next((holder for holder in self.acts[act] if holder.role_id == role_id), None)


PLACE_ORGANIZATION: Literal["organization"] = "organization"
PLACE_PARENT: Literal["parent"] = "parent"
PLACE_PROGRAM: Literal["program"] = "program"

type StagePlace = Literal["organization", "parent", "program"]


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One stage of a chain: holders of `approver_role_id` decide, standing at `place`.

    `organization`: the organization that the item names; `parent`: the nearest organization at or above it
    whose kind is one of `place_kinds`; `program`: anywhere, the approver's role has no organization.
    `optional`: left out where there is no such place.
    """

    id: str
    title: str
    approver_role_id: str
    place: StagePlace
    place_kinds: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """The stages, in order, for the organizations named by kind or by code; `everywhere`: for items without
    one.
    """

    id: str
    title: str
    stages: tuple[StageSpec, ...]
    kinds: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """How the chains of one request come together.

    `closing` stages run once, after all chains have joined. `employing_chain`: the chain of the
    beneficiary's employing organization always runs, and decides the items that name no organization as
    well. `employing_waits`: its stages wait for the chains of other organizations. `foreign_first` stages run
    before the chain of another organization than the employing one, `foreign_last` after it, where that
    chain has no stage with the same approver role.

    `remind_after_working_days`: who can decide an open stage is reminded after so many, shortest first;
    `escalate_after_working_days`: the steward is told and may decide it, too. `holidays` are no working days.
    """

    closing: tuple[StageSpec, ...] = ()
    employing_chain: bool = False
    employing_waits: bool = False
    foreign_first: tuple[StageSpec, ...] = ()
    foreign_last: tuple[StageSpec, ...] = ()
    remind_after_working_days: tuple[int, ...] = ()
    escalate_after_working_days: int | None = None
    holidays: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleOverride:
    """Other settings or dates of a rule for organizations known by code, and everything under them."""

    organizations: tuple[str, ...]
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    effective_from: date | None = None
    effective_until: date | None = None


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A rule of `policy.rules` that this program applies, in [effective_from, effective_until) of its own
    days.
    """

    id: str
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    effective_from: date | None = None
    effective_until: date | None = None
    overrides: tuple[RuleOverride, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class LifecycleSettings:
    """When a participation or a grant ends by itself, and what is said before.

    `inactivity_months`: calendar months without a sign-in, counted from the later of last sign-in and
    (re)activation. `warn_days_before_closing`, `warn_days_before_end`: days before, longest first.
    `grace_days`: so long before its end somebody is warned at least; an end that is nearer moves. `most_due_percent`:
    of the active participations, more to be closed at once are a question to the steward.
    `bounce_deactivates`: a participation whose mail is rejected for good is deactivated, after `bounces_needed`
    such mails within `bounces_within_days` days (None: at the first).
    """

    inactivity_months: int | None = None
    warn_days_before_closing: tuple[int, ...] = ()
    grace_days: int = 7
    most_due_percent: int = 5
    bounce_deactivates: bool = False
    bounces_needed: int = 1
    bounces_within_days: int | None = None
    temporary_details: bool = False
    warn_days_before_end: tuple[int, ...] = ()
    request_expires_days: int | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """How many holders of a role an organization should have at least. Advice, never a block."""

    role_id: str
    at_least: int
    kinds: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A finding of the lint that the authors know of: its code, what it is about, and why it stands."""

    finding: str
    about: str
    reason: str
