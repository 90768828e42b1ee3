"""The rows of a campaign, written in few statements for all accounts at once: at its opening, and for what is new.

What is in a review's scope is the same question whenever it is asked; what has a row already is passed over. So a
campaign of a million items opens in about as many statements as one of ten.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.accounts.queries.rolebooks import book_of_version, rolebook_in_force
from rolebook.governance.authority import in_force
from rolebook.governance.models import (
    Access,
    Grant,
    Participation,
    ReviewCampaign,
    ReviewedAccount,
    ReviewItem,
)
from rolebook.governance.quiet import counts
from rolebook.policy.model import Rolebook
from rolebook.policy.reviews import Review

APART = "apart from roles"
STATUSES_ASKED = (Account.Status.ACTIVE.value, Account.Status.DEACTIVATED.value)
"""Statuses in a program, and of whole accounts, of those that a review asks about; closed ones have ended."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a review asks about at an instant, as queries that nothing has run yet."""

    grants: QuerySet[Grant] | None
    """None where it does not ask about roles."""
    accesses: QuerySet[Access] | None
    """None where it does not ask about access."""

    def is_empty(self) -> bool:
        """Return whether there is nothing to ask about."""
        return not any(one.exists() for one in (self.grants, self.accesses) if one is not None)

    def given_before(self, at: datetime) -> "Scope":
        """Return what of it was given before ``at``, of who took part by then: no import, and no reopening, since."""
        given = Q(starts_at__lt=at) & (Q(imported=None) | Q(imported__imported__imported_at__lt=at))
        for who in ("participation", "participation__account"):
            given &= Q(**{f"{who}__status_at": None}) | Q(**{f"{who}__status_at__lt": at})
        return Scope(
            None if self.grants is None else self.grants.filter(given),
            None if self.accesses is None else self.accesses.filter(given),
        )

    def numbers(self) -> tuple[int, int]:
        """Return (accounts, items). Counts in the database."""
        parts = [one.values("participation") for one in (self.grants, self.accesses) if one is not None]
        items = sum(one.count() for one in (self.grants, self.accesses) if one is not None)
        people_query = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0].distinct()
        return people_query.count(), items


def review_of(campaign: ReviewCampaign) -> tuple[Rolebook, Review]:
    """Return the rolebook and the review as they were declared when the campaign opened."""
    book = book_of_version(campaign.rolebook_version)
    return book, next(review for review in book.reviews if review.id == campaign.review_id)


def roles_asked(book: Rolebook, review: Review) -> list[str]:
    """Return the roles that a review asks about, or whose holders' access."""
    return [
        role.id
        for role in book.roles
        if (not review.category_ids or role.category_id in review.category_ids)
        and (not review.role_ids or role.id in review.role_ids)
    ]


def scope_of(
    book: Rolebook,
    review: Review,
    at: datetime,
    people: Collection[int] | None = None,
    roles: Collection[str] | None = None,
) -> Scope:
    """Return what a review asks about at ``at``, of everybody or of the accounts ``people`` (internal ids).

    It asks about accounts whose part in the program is active or deactivated, their grants of the scope's roles, and
    their access apart from roles; a review of certain roles asks only about the access of who holds one. ``roles``:
    these instead of the rolebook's own that the review asks about.
    """
    theirs = Q(program_id=book.program.id) & in_force(at) & _asked_about(at)
    if people is not None:
        theirs &= Q(account__in=people)
    asked = roles_asked(book, review) if roles is None else roles
    held = Grant.objects.filter(theirs, role_id__in=asked)
    kinds = Q(organization__kind_id__in=review.kinds) if review.kinds else Q()
    grants = held.filter(kinds) if review.question("roles") or not review.question("access") else None
    accesses = None
    if book.access == APART and review.question("access"):
        accesses = Access.objects.filter(theirs, kinds)
        if review.role_ids:
            accesses = accesses.filter(Exists(held.filter(participation=OuterRef("participation"))))
    return Scope(grants, accesses)


