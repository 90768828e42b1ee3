"""Another agency denied its part; the requester lets the rest of the request go on without it (IQCS-04)."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.course import open_ready_stages
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.models import Request
from rolebook.governance.queries.seeing import find_request
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation


def let_rest_go_on(
    *, acting_user: Account, program_id: str, request_id: uuid.UUID | str, at: datetime, origin: Origin
) -> Request:
    """Open the next stages of a held request. Its other answer is to withdraw it.

    Raises NotFound for a request that is not theirs, Refused for one that does not wait for their word.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REQUEST, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        request = find_request(program_id, request_id)
        if request.requester_id != acting_user.pk:
            raise NotFound
        about.request_id, about.beneficiary_id = request.public_id, request.beneficiary.public_id
        locks.lock(accounts={request.beneficiary_id, acting_user.pk}, requests=[request.pk])
        standing = acting_standing(acting_user, program_id, at)
        request = find_request(program_id, request_id)
        if request.held_since is None or request.state != Request.State.PENDING:
            raise Refused([Violation("not_held")])
        request.held_since = None
        request.save(update_fields=["held_since"])
        work.record(
            tags.REQUEST_WENT_ON,
            program_id=program_id,
            beneficiary_id=request.beneficiary.public_id,
            request_id=request.public_id,
            rolebook_version=standing.version.number,
            new={"version": request.version},
        )
        open_ready_stages(work, request, at, standing.version.number)
        return request
