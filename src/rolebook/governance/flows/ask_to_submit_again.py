"""Who denied a request by mistake asks the requester to submit it again; nothing else changes (QPP-13)."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import still_decides
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.models import Outcome, Request, Stage
from rolebook.governance.queries.seeing import find_request
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation


def ask_to_submit_again(
    *, acting_user: Account, program_id: str, request_id: uuid.UUID | str, at: datetime, origin: Origin
) -> Request:
    """Put on record, for a notice to the requester, that ``acting_user`` asks them to submit a denied request again.

    Asking twice changes nothing. It is asked in the office's name: raises NotFound unless ``acting_user`` denied the
    request and could decide it today, too; Refused when it has been submitted again already.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REQUEST, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        request = find_request(program_id, request_id)
        locks.lock(accounts=[request.beneficiary_id, acting_user.pk], requests=[request.pk])
        standing = acting_standing(acting_user, program_id, at)
        denied = Outcome.objects.filter(
            request=request, approver=acting_user, verdict=Outcome.Verdict.DENIED
        ).select_related("stage__organization")
        outcome = next((one for one in denied.order_by("-pk") if _still_decides(standing, one.stage)), None)
        if outcome is None:
            raise NotFound
        about.request_id, about.beneficiary_id = request.public_id, request.beneficiary.public_id
        if request.resubmissions.exists():
            raise Refused([Violation("submitted_again_already")])
        asked = Event.objects.filter(
            tag=tags.REQUEST_ASKED_AGAIN.name, request_id=request.public_id, actor_id=acting_user.public_id
        )
        if asked.exists():
            work.nothing_happened()
            return request
        place = outcome.stage.organization
        work.record(
            tags.REQUEST_ASKED_AGAIN,
            program_id=program_id,
            beneficiary_id=request.beneficiary.public_id,
            organization_id=None if place is None else place.public_id,
            request_id=request.public_id,
            rolebook_version=standing.version.number,
            new={"stage_id": outcome.stage.public_id},
        )
        return request


def _still_decides(standing: Standing, stage: Stage) -> bool:
    return still_decides(standing, stage, stage.items.values_list("role_id", flat=True))