def _asked_about(at: datetime) -> Q:
    """Return the SQL condition for what is held by accounts that a review asks about (docs/decisions/0046).

    What a deactivated one holds counts again with the reactivation: unasked, it would outlive every review.
    """
    kept = Q(participation__status=Participation.Status.DEACTIVATED)
    return (counts(at) | kept) & Q(participation__account__status__in=STATUSES_ASKED)


def about_closed_account() -> Q:
    """Return the SQL condition for the questions about accounts whose part is closed: they may be reopened.

    As a question to each row, not as joins: with these PostgreSQL looks no longer for a good order of its own.
    """
    closed = Q(participation__status=Participation.Status.CLOSED) | Q(account__status=Account.Status.CLOSED)
    of_closed = ReviewedAccount.objects.filter(closed, pk=OuterRef("reviewed"))
    # In this order: the status is looked up for the questions about accounts alone, and not for every line.
    return Q(about=ReviewItem.About.ACCOUNT) & Q(Exists(of_closed))


def waiting(items: QuerySet[ReviewItem]) -> QuerySet[ReviewItem]:
    """Return those of some items for which somebody is reminded: open ones, but for those about closed accounts."""
    return items.filter(~about_closed_account(), settled_at=None)


def bring_in(
    campaign: ReviewCampaign,
    book: Rolebook,
    review: Review,
    at: datetime,
    people: Collection[int] | None = None,
    *,
    late: bool = False,
) -> None:
    """Write the rows of everything in the scope that has none yet; inside a transaction.

    ``book`` is the one whose form of access counts: the campaign's own. Once it is open, roles that a later version in
    force has besides are asked about, too, by what the review declared. ``people``: of these accounts only.
    ``late``: it is later than ``at``; what was imported or reopened since is not asked about.
    """
    roles = set(roles_asked(book, review))
    if campaign.items_hash:
        _, now = rolebook_in_force(campaign.program_id, at)
        roles.update(roles_asked(now, review))
    scope = scope_of(book, review, at, people, roles)
    if late:
        scope = scope.given_before(at)
    asked_grant = ReviewItem.objects.filter(campaign=campaign, grant=OuterRef("pk"))
    asked_access = ReviewItem.objects.filter(campaign=campaign, access=OuterRef("pk"))
    if campaign.items_hash:
        scope = Scope(
            None if scope.grants is None else scope.grants.filter(~Exists(asked_grant)),
            None if scope.accesses is None else scope.accesses.filter(~Exists(asked_access)),
        )
    with _scope_table(scope):
        if _nothing_in_scope():
            return
        _write_rows(campaign, review, at, apart=book.access == APART)


