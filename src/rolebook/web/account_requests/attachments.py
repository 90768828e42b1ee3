"""Attachments of account requests: put to a draft, and read by those on the chain, never in the page (IQCS-14)."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from rolebook.accounts.models import Account
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.governance.account_answers import Problem
from rolebook.governance.attachment_store import CONTENT_TYPES, LARGEST_BYTES, MOST, attachment_store
from rolebook.governance.flows.attachments import GivenFile, attach_file, detach_files
from rolebook.governance.models import Attachment
from rolebook.governance.queries.attachments import (
    attachment_by_link,
    attachment_of_draft,
    attachment_to_read,
)
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation
from rolebook.web.answers import program_view
from rolebook.web.gate import open_page
from rolebook.web.program import ProgramRequest, place_in_program


def change_attachments(request: ProgramRequest, beneficiary: Account) -> tuple[Problem, ...]:
    """Take from the draft what is ticked and put to it what was chosen; return what was refused, each with its file."""
    about: dict[str, Any] = {
        "acting_user": request.account,
        "program_id": request.program.id,
        "beneficiary": beneficiary,
        "at": request.at,
    }
    ticked = request.POST.getlist("remove-attachment")[: MOST * 2]
    if ticked:
        try:
            detach_files(**about, attachment_ids=ticked)
        except NotFound:
            return (Problem("attachments", Violation("attachment_unknown")),)
    problems: list[Problem] = []
    is_certificate = request.POST.get("attachment-is") == "certificate"
    for given in request.FILES.getlist("attachment")[: MOST + 1]:
        data = given.read() if (given.size or 0) <= LARGEST_BYTES else None
        try:
            attach_file(
                **about, given=GivenFile(given.name or "", data, is_certificate), store=attachment_store()
            )
        except Refused as refusal:
            problems += [Problem("attachments", violation) for violation in refusal.violations]
        except TooManyAttempts:
            problems.append(Problem("attachments", Violation("attachments_too_often")))
            break
    return tuple(problems)


@program_view
@require_safe
def attachment_file(request: ProgramRequest, request_id: uuid.UUID, attachment_id: uuid.UUID) -> HttpResponse:
    """Send an attachment of a request to who is on its chain."""
    return _sent(
        attachment_to_read(request.account, request.program.id, request_id, attachment_id, request.at)
    )


@program_view
@require_safe
def draft_attachment_file(request: ProgramRequest, attachment_id: uuid.UUID) -> HttpResponse:
    """Send an attachment of one's own draft."""
    return _sent(attachment_of_draft(request.account, request.program.id, attachment_id, request.at))


@open_page
@require_safe
def supervisor_attachment_file(
    request: HttpRequest, program_id: str, token: str, attachment_id: uuid.UUID
) -> HttpResponse:
    """Send an attachment to a supervisor who came by the mailed link."""
    placed: Any = request
    place_in_program(placed, program_id)
    try:
        return _sent(attachment_by_link(program_id, token, attachment_id, placed.at))
    except NotFound as missing:
        raise Http404 from missing


def _sent(attachment: Attachment) -> HttpResponse:
    """Return the bytes as a file to keep: never shown in the page, never guessed to be of another kind, not cached."""
    data = attachment_store().read(attachment)
    if data is None:
        raise Http404
    answer = HttpResponse(data, content_type=CONTENT_TYPES[Attachment.Kind(attachment.kind)])
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=attachment.name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "no-store, private"
    answer["Referrer-Policy"] = "same-origin"
    return answer
