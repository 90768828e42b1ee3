"""What the reviewer's page says of each account: its lines with their answers, last uses, advice, and what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Subquery

from rolebook.governance.flows.submit_review import named
from rolebook.governance.models import (
    Access,
    Grant,
    Participation,
    ReviewedAccount,
    ReviewItem,
    ReviewPlace,
)
from rolebook.governance.queries.last_use import LastUse, last_uses
from rolebook.governance.queries.review_advice import Advice, Known, advise, day_in
from rolebook.governance.queries.review_card import AccountLines, Line, Submission
from rolebook.governance.queries.review_earlier import (
    Named,
    continued_by,
    earlier_campaigns,
    earlier_items,
    named_holding,
)
from rolebook.governance.review_moves import Went, moves_of, place_name
from rolebook.governance.review_reach import Reviewer
from rolebook.governance.review_reciprocal import approver_in_return, told_in_return
from rolebook.governance.review_rows import APART
from rolebook.policy.model import ORGANIZATION, Rolebook

_AT_NONE = "At no organization"
_ORDER = ("account", "role", "access")
"""In which order the lines of an account stand: as the questions do."""


def lines_of(
    reviewer: Reviewer, accounts: Sequence[ReviewedAccount], *, at_place: int | None = None
) -> tuple[AccountLines, ...]:
    """Return what the page says of some accounts; the same few statements, however many there are.

    ``at_place`` is the place (internal id) that the page is narrowed to.
    """
    if not accounts:
        return ()
    standing, campaign = reviewer.standing, reviewer.campaign
    pks = [one.pk for one in accounts]
    items = list(
        ReviewItem.objects.filter(reviewed__in=pks)
        .annotate(
            theirs=Exists(reviewer.theirs().filter(pk=OuterRef("pk"))),
            previous_at=Subquery(earlier_campaigns(campaign).values("opened_at")[:1]),
            approver=approver_in_return(),
        )
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
    before = earlier_items(campaign, [one.participation_id for one in accounts], items)
    # Of the campaign itself: about newcomers it asked nothing, and yet they are new since then.
    previous_at = next((item.previous_at for item in items), None)
    known = _Page(
        standing.book, standing.at, uses, _moves(reviewer, items), _places(reviewer), _organizations(reviewer),
        previous_at, before, at_place,
    )  # fmt: skip
    items.sort(key=lambda item: (_ORDER.index(item.about), item.pk))
    return tuple(
        known.account(one, [item for item in items if item.reviewed_id == one.pk]) for one in accounts
    )


def advice_on(reviewer: Reviewer, rows: Sequence[ReviewItem]) -> Mapping[int, Advice]:
    """Return what is recommended about some open items and why, by the item's internal id, as their accounts' pages do.

    ``rows`` with their reviewed account, its participation and the organization of its place; a few statements.
    """
    accounts = {item.reviewed_id: item.reviewed for item in rows}
    standing = reviewer.standing
    items = list(
        ReviewItem.objects.filter(reviewed__in=accounts).select_related("grant", "access").order_by("pk")
    )
    uses = last_uses(standing.book, [item.grant for item in rows if item.grant is not None], standing.at)
    moves, places, organizations = _moves(reviewer, items), _places(reviewer), _organizations(reviewer)
    page = _Page(standing.book, standing.at, uses, moves, places, organizations, None, {})
    of_account: dict[int, list[ReviewItem]] = {}
    for item in items:
        of_account.setdefault(item.reviewed_id, []).append(item)
    found = {
        item.pk: page.advice(item.reviewed, item, of_account[item.reviewed_id], by_itself=True)
        for item in rows
    }
    return {pk: advice for pk, advice in found.items() if advice is not None}


def _moves(reviewer: Reviewer, items: Sequence[ReviewItem]) -> Mapping[int, Went]:
    """Return where each of some items went; no statement where nothing near the viewer's places moved."""
    return {} if reviewer.moves is None else moves_of([item.pk for item in items])


def _places(reviewer: Reviewer) -> frozenset[int]:
    return frozenset(one.pk for one in reviewer.places or ())


def _organizations(reviewer: Reviewer) -> frozenset[int | None] | None:
    """Return for which organizations (None: what stands at none) the viewer answers; None for all of them."""
    return None if reviewer.places is None else frozenset(one.organization_id for one in reviewer.places)


