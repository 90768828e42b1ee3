"""Which open stages somebody may decide, and what a list of them is narrowed to."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing
from rolebook.governance.deciders import stages_in_office, stages_without_office
from rolebook.governance.models import Request, RequestItem, Stage
from rolebook.governance.of_each import found_for_each, of_each
from rolebook.governance.one_look import once
from rolebook.governance.one_voice import not_conflicted
from rolebook.governance.queries import paging
from rolebook.governance.queries.counting import COUNTED_TO
from rolebook.governance.queries.organization_search import matching
from rolebook.governance.queries.seeing import find_organization, public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.governance.together import shown_whole
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of pending requests is narrowed to.

    Attributes:
        organization_id: public id; only that organization.
        role_id: only requests for that role.
        request_id: public id; only that request's.
        search: part of a person's name or address, or of an organization's name, code or number.
    """

    organization_id: uuid.UUID | str | None = None
    role_id: str | None = None
    request_id: uuid.UUID | str | None = None
    search: str = ""

    def condition(self, standing: Standing) -> Q:
        """Return the SQL condition on stages. Raises NotFound for an organization that is not there."""
        chosen = Q(program_id=standing.program_id, state=Stage.State.OPEN)
        if self.organization_id is not None:
            chosen &= Q(
                organization=find_organization(standing.program_id, self.organization_id, standing.at)
            )
        if self.role_id:
            chosen &= Q(Exists(RequestItem.objects.filter(stages=OuterRef("pk"), role_id=self.role_id)))
        if self.request_id is not None:
            chosen &= Q(request__public_id=public_id_of(self.request_id))
        return chosen & _matches(self.search)


def count_to_decide(
    standing: Standing, most: int = COUNTED_TO, filters: Filters | None = None, *, together: bool = False
) -> int:
    """Return how many open stages the viewer must decide, counted no further than ``most``; one statement.

    ``together``: only those that can be decided with others in one press.
    """
    if not standing.offices(Act.DECIDE):
        return 0
    try:
        chosen = (filters or Filters()).condition(standing)
    except NotFound:
        return 0
    stages = Stage.objects.filter(chosen & decidable(standing))
    if together:
        stages = stages.exclude(shown_whole())
    return len(stages.values_list("pk")[:most])


def matching_stage_ids(
    viewer: Account, program_id: str, at: datetime, filters: Filters, *, most: int
) -> tuple[uuid.UUID, ...]:
    """Return the public ids of all stages that the viewer may decide in one press and that match, at most ``most``.

    Raises NotFound for an organization that is not there.
    """
    standing = viewer_standing(viewer, program_id, at)
    stages = Stage.objects.filter(filters.condition(standing) & decidable(standing)).exclude(shown_whole())
    return tuple(stages.order_by("opened_at", "pk").values_list("public_id", flat=True)[:most])


def decidable(standing: Standing) -> Q:
    """Return the SQL condition for the stages that the viewer may decide, by office or as the steward."""
    key = ("decidable", standing.account.pk, standing.program_id, standing.at)
    return once(key, lambda: _decidable(standing))


def _decidable(standing: Standing) -> Q:
    seats, stands_in = stages_in_office(standing), stages_without_office(standing)
    if stands_in is None:
        return seats & of_each(not_conflicted(standing))
    # Few of the stages in a program come to its steward; an official's are found by their organizations.
    return of_each((seats | stands_in) & not_conflicted(standing))


def _matches(search: str) -> Q:
    words = paging.search_words(search)
    if not words:
        return Q()
    of_people = Request.objects.filter(
        Q(beneficiary__name__icontains=words)
        | Q(requester__name__icontains=words)
        | Q(beneficiary__email_key__contains=words),
        pk=OuterRef("request"),
    )
    of_place = Organization.objects.filter(matching(search), pk=OuterRef("organization"))
    return found_for_each(of_people) | found_for_each(of_place)
