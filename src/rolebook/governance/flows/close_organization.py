"""Close an organization, and open it again.

What closing means (docs/decisions, "Closed organizations"): it is not there any more. Nobody asks for a role there, and
what is held there answers no at every decision point, for as long as it is closed. No grant ends by it: what is opened
again is as it was, which the page says, with numbers, before it is confirmed.
"""

import uuid
from datetime import datetime

from rolebook.accounts.carrying_out import close_rows
from rolebook.accounts.models import Account, Organization
from rolebook.accounts.organization_models import OrganizationClosing
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance.flows.attempt import About, attempt, checked_text
from rolebook.governance.flows.move_organization import TreeChanged
from rolebook.governance.flows.tree_changing import begin, locked_organization
from rolebook.governance.models import TreeChange
from rolebook.governance.queries.tree_preview import standing_digest
from rolebook.governance.reexamining import look_again
from rolebook.governance.refusals import Refused
from rolebook.governance.tree_places import closed_above, open_below
from rolebook.policy.rules import Violation


def close_organization(
    *,
    acting_user: Account | None,
    program_id: str,
    organization_id: uuid.UUID | str,
    reason: str = "",
    shown: str | None = None,
    at: datetime,
    origin: Origin,
) -> TreeChanged:
    """Close an organization now. Requests that wait there go back to who made them.

    Open to stewards and the operator (``acting_user`` None). ``shown`` is the digest of the preview; None: whatever it
    is. Raises Refused for one that is closed, that has open ones below it, or whose preview is not true any more.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ORGANIZATION, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        administering = begin(acting_user, program_id, at)
        organization = locked_organization(program_id, organization_id)
        about.organization_id = organization.public_id
        violations = close_violations(organization)
        if violations:
            raise Refused(violations)
        _require_shown(organization, shown, at)
        close_rows([organization], at)
        organization.closed_at = at
        change = TreeChange.objects.create(program_id=program_id, organization=organization, changed_at=at)
        returned = look_again(work, change, administering.version, administering.book)
        work.record(
            tags.ORGANIZATION_CLOSED,
            program_id=program_id,
            organization_id=organization.public_id,
            old={"closed_at": None},
            new={"code": organization.code, "closed_at": at, "requests_returned": returned},
            personal={"reason": told or None},
        )
    return _done(organization, work.sequence, returned)


def reopen_organization(
    *,
    acting_user: Account | None,
    program_id: str,
    organization_id: uuid.UUID | str,
    reason: str = "",
    shown: str | None = None,
    at: datetime,
    origin: Origin,
) -> TreeChanged:
    """Open a closed organization again, with what is held there; otherwise as `close_organization`."""
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ORGANIZATION, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        begin(acting_user, program_id, at)
        organization = locked_organization(program_id, organization_id)
        about.organization_id = organization.public_id
        violations = reopen_violations(organization)
        if violations:
            raise Refused(violations)
        _require_shown(organization, shown, at)
        before, organization.closed_at = organization.closed_at, None
        organization.save(update_fields=["closed_at"])
        OrganizationClosing.objects.filter(organization=organization, ends_at=None).update(ends_at=at)
        work.record(
            tags.ORGANIZATION_REOPENED,
            program_id=program_id,
            organization_id=organization.public_id,
            old={"closed_at": before},
            new={"code": organization.code, "closed_at": None},
            personal={"reason": told or None},
        )
    return _done(organization, work.sequence, 0)


def close_violations(organization: Organization) -> tuple[Violation, ...]:
    """Return why an organization cannot be closed."""
    told = {"organization": organization.name}
    if organization.closed_at is not None:
        return (Violation("closed_already", told),)
    below = open_below(organization)
    if below:
        number = "1 organization is" if below == 1 else f"{below:,} organizations are"
        return (Violation("open_below", {**told, "number": number}),)
    return ()


def reopen_violations(organization: Organization) -> tuple[Violation, ...]:
    """Return why a closed organization cannot be opened."""
    if organization.closed_at is None:
        return (Violation("open_already", {"organization": organization.name}),)
    above = closed_above(organization)
    return () if above is None else (Violation("above_is_closed", {"parent": above.name}),)


def _require_shown(organization: Organization, shown: str | None, at: datetime) -> None:
    if shown is not None and shown != standing_digest(organization, at):
        raise Refused([Violation("changed_meanwhile")])


def _done(organization: Organization, sequence: int | None, returned: int) -> TreeChanged:
    if sequence is None:
        raise RuntimeError("a change of the tree was committed without its event")
    return TreeChanged(organization, sequence, 1, returned)
