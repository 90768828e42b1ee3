"""Lists as CSV for spreadsheets: pending requests, and the users of an organization; in pieces, up to a bound (I12)."""

import csv
import io
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rolebook.accounts.models import Account
from rolebook.governance.queries.listed import ConnectedUser
from rolebook.governance.queries.paging import MOST_ROWS
from rolebook.governance.queries.pending import PendingRow, pending_requests
from rolebook.governance.queries.pending_order import Sort
from rolebook.governance.queries.to_decide import Filters
from rolebook.governance.queries.users import users_of_organization
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.policy.printed import spreadsheet_text

MOST_EXPORTED = 20_000
"""Rows of one file that is asked for over the web."""
CUT = f"The list goes on: a file holds {MOST_EXPORTED:,} rows at most. Search, or choose a role, to see the rest."
ENDED = "The list ends here: what you may see changed while the file was written."

PENDING_COLUMNS = (
    "for",
    "e-mail",
    "asked by",
    "role",
    "organization",
    "code",
    "waiting since",
    "sent",
    "reason",
    "request",
)
USER_COLUMNS = (
    "state",
    "name",
    "user ID",
    "e-mail",
    "role",
    "since",
    "until",
    "last sign-in",
    "account active",
)


def pending_pieces(
    viewer: Account,
    program_id: str,
    now: Callable[[], datetime],
    filters: Filters,
    sort: Sort,
    zone: str,
) -> Iterator[str]:
    """Yield what the viewer must decide as CSV, the columns first. Who asks is looked at again for every page (I7)."""

    def page(after: str | None) -> tuple[Iterable[Sequence[str]], str | None]:
        found = pending_requests(
            viewer,
            program_id,
            now(),
            show="to decide",
            role_id=filters.role_id,
            search=filters.search,
            sort=sort,
            after=after,
            limit=MOST_ROWS,
        )
        return (_pending_line(row, zone) for row in found.rows), found.next_after

    yield from _pieces(PENDING_COLUMNS, page)


def user_pieces(
    viewer: Account,
    organization_id: uuid.UUID,
    program_id: str,
    now: Callable[[], datetime],
    filters: Filters,
    zone: str,
) -> Iterator[str]:
    """Yield an organization's users as CSV, pending ones first, as View Users has them.

    Raises as `users_of_organization` does, with the first line.
    """

    def pending(after: str | None) -> tuple[Iterable[Sequence[str]], str | None]:
        found = users_of_organization(
            viewer,
            organization_id,
            program_id,
            now(),
            show="pending",
            role_id=filters.role_id,
            search=filters.search,
            pending_after=after,
            limit=MOST_ROWS,
        ).pending
        return (_pending_user(row, zone) for row in found.rows), found.next_after

    def connected(after: str | None) -> tuple[Iterable[Sequence[str]], str | None]:
        found = users_of_organization(
            viewer,
            organization_id,
            program_id,
            now(),
            show="connected",
            role_id=filters.role_id,
            search=filters.search,
            after=after,
            limit=MOST_ROWS,
        ).connected
        lines = (line for person in found.rows for line in _user_lines(person, zone))
        return lines, found.next_after

    yield from _pieces(USER_COLUMNS, pending, connected)


def _pieces(
    columns: Sequence[str], *lists: Callable[[str | None], tuple[Iterable[Sequence[str]], str | None]]
) -> Iterator[str]:
    written = 0
    first = True
    for page in lists:
        after: str | None = None
        while True:
            try:
                lines, after = page(after)
            except (NotAllowed, NotFound):
                if first:
                    raise
                yield _csv([ENDED])
                return
            if first:
                yield "\ufeff" + _csv(columns)
                first = False
            for line in lines:
                if written == MOST_EXPORTED:
                    yield _csv([CUT])
                    return
                written += 1
                yield _csv(line)
            if after is None:
                break


def _csv(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([spreadsheet_text(cell) for cell in cells])
    return line.getvalue()


def _pending_line(row: PendingRow, zone: str) -> Sequence[str]:
    return (
        row.beneficiary_name,
        row.beneficiary_email,
        row.requester_name,
        ", ".join(row.role_titles),
        row.organization_name or "",
        row.organization_code or "",
        _instant(row.opened_at, zone),
        _instant(row.submitted_at, zone),
        row.reason,
        str(row.request_id),
    )


def _pending_user(row: PendingRow, zone: str) -> Sequence[str]:
    titles = ", ".join(row.role_titles)
    since = _instant(row.opened_at, zone)
    return ("pending", row.beneficiary_name, "", row.beneficiary_email, titles, since, "", "", "")


def _user_lines(person: ConnectedUser, zone: str) -> Iterator[Sequence[str]]:
    for role in person.roles:
        yield (
            "connected",
            person.name,
            person.user_id,
            person.email,
            role.role_title,
            _instant(role.starts_at, zone),
            _instant(role.ends_at, zone),
            _instant(person.last_signed_in_at, zone),
            "yes" if person.is_active else "no",
        )


def _instant(at: datetime | None, zone: str) -> str:
    return "" if at is None else at.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="minutes")
