"""Whether a removal is confirmed everywhere, for whoever made it (QPP-10)."""

from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.followers import confirmation
from rolebook.audit.models import Event
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.refusals import NotFound


@dataclass(frozen=True, slots=True)
class RemovalStatus:
    """A removal, and whether every decision point answers from after it.

    Attributes:
        sequence: the removal's event in the log.
        organization_name: where; the program's name for what was held at no organization.
        waiting_for: how many decision points may still answer from before it.
    """

    sequence: int
    person_name: str
    organization_name: str
    removed_at: datetime
    confirmed: bool
    waiting_for: int


def removal_status(viewer: Account, sequence: int, program_id: str, at: datetime) -> RemovalStatus:
    """Return how far a removal is that the viewer made. Raises NotFound for everything else in the log."""
    standing = viewer_standing(viewer, program_id, at)
    event = Event.objects.filter(
        sequence=sequence, tag=tags.ACCESS_REMOVED.name, program_id=program_id, actor_id=viewer.public_id
    ).first()
    if event is None or event.beneficiary_id is None:
        raise NotFound
    person = Account.objects.get(public_id=event.beneficiary_id)
    where = standing.book.program.name
    if event.organization_id is not None:
        where = Organization.objects.get(public_id=event.organization_id).name
    answer = confirmation(sequence)
    return RemovalStatus(
        sequence=sequence,
        person_name=person.name,
        organization_name=where,
        removed_at=event.occurred_at,
        confirmed=answer.confirmed,
        waiting_for=answer.waiting_for,
    )
