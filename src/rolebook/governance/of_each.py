"""A condition that PostgreSQL is to ask of each row, where the other conditions leave few.

Of a plain EXISTS, or a condition on a row that is joined, it may make one join, and then it reads the requests and
outcomes of all years, or everybody's accounts, for a handful of rows: it does not know that few officials stand among
the many users of a large organization.
"""

from typing import Any

from django.db.models import BooleanField, Case, Q, QuerySet, Subquery, Value, When
from django.db.models.lookups import IsNull


def of_each(condition: Q) -> Q:
    """Return the same condition, asked of each row after those that cost less, and from left to right."""
    holds = When(condition, then=Value(value=True))
    return Q(Case(holds, default=Value(value=False), output_field=BooleanField()))


def found_for_each(rows: QuerySet[Any]) -> Q:
    """Return the condition that there are such rows, which refer to an outer query, looked up for each of its rows.

    A plain EXISTS may read them all beforehand, where PostgreSQL expects to ask often.
    """
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), rhs=False))
