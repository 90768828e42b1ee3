"""What opened a grant or access, also after a merge moved it from one account of a person to the other."""

from collections.abc import Collection
from typing import overload

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.governance.models import Access, Grant, Outcome

type Holding = Grant | Access
"""What a person holds, where both kinds are treated alike."""


@overload
def first_of(holding: Grant) -> Grant: ...
@overload
def first_of(holding: Holding) -> Holding: ...
def first_of(holding: Holding) -> Holding:
    """Return the grant or access that has the origin: itself, or what it continues since a merge."""
    while holding.moved_from is not None:
        holding = holding.moved_from
    return holding


def given_by(holding: Holding, people: Collection[int]) -> bool:
    """Return whether one of ``people`` (internal ids of accounts) designated it, confirmed whose record it is, or
    approved a stage that led to it.

    A person's merged accounts count as they. What was imported was given by nobody here.
    """
    first = first_of(holding)
    if first.designation is not None:
        by = first.designation.designated_by
        return by is not None and (by.pk in people or by.merged_into_id in people)
    if isinstance(first, Grant) and first.registration is not None:
        by = first.registration.answered_by
        return by is not None and (by.pk in people or by.merged_into_id in people)
    if first.request_item is None:
        return False
    theirs = Q(approver__in=people) | Q(approver__merged_into__in=people)
    outcomes = Outcome.objects.filter(
        theirs, stage__items=first.request_item, verdict=Outcome.Verdict.APPROVED
    )
    return outcomes.exists()


def family(account: Account) -> frozenset[int]:
    """Return the internal ids of a person's accounts: this one, and those that were merged into it."""
    return frozenset({account.pk, *Account.objects.filter(merged_into=account).values_list("pk", flat=True)})
