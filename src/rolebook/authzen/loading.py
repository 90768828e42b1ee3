"""From tables to the snapshot that the decision point asks; only the follower's thread reads here.

A closed grant or access has an empty interval in the snapshot, [closed_at, closed_at): no clock that runs behind,
and none that is set back, can make it answer yes again (fault 58). Everything that somebody holds ends with the
participation's quiet as well (IQCS-08); a sign-in is an event, which moves that end.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from sys import intern
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    QuerySet,
    UUIDField,
    Value,
    When,
)

from rolebook.accounts.models import Account, Client, Organization, RolebookVersion
from rolebook.accounts.queries.rolebooks import book_of_version
from rolebook.authzen.rows import Micros, Packed, Written, streamed
from rolebook.decision.changes import AccountReplaced
from rolebook.decision.compiled import CompiledProgram, compile_program
from rolebook.decision.evaluation import Access as HeldAccess
from rolebook.decision.evaluation import Holding, Person
from rolebook.decision.instants import NEVER, micros
from rolebook.decision.snapshot import Snapshot, SnapshotBuilder
from rolebook.decision.tree import OrganizationTree
from rolebook.governance.models import Access, Grant, Participation
from rolebook.policy.model import Rolebook

_CHUNK = 2000
_NO_MORE: tuple[float, Iterator[Any]] = (float("inf"), iter(()))


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a program's rolebook that is in force, or will be: from when, compiled, and as it is written."""

    effective_micros: int
    program: CompiledProgram
    book: Rolebook | None = None


@dataclass(frozen=True, slots=True)
class KnownClient:
    """What the decision point must know of a client."""

    program_id: str
    operations: frozenset[str]
    reasons: bool = False
    ends_micros: int = NEVER


def program_ids() -> tuple[str, ...]:
    """Return every program that has a version of its rolebook."""
    found = RolebookVersion.objects.order_by("program_id").values_list("program_id", flat=True).distinct()
    return tuple(found)


def load_versions(program_id: str, at: datetime) -> tuple[Version, ...]:
    """Return the version in force at ``at``, if any, and those that will replace it, in the order of
    their instants.

    In force is the newest by number of those that are effective.
    """
    rows = list(RolebookVersion.objects.filter(program_id=program_id).order_by("number").defer("content"))
    current = [row for row in rows if row.effective_at <= at][-1:]
    number = current[0].number if current else 0
    coming = sorted(
        (row for row in rows if row.effective_at > at and row.number > number),
        key=lambda row: (row.effective_at, row.number),
    )
    in_turn = list(current)
    for row in coming:
        if not in_turn or row.number > in_turn[-1].number:
            in_turn.append(row)
    books = [(micros(row.effective_at), book_of_version(row)) for row in in_turn]
    return tuple(Version(effective, compile_program(book), book) for effective, book in books)


def load_tree(program_id: str) -> OrganizationTree:
    """Return a program's organizations at their present places, by public id.

    A closed organization is not there, so that it and what is held at it answer no (I4), whatever the clock says; what
    lies below it counts as below the next one above that is open.
    """
    # Of each id and each kind one copy, however many organizations name it.
    rows: dict[int, tuple[str, int | None, str, datetime | None]] = {
        row_id: (public_id, parent_id, intern(kind_id), closed_at)
        for row_id, public_id, parent_id, kind_id, closed_at in Organization.objects.filter(
            program_id=program_id
        )
        .order_by("id")
        .values_list("id", Written("public_id"), "parent_id", "kind_id", "closed_at")
    }

    def open_above(parent_id: int | None) -> str | None:
        while parent_id is not None:
            public_id, next_id, _, closed_at = rows[parent_id]
            if closed_at is None:
                return public_id
            parent_id = next_id
        return None

    return OrganizationTree(
        (public_id, open_above(parent_id), kind_id)
        for public_id, parent_id, kind_id, closed_at in rows.values()
        if closed_at is None
    )


