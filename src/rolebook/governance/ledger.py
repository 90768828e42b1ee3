"""The ledger: the only opener and closer of grants and access. It demands the locks, and judges the rules itself.

A grant points at the request item, the designation or the imported approval that opened it, so that "who held what on
that day, and why" is a query. ``closed_at`` is set once; a database trigger holds that too.
"""

from collections.abc import Iterable
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.facts import judge_grant
from rolebook.governance.locks import Held
from rolebook.governance.models import (
    Access,
    Designation,
    Grant,
    ImportedApproval,
    Participation,
    RequestItem,
)
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
    origin: RequestItem | Designation,
    rolebook_version: int,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Grant:
    """Open a grant from ``starts_at`` (now, where none is given) and record it.

    Raises Refused when a rule in force forbids it, judged here under lock; LocksMissing without the locks.
    """
    held.require(beneficiary.pk, None if organization is None else organization.pk)
    item = origin if isinstance(origin, RequestItem) else None
    designation = origin if isinstance(origin, Designation) else None
    moment = Moment.GRANT if designation is None else Moment.DESIGNATION
    violations = judge_grant(book, beneficiary, role_id, organization, work.at, moment=moment, item=item)
    if violations:
        raise Refused(violations)
    grant = Grant.objects.create(
        program_id=book.program.id,
        participation=participation_of(work, beneficiary, book.program.id, work.at),
        account=beneficiary,
        role_id=role_id,
        organization=organization,
        starts_at=work.at if starts_at is None or starts_at < work.at else starts_at,
        ends_at=ends_at,
        request_item=item,
        designation=designation,
    )
    work.record(
        tags.GRANT_OPENED,
        program_id=grant.program_id,
        beneficiary_id=beneficiary.public_id,
        organization_id=None if organization is None else organization.public_id,
        request_id=None if item is None else item.request.public_id,
        rolebook_version=rolebook_version,
        new={
            "grant_id": grant.public_id,
            "role_id": role_id,
            "starts_at": grant.starts_at,
            "ends_at": grant.ends_at,
            "cause": "request" if item is not None else "designation",
            "request_item_id": None if item is None else item.public_id,
            "designation_id": None if designation is None else designation.public_id,
        },
    )
    return grant


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
    beneficiary = participation.account
    held.require(beneficiary.pk, None if organization is None else organization.pk)
    violations = judge_grant(
        book,
        beneficiary,
        role_id,
        organization,
        work.at,
        moment=Moment.IMPORT,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    if violations:
        raise Refused(violations)
    approval.save(force_insert=True)
    return Grant.objects.create(
        program_id=book.program.id,
        participation=participation,
        account=beneficiary,
        role_id=role_id,
        organization=organization,
        starts_at=starts_at,
        ends_at=ends_at,
        imported=approval,
    )


def move_grant(
    work: UnitOfWork,
    held: Held,
    grant: Grant,
    kept: Account,
    *,
    book: Rolebook,
    rolebook_version: int,
) -> Grant:
    """Close a grant and open one with the same role, place and end for another account of the same person (a merge).

    The new one points at the old one, which has the origin, and begins now, where the old one had begun: until now the
    other account held it. Raises Refused when a rule in force forbids it, LocksMissing without the locks.
    """
    held.require(kept.pk, grant.organization_id)
    close_grants(work, held, [grant], cause="merged", rolebook_version=rolebook_version)
    starts_at = max(work.at, grant.starts_at)
    violations = judge_grant(
        book,
        kept,
        grant.role_id,
        grant.organization,
        work.at,
        moment=Moment.IMPORT,
        starts_at=starts_at,
        ends_at=grant.ends_at,
    )
    if violations:
        raise Refused(violations)
    moved = Grant.objects.create(
        program_id=grant.program_id,
        participation=participation_of(work, kept, grant.program_id, work.at),
        account=kept,
        role_id=grant.role_id,
        organization=grant.organization,
        starts_at=starts_at,
        ends_at=grant.ends_at,
        moved_from=grant,
    )
    work.record(
        tags.GRANT_OPENED,
        program_id=moved.program_id,
        beneficiary_id=kept.public_id,
        organization_id=None if moved.organization is None else moved.organization.public_id,
        rolebook_version=rolebook_version,
        new={
            "grant_id": moved.public_id,
            "role_id": moved.role_id,
            "starts_at": moved.starts_at,
            "ends_at": moved.ends_at,
            "cause": "merged",
        },
    )
    return moved


def move_access(
    work: UnitOfWork,
    held: Held,
    access: Access,
    kept: Account,
    *,
    book: Rolebook,
    rolebook_version: int,
) -> Access:
    """Close access and open the same for another account of the same person, as `move_grant` does a role."""
    held.require(kept.pk, access.organization_id)
    close_accesses(work, held, [access], cause="merged", rolebook_version=rolebook_version)
    starts_at = max(work.at, access.starts_at)
    violations = judge_grant(
        book,
        kept,
        None,
        access.organization,
        work.at,
        moment=Moment.IMPORT,
        starts_at=starts_at,
        ends_at=access.ends_at,
        lower_levels=access.lower_levels,
    )
    if violations:
        raise Refused(violations)
    moved = Access.objects.create(
        program_id=access.program_id,
        participation=participation_of(work, kept, access.program_id, work.at),
        account=kept,
        organization=access.organization,
        lower_levels=access.lower_levels,
        starts_at=starts_at,
        ends_at=access.ends_at,
        moved_from=access,
    )
    work.record(
        tags.ACCESS_OPENED,
        program_id=moved.program_id,
        beneficiary_id=kept.public_id,
        organization_id=moved.organization.public_id,
        rolebook_version=rolebook_version,
        new={
            "access_id": moved.public_id,
            "lower_levels": moved.lower_levels,
            "starts_at": moved.starts_at,
            "ends_at": moved.ends_at,
            "cause": "merged",
        },
    )
    return moved


def close_grants(
    work: UnitOfWork, held: Held, grants: Iterable[Grant], *, cause: str, rolebook_version: int
) -> tuple[Grant, ...]:
    """Close grants that are still open, at the unit's instant, and record each; return those that were closed.

    ``cause`` is a word for the log ("removed"). Raises LocksMissing without the locks.
    """
    closed: list[Grant] = []
    for grant in grants:
        held.require(grant.account_id, grant.organization_id)
        if grant.closed_at is not None:
            continue
        # A clock behind the one that opened the grant must not put its end before its beginning.
        grant.closed_at = max(work.at, grant.starts_at)
        if not Grant.objects.filter(pk=grant.pk, closed_at=None).update(closed_at=grant.closed_at):
            continue
        closed.append(grant)
        work.record(
            tags.GRANT_CLOSED,
            program_id=grant.program_id,
            beneficiary_id=grant.account.public_id,
            organization_id=None if grant.organization is None else grant.organization.public_id,
            rolebook_version=rolebook_version,
            old={"closed_at": None},
            new={
                "grant_id": grant.public_id,
                "role_id": grant.role_id,
                "closed_at": grant.closed_at,
                "cause": cause,
            },
        )
    return tuple(closed)


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
    """Open access apart from roles from ``starts_at`` (now, where none is given) and record it.

    Raises Refused when a rule in force forbids it, judged here under lock; LocksMissing without the locks.
    """
    held.require(beneficiary.pk, organization.pk)
    item = origin if isinstance(origin, RequestItem) else None
    designation = origin if isinstance(origin, Designation) else None
    violations = judge_grant(
        book,
        beneficiary,
        None,
        organization,
        work.at,
        moment=Moment.GRANT if designation is None else Moment.DESIGNATION,
        item=item,
        lower_levels=lower_levels,
    )
    if violations:
        raise Refused(violations)
    access = Access.objects.create(
        program_id=book.program.id,
        participation=participation_of(work, beneficiary, book.program.id, work.at),
        account=beneficiary,
        organization=organization,
        lower_levels=lower_levels,
        starts_at=work.at if starts_at is None or starts_at < work.at else starts_at,
        ends_at=ends_at,
        request_item=item,
        designation=designation,
    )
    _record_opened(work, access, rolebook_version)
    return access


def _record_opened(work: UnitOfWork, access: Access, rolebook_version: int) -> None:
    item, designation = access.request_item, access.designation
    work.record(
        tags.ACCESS_OPENED,
        program_id=access.program_id,
        beneficiary_id=access.account.public_id,
        organization_id=access.organization.public_id,
        request_id=None if item is None else item.request.public_id,
        rolebook_version=rolebook_version,
        new={
            "access_id": access.public_id,
            "lower_levels": access.lower_levels,
            "starts_at": access.starts_at,
            "ends_at": access.ends_at,
            "cause": "request" if item is not None else "designation",
            "request_item_id": None if item is None else item.public_id,
            "designation_id": None if designation is None else designation.public_id,
        },
    )


def close_accesses(
    work: UnitOfWork, held: Held, accesses: Iterable[Access], *, cause: str, rolebook_version: int
) -> tuple[Access, ...]:
    """Close access that is still open, at the unit's instant, and record each; return what was closed.

    ``cause`` is a word for the log ("removed"). Raises LocksMissing without the locks.
    """
    closed: list[Access] = []
    for access in accesses:
        held.require(access.account_id, access.organization_id)
        if access.closed_at is not None:
            continue
        # As for a grant: never before its beginning, whatever the clocks say.
        access.closed_at = max(work.at, access.starts_at)
        if not Access.objects.filter(pk=access.pk, closed_at=None).update(closed_at=access.closed_at):
            continue
        closed.append(access)
        work.record(
            tags.ACCESS_CLOSED,
            program_id=access.program_id,
            beneficiary_id=access.account.public_id,
            organization_id=access.organization.public_id,
            rolebook_version=rolebook_version,
            old={"closed_at": None},
            new={
                "access_id": access.public_id,
                "lower_levels": access.lower_levels,
                "closed_at": access.closed_at,
                "cause": cause,
            },
        )
    return tuple(closed)