@dataclass(frozen=True, slots=True)
class _Page:
    """What the lines of one page share."""

    book: Rolebook
    at: datetime
    uses: Mapping[int, LastUse]
    moves: Mapping[int, Went]
    places: frozenset[int]
    organizations: frozenset[int | None] | None
    previous_at: datetime | None
    before: Mapping[int, list[ReviewItem]]
    at_place: int | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.book.program.zone)

    def account(self, one: ReviewedAccount, items: Sequence[ReviewItem]) -> AccountLines:
        under, code = self._stands_under(one, items)
        earlier: dict[Named | None, ReviewItem] = {
            named_holding(item): item for item in self.before.get(one.participation_id, [])
        }
        continued = {continued_by(item) for item in items}
        lines = tuple(self._line(one, item, items, earlier) for item in items if self._is_told(item))
        mine = [line for line in lines if line.mine]
        removes_all = any(line.about == "account" and line.answer == "remove" for line in mine)
        # Nobody waits for an answer about a closed account, which may be given, as it may be reopened.
        closed = Participation.Status.CLOSED in (one.participation.status, one.account.status)
        left = sum(not line.answer for line in mine if line.about != "account" or not closed)
        left = 0 if removes_all else left
        return AccountLines(
            one.account.public_id,
            one.account.name,
            one.account.user_id,
            one.account.email,
            under,
            code,
            one.participation.status if one.account.is_active else one.account.status,
            one.participation.last_signed_in_at,
            lines,
            tuple(
                self._gone(item)
                for name, item in earlier.items()
                if name not in continued and self._is_gone(item) and self._was_told(item)
            ),
            ready=any(line.answer for line in mine) and not left,
            left=left,
            is_theirs=any(_is_theirs(item) or self._has_left(item) for item in items),
            is_open=bool(mine),
            submitted=self._submitted(items),
        )

    def _stands_under(self, one: ReviewedAccount, items: Sequence[ReviewItem]) -> tuple[str, str]:
        """Return the name and code of the organization under which an account stands; "" for none.

        Where access is held apart from roles, who employs the person. Elsewhere one at which the viewer answers
        something about them, and no other: where else somebody holds roles is no business of theirs (I1).
        """
        if self.book.access == APART:
            organization = self._employing(one, items).organization
            return ("", "") if organization is None else (organization.name, organization.code)
        theirs = {place.pk: place for place in map(self._answering, filter(_is_theirs, items))}
        placed = [place for place in theirs.values() if place.organization is not None]
        first = min(placed, key=lambda place: place.organization.path, default=None)  # type: ignore[union-attr]
        place = theirs.get(self.at_place or 0) or theirs.get(one.place_id) or first
        if place is None or place.organization is None:
            return _AT_NONE, ""
        return place.organization.name, place.organization.code

    def _is_told(self, item: ReviewItem) -> bool:
        """Return whether an item is shown: one's own to answer, and roles where these give access a meaning; what is
        held at organizations is their business alone (I1).
        """
        role = item.grant is not None and item.grant.organization_id is None
        return _is_theirs(item) or (role and self.book.access == APART) or self._has_left(item)

    def _was_told(self, item: ReviewItem) -> bool:
        """Return whether what the last campaign asked is the viewer's to know: the same, at their organizations."""
        if item.grant is not None and item.grant.organization_id is None:
            return self.organizations is None or self.book.access == APART
        return self.organizations is None or item.place.organization_id in self.organizations

    def _has_left(self, item: ReviewItem) -> bool:
        """Return whether an item was the viewer's until another organization employed its person."""
        went = self.moves.get(item.pk)
        return went is not None and bool(went.former & self.places) and not _is_theirs(item)

    def _submitted(self, items: Sequence[ReviewItem]) -> tuple[Submission, ...]:
        found = {
            Submission(item.submitted_by.name, place_name(self._answering(item)), item.settled_at)
            for item in items
            if _is_theirs(item) and item.submitted_by is not None and item.settled_at is not None
        }
        return tuple(sorted(found, key=lambda one: (one.at, one.place, one.by)))

    def _answering(self, item: ReviewItem) -> ReviewPlace:
        """Return the place at which an item is answered."""
        went = self.moves.get(item.pk)
        return item.place if went is None else went.last.place

    def _employing(self, one: ReviewedAccount, items: Sequence[ReviewItem]) -> ReviewPlace:
        """Return the place of the organization that employs somebody, as far as the campaign was brought up to date."""
        moved = [went.last for item in items if (went := self.moves.get(item.pk)) is not None]
        return max(moved, key=lambda move: move.pk).place if moved else one.place

    def _moved(self, item: ReviewItem) -> str:
        """Return from where an item came, or where it went, in words; "" for what is not the viewer's to know."""
        went = self.moves.get(item.pk)
        if went is None:
            return ""
        moved = went.last
        to, on = place_name(moved.place), self._day(moved.employment.recorded_at)
        if _is_theirs(item):
            came = f"Came from {place_name(moved.from_place) or 'the steward'} on {on}: {to} employs them since then."
            return came + self._left_behind(went)
        told = f"Went to {to} on {on}, which employs them since then.{self._left_behind(went)}"
        return told if self._has_left(item) else ""

    def _left_behind(self, went: Went) -> str:
        """Return which answer of the viewer's places an item left behind, in words: only theirs to know."""
        everywhere = self.organizations is None
        mine = (one for one in went.left_behind if everywhere or one.from_place_id in self.places)
        move = next(mine, None)
        if move is None:
            return ""
        by = "Somebody" if move.answered_by is None else move.answered_by.name
        answer = ReviewItem.Answer(move.answer).label
        return f" {by} had answered {answer} before; it was not submitted, and counts for nothing."

    def _day(self, at: datetime) -> str:
        return _written(at.astimezone(self.zone).date())

    def _line(
        self,
        one: ReviewedAccount,
        item: ReviewItem,
        items: Sequence[ReviewItem],
        earlier: Mapping[Named | None, ReviewItem],
    ) -> Line:
        holding = item.grant or item.access
        ended_at = None if holding is None else ended_by(holding, self.at)
        if holding is None and item.outcome == ReviewItem.Outcome.ENDED:
            ended_at = item.settled_at
        is_open = item.settled_at is None and ended_at is None
        use = self.uses.get(item.grant.pk) if item.grant is not None else None
        since = one.participation.created_at if holding is None else holding.starts_at
        before = earlier.get(named_holding(item)) or earlier.get(continued_by(item))
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
            submitted_by=item.submitted_by.name if item.submitted_by is not None and _is_theirs(item) else "",
            mine=is_open and _is_theirs(item),
            ended_at=ended_at,
            used="" if use is None else _used(use),
            earlier="" if before is None else _answered(before),
            is_new=before is None and self.previous_at is not None and since > self.previous_at,
            advice=self.advice(one, item, items) if is_open else None,
            moved=self._moved(item),
            in_return=_in_return(item, one.account.name),
        )

    def advice(
        self, one: ReviewedAccount, item: ReviewItem, items: Sequence[ReviewItem], *, by_itself: bool = False
    ) -> Advice | None:
        """Return what is recommended about an item of an account that has these ``items``, or None.

        ``by_itself``: where it is shown without its account, whose own recommendation then counts for it as well.
        """
        use = self.uses.get(item.grant.pk) if item.grant is not None else None
        holding = item.grant or item.access
        since = one.participation.created_at if holding is None else holding.starts_at
        known = self._known(one, item, items, use, since)
        return advise(replace(known, asked_first=False) if by_itself else known)

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
        apart = self.book.access == APART and (role is None or role.reach.scope == ORGANIZATION)
        employing = self._employing(one, items)
        return Known(
            about=item.about,
            today=self.at.astimezone(self.zone).date(),
            signed_in_on=day_in(one.participation.last_signed_in_at, self.zone),
            used_on=None if use is None else use.on,
            uses_kept_since=None if use is None else use.since_on,
            since_on=since.astimezone(self.zone).date(),
            other_agency=self._answering(item).pk != employing.pk,
            employer="" if employing.organization is None else employing.organization.name,
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


def _is_theirs(item: ReviewItem) -> bool:
    return bool(getattr(item, "theirs", False))


def _in_return(item: ReviewItem, name: str) -> str:
    """Return that two people approved for each other, in words: only for who answers the item (fault 11)."""
    return told_in_return(getattr(item, "approver", None), name) if _is_theirs(item) else ""


def ended_by(holding: Grant | Access, at: datetime) -> datetime | None:
    """Return when a grant or access ended, None while it has not by ``at``."""
    ends = [end for end in (holding.closed_at, holding.ends_at) if end is not None and end <= at]
    return min(ends, default=None)


def key_of(item: ReviewItem) -> str:
    """Return how an item is called in forms."""
    about, public_id = named(item)
    return f"{about}.{public_id}"


def _answered(item: ReviewItem) -> str:
    if not item.outcome or item.outcome == ReviewItem.Outcome.ENDED:
        return ""
    by = "" if item.answered_by is None else f" by {item.answered_by.name}"
    outcome = ReviewItem.Outcome(item.outcome).label
    if item.answer and item.outcome in _UNSUBMITTED:
        return f"answered {ReviewItem.Answer(item.answer).label}{by}, not submitted"
    return f"{outcome}{by}"


_UNSUBMITTED = (ReviewItem.Outcome.UNANSWERED, ReviewItem.Outcome.REMOVED_UNANSWERED)


def _used(use: LastUse) -> str:
    if use.on is not None:
        perhaps = ", perhaps by another role" if use.perhaps_other else ""
        return f"{_written(use.on)}{perhaps}"
    return use.none_in_words


def _written(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"
