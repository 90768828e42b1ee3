"""Lists as files: what waits for one's decision, and the users of an organization (QPP-06)."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import cast

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from rolebook.audit import clock
from rolebook.governance.queries.exporting import pending_pieces, user_pieces
from rolebook.web.answers import program_view
from rolebook.web.pages.manage_access import pending_filters, pending_sort
from rolebook.web.program import ProgramRequest


@program_view
@require_safe
def pending_csv(request: ProgramRequest) -> HttpResponse:
    """Give what waits for the viewer's decision as CSV, narrowed and ordered as the page is."""
    pieces = pending_pieces(
        request.account,
        request.program.id,
        clock.now,
        pending_filters(request),
        pending_sort(request),
        request.program.zone,
    )
    return _file(request, "pending-requests", pieces)


@program_view
@require_safe
def organization_users_csv(request: ProgramRequest, organization_id: uuid.UUID) -> HttpResponse:
    """Give the users of an organization as CSV, for those who may see them."""
    filters = replace(pending_filters(request), organization_id=organization_id)
    pieces = user_pieces(
        request.account, organization_id, request.program.id, clock.now, filters, request.program.zone
    )
    return _file(request, "users", pieces)


def _file(request: ProgramRequest, name: str, pieces: Iterator[str]) -> HttpResponse:
    # The first piece is read here, so that a refusal is an answer and not a broken file.
    first = next(pieces)
    answer = StreamingHttpResponse(chain([first], pieces), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{request.program.id}-{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return cast("HttpResponse", answer)
