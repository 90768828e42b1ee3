"""The reviewer's page: accounts with what is asked about them, grouped by organization, a page at a time (IQCS-12)."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from rolebook.governance.flows.submit_review import named
from rolebook.governance.models import Access, Grant, ReviewCampaign, ReviewedAccount, ReviewItem, ReviewPlace
from rolebook.governance.queries.last_use import LastUse, last_uses
from rolebook.governance.queries.paging import Page, cut, from_text, search_words
from rolebook.governance.queries.review_advice import Advice, Known, advise, day_in
from rolebook.governance.review_reach import Reviewer
from rolebook.policy.model import ORGANIZATION, Rolebook

ACCOUNTS_A_PAGE = 10
type Show = Literal["todo", "done", "all"]
_ORDER = ("account", "role", "access")
"""In which order the lines of an account stand: as the questions do."""
_NO_END = 2**63 - 1
SHOWN: tuple[Show, ...] = ("todo", "done", "all")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is asked about an account, or stands beside it for information.

    Attributes:
        key: how it is called in forms: "role.<public id>".
        mine: whether the viewer may answer it now.
        used: when the role was last used, in words; "" where that is no question.
        earlier: what was answered in the last campaign, in words; "" where nothing.
        is_new: whether it was given since the last campaign opened, and not asked about there.
        ended_at: when the grant or access ended; it needs no answer then.
        note: what changed since the viewer saw it, in words; "" where nothing did.
    """

    key: str
    about: str
    title: str
    where: str
    since: datetime
    until: datetime | None
    answer: str
    answered_by: str
    answered_at: datetime | None
    version: int
    outcome: str
    settled_at: datetime | None
    submitted_by: str
    mine: bool
    ended_at: datetime | None = None
    used: str = ""
    earlier: str = ""
    is_new: bool = False
    advice: Advice | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class AccountLines:
    """An account with everything that the page says about it.

    Attributes:
        employer: the organization that employs the person, or "" when none is recorded.
        gone: what the last campaign knew and is held no more, in words.
        ready: whether everything of the viewer's is answered, and something can be submitted.
        left: how many of the viewer's lines are not answered yet.
    """

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    employer: str
    employer_code: str
    status: str
    last_signed_in_at: datetime | None
    lines: tuple[Line, ...]
    gone: tuple[str, ...]
    ready: bool
    left: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is narrowed to. ``place_pk`` is one of the viewer's places, or None."""

    show: Show = "todo"
    place_pk: int | None = None
    search: str = ""
    after: str | None = None


def worklist(reviewer: Reviewer, asked: Asked, *, limit: int = ACCOUNTS_A_PAGE) -> Page[AccountLines]:
    """Return a page of the accounts that are the viewer's to answer about, in the order organization, name."""
    mine = reviewer.theirs()
    if asked.place_pk is not None:
        mine = mine.filter(place=asked.place_pk)
    if asked.show == "todo":
        mine = mine.filter(settled_at=None)
    key = from_text(asked.after)
    if key is not None:
        mine = mine.filter(reviewed__gt=key[1])
    accounts = ReviewedAccount.objects.filter(campaign=reviewer.campaign)
    if asked.show == "done":
        still = reviewer.theirs().filter(settled_at=None, reviewed=OuterRef("reviewed"))
        mine = mine.filter(~Exists(still), settled_at__isnull=False)
    if words := search_words(asked.search):
        accounts = accounts.filter(
            Q(account__name__icontains=words)
            | Q(account__user_id__contains=words)
            | Q(account__email_key__contains=words),
            pk__in=mine.order_by().values("reviewed").distinct(),
        )
    else:
        accounts = accounts.filter(pk__in=_first_of(reviewer, mine, asked, limit + 1))
    behind = ("account", "participation", "place__organization")
    rows = list(accounts.select_related(*behind).order_by("pk")[: limit + 1])
    keys = cut(rows, [("", row.pk) for row in rows], limit)
    return Page(lines_of(reviewer, rows[:limit]), keys.next_after)


def _first_of(
    reviewer: Reviewer, mine: QuerySet[ReviewItem], asked: Asked, number: int
) -> QuerySet[ReviewItem, Any]:
    """Return the first ``number`` accounts of ``mine`` (their ids, as "one"): whoever has much is not read whole.

    Wherever one organization has ``number`` accounts of its own, the page ends with the last of them or before it.
    Each organization's are found by the index (place, account), so a page costs the same however much is left.
    """
    of_one = mine.filter(place=OuterRef("pk")).order_by("reviewed").values("reviewed").distinct()
    places = ReviewPlace.objects.filter(campaign=reviewer.campaign)
    if asked.place_pk is not None:
        places = places.filter(pk=asked.place_pk)
    elif reviewer.places is not None:
        places = places.filter(pk__in=[one.pk for one in reviewer.places])
    last = places.annotate(last=Subquery(of_one[number - 1 : number])).order_by(
        F("last").asc(nulls_last=True)
    )
    until = Coalesce(Subquery(last.values("last")[:1]), Value(_NO_END))
    # By a sum, so that the database orders what the index found, and does not walk through everybody in order.
    first = mine.filter(reviewed__lte=until).annotate(one=F("reviewed") + 0)
    return first.order_by("one").values("one").distinct()[:number]


