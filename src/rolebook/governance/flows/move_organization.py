"""Move an organization, with everything below it, to another place in the tree: one event, and confirmed."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance.flows.attempt import About, attempt, checked_text
from rolebook.governance.flows.tree_changing import (
    begin,
    find_parent,
    locked_organization,
    place_below,
)
from rolebook.governance.models import TreeChange
from rolebook.governance.queries.tree_preview import move_digest
from rolebook.governance.reexamining import look_again
from rolebook.governance.refusals import Refused
from rolebook.governance.tree_places import move_violations
from rolebook.policy.rules import Violation


@dataclass(frozen=True, slots=True)
class TreeChanged:
    """What a change of the tree did.

    Attributes:
        sequence: sequence of its event: confirmed once every decision point has applied that.
        organizations: how many organizations stand elsewhere, or are closed or open, now.
        returned: how many waiting requests went back to who made them.
    """

    organization: Organization
    sequence: int
    organizations: int
    returned: int


def move_organization(
    *,
    acting_user: Account | None,
    program_id: str,
    organization_id: uuid.UUID | str,
    parent_id: uuid.UUID | str | None,
    reason: str = "",
    shown: str | None = None,
    at: datetime,
    origin: Origin,
) -> TreeChanged:
    """Let an organization belong to ``parent_id`` (None: to none), and everything below it with it.

    Who holds a role above the old place that reaches lower levels loses that reach, and who holds one above the new
    place gains it: `move_preview` says who. ``shown`` is the digest of that preview; None: whatever it is. Requests
    that wait there are laid out anew, and go back where others decide now.

    Open to stewards and the operator (``acting_user`` None). Raises Refused for a place that the rolebook's kinds do
    not allow, a circle, too deep a tree, or a preview that is not true any more; NotFound for everybody else.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ORGANIZATION, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        administering = begin(acting_user, program_id, at)
        organization = locked_organization(program_id, organization_id)
        about.organization_id = organization.public_id
        parent = find_parent(program_id, parent_id)
        violations = move_violations(administering.book, organization, parent)
        if violations:
            raise Refused(violations)
        if shown is not None and shown != move_digest(administering.book, organization, parent, at):
            raise Refused([Violation("changed_meanwhile", {"field": "parent"})])
        before = organization.parent
        moved = place_below(organization, parent, at)
        change = TreeChange.objects.create(program_id=program_id, organization=organization, changed_at=at)
        returned = look_again(work, change, administering.version, administering.book)
        work.record(
            tags.ORGANIZATION_MOVED,
            program_id=program_id,
            organization_id=organization.public_id,
            rolebook_version=administering.version.number,
            old={"parent_id": None if before is None else before.public_id},
            new={
                "code": organization.code,
                "parent_id": None if parent is None else parent.public_id,
                "organizations_moved": moved,
                "requests_returned": returned,
            },
            personal={"reason": told or None},
        )
    if work.sequence is None:
        raise RuntimeError("a move was committed without its event")
    return TreeChanged(organization, work.sequence, moved, returned)
