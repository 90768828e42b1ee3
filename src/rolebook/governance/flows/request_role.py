"""Ask for a role, at one organization or many: one request, one item an organization (QPP-02, IQIES-02)."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.flows.attempt import (
    MOST_AT_ONCE,
    About,
    acting_standing,
    attempt,
    checked_text,
)
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.queries.seeing import find_organizations
from rolebook.governance.refusals import Refused
from rolebook.governance.submitting import Wish, submit
from rolebook.policy.rules import Violation


def request_role(
    *,
    acting_user: Account,
    program_id: str,
    role_id: str,
    organization_ids: Sequence[uuid.UUID | str] = (),
    reason: str = "",
    at: datetime,
    origin: Origin,
) -> Request:
    """Submit a request by ``acting_user`` for a role for themselves.

    Args:
        acting_user: who asks, and for whom.
        program_id: the program.
        role_id: the role.
        organization_ids: public ids of the organizations to hold it at, up to 100; empty for a role held at none.
        reason: told to the approvers; may be empty.
        at: the instant.
        origin: where it comes from.

    The chains are laid out now, and their first stages opened. Where nobody holds the office that decides, the
    program's steward may. Raises Refused with everything that rules have against it, NotFound for an organization that
    is not of this program, NotAllowed for an account that is not active.
    """
    about = About(program_id=program_id, role_id=role_id[:80])
    with attempt(
        tags.ATTEMPT_REFUSED_REQUEST, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        about.beneficiary_id = acting_user.public_id
        told = checked_text(reason)
        unique = list(dict.fromkeys(str(one) for one in organization_ids))
        if len(unique) > MOST_AT_ONCE:
            raise Refused([Violation("too_many_at_once", {"most": MOST_AT_ONCE})])
        named = find_organizations(program_id, unique, at)
        locks.lock(accounts=[acting_user.pk], organizations=[place.pk for place in named])
        # As they are now that nobody else can move or close them.
        places: list[Organization | None] = [*find_organizations(program_id, unique, at)]
        standing = acting_standing(acting_user, program_id, at)
        if standing.book.access == "apart from roles":
            # Roles and codes are asked for together, with a supervisor's authorization (IQCS-02).
            raise Refused([Violation("ask_with_the_form")])
        wishes = [Wish(RequestItem.Kind.ADD_ROLE, role_id, place) for place in places or [None]]
        return submit(work, standing, wishes, reason=told)