def one_account(reviewer: Reviewer, account_id: uuid.UUID) -> AccountLines | None:
    """Return one account that is the viewer's to answer about, or None."""
    rows = ReviewedAccount.objects.filter(
        campaign=reviewer.campaign, participation__account__public_id=account_id
    )
    rows = rows.select_related("account", "participation", "place__organization")
    found = lines_of(reviewer, list(rows))
    return next((one for one in found if any(line.mine or line.outcome for line in one.lines)), None)


def lines_of(reviewer: Reviewer, accounts: Sequence[ReviewedAccount]) -> tuple[AccountLines, ...]:
    """Return what the page says of some accounts; the same few statements, however many there are."""
    if not accounts:
        return ()
    standing, campaign = reviewer.standing, reviewer.campaign
    pks = [one.pk for one in accounts]
    items = list(
        ReviewItem.objects.filter(reviewed__in=pks)
        .annotate(theirs=Exists(reviewer.theirs().filter(pk=OuterRef("pk"))))
        .select_related(
            "reviewed__account",
            "place__organization",
            "grant__organization",
            "access__organization",
            "answered_by",
            "submitted_by",
        )
        .order_by("pk")
    )
    grants = [item.grant for item in items if item.grant is not None]
    uses = last_uses(standing.book, grants, standing.at)
    before = _earlier_items(campaign, [one.participation_id for one in accounts])
    previous = next((item.reviewed.campaign for some in before.values() for item in some), None)
    known = _Page(standing.book, standing.at, uses, previous, before)
    items.sort(key=lambda item: (_ORDER.index(item.about), item.pk))
    return tuple(
        known.account(one, [item for item in items if item.reviewed_id == one.pk]) for one in accounts
    )


def _earlier_items(
    campaign: ReviewCampaign, participations: Collection[int]
) -> Mapping[int, list[ReviewItem]]:
    """Return what the last closed campaign of the same review asked about some people; one statement."""
    earlier = ReviewCampaign.objects.filter(
        program_id=campaign.program_id,
        review_id=campaign.review_id,
        opened_at__lt=campaign.opened_at,
        closed_at__isnull=False,
    ).order_by("-opened_at")
    rows = ReviewItem.objects.filter(
        reviewed__campaign__in=earlier.values("pk")[:1], reviewed__participation__in=participations
    ).select_related("reviewed__campaign", "grant__organization", "access__organization", "answered_by")
    found: dict[int, list[ReviewItem]] = {}
    for item in rows:
        found.setdefault(item.reviewed.participation_id, []).append(item)
    return found


