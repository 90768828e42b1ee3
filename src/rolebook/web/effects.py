"""What somebody who took power away sees of it: taking effect, and then confirmed everywhere (QPP-10; decision 11)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from rolebook.audit import tags
from rolebook.governance.queries.effects import Effect, effect
from rolebook.governance.refusals import NotFound
from rolebook.web.answers import asked, in_part, program_view
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest

PARAMETER = "effect"
"""The parameter of an address that names the change whose notification the page shows."""


@dataclass(frozen=True, slots=True)
class Told:
    """How one kind of change is told.

    Attributes:
        title: what happened, as HTML.
        confirmed: what holds once it is confirmed.
        entry: the entry of the navigation that its page stands under.
        back: where its page leads back to, the words of the link and the address, for a program and a change.
    """

    title: Callable[[Effect], str]
    confirmed: str
    entry: str
    back: Callable[[str, Effect], tuple[str, str]]


def _of_person(change: Effect) -> str:
    if change.status == "active":
        return format_html("<bdi>{}</bdi>'s account is active again", change.person_name)
    return format_html("<bdi>{}</bdi>'s account was {}", change.person_name, change.status)


def _of_organization(what: str) -> Callable[[Effect], str]:
    return lambda change: format_html("<bdi>{}</bdi> was {}", change.organization_name, what)


def _to_person(program_id: str, change: Effect) -> tuple[str, str]:
    return change.person_name, reverse("steward-person", args=[program_id, change.person_id])


def _to(words: str, name: str, fragment: str = "") -> Callable[[str, Effect], tuple[str, str]]:
    return lambda program_id, _: (words, reverse(name, args=[program_id]) + fragment)


_ANSWERS = "Every application answers so."
_PLACES = ("steward-organizations", _to("Organizations", "steward-organizations"))
_TOLD = {
    tags.ACCESS_REMOVED.name: Told(
        lambda change: format_html(
            "<bdi>{}</bdi>'s access at <bdi>{}</bdi> was removed",
            change.person_name,
            change.organization_name,
        ),
        "No application accepts it any more.",
        "manage-access",
        _to("Connected Organizations", "manage-access", "#connected-organizations"),
    ),
    tags.PARTICIPATION_STATUS_CHANGED.name: Told(_of_person, _ANSWERS, "steward-people", _to_person),
    tags.ACCOUNT_MERGED.name: Told(
        lambda change: format_html("The accounts of <bdi>{}</bdi> were merged", change.person_name),
        _ANSWERS,
        "steward-people",
        _to_person,
    ),
    tags.ORGANIZATION_MOVED.name: Told(_of_organization("moved"), _ANSWERS, *_PLACES),
    tags.ORGANIZATION_CLOSED.name: Told(_of_organization("closed"), _ANSWERS, *_PLACES),
    tags.ORGANIZATION_REOPENED.name: Told(_of_organization("opened again"), _ANSWERS, *_PLACES),
    tags.CLIENT_REVOKED.name: Told(
        lambda change: format_html("The token of <bdi>{}</bdi> was taken away", change.client_name),
        "No decision point accepts the token any more.",
        "applications",
        _to("Applications", "applications"),
    ),
}


@program_view
@require_safe
def effect_page(request: ProgramRequest, sequence: int) -> HttpResponse:
    """Say whether a change is confirmed everywhere: as the notification for htmx, as a page otherwise."""
    change = effect(request.account, sequence, request.program.id, request.at)
    if in_part(request) and not change.confirmed:
        return HttpResponse(status=204)  # nothing new: screen readers must not be told again every second
    setattr(request, CURRENT_ENTRY, _TOLD[change.tag].entry)
    page = "partials/effect_toast.html" if in_part(request) else "pages/effect.html"
    return render(request, page, {"effect": _shown(request, change)})


def effect_to_show(request: ProgramRequest) -> dict[str, object] | None:
    """Return what the notification says of the change that the address names, when the viewer made it."""
    number = asked(request, PARAMETER)
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    try:
        return _shown(request, effect(request.account, int(number), request.program.id, request.at))
    except NotFound:
        return None


def effect_query(sequence: int | None) -> str:
    """Return the query of an address whose page shows the notification; empty where nothing was written."""
    return "" if sequence is None else f"?{PARAMETER}={sequence}"


_SHORTEST = 0.1


def _took_in_words(change: Effect) -> str:
    """Return how long the confirmation took: "0.4 seconds"; empty where that is not known."""
    if change.seconds is None:
        return ""
    return "less than 0.1 seconds" if change.seconds < _SHORTEST else f"{change.seconds:.1f} seconds"


def _shown(request: ProgramRequest, change: Effect) -> dict[str, object]:
    told = _TOLD[change.tag]
    back_words, back_url = told.back(request.program.id, change)
    return {
        "sequence": change.sequence,
        "confirmed": change.confirmed,
        "title": told.title(change),
        "confirmed_words": told.confirmed,
        "took": _took_in_words(change),
        "back_words": back_words,
        "back_url": back_url,
    }
