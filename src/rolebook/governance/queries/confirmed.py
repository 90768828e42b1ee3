"""Whether a change that a steward made about people is confirmed everywhere, for whoever made it (decision 11)."""

import json
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.followers import confirmation
from rolebook.audit.models import Event
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.refusals import NotFound

_CONFIRMED = frozenset({tags.PARTICIPATION_STATUS_CHANGED.name, tags.ACCOUNT_MERGED.name})


@dataclass(frozen=True, slots=True)
class PersonChange:
    """A change about a person, and whether every decision point answers from after it.

    Attributes:
        sequence: its event in the log.
        tag: what happened.
        status: the status that it gave; empty for a merge.
        waiting_for: how many decision points may still answer from before it.
    """

    sequence: int
    tag: str
    account_id: str
    person_name: str
    status: str
    changed_at: datetime
    confirmed: bool
    waiting_for: int


def person_change(viewer: Account, sequence: int, program_id: str, at: datetime) -> PersonChange:
    """Return how far a change is that the viewer made. Raises NotFound for everything else in the log."""
    viewer_standing(viewer, program_id, at)
    event = Event.objects.filter(
        sequence=sequence, tag__in=_CONFIRMED, program_id=program_id, actor_id=viewer.public_id
    ).first()
    if event is None or event.beneficiary_id is None:
        raise NotFound
    person = Account.objects.get(public_id=event.beneficiary_id)
    new = json.loads(event.content)["new"]
    answer = confirmation(sequence)
    return PersonChange(
        sequence=sequence,
        tag=event.tag,
        account_id=str(person.public_id),
        person_name=person.name,
        status=str(new.get("status") or ""),
        changed_at=event.occurred_at,
        confirmed=answer.confirmed,
        waiting_for=answer.waiting_for,
    )
