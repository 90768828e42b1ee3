"""Where access makes an office: at the agency that employs its holder, and at no other (IQCS-03, IQCS-04, IQCS-12).

Where access is held apart from roles, a code says whose data somebody reaches. A representative who was given a code of
another agency reads its responders; that agency's requests and reviews stay that agency's to decide. Whose employer is
not on record has offices wherever they have access: only a designation makes such a person, and it says where.
"""

from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, StrIndex, Substr
from django.db.models.lookups import Exact

from rolebook.governance.models import Access, Employment
from rolebook.policy.model import Rolebook


def told_elsewhere(book: Rolebook, accesses: QuerySet[Access], at: datetime) -> QuerySet[Access]:
    """Annotate access with ``elsewhere``: whether another agency employed its holder at ``at`` than the code's own."""
    if not book.approval.employing_chain:
        return accesses.annotate(elsewhere=Value(False))
    employments = Employment.objects.filter(participation=OuterRef("participation"), recorded_at__lte=at)
    newest = employments.order_by("-recorded_at", "-pk").annotate(agency=_agency("organization__path"))
    employing = Coalesce(Subquery(newest.values("agency")[:1]), _agency("organization__path"))
    return accesses.annotate(
        elsewhere=ExpressionWrapper(
            ~Q(Exact(employing, _agency("organization__path"))), output_field=BooleanField()
        )
    )


def _agency(path: str) -> Substr:
    """Return the path of the topmost organization above one, or its own: the first step of an id path."""
    return Substr(path, 1, StrIndex(Substr(path, 2), Value("/")) + 1)
