"""When people had last signed in by an earlier instant, and who employed them then."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, When
from django.db.models.functions import Coalesce

from rolebook.accounts.former_values import NAME
from rolebook.accounts.models import Account, Organization
from rolebook.accounts.organization_models import OrganizationFormerValue
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import Employment, Participation

_SIGNED_IN = tags.PARTICIPATION_SIGNED_IN.name
_TAKEN_OVER = tags.PARTICIPATION_SIGN_IN_TAKEN_OVER.name
"""A merge gave the kept account the later sign-in of the two: from then on it is that account's, and not before."""


def last_sign_ins(
    parts: Sequence[Participation], program_id: str, at: datetime
) -> Mapping[int, datetime | None]:
    """Return the last sign-in of each up to ``at``, by the participation's internal id; ``parts`` with accounts.

    The row has the last one of all; where that came later, by a sign-in or by a merge, the log says what it was before.
    One statement, two where a merge brought a sign-in that the log does not tell of.
    """
    found = {part.pk: part.last_signed_in_at for part in parts}
    of_account = {part.account.public_id: part.pk for part in parts}
    later = {
        part.account.public_id: part.pk
        for part in parts
        if part.last_signed_in_at is not None and part.last_signed_in_at > at
    }
    events = Event.objects.filter(program_id=program_id)
    brought = Q(tag=_TAKEN_OVER, beneficiary_id__in=of_account)
    after = events.filter(brought | Q(tag=_SIGNED_IN, beneficiary_id__in=later), occurred_at__gt=at)
    told = set[int]()
    for account_id, content in (
        after.order_by("-sequence").values_list("beneficiary_id", "content").iterator()
    ):
        if account_id is not None:
            found[of_account[account_id]] = _instant(json.loads(content)["old"]["last_signed_in_at"])
            told.add(of_account[account_id])
    untold = {account_id: pk for account_id, pk in later.items() if pk not in told}
    if not untold:
        return found
    found |= dict.fromkeys(untold.values())
    before = events.filter(tag=_SIGNED_IN, beneficiary_id__in=untold, occurred_at__lte=at).order_by(
        "sequence"
    )
    for account_id, content in before.values_list("beneficiary_id", "content").iterator():
        if account_id is not None:
            found[untold[account_id]] = _instant(json.loads(content)["new"]["last_signed_in_at"])
    return found


def employers_at(parts: Collection[int], at: datetime) -> Mapping[int, Organization]:
    """Return who employed people at ``at``, by the participation's internal id; one statement."""
    rows = Employment.objects.filter(participation__in=parts, recorded_at__lte=at)
    ordered = rows.select_related("organization").order_by("recorded_at", "pk")
    return {row.participation_id: row.organization for row in ordered}


def parts_then(program_id: str, at: datetime) -> QuerySet[Participation]:
    """Return parts in a program, with their accounts, that carry what `last_sign_in` and `employer_name` read."""
    signed_in = Event.objects.filter(
        beneficiary_id=OuterRef("account__public_id"),
        program_id=program_id,
        tag__in=(_SIGNED_IN, _TAKEN_OVER),
    )
    first_after = signed_in.filter(occurred_at__gt=at).order_by("sequence").values("content")[:1]
    last_before = signed_in.filter(occurred_at__lte=at).order_by("-sequence").values("content")[:1]
    merged = Exists(Account.objects.filter(merged_into=OuterRef("account")))
    since = Q(last_signed_in_at__gt=at) | Q(merged)
    employed = Employment.objects.filter(participation=OuterRef("pk"), recorded_at__lte=at)
    employed = employed.order_by("-recorded_at", "-pk")
    # Of what it was called, the name that ended first after the instant.
    former = OrganizationFormerValue.objects.filter(
        organization=OuterRef("organization"), what=NAME, ends_at__gt=at
    ).order_by("ends_at", "pk")
    called = Coalesce(Subquery(former.values("value")[:1]), F("organization__name"), output_field=TextField())
    return (
        Participation.objects.filter(program_id=program_id)
        .select_related("account")
        .annotate(
            signed_in_after=Case(When(since, then=Subquery(first_after)), default=None),
            signed_in_before=Case(When(since, then=Subquery(last_before)), default=None),
            employer_then=Subquery(employed.annotate(called=called).values("called")[:1]),
        )
    )


def last_sign_in(part: Participation, at: datetime) -> datetime | None:
    """Return the last sign-in up to ``at`` of a part that `parts_then` read, as `last_sign_ins` does of others."""
    latest = part.last_signed_in_at
    after, before = getattr(part, "signed_in_after", None), getattr(part, "signed_in_before", None)
    if after is not None:
        return _instant(json.loads(after)["old"]["last_signed_in_at"])
    if latest is None or latest <= at:
        return latest
    return None if before is None else _instant(json.loads(before)["new"]["last_signed_in_at"])


def employer_name(part: Participation) -> str:
    """Return who employed the person of a part that `parts_then` read, as it was called then; "" for none."""
    return str(getattr(part, "employer_then", None) or "")


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