def load_codes(program_id: str, versions: Iterable[Version]) -> dict[str, str]:
    """Return the codes of the organizations whose properties the versions ship, by public id; mostly none."""
    codes = {code for version in versions for code in version.program.organization_properties}
    if not codes:
        return {}
    found = Organization.objects.filter(program_id=program_id, code__in=codes)
    return {str(public_id): code for public_id, code in found.values_list("public_id", "code")}


def load_snapshot(
    program_id: str, program: CompiledProgram, tree: OrganizationTree, at: datetime
) -> Snapshot:
    """Return everybody's grants in a program that may still count at ``at`` or later."""
    with streamed():
        return _read_snapshot(program_id, program, tree, at)


def _read_snapshot(
    program_id: str, program: CompiledProgram, tree: OrganizationTree, at: datetime
) -> Snapshot:
    builder = SnapshotBuilder(program, tree, settled=micros(at))
    people = (
        Participation.objects.filter(program_id=program_id)
        .order_by("id")
        .values_list(
            "id", Written("account__public_id"), "account__status", "status", Micros("quiet_ends_at")
        )
    )
    places, records = _Places(program_id, tree), load_records(program_id)
    held, apart = (
        _still_open(Grant.objects.all(), program_id, at, "role_id"),
        _still_open(Access.objects.all(), program_id, at, "lower_levels"),
    )
    for participation_id, subject_id, account_status, status, quiet in people.iterator(chunk_size=_CHUNK):
        builder.add(
            subject_id,
            active=_active(account_status, status),
            grants=[
                (
                    grant_id,
                    role_id,
                    None if place is None else places[place],
                    starts,
                    _sooner(ends, quiet),
                    None,
                )
                for _, grant_id, role_id, place, starts, ends in held.of(participation_id)
            ],
            accesses=[
                (access_id, places[place], lower, starts, _sooner(ends, quiet), None)
                for _, access_id, lower, place, starts, ends in apart.of(participation_id)
            ],
            record_id=records.get(subject_id, subject_id),
        )
    return builder.build()


def _still_open(held: "QuerySet[Any]", program_id: str, at: datetime, third: str) -> "_Following":
    """Return what may still count: participation, public id, a third column, organization, and both instants."""
    rows = (
        held.filter(program_id=program_id, closed_at=None)
        .exclude(ends_at__lte=at)
        .order_by("participation_id", "id")
        .values_list(
            "participation_id",
            Packed("public_id"),
            third,
            "organization_id",
            Micros("starts_at"),
            Micros("ends_at"),
        )
    )
    return _Following(rows.iterator(chunk_size=_CHUNK))


def load_records(program_id: str) -> dict[str, str]:
    """Return the own records of those who registered for one, by account: the identifier that applications name.

    A record is somebody's while the role that came with registering is open (IQCS-01); everybody else's own record has
    their own id.
    """
    bound = Grant.objects.filter(program_id=program_id, closed_at=None, record__isnull=False)
    return dict(bound.values_list(Written("account__public_id"), "record__identifier"))


class _Places(dict[int, str]):
    """Public ids of a program's organizations by their numbers: no join a row, and no second copy of the tree's ids."""

    def __init__(self, program_id: str, tree: OrganizationTree) -> None:
        rows = Organization.objects.filter(program_id=program_id).values_list("id", Written("public_id"))
        same = {organization_id: organization_id for organization_id in tree}
        found = rows.iterator(chunk_size=_CHUNK)
        super().__init__((number, same.get(public_id, public_id)) for number, public_id in found)

    def __missing__(self, number: int) -> str:
        """Return the id of an organization that has come since."""
        self[number] = Organization.objects.values_list(Written("public_id"), flat=True).get(pk=number)
        return self[number]


class _Following:
    """Rows that begin with their participation's id, read along with the participations in the order of their ids."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._groups: Iterator[tuple[float, Iterator[Any]]] = groupby(rows, key=itemgetter(0))
        self._participation_id, self._group = next(self._groups, _NO_MORE)

    def of(self, participation_id: int) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a participation; ids must come in order, and rows be read before the next call."""
        while self._participation_id < participation_id:
            self._participation_id, self._group = next(self._groups, _NO_MORE)
        return self._group if self._participation_id == participation_id else iter(())


