"""The requester takes a request back."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.course import end_request
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.queries.seeing import find_request
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation


def withdraw_request(
    *,
    acting_user: Account,
    program_id: str,
    request_id: uuid.UUID | str,
    reason: str = "",
    at: datetime,
    origin: Origin,
) -> Request:
    """Withdraw a request that is pending or returned; items already decided stay as they are.

    Withdrawing what is withdrawn already changes nothing. Raises NotFound for a request that is not the person's own,
    Refused when it has been settled.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_WITHDRAW, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        request = find_request(program_id, request_id)
        if acting_user.pk != request.requester_id:
            raise NotFound
        about.request_id, about.beneficiary_id = request.public_id, request.beneficiary.public_id
        organizations = RequestItem.objects.filter(request=request, organization__isnull=False)
        locks.lock(
            accounts=[request.beneficiary_id, acting_user.pk],
            organizations=organizations.values_list("organization_id", flat=True),
            requests=[request.pk],
        )
        standing = acting_standing(acting_user, program_id, at)
        request = find_request(program_id, request_id)
        if request.state == Request.State.WITHDRAWN:
            work.nothing_happened()
            return request
        if request.state not in (Request.State.PENDING, Request.State.RETURNED):
            raise Refused([Violation("already_settled", {"state": request.state})])
        before = request.state
        end_request(work, request, at, standing.version.number)
        work.record(
            tags.REQUEST_WITHDRAWN,
            program_id=program_id,
            beneficiary_id=request.beneficiary.public_id,
            request_id=request.public_id,
            rolebook_version=standing.version.number,
            old={"state": before},
            new={"state": request.state, "version": request.version},
            personal={"reason": told or None},
        )
        return request
