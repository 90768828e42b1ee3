"""The organizations of a program for its stewards: found, filtered, paged, one of them, and all as a file."""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Literal

from django.db.models import OuterRef, QuerySet, Subquery

from rolebook.accounts.models import Account, Organization, OrganizationIdentifier
from rolebook.accounts.organization_models import OrganizationContact
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries import paging
from rolebook.governance.queries.counting import COUNTED_TO, people_counted
from rolebook.governance.queries.officials import identifiers_of
from rolebook.governance.queries.organization_page import scheme_titles
from rolebook.governance.queries.organization_search import FormerMatch, former_matches, matching
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.queries.tree_preview import (
    MovePreview,
    StandingPreview,
    move_preview,
    standing_preview,
)
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.tree_places import move_violations

type State = Literal["open", "closed", "all"]
STATES: tuple[State, ...] = ("open", "closed", "all")
_EXPORTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """One organization in the stewards' list.

    Attributes:
        people: how many hold a role there, or its code, counted to COUNTED_TO.
        former: by what it was found that it is not called any more.
    """

    organization: Organization
    kind_title: str
    identifiers: tuple[tuple[str, str], ...]
    parent_name: str
    people: int
    former: FormerMatch | None

    @property
    def code_apart(self) -> str:
        """The code, where it is none of the numbers."""
        code = self.organization.code
        plain = code.replace("-", "")
        return "" if any(plain == value.replace("-", "") for _, value in self.identifiers) else code


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the stewards' list is narrowed to."""

    search: str = ""
    kind_id: str = ""
    state: State = "open"


