"""How every flow begins and ends: one unit of work; a refusal is rolled back first and then put on record."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.second_factor import has_second_factor
from rolebook.audit.recording import Origin, UnitOfWork, record_refusal, unit_of_work
from rolebook.audit.tags import Tag
from rolebook.governance.authority import Standing, is_closed, standing_of
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.rules import Violation

LONGEST_TEXT = 2_000
"""Characters of a reason; longer ones are refused, never cut."""
MOST_AT_ONCE = 100
"""Stages in one bulk call, organizations in one request (I12; a unit of work holds the log lock for 500 events)."""


@dataclass(slots=True)
class About:
    """What a flow is about, for the record of a refusal; the flow fills it in as it learns it."""

    program_id: str | None = None
    beneficiary_id: uuid.UUID | None = None
    organization_id: uuid.UUID | None = None
    request_id: uuid.UUID | None = None
    role_id: str | None = None
    stage_id: uuid.UUID | None = None
    verdict: str | None = None

    def details(self) -> dict[str, str | uuid.UUID]:
        """Return what is known as details of an event."""
        told = {"role_id": self.role_id, "stage_id": self.stage_id, "verdict": self.verdict}
        return {name: value for name, value in told.items() if value is not None}


@contextmanager
def attempt(
    refused_tag: Tag, *, acting_user: Account | None, at: datetime, origin: Origin, about: About
) -> Iterator[UnitOfWork]:
    """Run a flow in one unit of work; a refusal that leaves the block is recorded in a transaction of its own.

    What was named but not found is not recorded as an organization's event: it may not exist.
    """
    actor_id = None if acting_user is None else acting_user.public_id
    try:
        with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
            yield work
    except (Refused, NotAllowed, NotFound) as refusal:
        record_refusal(
            refused_tag,
            at=at,
            origin=origin,
            actor_id=actor_id,
            program_id=about.program_id,
            beneficiary_id=about.beneficiary_id,
            organization_id=about.organization_id,
            request_id=about.request_id,
            new={**about.details(), "codes": list(_codes(refusal))},
        )
        raise


def _codes(refusal: Refused | NotAllowed | NotFound) -> tuple[str, ...]:
    if isinstance(refusal, Refused):
        return tuple(violation.code for violation in refusal.violations)
    return (refusal.code,) if isinstance(refusal, NotAllowed) else ("not_found",)


def acting_standing(acting_user: Account, program_id: str, at: datetime) -> Standing:
    """Return the standing of who acts, read now: call it after the locks.

    Raises NotAllowed for an account that is not active (I7) and for one without a second factor: whatever way the
    factor was lost, and whatever door the person came through, nobody acts without one (QPP-01).
    """
    standing = standing_of(acting_user, program_id, at)
    if not standing.person.active:
        raise NotAllowed("account_not_active")
    if not has_second_factor(acting_user):
        raise NotAllowed("second_factor_missing")
    return standing


def checked_text(text: str, field: str = "reason") -> str:
    """Return free text without white space around it. Raises Refused for what cannot be kept exactly as written."""
    stripped = text.strip()
    if len(stripped) > LONGEST_TEXT:
        raise Refused([Violation("text_too_long", {"field": field, "most": LONGEST_TEXT})])
    if "\0" in stripped or any("\ud800" <= character <= "\udfff" for character in stripped):
        raise Refused([Violation("text_unreadable", {"field": field})])
    return stripped


def require_open(organization: Organization, at: datetime) -> None:
    """Raise NotFound for an organization that has been closed (I4)."""
    if is_closed(organization, at):
        raise NotFound
