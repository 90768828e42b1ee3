"""Who loses what they hold when an uploaded file closes the organizations that it does not name, for its steward."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.organization_models import OrganizationUpload
from rolebook.governance.authority import in_force
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries.stewards import stewards_standing

_NAMED = 10
"""Organizations that are named at once, those with the most people; the list of changes has all of them."""


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
        people: how many people hold something there.
        held: how many roles, or accesses where a program holds them apart from roles (``apart``).
        places: the organizations where somebody holds something, those with the most people first.
    """

    people: int
    held: int
    apart: bool
    places: tuple[Losing, ...]

    @property
    def most(self) -> tuple[Losing, ...]:
        """The organizations that are named at once."""
        return self.places[:_NAMED]

    @property
    def others(self) -> int:
        """How many organizations are not."""
        return len(self.places) - len(self.most)

    @property
    def by_code(self) -> Mapping[str, int]:
        """How many people hold something, by the code of the organization."""
        return {one.code: one.people for one in self.places}


def closing_losses(viewer: Account, upload: OrganizationUpload, at: datetime) -> ClosingLosses:
    """Return who loses what at the organizations that a file closes: one file closes some hundreds at most.

    Three statements, however many organizations there are. Raises NotFound.
    """
    standing = stewards_standing(viewer, upload.program_id, at)
    codes = upload.lines.filter(what="closed").values("code")
    closing = Organization.objects.filter(program_id=upload.program_id, closed_at=None, code__in=codes)
    names = {pk: (code, name) for pk, code, name in closing.values_list("pk", "code", "name")}
    apart = standing.book.access == "apart from roles"
    model = Access if apart else Grant
    held: QuerySet[Any] = model.objects.filter(
        in_force(at), program_id=upload.program_id, organization__in=list(names)
    )
    counted = (
        held.order_by().values_list("organization").annotate(Count("account", distinct=True), Count("pk"))
    )
    places, number = [], 0
    for pk, people, of_them in counted:
        places.append(Losing(*names[pk], people))
        number += of_them
    places.sort(key=lambda one: (-one.people, one.name, one.code))
    return ClosingLosses(
        people=held.aggregate(people=Count("account", distinct=True))["people"],
        held=number,
        apart=apart,
        places=tuple(places),
    )
