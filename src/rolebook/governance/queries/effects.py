"""Whether a change that takes power away holds everywhere, for whoever made it (QPP-10; decision 11)."""

import json
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.followers import confirmation
from rolebook.audit.models import Event
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.refusals import NotFound

_FOLLOWED = frozenset(
    tag.name
    for tag in (
        tags.ACCESS_REMOVED,
        tags.PARTICIPATION_STATUS_CHANGED,
        tags.ACCOUNT_MERGED,
        tags.ORGANIZATION_MOVED,
        tags.ORGANIZATION_CLOSED,
        tags.ORGANIZATION_REOPENED,
        tags.CLIENT_REVOKED,
    )
)


@dataclass(frozen=True, slots=True)
class Effect:
    """A change that the viewer made, and whether every decision point answers from after it.

    Attributes:
        sequence: its event in the log.
        tag: what happened.
        person_id: public id of whom it concerns, None where it concerns nobody.
        organization_name: where; the program's name for what is at no organization.
        status: the status that it gave a person; empty otherwise.
        client_name: the application whose token was taken away; empty otherwise.
        waiting_for: how many decision points may still answer from before it.
        seconds: how long after it was made this server found it confirmed; None before, and where nobody asked this
            server from the beginning, so that it cannot know.
    """

    sequence: int
    tag: str
    person_id: str | None
    person_name: str
    organization_name: str
    status: str
    client_name: str
    happened_at: datetime
    confirmed: bool
    waiting_for: int
    seconds: float | None


def effect(viewer: Account, sequence: int, program_id: str, at: datetime) -> Effect:
    """Return how far a change is that the viewer made. Raises NotFound for everything else in the log."""
    standing = viewer_standing(viewer, program_id, at)
    event = Event.objects.filter(
        sequence=sequence, tag__in=_FOLLOWED, program_id=program_id, actor_id=viewer.public_id
    ).first()
    if event is None:
        raise NotFound
    person = Account.objects.filter(public_id=event.beneficiary_id).first() if event.beneficiary_id else None
    where = standing.book.program.name
    if event.organization_id is not None:
        where = Organization.objects.get(public_id=event.organization_id).name
    content = json.loads(event.content)
    revoked = event.tag == tags.CLIENT_REVOKED.name
    answer = confirmation(sequence, at=at)
    return Effect(
        sequence=sequence,
        tag=event.tag,
        person_id=None if person is None else str(person.public_id),
        person_name="" if person is None else person.name,
        organization_name=where,
        status=str((content["new"] or {}).get("status") or ""),
        client_name=str(content["old"]["name"]) if revoked else "",
        happened_at=event.occurred_at,
        confirmed=answer.confirmed,
        waiting_for=answer.waiting_for,
        seconds=None if answer.took is None else round(answer.took, 2),
    )
