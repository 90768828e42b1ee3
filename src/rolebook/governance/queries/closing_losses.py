"""Who loses what they hold when an uploaded file closes the organizations that it does not name, for its steward."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from rolebook.accounts.models import Account
from rolebook.accounts.organization_models import OrganizationUpload, OrganizationUploadLine
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries.stewards import stewards_standing

_NAMED = 10
"""Organizations that are named at once, those with the most people; the list of changes has all of them."""
_CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Losing:
    """One organization that closes, and how many people hold something there."""

    code: str
    name: str
    people: int


@dataclass(frozen=True, slots=True)
class ClosingLosses:
    """What is held at the organizations that a file closes.

    Attributes:
        organizations: at how many of them somebody holds something.
        people: how many people that are.
        held: how many roles, or accesses where a program holds them apart from roles (``apart``).
        most: the organizations with the most people.
        by_code: how many people hold something at each organization that was asked for; none where nobody does.
    """

    organizations: int
    people: int
    held: int
    apart: bool
    most: tuple[Losing, ...]
    by_code: Mapping[str, int]

    @property
    def others(self) -> int:
        """How many organizations are not named."""
        return self.organizations - len(self.most)


def closing_losses(
    viewer: Account, upload: OrganizationUpload, codes: Collection[str], at: datetime
) -> ClosingLosses:
    """Return who loses what at the organizations that a file closes, and at each of ``codes``. Raises NotFound.

    Three statements, however many organizations.
    """
    standing = stewards_standing(viewer, upload.program_id, at)
    held = _held(standing, upload.program_id).filter(
        organization__code__in=upload.lines.filter(what=_CLOSED).values("code")
    )
    numbers = held.aggregate(
        organizations=Count("organization", distinct=True),
        people=Count("account", distinct=True),
        held=Count("pk"),
    )
    most = _people_of(held).order_by("-people", "organization__name", "organization__code")[:_NAMED]
    apart = standing.book.access == "apart from roles"
    shown = _people_of(held.filter(organization__code__in=codes)) if codes else ()
    return ClosingLosses(
        **numbers,
        apart=apart,
        most=tuple(Losing(*one) for one in most),
        by_code={code: people for code, _, people in shown},
    )


def losing_lines(
    viewer: Account, upload: OrganizationUpload, at: datetime
) -> QuerySet[OrganizationUploadLine]:
    """Return the lines of the organizations that a file closes and where somebody holds something. Raises NotFound."""
    standing = stewards_standing(viewer, upload.program_id, at)
    held = _held(standing, upload.program_id)
    return upload.lines.filter(what=_CLOSED, code__in=held.values("organization__code"))


def _held(standing: Standing, program_id: str) -> QuerySet[Any]:
    """Return what is held at open organizations: roles, or access where a program holds it apart from roles."""
    model = Access if standing.book.access == "apart from roles" else Grant
    rows = model.objects.filter(in_force(standing.at), program_id=program_id)
    return rows.filter(organization__program_id=program_id, organization__closed_at=None)


def _people_of(held: QuerySet[Any]) -> QuerySet[Any, tuple[str, str, int]]:
    rows = held.order_by().values_list("organization__code", "organization__name")
    return rows.annotate(people=Count("account", distinct=True))
