"""The stewards' report of organizations with fewer officials than recommended (IQIES-06)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.governance.queries.shortage import organizations_short_of_officials
from rolebook.web.answers import asked, first_address, next_address, program_view
from rolebook.web.program import ProgramRequest


@program_view
@require_safe
def officials_report(request: ProgramRequest) -> HttpResponse:
    """List the organizations, a page at a time, with whom they have; nobody but a steward sees that there is a page."""
    page = organizations_short_of_officials(
        request.account, request.program.id, request.at, after=asked(request, "after")
    )
    context = {
        "rows": page.rows,
        "advice": request.rolebook.hint("few_officials"),
        "next_url": next_address(request, "after", page.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "pages/officials.html", context)