@contextmanager
def _scope_table(scope: Scope) -> Iterator[None]:
    """Keep what is in the scope in temporary tables while the rows are written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE review_scope "
            "(participation_id bigint, grant_id bigint, access_id bigint, organization_id bigint)"
        )
        try:
            for rows, column in ((scope.grants, "grant_id"), (scope.accesses, "access_id")):
                if rows is None:
                    continue
                chosen = rows.order_by().values_list("participation_id", "pk", "organization_id")
                sql, params = chosen.query.sql_with_params()
                cursor.execute(
                    f"INSERT INTO review_scope (participation_id, {column}, organization_id) {sql}", params
                )
            yield
        finally:
            cursor.execute("DROP TABLE review_scope")


def _nothing_in_scope() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM review_scope LIMIT 1")
        return cursor.fetchone() is None


def _write_rows(campaign: ReviewCampaign, review: Review, at: datetime, *, apart: bool) -> None:
    program, pk = campaign.program_id, campaign.pk
    unless_there = _unless_there(campaign)
    instant = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        # Who employs a person; where roles are held at organizations and nobody recorded it, one of those.
        otherwise = "NULL" if apart else "MIN(s.organization_id)"
        cursor.execute(
            "CREATE TEMPORARY TABLE review_home AS SELECT s.participation_id, COALESCE("  # noqa: S608
            "(SELECT e.organization_id FROM governance_employment e "
            "WHERE e.participation_id = s.participation_id ORDER BY e.recorded_at DESC, e.id DESC LIMIT 1), "
            f"{otherwise}) AS organization_id FROM review_scope s GROUP BY s.participation_id"
        )
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE review_scope")
            cursor.execute("ANALYZE review_home")
        cursor.execute(
            "INSERT INTO governance_reviewplace "  # noqa: S608  # no names but ours
            "(program_id, campaign_id, organization_id, questions, settled, removed) "
            "SELECT %s, %s, x.organization_id, 0, 0, 0 FROM (SELECT organization_id FROM review_home "
            f"UNION SELECT organization_id FROM review_scope) x WHERE 1 = 1 {unless_there}",
            [program, pk],
        )
        cursor.execute(
            "INSERT INTO governance_reviewedaccount "  # noqa: S608
            "(program_id, campaign_id, participation_id, account_id, place_id) "
            "SELECT p.program_id, l.campaign_id, p.id, p.account_id, l.id FROM review_home h "
            "JOIN governance_participation p ON p.id = h.participation_id "
            "JOIN accounts_account a ON a.id = p.account_id "
            "JOIN governance_reviewplace l ON l.campaign_id = %s "
            "AND COALESCE(l.organization_id, 0) = COALESCE(h.organization_id, 0) "
            "LEFT JOIN accounts_organization o ON o.id = h.organization_id "
            f"WHERE 1 = 1 ORDER BY o.path, a.name, a.id {unless_there}",
            [pk],
        )
        if connection.vendor == "postgresql" and not campaign.items_hash:
            # The tables may have been empty a moment ago: without this a million rows are joined one by one.
            cursor.execute("ANALYZE governance_reviewplace, governance_reviewedaccount")
        _insert_items(cursor, campaign, review, instant, apart=apart)
        if connection.vendor == "postgresql" and not campaign.items_hash:
            # The digest reads all of them: without this it looks up a million rows one by one.
            cursor.execute("ANALYZE governance_reviewitem")
        cursor.execute("DROP TABLE review_home")


def _unless_there(campaign: ReviewCampaign) -> str:
    """Return how an insertion passes over what has a row: nothing to pass over while a campaign opens.

    Looking for rows that cannot be there takes a third of the time of an opening.
    """
    return "ON CONFLICT DO NOTHING" if campaign.items_hash else ""


def _insert_items(
    cursor: Any, campaign: ReviewCampaign, review: Review, instant: object, *, apart: bool
) -> None:
    columns = (
        "INSERT INTO governance_reviewitem (program_id, campaign_id, reviewed_id, place_id, about, grant_id, "
        "access_id, added_at, answer, answered_together, version, outcome) "
    )
    program, pk, unless_there = campaign.program_id, campaign.pk, _unless_there(campaign)
    # What stands at no organization is answered where the person is employed, or by offices of the whole program.
    unplaced = "r.place_id" if apart else "l.id"
    if review.question("roles") or review.question("access"):
        cursor.execute(
            f"{columns} SELECT %s, %s, r.id, "  # noqa: S608  # no names but ours
            f"CASE WHEN s.organization_id IS NULL THEN {unplaced} ELSE l.id END, "
            "CASE WHEN s.grant_id IS NULL THEN 'access' ELSE 'role' END, s.grant_id, s.access_id, "
            "%s, '', 0, 0, '' FROM review_scope s "
            "JOIN governance_reviewedaccount r ON r.campaign_id = %s AND r.participation_id = s.participation_id "
            "LEFT JOIN governance_reviewplace l ON l.campaign_id = %s "
            "AND COALESCE(l.organization_id, 0) = COALESCE(s.organization_id, 0) "
            f"WHERE 1 = 1 ORDER BY r.id {unless_there}",
            [program, pk, instant, pk, pk],
        )
    if review.question("account"):
        cursor.execute(
            f"{columns} SELECT %s, %s, r.id, r.place_id, 'account', NULL, NULL, %s, '', 0, 0, '' "  # noqa: S608
            "FROM review_home h JOIN governance_reviewedaccount r "
            "ON r.campaign_id = %s AND r.participation_id = h.participation_id "
            f"WHERE 1 = 1 ORDER BY r.id {unless_there}",
            [program, pk, instant, pk],
        )


def count_places(campaign: ReviewCampaign, place_ids: Sequence[int] | None = None) -> None:
    """Count anew how far the campaign's organizations are; ``place_ids``: these only, each by itself."""
    with connection.cursor() as cursor:
        if place_ids is not None:
            for place_id in sorted(place_ids):
                cursor.execute(_COUNT_ONE, [place_id] * 3)
            return
        cursor.execute(_COUNT_ALL, [campaign.pk] * 4)