def stewards_organizations(
    viewer: Account,
    program_id: str,
    at: datetime,
    wanted: Wanted,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[OrganizationRow]:
    """Return organizations by name, a page at a time. Raises NotFound for who does not administer the program."""
    standing = stewards_standing(viewer, program_id, at)
    length = paging.bounded(limit)
    chosen = _chosen(program_id, wanted)
    chosen = chosen.filter(paging.following(paging.from_text(after), "name"))
    found = list(
        chosen.select_related("parent")
        .annotate(people=_people(standing))
        .order_by("name", "pk")[: length + 1]
    )
    shown = found[:length]
    identifiers = identifiers_of(standing.book, shown)
    former = former_matches(shown, wanted.search, scheme_titles(standing.book))
    titles = {kind.id: kind.title for kind in standing.book.organization_kinds}
    rows = [
        OrganizationRow(
            organization=one,
            kind_title=titles.get(one.kind_id, one.kind_id),
            identifiers=identifiers.get(one.pk, ()),
            parent_name="" if one.parent is None else one.parent.name,
            people=min(one.people, COUNTED_TO),
            former=former.get(one.pk),
        )
        for one in shown
    ]
    more = len(found) > length
    last = found[length - 1] if more else None
    return Page(tuple(rows), None if last is None else paging.to_text((last.name, last.pk)))


def _people(standing: Standing) -> Subquery:
    """Return how many hold something at an organization: a role, or its code where access is held apart from roles."""
    if standing.book.access == "apart from roles":
        return people_counted(Access.objects.filter(in_force(standing.at), organization=OuterRef("pk")), 1)
    held = Grant.objects.filter(in_force(standing.at), organization=OuterRef("pk"))
    return people_counted(held, len(standing.book.roles))


def _chosen(program_id: str, wanted: Wanted) -> QuerySet[Organization]:
    chosen = Organization.objects.filter(matching(wanted.search), program_id=program_id)
    if wanted.kind_id:
        chosen = chosen.filter(kind_id=wanted.kind_id)
    if wanted.state != "all":
        chosen = chosen.filter(closed_at__isnull=wanted.state == "open")
    return chosen


def stewards_organization(
    viewer: Account, program_id: str, organization_id: uuid.UUID | str, at: datetime
) -> Organization:
    """Return one organization, open or closed, for who administers the program. Raises NotFound."""
    stewards_standing(viewer, program_id, at)
    return _find(program_id, organization_id)


def _find(program_id: str, organization_id: uuid.UUID | str) -> Organization:
    rows = Organization.objects.filter(program_id=program_id, public_id=public_id_of(organization_id))
    found = rows.select_related("parent").first()
    if found is None:
        raise NotFound
    return found


def organization_by_code(viewer: Account, program_id: str, text: str, at: datetime) -> Organization | None:
    """Return the open organization that a steward named by its code or one of its numbers, or None."""
    stewards_standing(viewer, program_id, at)
    named = text.strip()
    rows = Organization.objects.filter(program_id=program_id, closed_at=None)
    by_code = rows.filter(code=named).first()
    if by_code is not None or not named:
        return by_code
    plain = named.replace("-", "").replace(" ", "")
    found = rows.filter(identifiers__value__in={named, plain}).distinct()[:2]
    return found[0] if len(found) == 1 else None


def names_by_code(
    viewer: Account, program_id: str, codes: Collection[str], at: datetime
) -> Mapping[str, str]:
    """Return the names of a program's organizations that have one of these codes, for a steward; one query."""
    stewards_standing(viewer, program_id, at)
    found = Organization.objects.filter(program_id=program_id, code__in=codes)
    return dict(found.values_list("code", "name"))


def places_to_move_to(
    viewer: Account, program_id: str, organization_id: uuid.UUID | str, search: str, at: datetime
) -> Page[Organization]:
    """Return the open organizations of the kinds below which one may stand, by name: where it can be moved to."""
    standing = stewards_standing(viewer, program_id, at)
    organization = _find(program_id, organization_id)
    kind = standing.book.kind(organization.kind_id)
    length = paging.DEFAULT_LIMIT
    found = list(
        Organization.objects.filter(matching(search), program_id=program_id, closed_at=None)
        .filter(kind_id__in=() if kind is None else kind.parent_kinds)
        .exclude(path__startswith=organization.path)
        .exclude(pk=organization.parent_id or 0)
        .order_by("name", "pk")[: length + 1]
    )
    return paging.cut(found, [(one.name, one.pk) for one in found], length)


def preview_move(
    viewer: Account,
    program_id: str,
    organization_id: uuid.UUID | str,
    parent_id: uuid.UUID | str,
    at: datetime,
) -> MovePreview:
    """Return what a move would do. Raises Refused for one that cannot be, NotFound."""
    standing = stewards_standing(viewer, program_id, at)
    organization, parent = _find(program_id, organization_id), _find(program_id, parent_id)
    violations = move_violations(standing.book, organization, parent)
    if violations:
        raise Refused(violations)
    return move_preview(standing.book, organization, parent, at)


def preview_standing(
    viewer: Account, program_id: str, organization_id: uuid.UUID | str, at: datetime
) -> StandingPreview:
    """Return what closing an organization, or opening it again, would do. Raises NotFound."""
    stewards_standing(viewer, program_id, at)
    return standing_preview(_find(program_id, organization_id), at)


@dataclass(frozen=True, slots=True)
class Exported:
    """One organization of the file that `rolebook import organizations` reads again."""

    code: str
    name: str
    kind_id: str
    parent_code: str
    identifiers: dict[str, str]
    contact: OrganizationContact | None
    closed_at: datetime | None


def exported_organizations(
    viewer: Account, program_id: str, at: datetime, wanted: Wanted
) -> Iterator[Exported]:
    """Yield the organizations that the list would show, parents before their children, a few hundred in memory."""
    stewards_standing(viewer, program_id, at)
    rows = _chosen(program_id, wanted).select_related("parent").order_by("path")
    for some in batched(rows.iterator(_EXPORTED_AT_ONCE), _EXPORTED_AT_ONCE):
        yield from _exported(some)


def _exported(some: Sequence[Organization]) -> Iterator[Exported]:
    pks = [one.pk for one in some]
    identifiers: dict[int, dict[str, str]] = {}
    for row in OrganizationIdentifier.objects.filter(organization__in=pks).order_by("-pk"):
        identifiers.setdefault(row.organization_id, {})[row.scheme] = row.value
    contacts: dict[int, OrganizationContact] = {}
    for contact in OrganizationContact.objects.filter(organization__in=pks).order_by("-pk"):
        contacts[contact.organization_id] = contact
    for one in some:
        yield Exported(
            code=one.code,
            name=one.name,
            kind_id=one.kind_id,
            parent_code="" if one.parent is None else one.parent.code,
            identifiers=identifiers.get(one.pk, {}),
            contact=contacts.get(one.pk),
            closed_at=one.closed_at,
        )
