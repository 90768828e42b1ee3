"""Whose codes are to be looked at because their employer changed, and who employed a person when."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing, not_over
from rolebook.governance.checks_going_on import of_account, whose_codes
from rolebook.governance.flows.record_employment import answered_for
from rolebook.governance.models import Access, AccessCheck, AccessCheckAnswer, Employment, Participation
from rolebook.governance.queries.naming import sees_names
from rolebook.governance.queries.seeing import anywhere, public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Act

MOST_CHECKS = 200
"""Checks shown at once, the oldest; who settles some sees the next."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One open check: whose, since when, from which employer to which, and the codes that are held or begin later."""

    check_id: uuid.UUID
    account: Account
    before: Employment | None
    employment: Employment
    held: tuple[Access, ...]


def open_checks(viewer: Account, program_id: str, at: datetime) -> tuple[CheckLine, ...]:
    """Return the open checks of people whose new employer the viewer decides requests of, oldest first.

    MOST_CHECKS at most, by four statements however many.
    """
    standing = viewer_standing(viewer, program_id, at)
    offices = standing.offices(Act.DECIDE)
    if not offices:
        return ()
    reach = anywhere([office.where("employment__") for office in offices])
    earlier = Employment.objects.filter(
        participation=OuterRef("employment__participation"), pk__lt=OuterRef("employment")
    )
    checks = (
        AccessCheck.objects.filter(reach, program_id=program_id, closed_at=None)
        .exclude(of_account(viewer))
        .annotate(before=Subquery(earlier.order_by("-pk").values("pk")[:1]))
        .select_related(
            "employment__organization",
            "employment__participation__account__merged_into",
            "employment__recorded_by",
        )
        .order_by("opened_at", "pk")
    )
    found = list(checks)
    places = {one.employment.organization_id: one.employment.organization for one in found}
    mine = answered_for(standing, list(places.values()))
    return _lines(standing, [one for one in found if one.employment.organization_id in mine][:MOST_CHECKS])


def _lines(standing: Standing, checks: Sequence[AccessCheck]) -> tuple[CheckLine, ...]:
    """Return checks, read with the internal id of the employment before, as lines: two statements for all of them."""
    earlier = [getattr(one, "before", None) for one in checks]
    before = Employment.objects.select_related("organization").in_bulk(
        [pk for pk in earlier if pk is not None]
    )
    people = [whose_codes(one).pk for one in checks]
    held: dict[int, list[Access]] = {}
    accesses = Access.objects.filter(
        not_over(standing.at), program_id=standing.program_id, account__in=people
    ).select_related("organization")
    for access in accesses.order_by("organization__code"):
        held.setdefault(access.account_id, []).append(access)
    return tuple(
        CheckLine(
            one.public_id,
            whose_codes(one),
            None if pk is None else before[pk],
            one.employment,
            tuple(held.get(whose_codes(one).pk, ())),
        )
        for one, pk in zip(checks, earlier, strict=True)
    )


@dataclass(frozen=True, slots=True)
class CodesToRemove:
    """Codes of one person that a check found to be no longer needed and that the viewer may remove; by whom, when."""

    check_id: uuid.UUID
    account: Account
    answered_by: Account
    answered_at: datetime
    note: str
    accesses: tuple[Access, ...]


def codes_to_remove(viewer: Account, program_id: str, at: datetime) -> tuple[CodesToRemove, ...]:
    """Return what checks left for who removes access, oldest first; what ended meanwhile is left out."""
    standing = viewer_standing(viewer, program_id, at)
    if not standing.offices(Act.REMOVE):
        return ()
    answers = AccessCheckAnswer.objects.filter(
        not_over(at, "access__"), program_id=program_id, keep=False, carried_out_at=None
    ).select_related("access__organization", "access__account", "access_check", "answered_by")
    found: dict[int, list[AccessCheckAnswer]] = {}
    for answer in answers.exclude(access__account=viewer).order_by("answered_at", "pk"):
        if standing.may(Act.REMOVE, answer.access.organization):
            found.setdefault(answer.access_check_id, []).append(answer)
    return tuple(
        CodesToRemove(
            some[0].access_check.public_id,
            some[0].access.account,
            some[0].answered_by,
            some[0].answered_at,
            some[0].access_check.note,
            tuple(one.access for one in some),
        )
        for some in found.values()
    )


@dataclass(frozen=True, slots=True)
class EmployerLine:
    """One employer of a person's, and who recorded it: by name, or the office to who may not see persons (decision 33).

    ``recorded_by`` is None for the operator.
    """

    employment: Employment
    recorded_by: str | None


@dataclass(frozen=True, slots=True)
class EmployerHistory:
    """Who employs a person and who did, newest first; ``may_record``: whether the viewer may record another."""

    account: Account
    employers: tuple[EmployerLine, ...]
    may_record: bool


def employer_history(
    viewer: Account, program_id: str, account_id: uuid.UUID | str, at: datetime
) -> EmployerHistory:
    """Return a person's employers for themselves and for who decides requests or views users; NotFound for others."""
    standing = viewer_standing(viewer, program_id, at)
    joined = Participation.objects.filter(program_id=program_id, account__public_id=public_id_of(account_id))
    part = joined.select_related("account").first()
    account = None if part is None else part.account
    if account is None or not standing.book.approval.employing_chain:
        raise NotFound
    found = Employment.objects.filter(program_id=program_id, participation__account=account)
    employments = tuple(found.select_related("organization", "recorded_by").order_by("-recorded_at", "-pk"))
    decides = bool(standing.offices(Act.DECIDE))
    sees = any(
        office.covers(one.organization)
        for one in employments[:1]
        for office in (*standing.offices(Act.VIEW_USERS), *standing.offices(Act.DECIDE))
    )
    if account.pk != viewer.pk and not sees and not (decides and not employments):
        raise NotFound
    own = account.pk == viewer.pk
    lines = tuple(EmployerLine(one, _recorded_by(standing, one, own=own)) for one in employments)
    return EmployerHistory(account, lines, decides and not own)


def _recorded_by(standing: Standing, employment: Employment, *, own: bool) -> str | None:
    by = employment.recorded_by
    if by is None:
        return None
    if own and by.pk != standing.account.pk and not sees_names(standing, [employment.organization]):
        return f"who decides for {employment.organization.name}"
    return by.name
