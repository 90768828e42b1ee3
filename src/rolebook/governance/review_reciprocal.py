"""What two people approved for each other, said beside the item, or kept: a review counts it for stewards (fault 11).

Every approval on record counts, at whichever stage it was given. What was designated or imported has none here.
"""

from collections.abc import Collection, Mapping

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rolebook.governance.models import Access, Grant, Outcome, RequestItem, ReviewCampaign, ReviewItem

_GIVING = (RequestItem.Kind.ADD_ROLE, RequestItem.Kind.ADD_ACCESS, RequestItem.Kind.REACTIVATE)


def _returned_approvals() -> QuerySet[Outcome]:
    """Return the approvals by somebody who was given something by an approval of the very person."""
    approvals = Outcome.objects.filter(verdict=Outcome.Verdict.APPROVED)
    back = approvals.filter(
        program=OuterRef("program"),
        approver=OuterRef("request__beneficiary"),
        request__beneficiary=OuterRef("approver"),
        stage__items__state=RequestItem.State.APPROVED,
        stage__items__kind__in=_GIVING,
    )
    return approvals.filter(Exists(back))


def approver_in_return() -> Subquery:
    """Return the SQL expression, for a review's item, for the name of who approved it and was approved for in return.

    Null where nobody was.
    """
    asked = Coalesce(OuterRef("grant__request_item"), OuterRef("access__request_item"))
    found = _returned_approvals().filter(stage__items=asked)
    return Subquery(found.order_by("pk").values("approver__name")[:1])


def approved_in_return(items: QuerySet[ReviewItem]) -> QuerySet[ReviewItem]:
    """Return those of some items that were approved by somebody for whom their person approved something."""
    asked = _returned_approvals().values("stage__items")
    # From the approvals to what they gave, which is little, and not from all grants to what gave them.
    grants = Grant.objects.filter(request_item__in=asked).values("pk")
    accesses = Access.objects.filter(request_item__in=asked).values("pk")
    return items.filter(Q(grant__in=grants) | Q(access__in=accesses))


def told_in_return(approver: str | None, name: str) -> str:
    """Return that somebody approved something for ``name``, who approved for them, in words; "" for nobody."""
    return f"{approver} approved this, and {name} approved something for {approver}." if approver else ""


# From what was answered about these few people, by index, to who answered so, and to what was asked about those.
_KEPT_IN_RETURN = """
SELECT given.answered_by_id, COUNT(DISTINCT given.id)
FROM governance_participation mine
JOIN governance_reviewedaccount me ON me.participation_id = mine.id AND me.campaign_id = %s
JOIN governance_reviewitem back ON back.reviewed_id = me.id AND back.answer = 'keep'
JOIN governance_participation other ON other.account_id = back.answered_by_id AND other.program_id = mine.program_id
JOIN governance_reviewedaccount them ON them.participation_id = other.id AND them.campaign_id = me.campaign_id
JOIN governance_reviewitem given ON given.reviewed_id = them.id AND given.answer = 'keep'
    AND given.answered_by_id = mine.account_id
WHERE mine.program_id = %s AND mine.account_id IN ({people})
GROUP BY given.answered_by_id
"""


def kept_in_return(campaign: ReviewCampaign, people: Collection[int]) -> Mapping[int, int]:
    """Return how much each of some people (internal ids) kept of those who kept something of theirs; one statement.

    Two reviewers who answer about each other may agree to look at nothing.
    """
    if not people:
        return {}
    told = _KEPT_IN_RETURN.format(people=", ".join(["%s"] * len(people)))
    with connection.cursor() as cursor:
        cursor.execute(told, [campaign.pk, campaign.program_id, *people])
        return dict(cursor.fetchall())
