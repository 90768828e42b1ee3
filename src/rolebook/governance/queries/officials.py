"""How many officials an organization has, whom to contact, and by which numbers it is known (QPP-11, -12, IQIES-06)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q

from rolebook.accounts.models import Account, Organization, OrganizationIdentifier
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Grant, Participation
from rolebook.governance.of_each import found_for_each
from rolebook.governance.queries.naming import another
from rolebook.governance.queries.seeing import organization_for, viewer_standing
from rolebook.governance.quiet import counts
from rolebook.policy.model import STEWARD_ID, Act, Contact, Rolebook


@dataclass(frozen=True, slots=True)
class OfficialsHint:
    """Advice that an organization has fewer officials than recommended; never a block."""

    number: int
    at_least: int
    basis: str


@dataclass(frozen=True, slots=True)
class WhomToContact:
    """Who else removes the viewer's own access, and what the only official of an organization is told: the program's
    contact, and the numbers to have ready.
    """

    only_official: bool
    who_else: str
    contact: Contact
    organization_name: str
    identifiers: tuple[tuple[str, str], ...]


def official_role_ids(book: Rolebook) -> tuple[str, ...]:
    """Return the roles that decide requests at an organization: the officials (the steward is none)."""
    holders = book.authority.holders(Act.DECIDE)
    return tuple(holder.role_id for holder in holders if holder.role_id != STEWARD_ID)


def official_title(book: Rolebook) -> str:
    """Return what the program calls its officials: the words with which all of their titles end; else "official".

    "Security Official" of "CMS Security Official", "Provider Security Official" and so on.
    """
    titles = [role.title.split() for role_id in official_role_ids(book) if (role := book.role(role_id))]
    common: list[str] = []
    for words in zip(*(reversed(title) for title in titles), strict=False):
        if len(set(words)) > 1:
            break
        common.insert(0, words[0])
    return " ".join(common) or "official"


def official_grants(book: Rolebook, at: datetime) -> Q:
    """Return the SQL condition for grants of an official's role to a person who is active at ``at``."""
    is_in = counts(at, "") & Q(account__status=Account.Status.ACTIVE)
    active = found_for_each(Participation.objects.filter(is_in, pk=OuterRef("participation")))
    return Q(role_id__in=official_role_ids(book)) & active


def is_official(standing: Standing, organization: Organization) -> bool:
    """Return whether the viewer is one of the officials counted: holds a deciding role at that very organization."""
    deciding = {holder.role_id for holder in standing.book.authority.holders(Act.DECIDE)}
    place = str(organization.pk)
    return any(
        holding.role_id in deciding and holding.organization_id == place
        for holding in standing.person.holdings
    )


def few_officials(book: Rolebook, kind_id: str, number: int) -> OfficialsHint | None:
    """Return the rolebook's advice for an organization with ``number`` officials, or None when it has enough."""
    for advice in book.recommendations:
        if kind_id in advice.kinds and number < advice.at_least:
            return OfficialsHint(number, advice.at_least, advice.basis)
    return None


def identifier_titles(book: Rolebook) -> Mapping[str, str]:
    """Return what each scheme of identifiers is called, by its id."""
    return {kind.identifier_scheme: kind.identifier_title for kind in book.organization_kinds}


def identifiers_of(
    book: Rolebook, organizations: Sequence[Organization]
) -> Mapping[int, tuple[tuple[str, str], ...]]:
    """Return (title of the scheme, value) of each organization's identifiers by internal id; one query."""
    titles = identifier_titles(book)
    found: dict[int, list[tuple[str, str]]] = {}
    rows = OrganizationIdentifier.objects.filter(organization__in=[one.pk for one in organizations])
    for row in rows.order_by("scheme", "pk"):
        found.setdefault(row.organization_id, []).append((titles.get(row.scheme, row.scheme), row.value))
    return {pk: tuple(pairs) for pk, pairs in found.items()}


def who_to_contact(
    viewer: Account, organization_id: uuid.UUID | str, program_id: str, at: datetime
) -> WhomToContact:
    """Return whom an official contacts about their own access, and whether they are the organization's only one.

    Raises NotAllowed or NotFound as View Users does.
    """
    standing = viewer_standing(viewer, program_id, at)
    organization = organization_for(standing, organization_id, Act.VIEW_USERS, "not_yours_to_view")
    return WhomToContact(
        only_official=only_official(standing.book, organization.pk, viewer.pk, at),
        who_else=who_else_removes(standing, organization),
        contact=standing.book.program.contact,
        organization_name=organization.name,
        identifiers=identifiers_of(standing.book, [organization]).get(organization.pk, ()),
    )


def who_else_removes(standing: Standing, organization: Organization) -> str:
    """Return which office, besides the viewer, removes access there: "Another Security Official of Cedar Valley"."""
    book = standing.book
    mine = [one for one in standing.offices(Act.REMOVE) if one.covers(organization)]
    for office in mine:
        role = book.role(office.role_id)
        if role is not None and office.role_id != STEWARD_ID:
            where = "" if office.organization_id is None else f" of {organization.name}"
            return f"{another(role.title)}{where}"
    if mine:
        return another(book.steward.title)
    roles = (book.role(one.role_id) for one in book.authority.holders(Act.REMOVE))
    titles = [role.title for role in roles if role is not None and role.id != STEWARD_ID]
    return " or ".join(titles) or f"The {book.steward.title}"


def only_official(book: Rolebook, organization_pk: int, account_pk: int, at: datetime) -> bool:
    """Return whether a person is an official of the organization, and no other active person is."""
    people = set(
        Grant.objects.filter(
            in_force(at),
            official_grants(book, at),
            program_id=book.program.id,
            organization=organization_pk,
        )
        .values_list("account", flat=True)
        .distinct()[:2]
    )
    return people == {account_pk}
