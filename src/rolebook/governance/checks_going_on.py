"""Checks of codes whose account was merged away: they go on for the account that remains (IQCS-03, IQIES-04)."""

from collections.abc import Mapping

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.models import Access, AccessCheck, AccessCheckAnswer

FOLDED = "Goes on with the check of the other account of the same person."


def whose_codes(check: AccessCheck) -> Account:
    """Return whose codes a check is about today: the account that it was opened for, or into which that was merged."""
    account = check.employment.participation.account
    return account.merged_into or account


def of_account(account: Account) -> Q:
    """Return the SQL condition for the checks that are about an account's codes, as `whose_codes` says."""
    part = "employment__participation__account"
    return Q(**{part: account}) | Q(**{f"{part}__merged_into": account})


def carry_checks_over(
    work: UnitOfWork,
    kept: Account,
    closed: Account,
    *,
    moved: Mapping[int, Access],
    versions: Mapping[str, int],
    acting_user: Account | None,
) -> None:
    """Let the checks of an account that is merged away go on for the account that remains, and record each.

    An open one is folded into an open check of the remaining account, where there is one in its program: one office is
    asked once. What a check found to be no longer needed, and nobody has removed yet, is found so of the access that
    took its place: ``moved`` is that by the internal id of the access before. ``versions`` are the rolebooks' in force.
    The flow that calls it holds the locks of both accounts.
    """
    theirs = {closed.pk, *Account.objects.filter(merged_into=closed).values_list("pk", flat=True)}
    unneeded: dict[int, list[Access]] = {}
    for answer in AccessCheckAnswer.objects.filter(access__in=moved, keep=False, carried_out_at=None):
        access = moved[answer.access_id]
        AccessCheckAnswer.objects.create(
            program_id=answer.program_id,
            access_check_id=answer.access_check_id,
            access=access,
            keep=False,
            answered_by_id=answer.answered_by_id,
            answered_at=answer.answered_at,
        )
        unneeded.setdefault(answer.access_check_id, []).append(access)
    opened = AccessCheck.objects.filter(closed_at=None, employment__participation__account__in=theirs)
    found = AccessCheck.objects.filter(pk__in=[*unneeded, *opened.values_list("pk", flat=True)])
    for check in found.select_related("employment__organization").order_by("pk"):
        into = _open_check_of(kept, check.program_id) if check.closed_at is None else None
        if into is not None:
            check.closed_at, check.closed_by, check.note = work.at, acting_user, FOLDED
            check.save(update_fields=["closed_at", "closed_by", "note"])
        work.record(
            tags.ACCESS_CHECK_CARRIED_OVER,
            program_id=check.program_id,
            beneficiary_id=kept.public_id,
            organization_id=check.employment.organization.public_id,
            rolebook_version=versions[check.program_id],
            new={
                "access_check_id": check.public_id,
                "folded_into": None if into is None else into.public_id,
                "accesses_removed": [one.public_id for one in unneeded.get(check.pk, ())],
            },
        )


def _open_check_of(account: Account, program_id: str) -> AccessCheck | None:
    mine = AccessCheck.objects.filter(of_account(account), program_id=program_id, closed_at=None)
    return mine.order_by("-pk").first()
