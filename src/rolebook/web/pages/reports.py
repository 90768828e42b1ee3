"""Reports: what who answers for access can read about it, each with a word on what it tells."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rolebook.governance.queries.audit_reach import may_see_audit
from rolebook.governance.queries.stewards import is_steward
from rolebook.governance.refusals import NotFound
from rolebook.web.answers import program_view
from rolebook.web.program import ProgramRequest


@dataclass(frozen=True, slots=True)
class Report:
    """One report: its title, where it is, and what it tells."""

    title: str
    url: str
    tells: str


@program_view
@require_safe
def reports_page(request: ProgramRequest) -> HttpResponse:
    """List the reports that the viewer may read; for whom there is none, there is no such page."""
    reports = tuple(_reports(request))
    if not reports:
        raise NotFound
    return render(request, "pages/reports.html", {"reports": reports})


def _reports(request: ProgramRequest) -> Iterator[Report]:
    def at(name: str) -> str:
        return reverse(name, args=[request.program.id])

    steward = is_steward(request.account, request.program.id, request.at)
    if may_see_audit(request.account, request.program.id, request.at):
        yield Report(
            "Audit", at("audit"), "Every change: who did what, when and from where. As CSV and JSON, too."
        )
        yield Report("On that day", at("then"), "Who held what on an earlier day, and who had approved it.")
        yield Report(
            "Who could do something", at("then-who-could"), "Who had a privilege at an organization on a day."
        )
    if steward:
        few = "Organizations with fewer officials than the program recommends."
        yield Report("Few officials", at("officials-report"), few)
        yield Report(
            "People", at("steward-people"), "Everybody in the program, with what they hold. As CSV, too."
        )
        yield Report(
            "Organizations", at("steward-organizations"), "Every organization, with its numbers. As CSV, too."
        )
        if request.rolebook.lifecycle.inactivity_months is not None:
            quiet = "Whose account closes next because they have not signed in."
            yield Report("Inactivity", at("inactivity"), quiet)
