"""Request a Role, second step: where. One organization by search, or many by a pasted list of their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.accounts.models import Organization
from rolebook.governance.flows.attempt import MOST_AT_ONCE
from rolebook.governance.queries.places import (
    NumberLine,
    PlaceToAsk,
    organizations_for_role,
    places_by_numbers,
    places_to_ask,
)
from rolebook.policy.model import Role
from rolebook.web.answers import asked, first_address, next_address, program_view
from rolebook.web.pages.asking import (
    CHOSEN,
    STEPS,
    Choice,
    address,
    choice,
    chosen_in,
    in_address,
    requested_role,
)
from rolebook.web.pages.manage_access import identifier_title
from rolebook.web.program import ProgramRequest

_LONGEST_LIST = 40_000


@dataclass(frozen=True, slots=True)
class Answered:
    """One line of a pasted list: what was typed, what it stands for, and what became of it."""

    typed: str
    name: str
    said: str
    good: bool


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def choose_organization(request: ProgramRequest, role_id: str) -> HttpResponse:
    """Search the organizations at which the role can be held, or answer a pasted list of numbers line by line.

    Straight to the last step where the role has no place. The address holds what has been chosen.
    """
    role = requested_role(request, role_id)
    if not request.rolebook.held_at_organization(role):
        return HttpResponseRedirect(reverse("review-request", args=[request.program.id, role.id]))
    chosen = [place for place in _chosen(request, role) if place.state == "free"]
    answered: list[Answered] = []
    pasted = ""
    if request.method == "POST":
        pasted = request.POST.get("numbers", "").replace("\0", "")[:_LONGEST_LIST]
        lines = places_by_numbers(request.account, request.program.id, role.id, pasted, request.at)
        answered = _answer(lines, chosen)
    return _show(request, role, chosen, answered, pasted)


def _chosen(request: ProgramRequest, role: Role) -> tuple[PlaceToAsk, ...]:
    ids = chosen_in(asked(request, CHOSEN))
    if not ids:
        return ()
    return places_to_ask(request.account, request.program.id, role.id, ids, request.at)


def _answer(lines: Sequence[NumberLine], chosen: list[PlaceToAsk]) -> list[Answered]:
    """Return what became of each line, and add those that can be asked for to what is chosen."""
    known = {place.organization.pk for place in chosen}
    answered = []
    for line in lines:
        place = line.place
        if place is None:
            said = "Unknown: check the number. Organizations that this role is not for are not found either."
            answered.append(Answered(line.typed, "", said, good=False))
            continue
        name = place.organization.name
        if line.twice or place.organization.pk in known:
            answered.append(Answered(line.typed, name, "Chosen already", good=True))
        elif place.state != "free":
            answered.append(Answered(line.typed, name, choice(place).said, good=False))
        elif len(chosen) >= MOST_AT_ONCE:
            said = f"Not chosen: one request names {MOST_AT_ONCE} organizations at most. Send another one after it."
            answered.append(Answered(line.typed, name, said, good=False))
        else:
            chosen.append(place)
            known.add(place.organization.pk)
            answered.append(Answered(line.typed, name, "Chosen", good=True))
    return answered


def _show(
    request: ProgramRequest,
    role: Role,
    chosen: Sequence[PlaceToAsk],
    answered: Sequence[Answered],
    pasted: str,
) -> HttpResponse:
    search = asked(request, "search")
    found = organizations_for_role(
        request.account, request.program.id, role.id, request.at, search=search, after=asked(request, "after")
    )
    organizations = [place.organization for place in chosen]
    shown = {
        "role": role,
        "steps": STEPS,
        "search": search,
        "searched": bool(search) or not found.next_after,
        "rows": [_offer(request, role, place, organizations, search) for place in found.rows],
        "said": _said(search, len(found.rows), more=bool(found.next_after)),
        "next_url": next_address(request, "after", found.next_after),
        "first_url": first_address(request, "after"),
        "identifier_title": identifier_title(request),
        "chosen": [_taken(request, role, place, organizations) for place in chosen],
        "at": in_address(organizations),
        "review_url": address("review-request", request, role, organizations),
        "clear_url": address("request-role", request, role, []),
        "here_url": address("request-role", request, role, organizations),
        "answered": answered,
        "taken": [line for line in answered if line.good],
        "focus": not (search or chosen or answered),
        "not_chosen": [line for line in answered if not line.good],
        "pasted": pasted if any(not line.good for line in answered) else "",
        "most": MOST_AT_ONCE,
    }
    return render(request, "pages/choose_organization.html", shown)


def _offer(
    request: ProgramRequest,
    role: Role,
    place: PlaceToAsk,
    organizations: Sequence[Organization],
    search: str,
) -> Choice:
    """Return a place that was found, with the address that chooses it: the last step, or this one for one more."""
    if place.organization in organizations:
        return Choice(place.organization, "chosen", "Chosen", None)
    if place.state != "free" or len(organizations) >= MOST_AT_ONCE:
        return choice(place)
    more = [*organizations, place.organization]
    if not organizations:
        return choice(place, address("review-request", request, role, more))
    return choice(place, address("request-role", request, role, more, search=search))


def _taken(
    request: ProgramRequest, role: Role, place: PlaceToAsk, organizations: Sequence[Organization]
) -> Choice:
    """Return a chosen place with the address that takes it away."""
    rest = [one for one in organizations if one != place.organization]
    return choice(place, address("request-role", request, role, rest))


def _said(search: str, number: int, *, more: bool) -> str:
    if not number:
        return f"No organization matches “{search}”" if search else "There is no organization yet"
    if more:
        return (
            f"The first {number} organizations that match" if search else f"The first {number} organizations"
        )
    return f"{number} organization{'' if number == 1 else 's'}{' found' if search else ''}"
