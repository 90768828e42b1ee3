"""When people had last signed in by an earlier instant, and who employed them then."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import Employment, Participation


def last_sign_ins(
    parts: Sequence[Participation], program_id: str, at: datetime
) -> Mapping[int, datetime | None]:
    """Return the last sign-in of each up to ``at``, by the participation's internal id; ``parts`` with accounts.

    The row has the last one of all; where that is later, the log says what it was before. One statement where somebody
    signed in since, two where somebody's sign-in came from an account that was merged into theirs.
    """
    found = {part.pk: part.last_signed_in_at for part in parts}
    later = {
        part.account.public_id: part.pk
        for part in parts
        if part.last_signed_in_at is not None and part.last_signed_in_at > at
    }
    if not later:
        return found
    events = Event.objects.filter(
        beneficiary_id__in=later, program_id=program_id, tag=tags.PARTICIPATION_SIGNED_IN.name
    )
    after = events.filter(occurred_at__gt=at).order_by("-sequence")
    told = set[int]()
    for account_id, content in after.values_list("beneficiary_id", "content").iterator():
        if account_id is not None:
            found[later[account_id]] = _instant(json.loads(content)["old"]["last_signed_in_at"])
            told.add(later[account_id])
    # A merge gives the kept account the later sign-in of the two: then its own events up to the instant count.
    untold = {account_id: pk for account_id, pk in later.items() if pk not in told}
    if not untold:
        return found
    found |= dict.fromkeys(untold.values())
    before = events.filter(beneficiary_id__in=untold, occurred_at__lte=at).order_by("sequence")
    for account_id, content in before.values_list("beneficiary_id", "content").iterator():
        if account_id is not None:
            found[untold[account_id]] = _instant(json.loads(content)["new"]["last_signed_in_at"])
    return found


def employers_at(parts: Collection[int], at: datetime) -> Mapping[int, Organization]:
    """Return who employed people at ``at``, by the participation's internal id; one statement."""
    rows = Employment.objects.filter(participation__in=parts, recorded_at__lte=at)
    ordered = rows.select_related("organization").order_by("recorded_at", "pk")
    return {row.participation_id: row.organization for row in ordered}


def sign_ins_of(
    program_id: str, accounts: Collection[Account], at: datetime
) -> tuple[Mapping[int, datetime | None], Mapping[int, Organization]]:
    """Return (last sign-ins, employers) of some people at ``at``, by internal id of the account."""
    parts = list(
        Participation.objects.filter(program_id=program_id, account__in=[one.pk for one in accounts])
        .select_related("account")
        .order_by("pk")
    )
    seen = last_sign_ins(parts, program_id, at)
    employers = employers_at([part.pk for part in parts], at)
    return (
        {part.account_id: seen[part.pk] for part in parts},
        {part.account_id: employers[part.pk] for part in parts if part.pk in employers},
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
