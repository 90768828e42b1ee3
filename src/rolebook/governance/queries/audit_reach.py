"""How far somebody sees into the audit log: the whole program, their own organizations, or only what is their own."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.authority import Standing
from rolebook.governance.models import Grant, Participation, RequestItem
from rolebook.governance.queries.audit_walk import MOST_WALKS
from rolebook.governance.queries.seeing import find_organization, viewer_standing
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class Place:
    """An organization in reach."""

    organization_id: uuid.UUID
    name: str
    search_key: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Which events of a program somebody may see by their offices (the act "view audit").

    Attributes:
        whole: every event of the program.
        places: the organizations in reach by name, where they are few; empty with ``whole`` and ``many``.
        many: the SQL condition for organizations in reach where they are more than a page walks along; else None.
    """

    program_id: str
    whole: bool
    places: tuple[Place, ...] = ()
    many: Q | None = None

    @property
    def is_any(self) -> bool:
        """Whether there is anything at all in reach."""
        return self.whole or bool(self.places) or self.many is not None

    def events(self) -> Q:
        """Return the SQL condition for events in reach: by the organizations' ids, never by a name (I1)."""
        mine = Q(program_id=self.program_id)
        if self.whole:
            return mine
        if self.many is not None:
            organizations = Organization.objects.filter(self.many, program_id=self.program_id)
            return mine & Q(organization_id__in=organizations.values("public_id"))
        return mine & Q(organization_id__in=[place.organization_id for place in self.places])

    def covered(self, events: Collection[Event]) -> frozenset[int]:
        """Return the sequences of those of ``events`` in reach; a statement only where there are many places."""
        mine = [event for event in events if event.program_id == self.program_id]
        if self.whole:
            return frozenset(event.sequence for event in mine)
        known = {place.organization_id for place in self.places}
        if self.many is not None:
            named = {event.organization_id for event in mine if event.organization_id is not None}
            organizations = Organization.objects.filter(self.many, program_id=self.program_id)
            known |= set(organizations.filter(public_id__in=named).values_list("public_id", flat=True))
        return frozenset(event.sequence for event in mine if event.organization_id in known)

    def person(self, public_id: uuid.UUID) -> Account | None:
        """Return a person who has, had or asked for anything in reach, or None; at most one statement."""
        if not self.is_any:
            return None
        return Account.objects.filter(self._has_something(), public_id=public_id).first()

    def _has_something(self) -> Q:
        me = OuterRef("pk")
        if self.whole:
            return Q(Exists(Participation.objects.filter(account=me, program_id=self.program_id)))
        organizations = Organization.objects.filter(program_id=self.program_id)
        if self.many is not None:
            organizations = organizations.filter(self.many)
        else:
            organizations = organizations.filter(
                public_id__in=[place.organization_id for place in self.places]
            )
        there = Q(program_id=self.program_id, organization__in=organizations)
        asked = Q(request__requester=me) | Q(request__beneficiary=me)
        return Q(Exists(Grant.objects.filter(there, account=me))) | Q(
            Exists(RequestItem.objects.filter(there & asked))
        )


def reach_of(standing: Standing) -> Reach:
    """Return how far somebody sees; at most one statement.

    An office held at no organization reaches the whole program where it has lower levels, as the steward's has.
    """
    program_id = standing.program_id
    condition = Q()
    for office in standing.offices(Act.VIEW_AUDIT):
        if office.organization_id is None:
            if office.lower_levels:
                return Reach(program_id, whole=True)
        elif office.lower_levels:
            condition |= Q(path__startswith=office.path)
        else:
            condition |= Q(pk=office.organization_id)
    if not condition:
        return Reach(program_id, whole=False)
    organizations = Organization.objects.filter(condition, program_id=program_id).order_by("name", "pk")
    rows = list(organizations.values_list("public_id", "name", "search_key")[: MOST_WALKS + 1])
    if len(rows) > MOST_WALKS:
        return Reach(program_id, whole=False, many=condition)
    return Reach(program_id, whole=False, places=tuple(Place(*row) for row in rows))


def may_see_audit(viewer: Account, program_id: str, at: datetime) -> bool:
    """Return whether there is an Audit page for the viewer; no statement where a page has looked already."""
    try:
        standing = viewer_standing(viewer, program_id, at)
    except NotAllowed:
        return False
    return any(
        office.organization_id is not None or office.lower_levels
        for office in standing.offices(Act.VIEW_AUDIT)
    )


def may_see_person(viewer: Account, program_id: str, account_id: uuid.UUID, at: datetime) -> bool:
    """Return whether the viewer may read a person's history by an office; at most two statements."""
    return reach_of(viewer_standing(viewer, program_id, at)).person(account_id) is not None


def may_see_audit_at(viewer: Account, program_id: str, organization_id: uuid.UUID, at: datetime) -> bool:
    """Return whether the viewer sees what happens at an organization; at most one statement."""
    standing = viewer_standing(viewer, program_id, at)
    offices = standing.offices(Act.VIEW_AUDIT)
    if not offices:
        return False
    try:
        organization = find_organization(program_id, organization_id, at)
    except NotFound:
        return False
    return any(office.covers(organization) for office in offices)
