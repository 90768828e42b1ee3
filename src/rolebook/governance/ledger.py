"""The ledger: the only opener and closer of grants and access. It demands the locks, and judges the rules itself.

A grant points at the request item, the designation or the imported approval that opened it, so that "who held what on
that day, and why" is a query. ``closed_at`` is set once; a database trigger holds that too. Grants and access differ in
what they name (a role; whether lower levels are included) and in their events' tags: all else is done once, for both.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.canonical import Detail
from rolebook.audit.recording import UnitOfWork
from rolebook.governance import own_records
from rolebook.governance.facts import judge_grant
from rolebook.governance.locks import Held, lock_rows
from rolebook.governance.models import (
    Access,
    Designation,
    Grant,
    ImportedApproval,
    Participation,
    Registration,
    Request,
    RequestItem,
    ResponderRecord,
)
from rolebook.governance.origins import Holding
from rolebook.governance.participations import participation_of
from rolebook.governance.refusals import Refused
from rolebook.policy.model import Rolebook
from rolebook.policy.rules import Moment


def open_grant(
    work: UnitOfWork,
    held: Held,
    *,
    book: Rolebook,
    beneficiary: Account,
    role_id: str,
    organization: Organization | None,
    origin: RequestItem | Designation | Registration,
    rolebook_version: int,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Grant:
    """Open a grant from ``starts_at`` (now, where none is given) and record it.

    One that a registration opens is bound to the record registered for. Raises Refused when a rule in force forbids
    it, judged here under lock; LocksMissing without the locks.
    """
    grant = Grant(
        program_id=book.program.id,
        account=beneficiary,
        role_id=role_id,
        organization=organization,
        starts_at=work.at if starts_at is None else max(work.at, starts_at),
        ends_at=ends_at,
        record=origin.record if isinstance(origin, Registration) else None,
    )
    return _open(work, held, grant, book=book, origin=origin, rolebook_version=rolebook_version)


def open_access(
    work: UnitOfWork,
    held: Held,
    *,
    book: Rolebook,
    beneficiary: Account,
    organization: Organization,
    lower_levels: bool,
    origin: RequestItem | Designation,
    rolebook_version: int,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Access:
    """Open access apart from roles, as `open_grant` does a role."""
    access = Access(
        program_id=book.program.id,
        account=beneficiary,
        organization=organization,
        lower_levels=lower_levels,
        starts_at=work.at if starts_at is None else max(work.at, starts_at),
        ends_at=ends_at,
    )
    return _open(work, held, access, book=book, origin=origin, rolebook_version=rolebook_version)


def open_imported_grant(
    work: UnitOfWork,
    held: Held,
    *,
    book: Rolebook,
    participation: Participation,
    role_id: str,
    organization: Organization | None,
    approval: ImportedApproval,
    starts_at: datetime,
    ends_at: datetime | None,
) -> Grant:
    """Open a grant of an import, from its original day, which may be past; the import's one event tells of all.

    ``approval`` is not saved yet: it is when the rules in force let the grant be opened. Raises Refused when they do
    not, judged here under lock, and LocksMissing without the locks.
    """
    grant = Grant(
        program_id=book.program.id,
        participation=participation,
        account=participation.account,
        role_id=role_id,
        organization=organization,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    _require_allowed(work, held, grant, book, Moment.IMPORT)
    approval.save(force_insert=True)
    grant.imported = approval
    grant.save(force_insert=True)
    return grant


def move_holding(
    work: UnitOfWork,
    held: Held,
    holding: Holding,
    kept: Account,
    *,
    book: Rolebook,
    rolebook_version: int,
) -> Holding:
    """Close a grant or access and open the same, at its place and to its end, for another account of the person.

    The new one points at the old one, which has the origin, and begins now, where the old one had begun: until now the
    other account held it. Raises Refused when a rule in force forbids it, LocksMissing without the locks.
    """
    held.require(kept.pk, holding.organization_id)
    close_holdings(work, held, [holding], cause="merged", rolebook_version=rolebook_version)
    return _continue(work, held, holding, kept, book=book, rolebook_version=rolebook_version)


def restore_holding(
    work: UnitOfWork,
    held: Held,
    holding: Holding,
    *,
    book: Rolebook,
    request: Request,
    rolebook_version: int,
) -> Holding:
    """Open again what ended when its account was closed, for the same account, at its place and to its end (IQCS-10).

    ``request`` asked for it. The new one points at the old one and begins now. Raises Refused when a rule in force
    forbids it, LocksMissing without the locks.
    """
    return _continue(
        work, held, holding, holding.account, book=book, rolebook_version=rolebook_version, request=request
    )


def _continue(
    work: UnitOfWork,
    held: Held,
    holding: Holding,
    account: Account,
    *,
    book: Rolebook,
    rolebook_version: int,
    request: Request | None = None,
) -> Holding:
    """Open for an account what another grant or access was, from now on or from where that had not begun yet."""
    same: dict[str, Any] = {
        "program_id": holding.program_id,
        "account": account,
        "organization": holding.organization,
        "starts_at": max(work.at, holding.starts_at),
        "ends_at": holding.ends_at,
    }
    again: Holding
    if isinstance(holding, Grant):
        again = Grant(role_id=holding.role_id, record=holding.record, **same)
    else:
        again = Access(lower_levels=holding.lower_levels, **same)
    return _open(
        work, held, again, book=book, origin=holding, rolebook_version=rolebook_version, request=request
    )


def close_holdings[H: Holding](
    work: UnitOfWork, held: Held, holdings: Iterable[H], *, cause: str, rolebook_version: int
) -> tuple[H, ...]:
    """Close grants and access that are still open, at the unit's instant, and record each; return what was closed.

    ``cause`` is a word for the log ("removed"). Raises LocksMissing without the locks.
    """
    asked = list(holdings)
    for holding in asked:
        held.require(holding.account_id, holding.organization_id)
    closed = _still_open(asked)
    groups: dict[tuple[type[Grant] | type[Access], datetime], list[int]] = {}
    for holding in closed:
        # A clock behind the one that opened it must not put its end before its beginning.
        holding.closed_at = max(work.at, holding.starts_at)
        kind = Grant if isinstance(holding, Grant) else Access
        groups.setdefault((kind, holding.closed_at), []).append(holding.pk)
    for (kind, closed_at), pks in groups.items():
        kind.objects.filter(pk__in=pks).update(closed_at=closed_at)
    for holding in closed:
        work.record(
            tags.GRANT_CLOSED if isinstance(holding, Grant) else tags.ACCESS_CLOSED,
            program_id=holding.program_id,
            beneficiary_id=holding.account.public_id,
            organization_id=None if holding.organization is None else holding.organization.public_id,
            rolebook_version=rolebook_version,
            old={"closed_at": None},
            new={**_named(holding), "closed_at": holding.closed_at, "cause": cause},
        )
    return closed


def _still_open[H: Holding](holdings: Sequence[H]) -> tuple[H, ...]:
    """Return those that nobody has closed, read under the locks of their people: nobody closes them meanwhile."""
    named = [one for one in holdings if one.closed_at is None]
    still: set[tuple[bool, int]] = set()
    for kind in (Grant, Access):
        pks = [one.pk for one in named if isinstance(one, kind)]
        if pks:
            rows = kind.objects.filter(pk__in=pks, closed_at=None).values_list("pk", flat=True)
            still.update((kind is Grant, pk) for pk in rows)
    return tuple(one for one in named if (isinstance(one, Grant), one.pk) in still)


def _open[H: Holding](
    work: UnitOfWork,
    held: Held,
    holding: H,
    *,
    book: Rolebook,
    origin: RequestItem | Designation | Registration | Holding,
    rolebook_version: int,
    request: Request | None = None,
) -> H:
    """Save a grant or access that its origin opens, and record it, where the rules in force let it be.

    ``request`` is the one that asked for a reactivation.
    """
    item = origin if isinstance(origin, RequestItem) else None
    request = request if item is None else item.request
    designation = origin if isinstance(origin, Designation) else None
    if item is not None:
        moment, cause = Moment.GRANT, "request"
    elif designation is not None:
        moment, cause = Moment.DESIGNATION, "designation"
    elif isinstance(origin, Registration):
        moment, cause = Moment.REGISTRATION, "registration"
    else:
        moment, cause = Moment.IMPORT, "merged" if request is None else "reactivated"
    _require_allowed(work, held, holding, book, moment, item)
    holding.participation = participation_of(work, holding.account, holding.program_id, work.at)
    holding.request_item, holding.designation = item, designation
    origins: dict[str, Detail] = {}
    if isinstance(origin, Grant | Access):
        holding.moved_from_id = origin.pk
    elif isinstance(origin, Registration):
        origins["registration_id"] = origin.public_id
    else:
        origins["request_item_id"] = None if item is None else item.public_id
        origins["designation_id"] = None if designation is None else designation.public_id
    if isinstance(holding, Grant):
        holding.registration = origin if isinstance(origin, Registration) else None
        if holding.record is not None:
            origins["record_id"] = holding.record.public_id
    holding.save(force_insert=True)
    work.record(
        tags.GRANT_OPENED if isinstance(holding, Grant) else tags.ACCESS_OPENED,
        program_id=holding.program_id,
        beneficiary_id=holding.account.public_id,
        organization_id=None if holding.organization is None else holding.organization.public_id,
        request_id=None if request is None else request.public_id,
        rolebook_version=rolebook_version,
        new={
            **_named(holding),
            "starts_at": holding.starts_at,
            "ends_at": holding.ends_at,
            "cause": cause,
            **origins,
        },
    )
    return holding


def _require_allowed(
    work: UnitOfWork,
    held: Held,
    holding: Holding,
    book: Rolebook,
    moment: Moment,
    item: RequestItem | None = None,
) -> None:
    """Raise LocksMissing without the locks, and Refused when the rules in force forbid to open it."""
    held.require(holding.account_id, holding.organization_id)
    own_dates = moment is Moment.IMPORT
    violations = judge_grant(
        book,
        holding.account,
        holding.role_id if isinstance(holding, Grant) else None,
        holding.organization,
        work.at,
        moment=moment,
        item=item,
        starts_at=holding.starts_at if own_dates else None,
        ends_at=holding.ends_at if own_dates else None,
        lower_levels=isinstance(holding, Access) and holding.lower_levels,
    )
    record = holding.record if isinstance(holding, Grant) else None
    if record is not None:
        # A record is one account's: whoever else claims it waits for this one, or has it already (IQCS-01).
        lock_rows(ResponderRecord, frozenset({record.pk}))
        violations = (*violations, *own_records.taken_violations(book, record))
    if violations:
        raise Refused(violations)


def _named(holding: Holding) -> dict[str, Detail]:
    """Return what an event says a grant or access is."""
    if isinstance(holding, Grant):
        return {"grant_id": holding.public_id, "role_id": holding.role_id}
    return {"access_id": holding.public_id, "lower_levels": holding.lower_levels}
