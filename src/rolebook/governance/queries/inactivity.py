"""Who is due to be closed for want of a sign-in, for stewards; and whom a representative may have reactivated."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.authority import Standing
from rolebook.governance.employing import present_employment
from rolebook.governance.flows.ask_reactivation import may_ask_to_reactivate, waiting
from rolebook.governance.models import Access, Employment, Participation, QuietWatch, RequestItem
from rolebook.governance.origins import Holding
from rolebook.governance.queries import paging
from rolebook.governance.queries.account_preview import dated_in_words, refused_in_words
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.quiet import counts, watched
from rolebook.governance.reactivating import Returning, comes_back
from rolebook.governance.refusals import NotFound
from rolebook.governance.representatives import represented_by_nobody
from rolebook.policy.model import STEWARD_ID, Act, Rolebook


@dataclass(frozen=True, slots=True)
class DueRow:
    """Somebody whose part ends for want of a sign-in; ``is_past``: it has, and nobody has closed it yet."""

    account_id: uuid.UUID
    name: str
    user_id: str
    last_signed_in_at: datetime | None
    quiet_ends_at: datetime
    warned_at: datetime | None
    is_past: bool


@dataclass(frozen=True, slots=True)
class QuietOverview:
    """The watch over a program, as its stewards see it; ``watch`` is None before its first run."""

    months: int
    warn_days: tuple[int, ...]
    grace_days: int
    most_due_percent: int
    watch: QuietWatch | None
    past: int
    due: Page[DueRow]


@dataclass(frozen=True, slots=True)
class ClosedRow:
    """Somebody who may be reactivated, to the one who may ask for it. ``request_id``: of the request that waits."""

    account_id: uuid.UUID
    name: str
    user_id: str
    status: str
    cause: str
    since: datetime | None
    employer: str
    request_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class ClosedPerson:
    """One such person, with what a reactivation gives back and what today's rules keep ended, each in words."""

    row: ClosedRow
    comes_back: tuple[str, ...]
    refused: tuple[str, ...]