@dataclass(frozen=True, slots=True)
class _Page:
    """What the lines of one page share."""

    book: Rolebook
    at: datetime
    uses: Mapping[int, LastUse]
    previous: ReviewCampaign | None
    before: Mapping[int, list[ReviewItem]]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.book.program.zone)

    def account(self, one: ReviewedAccount, items: Sequence[ReviewItem]) -> AccountLines:
        employer = one.place.organization
        earlier = {named_holding(item): item for item in self.before.get(one.participation_id, [])}
        lines = tuple(self._line(one, item, items, earlier) for item in items if self._is_told(item))
        mine = [line for line in lines if line.mine]
        removes_all = any(line.about == "account" and line.answer == "remove" for line in mine)
        left = 0 if removes_all else sum(not line.answer for line in mine)
        return AccountLines(
            one.account.public_id,
            one.account.name,
            one.account.user_id,
            one.account.email,
            "" if employer is None else employer.name,
            "" if employer is None else employer.code,
            one.participation.status if one.account.is_active else one.account.status,
            one.participation.last_signed_in_at,
            lines,
            tuple(self._gone(item) for item in earlier.values() if self._is_gone(item)),
            ready=bool(mine) and not left,
            left=left,
        )

    @staticmethod
    def _is_told(item: ReviewItem) -> bool:
        """Return whether an item is shown: one's own to answer, and the account's roles, which give it meaning."""
        return bool(getattr(item, "theirs", False)) or item.about == ReviewItem.About.ROLE

    def _line(
        self,
        one: ReviewedAccount,
        item: ReviewItem,
        items: Sequence[ReviewItem],
        earlier: Mapping[object, ReviewItem],
    ) -> Line:
        holding = item.grant or item.access
        ended_at = None if holding is None else ended_by(holding, self.at)
        if holding is None and item.outcome == ReviewItem.Outcome.ENDED:
            ended_at = item.settled_at
        is_open = item.settled_at is None and ended_at is None
        use = self.uses.get(item.grant.pk) if item.grant is not None else None
        since = one.participation.created_at if holding is None else holding.starts_at
        before = earlier.get(named_holding(item))
        return Line(
            key=key_of(item),
            about=item.about,
            title=self._title(item),
            where=self._where(item),
            since=since,
            until=None if holding is None else holding.ends_at,
            answer=item.answer,
            answered_by="" if item.answered_by is None else item.answered_by.name,
            answered_at=item.answered_at,
            version=item.version,
            outcome=item.outcome,
            settled_at=item.settled_at,
            submitted_by="" if item.submitted_by is None else item.submitted_by.name,
            mine=is_open and bool(getattr(item, "theirs", False)),
            ended_at=ended_at,
            used="" if use is None else _used(use),
            earlier="" if before is None else _answered(before),
            is_new=before is None and self.previous is not None and since > self.previous.opened_at,
            advice=advise(self._known(one, item, items, use, since)) if is_open else None,
        )

    def _known(
        self,
        one: ReviewedAccount,
        item: ReviewItem,
        items: Sequence[ReviewItem],
        use: LastUse | None,
        since: datetime,
    ) -> Known:
        held = [i for i in items if (h := i.grant or i.access) is not None and ended_by(h, self.at) is None]
        role = None if item.grant is None else self.book.role(item.grant.role_id)
        # A role that reaches everywhere, or one's own record, needs no code to give something.
        apart = self.book.access == "apart from roles" and (role is None or role.reach.scope == ORGANIZATION)
        employer = one.place.organization
        return Known(
            about=item.about,
            today=self.at.astimezone(self.zone).date(),
            signed_in_on=day_in(one.participation.last_signed_in_at, self.zone),
            used_on=None if use is None else use.on,
            uses_kept_since=None if use is None else use.since_on,
            since_on=since.astimezone(self.zone).date(),
            other_agency=item.place_id != one.place_id,
            employer="" if employer is None else employer.name,
            roles=sum(i.grant_id is not None for i in held),
            accesses=sum(i.access_id is not None for i in held) if apart else None,
            asked_first=any(i.about == ReviewItem.About.ACCOUNT for i in items),
        )

    def _title(self, item: ReviewItem) -> str:
        if item.grant is not None:
            role = self.book.role(item.grant.role_id)
            return item.grant.role_id if role is None else role.title
        if item.access is not None:
            place = item.access.organization
            return f"{place.name} ({place.code})"
        return "This account"

    def _where(self, item: ReviewItem) -> str:
        if item.access is not None:
            return "with lower levels" if item.access.lower_levels else ""
        place = None if item.grant is None else item.grant.organization
        return "" if place is None else f"{place.name} ({place.code})"

    def _is_gone(self, item: ReviewItem) -> bool:
        holding = item.grant or item.access
        return holding is not None and ended_by(holding, self.at) is not None

    def _gone(self, item: ReviewItem) -> str:
        where = self._where(item)
        return self._title(item) + (f", {where}" if where else "")


def ended_by(holding: Grant | Access, at: datetime) -> datetime | None:
    """Return when a grant or access ended, None while it has not by ``at``."""
    ends = [end for end in (holding.closed_at, holding.ends_at) if end is not None and end <= at]
    return min(ends, default=None)


def key_of(item: ReviewItem) -> str:
    """Return how an item is called in forms."""
    about, public_id = named(item)
    return f"{about}.{public_id}"


def named_holding(item: ReviewItem) -> object:
    """Return what an item of one campaign and one of the next have in common when they ask about the same."""
    return (item.about, item.grant_id, item.access_id)


def _answered(item: ReviewItem) -> str:
    if not item.outcome or item.outcome == ReviewItem.Outcome.ENDED:
        return ""
    by = "" if item.answered_by is None else f" by {item.answered_by.name}"
    return f"{ReviewItem.Outcome(item.outcome).label}{by}"


def _used(use: LastUse) -> str:
    if use.on is not None:
        perhaps = ", perhaps by another role" if use.perhaps_other else ""
        return f"{_written(use.on)}{perhaps}"
    return f"no use known since {_written(use.since_on)}" if use.since_on is not None else "not known"


def _written(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def with_notes(account: AccountLines, seen: Mapping[str, int], shown_at: datetime | None) -> AccountLines:
    """Return an account with, beside each line, what changed since the viewer saw it (``seen``: versions by key)."""
    lines = tuple(replace(line, note=_note(line, seen, shown_at)) for line in account.lines)
    return replace(account, lines=lines)


def _note(line: Line, seen: Mapping[str, int], shown_at: datetime | None) -> str:
    if line.ended_at is not None and (shown_at is None or line.ended_at > shown_at):
        return "It ended since you saw it, and needs no answer."
    if line.settled_at is not None and line.submitted_by:
        return f"{line.submitted_by} submitted it meanwhile."
    if line.key not in seen:
        return "It was given since you saw the account." if line.mine else ""
    if line.version != seen[line.key]:
        said = {"keep": "answered Keep", "remove": "answered Remove"}.get(line.answer, "took the answer back")
        return f"{line.answered_by or 'Somebody'} {said} since you saw it."
    return ""
