"""Items that are alike: the same role at the same organization, or access to the same one; not answered yet."""

import uuid
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from rolebook.governance.models import ReviewItem
from rolebook.governance.queries.review_advice import Advice
from rolebook.governance.queries.review_cards import advice_on
from rolebook.governance.review_course import holding_ended
from rolebook.governance.review_reach import Reviewer
from rolebook.governance.review_reciprocal import approver_in_return, told_in_return

MOST_ALIKE = 1_000
"""Items in one answer; more are answered in several (I12)."""
LOOKED_AT = 5_000
"""Items among which kinds are found and counted; who has more left finds the others when these are answered (I12)."""
_MOST_KINDS = 100
_FIELDS = (
    "about", "grant__role_id", "grant__organization_id", "grant__organization__name",
    "access__organization_id", "access__organization__name", "access__organization__code", "access__lower_levels",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of like items with how many of them are not answered; ``key`` names it in forms."""

    key: str
    title: str
    number: int


@dataclass(frozen=True, slots=True)
class AlikeItem:
    """One of the like items: whose it is, the version seen, and what is recommended about it, if anything.

    ``in_return``: that its approver was approved for by its person, in words; "" where they were not (fault 11).
    """

    about: str
    public_id: uuid.UUID
    version: int
    account_id: uuid.UUID
    name: str
    user_id: str
    advice: Advice | None
    in_return: str = ""

    def is_apart(self, answer: str) -> bool:
        """Return whether it gets that answer only by itself."""
        return bool(self.in_return) and answer == ReviewItem.Answer.KEEP


@dataclass(frozen=True, slots=True)
class Alike:
    """The items of one kind, MOST_ALIKE at most, in the order of the accounts."""

    kind: Kind
    items: tuple[AlikeItem, ...]

    def apart(self, answer: str) -> tuple[AlikeItem, ...]:
        """Return those that one ``answer`` is not for: nobody keeps in passing what two approved for each other."""
        return tuple(one for one in self.items if one.is_apart(answer))

    def together(self, answer: str) -> tuple[AlikeItem, ...]:
        """Return those that one ``answer`` is for, the ones first about which something else is recommended."""
        found = (one for one in self.items if not one.is_apart(answer))
        return tuple(sorted(found, key=lambda one: one.advice is None or one.advice.answer == answer))

    def against(self, answer: str) -> tuple[AlikeItem, ...]:
        """Return those of them about which something else than ``answer`` is recommended."""
        found = self.together(answer)
        return tuple(one for one in found if one.advice is not None and one.advice.answer != answer)


def kinds_alike(reviewer: Reviewer) -> tuple[Kind, ...]:
    """Return the kinds of which at least two items are the viewer's and not answered, the most frequent first.

    They are counted among the first LOOKED_AT of those items.
    """
    some = _left(reviewer).order_by("place", "reviewed").values("pk")[:LOOKED_AT]
    rows = (
        ReviewItem.objects.filter(pk__in=some)
        .exclude(holding_ended(reviewer.standing.at))
        .order_by()
        .values(*_FIELDS)
        .annotate(number=Count("pk"))
        .filter(number__gt=1)
        .order_by("-number", "grant__role_id", "access__organization__name")[:_MOST_KINDS]
    )
    return tuple(_kind(reviewer, dict(row)) for row in rows)


def alike_items(reviewer: Reviewer, key: str) -> Alike:
    """Return the items of the kind that ``key`` names; none for a key that names none."""
    kind = next((one for one in kinds_alike(reviewer) if one.key == key), None)
    if kind is None:
        return Alike(Kind(key, "", 0), ())
    about, role_id, place, levels = key.split("/")
    rows = _unanswered(reviewer).filter(about=about)
    if about == ReviewItem.About.ROLE:
        rows = rows.filter(grant__role_id=role_id)
        rows = (
            rows.filter(grant__organization_id=int(place))
            if place
            else rows.filter(grant__organization__isnull=True)
        )
    else:
        rows = rows.filter(access__organization_id=int(place), access__lower_levels=levels == "below")
    behind = (
        "reviewed__account",
        "reviewed__participation",
        "reviewed__place__organization",
        "place",
        "grant",
        "access",
    )
    rows = rows.annotate(approver=approver_in_return()).select_related(*behind)
    found = list(rows.order_by("reviewed", "pk")[:MOST_ALIKE])
    advice = advice_on(reviewer, found)
    items = tuple(
        AlikeItem(
            item.about,
            holding.public_id,
            item.version,
            item.reviewed.account.public_id,
            item.reviewed.account.name,
            item.reviewed.account.user_id,
            advice.get(item.pk),
            told_in_return(item.approver, item.reviewed.account.name),
        )
        for item in found
        if (holding := item.grant or item.access) is not None
    )
    return Alike(kind, items)


def _unanswered(reviewer: Reviewer) -> QuerySet[ReviewItem]:
    return _left(reviewer).exclude(holding_ended(reviewer.standing.at))


def _left(reviewer: Reviewer) -> QuerySet[ReviewItem]:
    return reviewer.theirs().filter(settled_at=None, answer="").exclude(about=ReviewItem.About.ACCOUNT)


def _kind(reviewer: Reviewer, row: dict[str, object]) -> Kind:
    number = int(str(row["number"]))
    if row["about"] == ReviewItem.About.ROLE:
        role_id = str(row["grant__role_id"])
        role = reviewer.standing.book.role(role_id)
        title = role_id if role is None else role.title
        place = row["grant__organization_id"]
        where = f" at {row['grant__organization__name']}" if place is not None else ""
        return Kind(f"role/{role_id}/{'' if place is None else place}/", f"{title}{where}", number)
    below = " with lower levels" if row["access__lower_levels"] else ""
    title = f"Access to {row['access__organization__name']} ({row['access__organization__code']}){below}"
    key = f"access//{row['access__organization_id']}/{'below' if row['access__lower_levels'] else ''}"
    return Kind(key, title, number)
