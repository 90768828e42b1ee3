"""Numbers beside long lists, counted as far as a reader needs them: counting everybody costs as much as a long list.

Pages write such a number as "1,000+" from COUNTED_TO on.
"""

from typing import Any

from django.db.models import F, IntegerField, QuerySet, Subquery

from rolebook.governance.models import Access, Grant

COUNTED_TO = 1_000
"""Each is counted so far, and no further."""


def rows_counted(rows: QuerySet[Any]) -> Subquery:
    """Return how many rows there are, counted to COUNTED_TO, as a subquery; they may refer to an outer query."""
    return Subquery(
        rows.order_by().values("pk")[:COUNTED_TO],
        template="(SELECT COUNT(*) FROM (%(subquery)s) AS counted)",
        output_field=IntegerField(),
    )


def people_counted(held: QuerySet[Grant] | QuerySet[Access], most_of_one: int) -> Subquery:
    """Return how many people hold something of ``held``, as a subquery; exact below COUNTED_TO, above it some number.

    Nobody has more than ``most_of_one`` rows: so many rows of each of COUNTED_TO people are enough to read.
    """
    return Subquery(
        held.order_by().values(person=F("account"))[: COUNTED_TO * most_of_one],
        template="(SELECT COUNT(DISTINCT counted.person) FROM (%(subquery)s) AS counted)",
        output_field=IntegerField(),
    )
