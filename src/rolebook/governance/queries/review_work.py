"""The reviewer's page: accounts with what is asked about them, grouped by organization, a page at a time (IQCS-12)."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Exists, F, Min, OuterRef, QuerySet, Subquery

from rolebook.governance.flows.submit_review import named
from rolebook.governance.models import ReviewedAccount, ReviewItem, ReviewMove, ReviewPlace
from rolebook.governance.queries.paging import Page, cut, from_text, search_words
from rolebook.governance.queries.person_search import called
from rolebook.governance.queries.review_card import AccountLines
from rolebook.governance.queries.review_cards import lines_of
from rolebook.governance.review_moves import last_moves, place_name
from rolebook.governance.review_reach import Reviewer
from rolebook.governance.review_rows import waiting

ACCOUNTS_A_PAGE = 10
type Show = Literal["todo", "done", "all"]
MOST_GONE = 20
_NO_END = 2**63 - 1
SHOWN: tuple[Show, ...] = ("todo", "done", "all")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is narrowed to. ``place_pk`` is one of the viewer's places, or None."""

    show: Show = "todo"
    place_pk: int | None = None
    search: str = ""
    after: str | None = None


def worklist(reviewer: Reviewer, asked: Asked, *, limit: int = ACCOUNTS_A_PAGE) -> Page[AccountLines]:
    """Return a page of the accounts that are the viewer's to answer about, in the order organization, name.

    Who came in or moved since the opening comes after the others; on its page it stands with those of its employer, or
    where access is not held apart from roles, with the others of a place of the viewer's.
    Of a closed account only what it still holds is left to do: it stands among all, as it may be reopened.
    """
    mine = reviewer.theirs()
    if asked.place_pk is not None:
        mine = mine.filter(reviewer.answered_at([asked.place_pk]))
    if asked.show == "todo":
        mine = waiting(mine)
    key = from_text(asked.after)
    if key is not None:
        mine = mine.filter(reviewed__gt=key[1])
    accounts = ReviewedAccount.objects.filter(campaign=reviewer.campaign)
    if asked.show == "done":
        still = reviewer.theirs().filter(settled_at=None, reviewed=OuterRef("reviewed"))
        mine = mine.filter(~Exists(still), settled_at__isnull=False)
    if words := search_words(asked.search):
        # By the part in the program, which is indexed: from the few accounts that are found to what is asked about
        # them, instead of everything that the campaign asks about.
        accounts = accounts.filter(
            called(words, "participation__account__"),
            # From the names to the items: the few that are found, instead of everything that is left.
            Exists(mine.filter(reviewed=OuterRef("pk"))),
        )
    else:
        accounts = accounts.filter(pk__in=_first_of(reviewer, mine, asked, limit + 1))
    behind = ("account", "participation", "place__organization")
    rows = list(accounts.select_related(*behind).order_by("pk")[: limit + 1])
    keys = cut(rows, [("", row.pk) for row in rows], limit)
    return Page(_by_employer(lines_of(reviewer, rows[:limit], at_place=asked.place_pk)), keys.next_after)


def _by_employer(accounts: Sequence[AccountLines]) -> tuple[AccountLines, ...]:
    """Return accounts with those under one organization together, where the first of them stood."""
    first: dict[tuple[str, str], int] = {}
    for number, one in enumerate(accounts):
        first.setdefault((one.employer, one.employer_code), number)
    return tuple(sorted(accounts, key=lambda one: first[one.employer, one.employer_code]))


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
    # A statement of its own: PostgreSQL knows how few accounts lie between two numbers, and of subqueries it does not.
    ends = places.annotate(first=Subquery(of_one[:1]), last=Subquery(of_one[number - 1 : number]))
    begins, until = ends.aggregate(begins=Min("first"), until=Min("last")).values()
    # Only where nothing of theirs stands elsewhere is there nothing before the first of these.
    at_places_only = reviewer.places is not None and reviewer.besides is None and reviewer.moves is None
    between = mine.filter(
        reviewed__gte=begins or 0 if at_places_only else 0,
        reviewed__lte=_NO_END if until is None else until,
    )
    # By a sum, so that the database orders what the index found, and does not walk through everybody in order.
    first = between.annotate(one=F("reviewed") + 0)
    return first.order_by("one").values("one").distinct()[:number]


def one_account(reviewer: Reviewer, account_id: uuid.UUID) -> AccountLines | None:
    """Return one account that is the viewer's to answer about, or was until it went elsewhere; None for every other."""
    rows = ReviewedAccount.objects.filter(
        campaign=reviewer.campaign, participation__account__public_id=account_id
    )
    rows = rows.select_related("account", "participation", "place__organization")
    found = lines_of(reviewer, list(rows))
    return next((one for one in found if one.is_theirs), None)


def submitted_before(
    reviewer: Reviewer, account_ids: Collection[uuid.UUID], seen: Mapping[tuple[str, uuid.UUID], int]
) -> frozenset[uuid.UUID]:
    """Return which of some accounts the viewer has submitted as they saw them: whoever presses twice. One statement.

    ``seen`` has the version of each item that they saw; what goes with its account has the next one.
    """
    rows = reviewer.theirs().filter(reviewed__account__public_id__in=account_ids)
    same, other = set[uuid.UUID](), set[uuid.UUID]()
    for item in rows.select_related("reviewed__account", "grant", "access"):
        version = seen.get(named(item))
        if item.settled_at is not None and version is None:
            continue
        later = int(item.answer == ReviewItem.Answer.REMOVE)
        theirs = item.submitted_by_id == reviewer.standing.account.pk
        as_seen = version is not None and version <= item.version <= version + later
        (same if theirs and as_seen else other).add(item.reviewed.account.public_id)
    return frozenset(same - other)


@dataclass(frozen=True, slots=True)
class Gone:
    """An account of which something went from the viewer's places to an organization that employs it since then."""

    account_id: uuid.UUID
    name: str
    to: str
    on: datetime


def gone_elsewhere(reviewer: Reviewer) -> tuple[Gone, ...]:
    """Return the accounts that went from the viewer's places to others, the latest first; MOST_GONE at most.

    No statement where nothing near these places moved.
    """
    if reviewer.moves is None or not reviewer.places:
        return ()
    places = [one.pk for one in reviewer.places]
    left = ReviewMove.objects.filter(item=OuterRef("item"), from_place__in=places)
    rows = last_moves(reviewer.campaign.pk).filter(Exists(left)).exclude(place__in=places)
    behind = ("item__reviewed__account", "place__organization", "employment")
    found = {
        Gone(row.item.reviewed.account.public_id, row.item.reviewed.account.name, place_name(row.place),
             row.employment.recorded_at): None
        for row in rows.select_related(*behind).order_by("-pk")[: 3 * MOST_GONE]
    }  # fmt: skip
    return tuple(found)[:MOST_GONE]
