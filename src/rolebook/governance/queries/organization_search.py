"""How organizations are looked for: by name, code and numbers, and by what they were called before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.models import Organization
from rolebook.accounts.organization_models import OrganizationFormerValue
from rolebook.accounts.texts import search_key
from rolebook.governance.queries import paging


@dataclass(frozen=True, slots=True)
class FormerMatch:
    """That an organization was found by what it was called before; ``what`` is "name", "code" or a scheme's title."""

    what: str
    value: str
    ends_at: datetime


def matching(search: str, prefix: str = "") -> Q:
    """Return the SQL condition for organizations that have every word of ``search``; ``prefix`` leads to them.

    Words are looked for in the present name, code and identifiers and in the former ones; everything matches an empty
    search.
    """
    condition = Q()
    for word in paging.search_words(search).split():
        condition &= Q(**{f"{prefix}search_key__contains": word})
    return condition


def former_matches(
    organizations: Sequence[Organization], search: str, titles: Mapping[str, str] | None = None
) -> Mapping[int, FormerMatch]:
    """Return, by internal id, how those organizations were found that their present name, code and numbers do not show.

    ``titles`` are those of the identifiers' schemes. One query, none for an empty search.
    """
    words = paging.search_words(search).split()
    if not words or not organizations:
        return {}
    hidden = [one.pk for one in organizations]
    rows = OrganizationFormerValue.objects.filter(organization__in=hidden).order_by("ends_at", "pk")
    found: dict[int, FormerMatch] = {}
    by_id = {one.pk: one for one in organizations}
    for row in rows:
        one = by_id[row.organization_id]
        present = search_key(one.name, one.code)
        former = search_key(row.value)
        if any(word in former and word not in present for word in words):
            what = (titles or {}).get(row.what, row.what)
            found[row.organization_id] = FormerMatch(what, row.value, row.ends_at)
    return found
