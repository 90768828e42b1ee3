"""My Access: every grant of one's own, with why one has it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.governance.queries import my_access
from rolebook.governance.queries.account_preview import needs_access
from rolebook.governance.queries.codes import my_codes
from rolebook.governance.queries.reports_reach import own_leads, reports_of
from rolebook.web.answers import program_view
from rolebook.web.program import ProgramRequest

NO_ROLE = "Ask for the role you need; somebody at your organization decides."


@program_view
@require_safe
def my_access_page(request: ProgramRequest) -> HttpResponse:
    """List what the viewer holds, what it gives, and what opened it."""
    held = my_access(request.account, request.program.id, request.at)
    hint = request.rolebook.hint("no_role") or NO_ROLE
    codes = my_codes(request.account, request.program.id, request.at)
    shown = {
        "held": held,
        "codes": codes,
        "reports": reports_of(request.account, request.program.id, request.at),
        "leads": own_leads(request.account, request.program.id, request.at),
        "no_role_hint": hint,
        "needs_codes": not held or any(needs_access(request.rolebook, one.role.role_id) for one in held),
    }
    return render(request, "pages/my_access.html", shown)
