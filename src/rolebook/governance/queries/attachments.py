"""Who may read an attachment: those on the request's chain, and nobody else who may see the request (IQCS-14)."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import holders_at, still_decides, who_may_decide
from rolebook.governance.flows.answer_as_supervisor import find_word, is_supervisor
from rolebook.governance.models import Attachment, Outcome, Request, Stage, SupervisorWord
from rolebook.governance.origins import family
from rolebook.governance.queries.seeing import find_request, public_id_of, viewer_standing
from rolebook.governance.queries.stewards import is_steward
from rolebook.governance.refusals import NotFound

_TO_COME = (Stage.State.OPEN, Stage.State.WAITING)


def may_read_attachments(standing: Standing, request: Request) -> bool:
    """Return whether somebody is on the chain of a request.

    The requester and the person it is for, the supervisor that a form of it names, whoever may decide one of its
    stages, or decided one and could today, too, and the steward.
    """
    account = standing.account
    if account.pk in (request.requester_id, request.beneficiary_id):
        return True
    if is_steward(account, request.program_id, standing.at):
        return True
    decided = Outcome.objects.filter(request=request, approver__in=family(account))
    if any(
        _could_today(standing, outcome.stage) for outcome in decided.select_related("stage__organization")
    ):
        return True
    words = SupervisorWord.objects.filter(form__request=request).select_related("form__request")
    if any(is_supervisor(account, word) for word in words):
        return True
    stages = Stage.objects.filter(request=request, request_version=request.version, state__in=_TO_COME)
    return any(_may_decide(standing, stage) for stage in stages.select_related("organization", "request"))


def _could_today(standing: Standing, stage: Stage) -> bool:
    return still_decides(standing, stage, stage.items.values_list("role_id", flat=True))


def _may_decide(standing: Standing, stage: Stage) -> bool:
    if stage.state == Stage.State.OPEN:
        people = who_may_decide(standing.book, stage, standing.at)
        if standing.account.pk in {person.pk for person in people}:
            return True
    there = holders_at(standing.book, stage.approver_role_id, stage.organization, standing.at)
    return there.filter(pk=standing.account.pk).exists()


def attachment_to_read(
    viewer: Account,
    program_id: str,
    request_id: uuid.UUID | str,
    attachment_id: uuid.UUID | str,
    at: datetime,
) -> Attachment:
    """Return an attachment of any version of a request, for who is on its chain. Raises NotFound for everybody else."""
    standing = viewer_standing(viewer, program_id, at)
    request = find_request(program_id, request_id)
    if not may_read_attachments(standing, request):
        raise NotFound
    return _of_request(request, attachment_id)


def attachment_of_draft(
    viewer: Account, program_id: str, attachment_id: uuid.UUID | str, at: datetime
) -> Attachment:
    """Return an attachment of one of the viewer's own drafts. Raises NotFound."""
    viewer_standing(viewer, program_id, at)
    found = Attachment.objects.filter(
        program_id=program_id, drafts__author=viewer, public_id=public_id_of(attachment_id)
    ).first()
    if found is None:
        raise NotFound
    return found


def attachment_by_link(
    program_id: str, token: str, attachment_id: uuid.UUID | str, at: datetime
) -> Attachment:
    """Return an attachment of the version that a supervisor is asked about, by their mail's link. Raises NotFound."""
    word = find_word(program_id, token=token, at=at)
    found = word.form.attachments.filter(public_id=public_id_of(attachment_id)).first()
    if found is None:
        raise NotFound
    return found


def _of_request(request: Request, attachment_id: uuid.UUID | str) -> Attachment:
    found = Attachment.objects.filter(public_id=public_id_of(attachment_id), forms__request=request).first()
    if found is None:
        raise NotFound
    return found