def quiet_overview(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> QuietOverview:
    """Return the watch and who is due next, soonest first.

    Raises NotFound for everybody who is no steward, and for a program that closes nobody for want of a sign-in.
    """
    return _overview(stewards_standing(viewer, program_id, at).book, at, after, paging.bounded(limit))


def operators_overview(program_id: str, at: datetime, limit: int = paging.MOST_ROWS) -> QuietOverview:
    """Return what `quiet_overview` does, for the operator at the command line."""
    return _overview(rolebook_in_force(program_id, at)[1], at, None, limit)


def _overview(book: Rolebook, at: datetime, after: str | None, length: int) -> QuietOverview:
    lifecycle = book.lifecycle
    if lifecycle.inactivity_months is None:
        raise NotFound
    people = Participation.objects.filter(watched(book.program.id), quiet_ends_at__isnull=False)
    past = people.filter(quiet_ends_at__lte=at).count()
    people = people.filter(paging.following(paging.instant_key(after), "quiet_ends_at"))
    found = list(people.select_related("account").order_by("quiet_ends_at", "pk")[: length + 1])
    ends = [part.quiet_ends_at or at for part in found]
    rows = [
        DueRow(
            account_id=part.account.public_id,
            name=part.account.name,
            user_id=part.account.user_id,
            last_signed_in_at=part.last_signed_in_at,
            quiet_ends_at=end,
            warned_at=part.quiet_warned_at,
            is_past=end <= at,
        )
        for part, end in zip(found, ends, strict=True)
    ]
    keys = [(end.isoformat(), part.pk) for part, end in zip(found, ends, strict=True)]
    return QuietOverview(
        months=lifecycle.inactivity_months,
        warn_days=lifecycle.warn_days_before_closing,
        grace_days=lifecycle.grace_days,
        most_due_percent=lifecycle.most_due_percent,
        watch=QuietWatch.objects.filter(program_id=book.program.id).select_related("confirmed_by").first(),
        past=past,
        due=paging.cut(rows, keys, length),
    )


def closed_people(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[ClosedRow]:
    """Return the people who are out and whom an organization under the viewer's offices employs, newest first.

    For a steward those whom nobody represents, too: no employer is on record, or nobody is in office there.

    Raises NotFound for who decides nothing, and in a program without reactivations.
    """
    standing = viewer_standing(viewer, program_id, at)
    under = _under_offices(standing)
    length = paging.bounded(limit)
    newest = Employment.objects.filter(participation=OuterRef("pk")).order_by("-recorded_at", "-pk")
    out = Participation.objects.filter(~counts(at, ""), program_id=program_id, account__merged_into=None)
    people = out.exclude(account=viewer)
    employed = people.annotate(
        employed=Subquery(newest.values("pk")[:1]), employed_at=Subquery(newest.values("organization")[:1])
    )
    mine = Q(employed__in=Employment.objects.filter(under, program_id=program_id).values("pk"))
    if _is_steward(standing):
        mine |= represented_by_nobody(standing.book, employed, at)
    theirs = employed.filter(mine)
    key = paging.from_text(after)
    if key is not None:
        theirs = theirs.filter(pk__lt=key[1])
    found = list(theirs.select_related("account").order_by("-pk")[: length + 1])
    named = [part.employed_at for part in found if part.employed_at is not None]
    employers = Organization.objects.in_bulk(named)
    rows = [
        _row(part, "" if part.employed_at is None else employers[part.employed_at].name, None)
        for part in found
    ]
    return paging.cut(rows, [("", part.pk) for part in found], length)


def _under_offices(standing: Standing) -> Q:
    lifecycle = standing.book.lifecycle
    offices = standing.offices(Act.DECIDE)
    if not offices or (lifecycle.inactivity_months is None and not lifecycle.bounce_deactivates):
        raise NotFound
    under = Q(pk__in=())
    for office in offices:
        # Who decides everywhere represents no organization, and asks for nobody (`may_ask_to_reactivate`).
        if office.organization_id is not None:
            under |= office.where()
    return under


@dataclass(frozen=True, slots=True)
class AsksFor:
    """Whose reactivation somebody asks for.

    Attributes:
        theirs: of the people whom organizations employ at which they decide.
        nobodys: of those whom nobody represents: they are a steward.
    """

    theirs: bool
    nobodys: bool


def asks_for(viewer: Account, program_id: str, at: datetime) -> AsksFor:
    """Return whose reactivation the viewer asks for."""
    standing = viewer_standing(viewer, program_id, at)
    offices = standing.offices(Act.DECIDE)
    return AsksFor(any(office.organization_id is not None for office in offices), _is_steward(standing))


def _is_steward(standing: Standing) -> bool:
    return any(office.role_id == STEWARD_ID for office in standing.offices(Act.DECIDE))


def closed_person(
    viewer: Account, program_id: str, account_id: uuid.UUID | str, at: datetime
) -> ClosedPerson:
    """Return one person whom the viewer may have reactivated. Raises NotFound for everybody else and who is not out."""
    standing = viewer_standing(viewer, program_id, at)
    account = Account.objects.filter(public_id=public_id_of(account_id)).first()
    part = (
        Participation.objects.filter(account=account, program_id=program_id)
        .filter(~counts(at, ""))
        .select_related("account")
        .first()
    )
    if account is None or part is None or not may_ask_to_reactivate(standing, account):
        raise NotFound
    employment = present_employment(account, program_id)
    open_request = waiting(account, program_id, viewer)
    row = _row(
        part,
        "" if employment is None else employment.organization.name,
        None if open_request is None else open_request.public_id,
    )
    returning = comes_back(standing.book, part, at)
    back = in_words(standing.book, returning, at)
    return ClosedPerson(row, back, refused_in_words(standing.book, returning))


def in_words(
    book: Rolebook, returning: Returning, at: datetime, removed: Iterable[RequestItem] = ()
) -> tuple[str, ...]:
    """Return what a reactivation gives back, each in words with its days, but for what items of its request remove."""
    gone = {(one.kind, one.role_id, one.organization_id) for one in removed}
    found = (one for one in returning.back if _removal(one) not in gone)
    return tuple(dated_in_words(book, one, at) for one in found)


def _removal(one: Holding) -> tuple[str, str, int | None]:
    if isinstance(one, Access):
        return RequestItem.Kind.REMOVE_ACCESS.value, "", one.organization_id
    return RequestItem.Kind.REMOVE_ROLE.value, one.role_id, one.organization_id


def _row(part: Participation, employer: str, request_id: uuid.UUID | None) -> ClosedRow:
    past = part.status == Participation.Status.ACTIVE
    return ClosedRow(
        account_id=part.account.public_id,
        name=part.account.name,
        user_id=part.account.user_id,
        status=Participation.Status.CLOSED.value if past else part.status,
        cause=Participation.Cause.INACTIVITY.value if past else part.status_cause,
        since=part.quiet_ends_at if past else part.status_at,
        employer=employer,
        request_id=request_id,
    )


def as_content(overview: QuietOverview) -> dict[str, object]:
    """Return an overview for a machine to read; instants as text."""
    watch = overview.watch
    return {
        "inactivity_months": overview.months,
        "warn_days_before_closing": list(overview.warn_days),
        "grace_days": overview.grace_days,
        "most_due_percent": overview.most_due_percent,
        "past": overview.past,
        "ran_at": None if watch is None or watch.ran_at is None else watch.ran_at.isoformat(),
        "stopped": None
        if watch is None or watch.stopped_at is None
        else {
            "why": watch.why,
            "at": watch.stopped_at.isoformat(),
            "due": watch.due,
            "active": watch.active,
            "confirmed_at": None if watch.confirmed_at is None else watch.confirmed_at.isoformat(),
        },
        "due": [
            {
                name: value.isoformat()
                if isinstance(value, datetime)
                else str(value)
                if isinstance(value, uuid.UUID)
                else value
                for name, value in asdict(row).items()
            }
            for row in overview.due.rows
        ],
    }
