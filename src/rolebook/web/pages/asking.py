"""What the pages of Request a Role share: the address holds what was chosen, and what was typed is kept."""

import base64
import binascii
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from rolebook.accounts.models import Organization
from rolebook.governance.flows.attempt import LONGEST_TEXT, MOST_AT_ONCE
from rolebook.governance.queries.places import PlaceToAsk
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Role
from rolebook.policy.words import sentence
from rolebook.web.program import ProgramRequest

CHOSEN = "at"
"""The parameter that holds the organizations chosen: their public ids, 22 characters each, so that a hundred fit."""
STEPS = ("Role", "Organization", "Check and send")
STEPS_WITHOUT_PLACE = ("Role", "Check and send")
_REASON = "rolebook.reason_typed"


@dataclass(frozen=True, slots=True)
class Choice:
    """A place as the pages list it: the organization, what there is to say about it, and a link to take or leave it."""

    organization: Organization
    state: str
    said: str
    request_id: uuid.UUID | None
    url: str = ""


def requested_role(request: ProgramRequest, role_id: str) -> Role:
    """Return a role that can be asked for; NotFound for others, and for all where the account request is the way."""
    role = request.rolebook.role(role_id)
    if role is None or role.obtained != "request" or request.rolebook.access == "apart from roles":
        raise NotFound
    return role


def chosen_in(text: str) -> tuple[uuid.UUID, ...]:
    """Return the public ids in the address, each once, no more than one request may name; what is none is left out."""
    found: dict[uuid.UUID, None] = {}
    for part in text.split(".")[: 2 * MOST_AT_ONCE]:
        try:
            found[uuid.UUID(bytes=base64.urlsafe_b64decode(part + "=="))] = None
        except (binascii.Error, ValueError):
            continue
    return tuple(found)[:MOST_AT_ONCE]


def in_address(organizations: Iterable[Organization]) -> str:
    """Return organizations as `chosen_in` reads them."""
    ids = (one.public_id.bytes for one in organizations)
    return ".".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in ids)


def address(
    name: str, request: ProgramRequest, role: Role, organizations: Sequence[Organization], **more: str
) -> str:
    """Return the address of a step with the organizations chosen so far."""
    asked = {CHOSEN: in_address(organizations), **more}
    query = urlencode({key: value for key, value in asked.items() if value})
    return reverse(name, args=[request.program.id, role.id]) + (f"?{query}" if query else "")


def choice(place: PlaceToAsk, url: str = "") -> Choice:
    """Return a place with its words: "You hold this role here", "Your request here waits"."""
    words = {"free": "", "held": "You hold this role here", "pending": "Your request waits here already"}
    violations = dict.fromkeys(sentence(one.code, **one.params) for one in place.violations)
    said = words.get(place.state) if place.state in words else " ".join(violations)
    return Choice(place.organization, place.state, said or "", place.request_id, url)


def keep_reason(request: ProgramRequest, role: Role, typed: str) -> None:
    """Keep the reason that was typed while somebody goes back a step; in the session, for an address is logged."""
    kept = typed.replace("\0", "")[: 2 * LONGEST_TEXT]
    request.session[_REASON] = {"program": request.program.id, "role": role.id, "reason": kept}


def kept_reason(request: ProgramRequest, role: Role) -> str:
    """Return the reason that was typed for this role before, or nothing."""
    kept = request.session.get(_REASON)
    if isinstance(kept, dict) and (kept.get("program"), kept.get("role")) == (request.program.id, role.id):
        return str(kept.get("reason", ""))
    return ""


def forget_reason(request: ProgramRequest) -> None:
    """Forget the reason once it was sent."""
    request.session.pop(_REASON, None)
