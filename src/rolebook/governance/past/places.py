"""Organizations as they stood at an earlier instant: under which parent, open or closed, and what they were called.

Placements, closings and former values are dated. Of the time before an organization was recorded here, the first
placement known of it counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

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

    def look_up(self, pks: Iterable[int]) -> None:
        """Read organizations by internal id, and what was above them; four statements where nothing moved between."""
        wanted = set(pks) - self._found.keys()
        while wanted:
            some = sorted(wanted)[:_AT_ONCE]
            rows = Organization.objects.filter(program_id=self.program_id, pk__in=some)
            organizations = {one.pk: one for one in rows}
            above = {int(step) for one in organizations.values() for step in one.path.split("/") if step}
            above -= organizations.keys() | self._found.keys()
            if above:
                organizations |= Organization.objects.in_bulk(above)
            self._read(organizations)
            parents = {self._found[pk].parent_id for pk in organizations}
            wanted = (wanted - organizations.keys() - set(some)) | {
                pk for pk in parents if pk is not None and pk not in self._found
            }

    def _read(self, organizations: Mapping[int, Organization]) -> None:
        parents: dict[int, int | None] = {}
        placements = OrganizationPlacement.objects.filter(organization__in=organizations).order_by(
            "organization", F("starts_at").asc(), "pk"
        )
        for pk, parent_id, starts_at in placements.values_list("organization", "parent", "starts_at"):
            # The last one that had begun; before all of them, the first.
            if pk not in parents or starts_at <= self.at:
                parents[pk] = parent_id
        closed = set(
            OrganizationClosing.objects.filter(
                Q(ends_at=None) | Q(ends_at__gt=self.at),
                organization__in=organizations,
                starts_at__lte=self.at,
            ).values_list("organization", flat=True)
        )
        called: dict[tuple[int, str], str] = {}
        former = OrganizationFormerValue.objects.filter(
            organization__in=organizations, what__in=(NAME, CODE), ends_at__gt=self.at
        ).order_by("-ends_at", "-pk")
        for pk, what, value in former.values_list("organization", "what", "value"):
            called[pk, what] = value  # the one that ended first after the instant is the last to be set
        for pk, one in organizations.items():
            self._found[pk] = PastPlace(
                one,
                parents.get(pk, one.parent_id),
                pk in closed,
                called.get((pk, NAME), one.name),
                called.get((pk, CODE), one.code),
            )

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
