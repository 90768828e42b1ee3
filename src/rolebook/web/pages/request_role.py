"""Request a Role: choose the role, find the organization, check and send; the address holds the answers."""

import uuid
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rolebook.accounts.models import Organization
from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.flows.request_role import request_role
from rolebook.governance.queries.places import (
    organization_to_ask_at,
    organizations_for_role,
    what_forbids,
)
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.approval import AskedItem, lay_out
from rolebook.policy.model import Chain, Power, Role, Rolebook
from rolebook.policy.rules import ChangeKind, Violation
from rolebook.policy.words import sentence
from rolebook.web.answers import asked, first_address, next_address, program_view, said_of
from rolebook.web.pages.manage_access import identifier_title
from rolebook.web.program import ProgramRequest

_STEPS = ("Role", "Organization", "Check and send")
_STEPS_WITHOUT_PLACE = ("Role", "Check and send")


@dataclass(frozen=True, slots=True)
class RoleCard:
    """A role as it is offered: what it gives, where it holds, who decides, and why it cannot be asked for, if so."""

    role: Role
    powers: tuple[Power, ...]
    where: str
    deciders: str
    may_be_requested: bool
    not_requested_because: str


class ReasonForm(forms.Form):
    """The one thing that is typed: why the role is needed."""

    reason = forms.CharField(
        label="Why do you need this role?",
        help_text="Whoever decides reads it. A sentence is enough.",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": f"Write {LONGEST_TEXT:,} characters at most."},
    )


@program_view
@require_safe
def choose_role(request: ProgramRequest) -> HttpResponse:
    """Show a card for each role of the program; the account request where access is held apart from roles."""
    if request.rolebook.access == "apart from roles":
        return HttpResponseRedirect(reverse("account-request", args=[request.program.id]))
    cards = [role_card(request.rolebook, role) for role in request.rolebook.roles]
    cards.sort(key=lambda card: not card.may_be_requested)
    hint = request.rolebook.hint("request")
    return render(request, "pages/choose_role.html", {"cards": cards, "steps": _STEPS, "hint": hint})


