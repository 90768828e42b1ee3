"""Changes of one account, made from what a snapshot knows of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rolebook.decision.changes import AccountReplaced
from rolebook.decision.evaluation import Holding, Person
from rolebook.decision.snapshot import Snapshot


def changed(
    snapshot: Snapshot,
    subject_id: str,
    *,
    active: bool | None = None,
    opened: Sequence[Holding] = (),
    closed_at: datetime | None = None,
) -> AccountReplaced:
    """Return the change that opens grants, closes those there are, or gives the account another status.

    Nobody is active whom nothing made so.
    """
    person = snapshot.person(subject_id) or Person(active=False)
    held = [one if closed_at is None else replace(one, closed_at=closed_at) for one in person.holdings]
    status = person.active if active is None else active
    return AccountReplaced(subject_id, replace(person, active=status, holdings=(*held, *opened)))
