"""Which office decided, in mails to those whose requests were decided: offices, not persons (docs/decisions/0033)."""

import json
from collections.abc import Iterable

from django.db.models import Q

from rolebook.accounts.models import Organization
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import Request, Stage
from rolebook.governance.queries.item_days import capital
from rolebook.governance.queries.naming import with_the
from rolebook.governance.queries.pending import role_title
from rolebook.notices.facts import Facts

_OUTCOMES = tuple(tag.name for tag in (tags.OUTCOME_APPROVED, tags.OUTCOME_DENIED, tags.OUTCOME_RETURNED))
_SHOWN = 3


def office_that_acted(facts: Facts) -> str:
    """Return the office that an outcome's event tells of: "Security Official of Cedar Valley Family Practice"."""
    return _office(facts, facts.event)


def office_of_stage(facts: Facts, stage: Stage) -> str:
    """Return the office that decided a stage, to begin a sentence: "The Security Official of …", "IQCS Security"."""
    outcomes = Event.objects.filter(request_id=stage.request.public_id, tag__in=_OUTCOMES).order_by(
        "-sequence"
    )
    known = (json.loads(event.content)["new"] for event in outcomes)
    told: dict[str, object] = next((new for new in known if new.get("stage_id") == str(stage.public_id)), {})
    office = with_the(role_title(facts.book, str(told.get("role_id") or stage.approver_role_id)))
    return capital(office if stage.organization is None else f"{office} of {stage.organization.name}")


def offices_that_decided(facts: Facts, requests: Iterable[Request], *, here: bool = False) -> str:
    """Return the offices that decided the requests' present versions, each once; ``here``: those of the event's place.

    What a stage without a place decided counts for every place.
    """
    found: list[str] = []
    for request in requests:
        events = Event.objects.filter(request_id=request.public_id, tag__in=_OUTCOMES)
        if here:
            events = events.filter(Q(organization_id=facts.event.organization_id) | Q(organization_id=None))
        found += [
            _office(facts, event)
            for event in events.order_by("sequence")
            if json.loads(event.content)["new"].get("version") == request.version
        ]
    named = list(dict.fromkeys(found))
    more = f", and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more


def _office(facts: Facts, event: Event) -> str:
    role_id = json.loads(event.content)["new"].get("role_id")
    title = role_title(facts.book, role_id) if isinstance(role_id, str) and role_id else "Who decides there"
    place = None
    if event.organization_id is not None:
        place = Organization.objects.filter(public_id=event.organization_id).first()
    return title if place is None else f"{title} of {place.name}"