# Roles and access apart: the mail of the closing and the report (`outcome_numbers`) count no questions about accounts.
# What a closing settled for want of an answer stays what is left, as both say.
_ANSWERED = "i.outcome NOT IN ('unanswered', 'removed unanswered')"
_COUNTS = {
    # Nobody waits for an answer about a closed account (`waiting`), as long as it is not reopened.
    "questions": "COUNT(CASE WHEN p.status = 'closed' OR a.status = 'closed' THEN NULL ELSE 1 END)",
    "settled": f"COUNT(CASE WHEN {_ANSWERED} THEN i.settled_at END)",
    "holdings": "COUNT(CASE WHEN i.about <> 'account' THEN 1 END)",
    "holdings_settled": f"COUNT(CASE WHEN i.about <> 'account' AND {_ANSWERED} THEN i.settled_at END)",
    "removed": "COUNT(CASE WHEN i.about <> 'account' AND i.outcome = 'removed' THEN 1 END)",
}
_NUMBERS = ", ".join(f"{counted} AS {name}" for name, counted in _COUNTS.items())
_AWAY = ", ".join(f"-{counted}" for counted in _COUNTS.values())
_SUMS = ", ".join(f"SUM({name}) AS {name}" for name in _COUNTS)
_SET = ", ".join(f"{name} = c.{name}" for name in _COUNTS)
_ACCOUNT = (
    "LEFT JOIN governance_reviewedaccount r ON r.id = i.reviewed_id AND i.about = 'account' AND i.settled_at IS NULL "
    "LEFT JOIN governance_participation p ON p.id = r.participation_id "
    "LEFT JOIN accounts_account a ON a.id = r.account_id "
)
# What went elsewhere counts there: each move takes it from one place and gives it to the next.
_COUNT = (
    f"SELECT place_id, {_SUMS} FROM ("  # noqa: S608
    f"SELECT i.place_id, {_NUMBERS} FROM governance_reviewitem i {_ACCOUNT}WHERE i.{{}} GROUP BY i.place_id UNION ALL "
    f"SELECT m.from_place_id, {_AWAY} FROM governance_reviewmove m JOIN governance_reviewitem i ON i.id = m.item_id "
    f"{_ACCOUNT}WHERE m.{{}} GROUP BY m.from_place_id UNION ALL "
    f"SELECT m.place_id, {_NUMBERS} FROM governance_reviewmove m JOIN governance_reviewitem i ON i.id = m.item_id "
    f"{_ACCOUNT}WHERE m.{{}} GROUP BY m.place_id) n GROUP BY place_id"
)
_COUNT_ONE = (  # no names but ours
    f"UPDATE governance_reviewplace SET {_SET} "  # noqa: S608
    f"FROM ({_COUNT.format('place_id = %s', 'from_place_id = %s', 'place_id = %s')}) c "
    "WHERE governance_reviewplace.id = c.place_id"
)
_COUNT_ALL = (
    f"UPDATE governance_reviewplace SET {_SET} "  # noqa: S608
    f"FROM ({_COUNT.format(*['campaign_id = %s'] * 3)}) c WHERE governance_reviewplace.id = c.place_id "
    "AND governance_reviewplace.campaign_id = %s"
)