@program_view
@require_safe
def choose_organization(request: ProgramRequest, role_id: str) -> HttpResponse:
    """Search the organizations at which the role can be held; straight to the last step where it has no place."""
    role = _role(request, role_id)
    if not request.rolebook.held_at_organization(role):
        return HttpResponseRedirect(reverse("review-request-everywhere", args=[request.program.id, role.id]))
    search = asked(request, "search")
    found = organizations_for_role(
        request.account, request.program.id, role.id, request.at, search=search, after=asked(request, "after")
    )
    searched = bool(search) or not found.next_after
    return render(
        request,
        "pages/choose_organization.html",
        {
            "role": role,
            "steps": _STEPS,
            "search": search,
            "searched": searched,
            "found": found,
            "said": _said(search, len(found.rows), more=bool(found.next_after)),
            "next_url": next_address(request, "after", found.next_after),
            "first_url": first_address(request, "after"),
            "identifier_title": identifier_title(request),
        },
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def review_request(
    request: ProgramRequest, role_id: str, organization_id: uuid.UUID | None = None
) -> HttpResponse:
    """Show the whole request with what the rules say, take the reason, and send it on POST."""
    role = _role(request, role_id)
    organization = None
    if request.rolebook.held_at_organization(role) != (organization_id is not None):
        raise NotFound
    if organization_id is not None:
        organization = organization_to_ask_at(
            request.account, request.program.id, role.id, organization_id, request.at
        )
    if request.method == "POST":
        return _send(request, role, organization)
    forbidden = what_forbids(request.account, request.program.id, role.id, organization, request.at)
    return _review(request, role, organization, ReasonForm(), forbidden)


def _send(request: ProgramRequest, role: Role, organization: Organization | None) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _review(request, role, organization, form, (), status=422)
    try:
        made = request_role(
            acting_user=request.account,
            program_id=request.program.id,
            role_id=role.id,
            organization_ids=[] if organization is None else [organization.public_id],
            reason=form.cleaned_data["reason"],
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        if {violation.code for violation in refusal.violations} == {"role_already_pending"}:
            # A second press of "Send request", or a second tab: the request is there, so show it.
            messages.info(request, " ".join(said_of(refusal)))
            return HttpResponseRedirect(reverse("my-requests", args=[request.program.id]), status=303)
        return _review(request, role, organization, form, refusal.violations, status=409)
    place = f" at {organization.name}" if organization is not None else ""
    messages.success(request, f"Your request for {role.title}{place} was sent.")
    address = reverse("request", args=[request.program.id, made.public_id])
    return HttpResponseRedirect(address, status=303)


def _review(
    request: ProgramRequest,
    role: Role,
    organization: Organization | None,
    form: ReasonForm,
    forbidden: tuple[Violation, ...],
    status: int = 200,
) -> HttpResponse:
    deciders = deciders_of(request.rolebook, role)
    place = f" of {organization.name}" if organization is not None else ""
    shown = {
        "role": role,
        "organization": organization,
        "powers": tuple(request.rolebook.powers(role.id).values()),
        "deciders": f"{deciders}{place}" if deciders else "",
        "what_next": f"It goes to the {deciders}{place}." if deciders else "It goes to whoever decides.",
        "form": form,
        "problems": [sentence(violation.code, **violation.params) for violation in forbidden],
        "steps": _STEPS if organization is not None else _STEPS_WITHOUT_PLACE,
    }
    return render(request, "pages/review_request.html", shown, status=status)


def _role(request: ProgramRequest, role_id: str) -> Role:
    """Return a role that can be asked for; NotFound for others, and for all where the account request is the way."""
    role = request.rolebook.role(role_id)
    apart = request.rolebook.access == "apart from roles"
    if role is None or role.obtained != "request" or apart:
        raise NotFound
    return role


def role_card(book: Rolebook, role: Role) -> RoleCard:
    """Return a role as it is offered."""
    titles = [kind.title for kind_id in role.reach.kinds if (kind := book.kind(kind_id)) is not None]
    places = {"everywhere": "In the whole program", "own record": "On your own record"}
    because = ""
    if role.obtained == "designation":
        because = book.hint("designated") or sentence("by_designation_only", role=role.title)
    elif role.obtained == "registration":
        because = sentence("by_registration_only", role=role.title)
    return RoleCard(
        role=role,
        powers=tuple(book.powers(role.id).values()),
        where=places.get(role.reach.scope, _at_organizations(titles)),
        deciders=deciders_of(book, role) if role.obtained == "request" else "",
        may_be_requested=role.obtained == "request",
        not_requested_because=because,
    )


def _at_organizations(titles: list[str]) -> str:
    """Return where a role with the reach "organization" is held, in words."""
    return f"At one organization ({', '.join(titles)})" if titles else "At one organization"


def deciders_of(book: Rolebook, role: Role) -> str:
    """Return who decides requests for a role, in the order of its stages: "Agency Lead, then IQCS Security"."""
    if not book.held_at_organization(role):
        asked_for = AskedItem(role.id, ChangeKind.ADD_ROLE)
        stages_of_it = lay_out(book, [asked_for])
        return ", then ".join(dict.fromkeys(stage.title for stage in stages_of_it))
    fitting = [chain for chain in book.chains if _chain_fits(chain, role)]
    if len(fitting) != 1:
        return ""
    stages = (*fitting[0].stages, *book.approval.closing)
    titles = [found.title for stage in stages if (found := book.role(stage.approver_role_id)) is not None]
    return ", then ".join(dict.fromkeys(titles))


def _chain_fits(chain: Chain, role: Role) -> bool:
    return bool(set(chain.kinds) & set(role.reach.kinds)) or bool(chain.organizations)


def _said(search: str, number: int, *, more: bool) -> str:
    if not number:
        return f"No organization matches “{search}”" if search else "There is no organization yet"
    if more:
        return (
            f"The first {number} organizations that match" if search else f"The first {number} organizations"
        )
    return f"{number} organization{'' if number == 1 else 's'}{' found' if search else ''}"
