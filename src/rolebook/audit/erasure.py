"""Erasure of a person's data from the log; what happened stays, and still verifies (fault 34)."""

import uuid
from datetime import datetime

from django.db.models import Q

from rolebook.audit import tags
from rolebook.audit.models import PersonalData
from rolebook.audit.recording import Origin, tip, unit_of_work


def erase_personal_data(
    *, account_id: uuid.UUID, acting_account_id: uuid.UUID | None, at: datetime, origin: Origin
) -> int:
    """Erase every personal value that the log holds of one person, and record that. Return how many.

    These are all values of events about the person, and the network addresses of what the person did. The
    ids are public ids of accounts; the acting one is None for the operator.
    """
    with unit_of_work(at=at, origin=origin, actor_id=acting_account_id) as work:
        through_sequence, _ = tip()
        values = PersonalData.objects.filter(
            Q(event__beneficiary_id=account_id) | Q(event__actor_id=account_id, field="origin_address"),
            erased_at=None,
        ).update(value=None, salt=None, erased_at=at)
        work.record(
            tags.ACCOUNT_ERASED,
            beneficiary_id=account_id,
            new={"values": values, "through_sequence": through_sequence},
        )
    return values
