"""Organizations as they stood at an earlier instant: under which parent, open or closed, and what they were called.

Placements, closings and former values are dated. Of the time before an organization was recorded here, the first
placement known of it counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce

from rolebook.accounts.former_values import CODE, NAME
from rolebook.accounts.models import Organization, OrganizationPlacement
from rolebook.accounts.organization_models import OrganizationClosing, OrganizationFormerValue
from rolebook.decision.tree import OrganizationTree

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PastPlace:
    """An organization at an earlier instant.

    Attributes:
        organization: the row, as it is now.
        parent_id: internal id of the organization above it then; None: at the top.
        closed: whether it was closed then.
        name: what it was called then.
        code: its code then.
    """

    organization: Organization
    parent_id: int | None
    closed: bool
    name: str
    code: str


class PastPlaces:
    """Some organizations of a program as they stood at ``at``, each with everything above it."""

    def __init__(self, program_id: str, at: datetime) -> None:
        """Begin with none."""
        self.program_id, self.at = program_id, at
        self._found: dict[int, PastPlace] = {}

    def __getitem__(self, pk: int) -> PastPlace:
        """Return one that was looked up. Raises KeyError for others."""
        return self._found[pk]

    def look_up(self, organizations: Iterable[Organization]) -> None:
        """Read organizations, and what was above them; one statement where nothing moved between."""
        given = list(organizations)
        wanted = {int(step) for one in given for step in one.path.split("/") if step} | {
            one.pk for one in given
        }
        wanted -= self._found.keys()
        while wanted:
            some = sorted(wanted)[:_AT_ONCE]
            rows = list(self._rows().filter(pk__in=some))
            for one in rows:
                self._found[one.pk] = self._as_it_stood(one)
            parents = {self._found[one.pk].parent_id for one in rows}
            wanted = (wanted - set(some)) | {pk for pk in parents if pk is not None and pk not in self._found}

    def _rows(self) -> QuerySet[Organization]:
        """Return organizations with how each stood: the parent (0: none), whether closed, and what it was called."""
        of_it = {"organization": OuterRef("pk")}
        above = Coalesce("parent_id", Value(0), output_field=BigIntegerField())
        placements = OrganizationPlacement.objects.filter(**of_it).annotate(above=above).values("above")
        # The last one that had begun; before all of them, the first.
        begun = placements.filter(starts_at__lte=self.at).order_by("-starts_at", "-pk")[:1]
        first = placements.order_by("starts_at", "pk")[:1]
        closings = OrganizationClosing.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=self.at), starts_at__lte=self.at, **of_it
        )
        # Of what it was called, the value that ended first after the instant.
        former = OrganizationFormerValue.objects.filter(ends_at__gt=self.at, **of_it).order_by(
            "ends_at", "pk"
        )
        name, code = (former.filter(what=what).values("value")[:1] for what in (NAME, CODE))
        return Organization.objects.filter(program_id=self.program_id).annotate(
            parent_then=Coalesce(Subquery(begun), Subquery(first), above),
            closed_then=Exists(closings),
            name_then=Coalesce(Subquery(name), F("name"), output_field=TextField()),
            code_then=Coalesce(Subquery(code), F("code"), output_field=TextField()),
        )

    @staticmethod
    def _as_it_stood(one: Organization) -> PastPlace:
        row: Any = one
        return PastPlace(one, row.parent_then or None, row.closed_then, row.name_then, row.code_then)

    def chain(self, pk: int) -> tuple[int, ...]:
        """Return the internal ids from an organization up to the top, as it stood; it must have been looked up."""
        chain = [pk]
        while (parent_id := self._found[chain[-1]].parent_id) is not None:
            chain.append(parent_id)
        return tuple(chain)

    def tree(self) -> OrganizationTree:
        """Return those looked up as the decision's tree, by internal id as text.

        As for the decision point, a closed organization is not there, and what lay below it counts as below the next
        one above that was open.
        """
        return OrganizationTree(
            (str(pk), self._open_above(place.parent_id), place.organization.kind_id)
            for pk, place in self._found.items()
            if not place.closed
        )

    def _open_above(self, pk: int | None) -> str | None:
        while pk is not None and self._found[pk].closed:
            pk = self._found[pk].parent_id
        return None if pk is None else str(pk)
