"""What rules speak about: the change that is judged, the facts they may ask for, and what they answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from rolebook.policy.model import Rolebook, SettingValue

type Param = str | int | tuple[str, ...]


class ChangeKind(StrEnum):
    """What a request item, a designation or an import would change."""

    ADD_ROLE = "add role"
    REMOVE_ROLE = "remove role"
    ADD_ACCESS = "add access"
    REMOVE_ACCESS = "remove access"
    REACTIVATE = "reactivate"


class Moment(StrEnum):
    """When the change is judged. Rules that only make sense at one moment pass at the others."""

    SUBMISSION = "submission"
    OUTCOME = "outcome"
    GRANT = "grant"
    DESIGNATION = "designation"
    IMPORT = "import"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class Change:
    """One change that somebody wants to happen.

    Ids are opaque words (the caller's). `role_id` is set for role changes, `organization_id` where the
    change names one. `actor_id` acts now (submits, decides, designates, removes); it is None when nobody
    does (the ledger opening a grant). `request_type` is "new" or "modification" where the program tells
    them apart. `submitted_at` is when the request was first submitted. `lower_levels`: access that is added
    includes the organizations below. `narrows`: access that is added is what stays of access with lower
    levels, which the same request takes away.
    """

    kind: ChangeKind
    moment: Moment
    at: datetime
    beneficiary_id: str
    requester_id: str
    actor_id: str | None = None
    role_id: str | None = None
    organization_id: str | None = None
    request_id: str | None = None
    request_type: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    submitted_at: datetime | None = None
    lower_levels: bool = False
    narrows: bool = False


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A grant that is in force at the asked instant or starts later."""

    role_id: str
    organization_id: str | None
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldAccess:
    """An organization held apart from roles, now or later; `lower_levels`: those below it, too."""

    organization_id: str
    lower_levels: bool
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingItem:
    """An item of a request that nobody has finally decided yet."""

    request_id: str
    kind: ChangeKind
    role_id: str | None
    organization_id: str | None


class Facts(Protocol):
    """What rules may ask. The caller answers from its own transaction, under its locks; every answer is at
    `at`.
    """

    @property
    def rolebook(self) -> Rolebook:
        """The rolebook version now in force."""

    def held_roles(self, person_id: str, at: datetime) -> tuple[HeldRole, ...]:
        """Every role grant of the person in force at `at` or starting later, in this program, linked
        accounts too.
        """

    def held_access(self, person_id: str, at: datetime) -> tuple[HeldAccess, ...]:
        """Every access apart from roles that the person has at `at` or later, in this program."""

    def pending_items(self, person_id: str) -> tuple[PendingItem, ...]:
        """Every item that is waiting for the person as beneficiary, in this program."""

    def ever_held_category(self, person_id: str, category_id: str, at: datetime) -> bool:
        """Whether the person held any role of a category at any time before `at`, ended and temporary ones
        too, or was given one that begins later; one closed before it began counts not.
        """

    def organization_kind(self, organization_id: str) -> str | None:
        """The kind id of an organization of this program that is placed at this time, or None."""

    def statement_agreed(self, person_id: str, at: datetime) -> bool:
        """Whether the person has agreed to the program's present statement in this session or with this
        request.
        """

    def outcomes_by(self, request_id: str) -> frozenset[str]:
        """The persons who have recorded an outcome on the request, in its present version, linked accounts
        too.
        """

    def same_person(self, one_id: str, other_id: str) -> bool:
        """Whether two ids are the same person: equal, or accounts found to belong to one person."""

    def certificates_attached(self, request_id: str | None) -> bool:
        """Whether role-based training certificates are attached to the request."""

    def organization_codes(self, person_id: str, change: Change) -> tuple[str, ...]:
        """Codes, from the top down, of the organizations that the change falls under.

        The organization that the change names with what stands above it, or the person's employing
        organization where it names none.
        """


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule does not let the change happen. `code` and `params` go to `policy.words.sentence`."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """A setting of a rule: its Python type, how an error names it, and whether a rolebook must give it.

    `names_category`: the value is the id of a user category.
    """

    type: type
    words: str
    required: bool = True
    names_category: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the house. `always`: judged in every program, whether its rolebook lists it or not."""

    id: str
    title: str
    judge: Callable[[Change, Facts], Violation | None]
    settings: Mapping[str, SettingSpec] = field(default_factory=dict)
    always: bool = False


def settings_in_force(
    rolebook: Rolebook, rule_id: str, codes: tuple[str, ...], at: datetime
) -> Mapping[str, SettingValue] | None:
    """The settings with which a rule applies at an instant under organizations `codes`, or None if it does
    not.

    The last override that names one of the codes counts, with its own dates; the days are the program's.
    """
    from zoneinfo import ZoneInfo

    rule = rolebook.rule(rule_id)
    if rule is None:
        return None
    day = at.astimezone(ZoneInfo(rolebook.program.zone)).date()
    first, until, settings = rule.effective_from, rule.effective_until, dict(rule.settings)
    for override in rule.overrides:
        if set(override.organizations) & set(codes):
            first, until = override.effective_from, override.effective_until
            settings = {**rule.settings, **override.settings}
    if (first is not None and day < first) or (until is not None and day >= until):
        return None
    return settings
