"""The orders in which pending requests are listed, and where a page of them begins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from rolebook.governance.models import Stage
from rolebook.governance.queries import paging

type Sort = Literal["oldest", "newest", "person", "organization"]

SORTS: Mapping[Sort, str] = {
    "oldest": "Oldest first",
    "newest": "Newest first",
    "person": "By requester",
    "organization": "By organization",
}
"""The orders in which pending requests can be listed, with their names."""
_FIELDS: Mapping[Sort, str] = {
    "oldest": "opened_at",
    "newest": "opened_at",
    "person": "request__beneficiary__name",
    "organization": "organization__name",
}


def sort_key(sort: Sort, prefix: str = "") -> F | Coalesce:
    """Return the SQL expression by which stages are ordered; ``prefix`` leads to the stage."""
    field = prefix + _FIELDS[sort]
    return Coalesce(field, Value("")) if sort == "organization" else F(field)


def key_of(stage: Stage, sort: Sort) -> str:
    """Return the same of one stage, as a page's key holds it."""
    if sort == "person":
        return stage.request.beneficiary.name
    if sort == "organization":
        return "" if stage.organization is None else stage.organization.name
    return opened(stage).isoformat()


def beyond(sort: Sort, after: str | None) -> Q:
    """Return the condition for what comes after a key; a key of another order begins at the first page."""
    key: tuple[str | datetime, int] | None
    key = paging.from_text(after) if sort in ("person", "organization") else paging.instant_key(after)
    return paging.following(key, "sort_key", newest_first=sort == "newest")


def opened(stage: Stage) -> datetime:
    """Return when an open stage opened."""
    if stage.opened_at is None:
        raise ValueError("an open stage has no opening instant")
    return stage.opened_at
