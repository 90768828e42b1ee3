"""Help: the short answers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.web.answers import program_view
from rolebook.web.program import ProgramRequest


@program_view
@require_safe
def help_page(request: ProgramRequest) -> HttpResponse:
    """Say how asking, deciding and removing work, in a paragraph each."""
    return render(request, "pages/help.html", {"busy": request.rolebook.hint("busy_periods")})
