"""Whether a change of the tree is confirmed everywhere, for the steward who made it (decision 11)."""

from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.followers import confirmation
from rolebook.audit.models import Event
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.refusals import NotFound

_WORDS = {
    tags.ORGANIZATION_MOVED.name: "moved",
    tags.ORGANIZATION_CLOSED.name: "closed",
    tags.ORGANIZATION_REOPENED.name: "opened again",
}


@dataclass(frozen=True, slots=True)
class TreeChangeStatus:
    """A change of the tree, and whether every decision point answers from after it.

    Attributes:
        sequence: the change's event in the log.
        what: "moved", "closed" or "opened again".
        waiting_for: how many decision points may still answer from before it.
    """

    sequence: int
    what: str
    organization_name: str
    changed_at: datetime
    confirmed: bool
    waiting_for: int


def tree_change_status(viewer: Account, sequence: int, program_id: str, at: datetime) -> TreeChangeStatus:
    """Return how far a change is that the viewer made. Raises NotFound for everything else in the log."""
    stewards_standing(viewer, program_id, at)
    event = Event.objects.filter(
        sequence=sequence, tag__in=_WORDS, program_id=program_id, actor_id=viewer.public_id
    ).first()
    if event is None or event.organization_id is None:
        raise NotFound
    organization = Organization.objects.get(public_id=event.organization_id)
    answer = confirmation(sequence)
    return TreeChangeStatus(
        sequence=sequence,
        what=_WORDS[event.tag],
        organization_name=organization.name,
        changed_at=event.occurred_at,
        confirmed=answer.confirmed,
        waiting_for=answer.waiting_for,
    )
