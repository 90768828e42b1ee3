"""Organizations with fewer officials than their program recommends (IQIES-06, QPP-11). Advice, never a block."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Grant
from rolebook.governance.queries import paging
from rolebook.governance.queries.officials import official_grants
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import STEWARD_ID, Act, Rolebook


@dataclass(frozen=True, slots=True)
class ShortRow:
    """An organization with fewer officials than recommended: the names of those, and how many it should have."""

    organization: Organization
    names: tuple[str, ...]
    at_least: int


def short_organizations(book: Rolebook, at: datetime) -> QuerySet[Organization, Organization]:
    """Return the open organizations with too few officials, each with its ``number`` of them; one query.

    An official is an active person with a grant in force of a role that decides there (`official_grants`).
    """
    of_place = Grant.objects.filter(
        in_force(at), official_grants(book, at), program_id=book.program.id, organization=OuterRef("pk")
    )
    counted = of_place.order_by().values("organization").annotate(people=Count("account", distinct=True))
    short = Q(pk__in=())
    for advice in book.recommendations:
        short |= Q(kind_id__in=advice.kinds, number__lt=advice.at_least)
    still_open = Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    places = Organization.objects.filter(still_open, program_id=book.program.id)
    return places.annotate(number=Coalesce(Subquery(counted.values("people")), 0)).filter(short)


def recommended(book: Rolebook, kind_id: str) -> int:
    """Return how many officials an organization of that kind should have; 0 where nothing is recommended."""
    return max((advice.at_least for advice in book.recommendations if kind_id in advice.kinds), default=0)


def officials_of(
    book: Rolebook, organization_pks: Iterable[int], at: datetime
) -> Mapping[int, tuple[Account, ...]]:
    """Return the active officials of each organization by its internal id; one query."""
    rows = Grant.objects.filter(
        in_force(at), official_grants(book, at), program_id=book.program.id, organization__in=organization_pks
    )
    found: dict[int, dict[int, Account]] = {}
    for grant in rows.select_related("account").order_by("account", "pk"):
        if grant.organization_id is not None:
            found.setdefault(grant.organization_id, {})[grant.account_id] = grant.account
    return {pk: tuple(people.values()) for pk, people in found.items()}


def sees_report(standing: Standing) -> bool:
    """Return whether somebody is a steward of the program, whose report this is."""
    return any(office.role_id == STEWARD_ID for office in standing.offices(Act.ADMINISTER))


def organizations_short_of_officials(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[ShortRow]:
    """Return the report for a program's stewards: organizations with too few officials, by name.

    Raises NotFound for anybody else, as for a page that does not exist.
    """
    standing = viewer_standing(viewer, program_id, at)
    if not sees_report(standing):
        raise NotFound
    length = paging.bounded(limit)
    places = short_organizations(standing.book, at)
    places = places.filter(paging.following(paging.from_text(after), "name"))
    found = list(places.order_by("name", "pk")[: length + 1])
    officials = officials_of(standing.book, [place.pk for place in found], at)
    rows = [
        ShortRow(
            place,
            tuple(person.name for person in officials.get(place.pk, ())),
            recommended(standing.book, place.kind_id),
        )
        for place in found
    ]
    return paging.cut(rows, [(place.name, place.pk) for place in found], length)
