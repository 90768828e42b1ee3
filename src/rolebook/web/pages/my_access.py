"""My Access: every grant of one's own, with why one has it; of many a page at a time."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.governance.queries.access import my_access_page
from rolebook.governance.queries.account_preview import needs_access
from rolebook.governance.queries.codes import my_codes_page
from rolebook.governance.queries.reports_reach import own_leads, reports_of
from rolebook.web.answers import asked, first_address, next_address, program_view
from rolebook.web.program import ProgramRequest

NO_ROLE = "Ask for the role you need; somebody at your organization decides."


@program_view
@require_safe
def show_my_access(request: ProgramRequest) -> HttpResponse:
    """List what the viewer holds, what it gives, and what opened it; by organization where that is searched."""
    viewer, program_id, at = request.account, request.program.id, request.at
    search, after, codes_after = (asked(request, name) for name in ("search", "after", "codes-after"))
    held = my_access_page(viewer, program_id, at, search=search, after=after)
    codes = my_codes_page(viewer, program_id, at, search=search, after=codes_after)
    needy = (needs_access(request.rolebook, one.role.role_id) for one in held.rows)
    shown = {
        "held": held.rows,
        "next_url": next_address(request, "after", held.next_after, "held"),
        "first_url": first_address(request, "after", "held"),
        "codes": codes.rows,
        "codes_next_url": next_address(request, "codes-after", codes.next_after, "codes-held"),
        "codes_first_url": first_address(request, "codes-after", "codes-held"),
        "search": search,
        "searchable": bool(search or after or codes_after or held.next_after or codes.next_after),
        "reports": reports_of(viewer, program_id, at),
        "leads": own_leads(viewer, program_id, at),
        "no_role_hint": request.rolebook.hint("no_role") or NO_ROLE,
        "needs_codes": not held.rows or any(needy),
    }
    return render(request, "pages/my_access.html", shown)
