"""Lists as files: what waits for one's decision, and the users of an organization (QPP-06)."""

import uuid
from dataclasses import replace

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from rolebook.governance.queries.exporting import pending_pieces, user_pieces
from rolebook.web.answers import program_view
from rolebook.web.csv_files import csv_file
from rolebook.web.pages.manage_access import pending_filters, pending_sort
from rolebook.web.program import ProgramRequest


@program_view
@require_safe
def pending_csv(request: ProgramRequest) -> HttpResponse:
    """Give what waits for the viewer's decision as CSV, narrowed and ordered as the page is."""
    pieces = pending_pieces(
        request.account,
        request.program.id,
        request.clock,
        pending_filters(request),
        pending_sort(request),
        request.program.zone,
    )
    return csv_file(request, "pending-requests", pieces)


@program_view
@require_safe
def organization_users_csv(request: ProgramRequest, organization_id: uuid.UUID) -> HttpResponse:
    """Give the users of an organization as CSV, for those who may see them."""
    filters = replace(pending_filters(request), organization_id=organization_id)
    pieces = user_pieces(
        request.account, organization_id, request.program.id, request.clock, filters, request.program.zone
    )
    return csv_file(request, "users", pieces)
