"""What two people approved for each other: a review says so beside the item, and counts it (fault 11).

Every approval on record counts, at whichever stage it was given. What was designated or imported has none here.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rolebook.governance.models import Outcome, RequestItem, ReviewItem

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
    return items.filter(Q(grant__request_item__in=asked) | Q(access__request_item__in=asked))


def told_in_return(approver: str | None, name: str) -> str:
    """Return that somebody approved something for ``name``, who approved for them, in words; "" for nobody."""
    return f"{approver} approved this, and {name} approved something for {approver}." if approver else ""
