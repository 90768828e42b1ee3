"""Request a Role, first step: find the role by what one needs to do, or in the list of roles by category."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rolebook.governance.queries.places import what_forbids_roles
from rolebook.policy.words import sentence
from rolebook.web.answers import asked, program_view
from rolebook.web.matrix.which_role import finding
from rolebook.web.pages.asking import STEPS, STEPS_WITHOUT_PLACE
from rolebook.web.pages.role_cards import role_card
from rolebook.web.program import ProgramRequest


@program_view
@require_safe
def choose_role(request: ProgramRequest) -> HttpResponse:
    """Show the roles of the program, those that can be asked for first, and find the ones that give what is needed.

    Where access is held apart from roles, both are asked for with the account request.
    """
    book = request.rolebook
    if book.access == "apart from roles":
        return HttpResponseRedirect(reverse("account-request", args=[request.program.id]))
    wanted = book.category(asked(request, "category"))
    offered = [role for role in book.roles if wanted is None or role.category_id == wanted.id]
    forbidden = what_forbids_roles(
        request.account,
        request.program.id,
        [role.id for role in offered if role.obtained == "request"],
        request.at,
    )
    cards = [
        role_card(book, role, tuple(sentence(one.code, **one.params) for one in forbidden.get(role.id, ())))
        for role in offered
    ]
    cards.sort(key=lambda card: (not card.may_be_requested, bool(card.in_the_way)))
    own = {role.category_id for role in book.roles}
    shown = {
        "cards": cards,
        "categories": [(one, one == wanted) for one in book.categories if one.id in own],
        "wanted": wanted,
        "steps": STEPS
        if any(book.held_at_organization(role) for role in book.roles)
        else STEPS_WITHOUT_PLACE,
        "hint": book.hint("request"),
        "finds": bool(book.privileges),
        **finding(request),
    }
    return render(request, "pages/choose_role.html", shown)