def _text(public_id: uuid.UUID | None) -> str | None:
    return None if public_id is None else str(public_id)


def _active(account_status: str, participation_status: str) -> bool:
    return account_status == Account.Status.ACTIVE and participation_status == Participation.Status.ACTIVE


def account_now(program_id: str, account_id: uuid.UUID) -> AccountReplaced | None:
    """Return all that is so of an account in a program now, read in one statement; None where it takes no part."""
    rows = sorted(_rows_of(program_id, account_id), key=itemgetter(0, 1))
    if not rows or rows[0][0] != _ACCOUNT:
        return None
    _, _, _, status, _, _, quiet, _, account_status = rows[0]
    grants = [row[2:] for row in rows if row[0] == _GRANT]
    subject_id = str(account_id)
    person = Person(
        active=_active(account_status, status),
        holdings=tuple(
            Holding(str(grant_id), role_id, _text(place), closed or starts, _sooner(ends, quiet), closed)
            for grant_id, role_id, place, starts, ends, closed, _ in grants
        ),
        accesses=tuple(
            HeldAccess(
                str(access_id), str(place), lower == _LOWER, closed or starts, _sooner(ends, quiet), closed
            )
            for kind, _, access_id, lower, place, starts, ends, closed, _ in rows
            if kind == _ACCESS
        ),
        record_id=next((record for *_, closed, record in grants if record and closed is None), subject_id),
    )
    return AccountReplaced(subject_id, person)


_ACCOUNT, _GRANT, _ACCESS = range(3)
_LOWER, _EXACT = "lower", "exact"


def _rows_of(program_id: str, account_id: uuid.UUID) -> "QuerySet[Any]":
    """Return kind and number of a row, its id, role or extent or status, organization, three instants, and a text."""
    theirs = {"program_id": program_id, "account__public_id": account_id}
    grants = Grant.objects.filter(**theirs).values_list(
        Value(_GRANT),
        "id",
        "public_id",
        "role_id",
        "organization__public_id",
        "starts_at",
        "ends_at",
        "closed_at",
        "record__identifier",
    )
    accesses = Access.objects.filter(**theirs).values_list(
        Value(_ACCESS),
        "id",
        "public_id",
        Case(When(lower_levels=True, then=Value(_LOWER)), default=Value(_EXACT)),
        "organization__public_id",
        "starts_at",
        "ends_at",
        "closed_at",
        Value(None, output_field=CharField()),
    )
    participation = Participation.objects.filter(**theirs).values_list(
        Value(_ACCOUNT),
        "id",
        "account__public_id",
        "status",
        Value(None, output_field=UUIDField()),
        "created_at",
        "quiet_ends_at",
        Value(None, output_field=DateTimeField()),
        "account__status",
    )
    return grants.union(accesses, participation, all=True)


def _sooner[End: (int, datetime)](ends: End | None, quiet_ends: End | None) -> End | None:
    """Return the earlier of two ends, each of which may be none."""
    if ends is None or quiet_ends is None:
        return quiet_ends if ends is None else ends
    return min(ends, quiet_ends)


def programs_of(account_id: uuid.UUID) -> tuple[str, ...]:
    """Return the programs that an account takes part in."""
    found = Participation.objects.filter(account__public_id=account_id)
    return tuple(found.values_list("program_id", flat=True))


def load_clients() -> dict[str, KnownClient]:
    """Return the clients whose tokens count, by the digest of the token."""
    rows = Client.objects.filter(revoked_at=None).values_list(
        "token_hash", "program_id", "operations", "reasons", "ends_at"
    )
    return {
        token_hash: KnownClient(
            program_id, frozenset(operations), reasons, NEVER if ends_at is None else micros(ends_at)
        )
        for token_hash, program_id, operations, reasons, ends_at in rows
    }
