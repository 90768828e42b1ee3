"""Help: the short answers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.shortage import sees_report
from rolebook.policy.model import Act
from rolebook.web.answers import program_view
from rolebook.web.program import ProgramRequest


@program_view
@require_safe
def help_page(request: ProgramRequest) -> HttpResponse:
    """Say how asking, deciding and removing work, in a paragraph each."""
    standing = viewer_standing(request.account, request.program.id, request.at)
    context = {
        "busy": request.rolebook.hint("busy_periods"),
        "sees_report": sees_report(standing),
        "apart": request.rolebook.access == "apart from roles",
        "asks_for_others": bool(standing.offices(Act.DECIDE)),
    }
    return render(request, "pages/help.html", context)
