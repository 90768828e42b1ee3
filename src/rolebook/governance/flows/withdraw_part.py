"""The requester takes a request back at one of the organizations that it names; the others go on."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.authority import Standing
from rolebook.governance.course import (
    drop_pointless_stages,
    end_request,
    open_ready_stages,
    settle_items,
    settle_request_when_done,
)
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.queries.seeing import find_request, public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation


def withdraw_part(
    *,
    acting_user: Account,
    program_id: str,
    request_id: uuid.UUID | str,
    organization_id: uuid.UUID | str,
    at: datetime,
    origin: Origin,
) -> Request:
    """Withdraw what a pending request asks for at one organization; what is decided already stays as it is.

    A request of which nothing is left is withdrawn whole. Withdrawing what is withdrawn already changes nothing.
    Raises NotFound for a request that is not the person's own, or that names no such organization; Refused when that
    part has been settled, or where the parts of a request are decided together.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_WITHDRAW, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        request = find_request(program_id, request_id)
        if acting_user.pk != request.requester_id:
            raise NotFound
        about.request_id, about.beneficiary_id = request.public_id, request.beneficiary.public_id
        named = RequestItem.objects.filter(request=request, organization__isnull=False)
        locks.lock(
            accounts=[request.beneficiary_id, acting_user.pk],
            organizations=named.values_list("organization_id", flat=True),
            requests=[request.pk],
        )
        standing = acting_standing(acting_user, program_id, at)
        request = find_request(program_id, request_id)
        return _withdraw(work, standing, request, public_id_of(organization_id))


def _withdraw(work: UnitOfWork, standing: Standing, request: Request, place: uuid.UUID) -> Request:
    """Withdraw the items at one organization, under lock; the whole request when nothing else of it is left."""
    number = standing.version.number
    items = list(request.items.filter(request_version=request.version, organization__public_id=place))
    if not items:
        raise NotFound
    if standing.book.access != "with each role":
        raise Refused([Violation("withdraw_whole")])
    pending = [item for item in items if item.state == RequestItem.State.PENDING]
    if not pending:
        if all(item.state == RequestItem.State.WITHDRAWN for item in items):
            work.nothing_happened()
            return request
        raise Refused([Violation("already_settled", {"state": items[0].state})])
    others = request.items.filter(request_version=request.version).exclude(pk__in=[one.pk for one in pending])
    before = request.state
    whole = not others.exclude(state=RequestItem.State.WITHDRAWN).exists()
    if whole:
        end_request(work, request, work.at, number)
    else:
        settle_items(pending, RequestItem.State.WITHDRAWN)
        drop_pointless_stages(work, request, work.at, number)
        open_ready_stages(work, request, work.at, number)
    work.record(
        tags.REQUEST_WITHDRAWN if whole else tags.REQUEST_PART_WITHDRAWN,
        program_id=request.program_id,
        beneficiary_id=request.beneficiary.public_id,
        organization_id=place,
        request_id=request.public_id,
        rolebook_version=number,
        old={"state": before},
        new={"state": request.state, "version": request.version},
    )
    if not whole:
        settle_request_when_done(work, request, work.at, number)
    return request
