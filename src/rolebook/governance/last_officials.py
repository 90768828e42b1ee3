"""Who is the last that decides at a place: its requests would wait for the steward without them (fault 58)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.governance.at_home import told_elsewhere
from rolebook.governance.authority import in_force
from rolebook.governance.deciders import holders_at
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries.officials import official_role_ids
from rolebook.policy.model import STEWARD_ID, WITH_LOWER_LEVELS, Act, Rolebook

MOST_PLACES = 50
"""Places named in an event of one person; all that they hold are looked at until so many are found."""


def officials_among(book: Rolebook, account_pks: Iterable[int], at: datetime) -> frozenset[int]:
    """Return those who hold the steward's office or a role that decides, whatever their status; one query."""
    grants = Grant.objects.filter(in_force(at), program_id=book.program.id, account__in=list(account_pks))
    grants = grants.filter(role_id__in=(*official_role_ids(book), STEWARD_ID))
    return frozenset(grants.values_list("account", flat=True))


def last_of(book: Rolebook, account: Account, at: datetime) -> tuple[str, ...]:
    """Return the codes of the places at which nobody else decides as far by a role that a person decides by.

    Whoever decides at a code alone stands in for nobody who decides at its lower levels, too. The program's short
    name stands for an office of the whole program. Whether the person's own part still counts plays no part: who is
    past their quiet is asked about, too. MOST_PLACES at most.
    """
    found: dict[str, None] = {}
    for role_id, place, access in _offices(book, account, at):
        if len(found) == MOST_PLACES:
            break
        others = holders_at(book, role_id, place, at).exclude(pk=account.pk)
        if access is not None and _decides_below(book, role_id, access, at):
            others = others.filter(Exists(_wide_accesses(access, at)))
        if not others.exists():
            found[book.program.short_name if place is None else place.code] = None
    return tuple(found)


def _decides_below(book: Rolebook, role_id: str, access: Access, at: datetime) -> bool:
    """Return whether a role decides by some access at organizations below its own, too, and there are such."""
    holder = book.authority.holder(Act.DECIDE, role_id)
    if holder is None or holder.where != WITH_LOWER_LEVELS or not access.lower_levels:
        return False
    below = Organization.objects.filter(
        program_id=book.program.id, path__startswith=access.organization.path
    ).exclude(pk=access.organization_id)
    return below.exclude(closed_at__lte=at).exists()


def _wide_accesses(access: Access, at: datetime) -> QuerySet[Access]:
    """Return the access of an outer account that reaches as far below: there or above, with lower levels."""
    above = [int(step) for step in access.organization.path.split("/") if step]
    wide = Access.objects.filter(
        in_force(at), program_id=access.program_id, organization__in=above, lower_levels=True
    )
    return wide.filter(account=OuterRef("pk")).exclude(organization__closed_at__lte=at)


def _offices(
    book: Rolebook, account: Account, at: datetime
) -> Iterator[tuple[str, Organization | None, Access | None]]:
    """Yield each deciding role that somebody holds, with each place at which it makes an office, by which access."""
    mine = {"account": account, "program_id": book.program.id}
    grants = Grant.objects.filter(in_force(at), **mine, role_id__in=official_role_ids(book))
    accesses = told_elsewhere(book, Access.objects.filter(in_force(at), **mine), at).filter(
        Q(elsewhere=False)
    )
    for grant in grants.select_related("organization").order_by("pk"):
        role = book.role(grant.role_id)
        if role is None or role.reach.scope != "organization":
            yield grant.role_id, None, None
        elif book.held_at_organization(role):
            yield grant.role_id, grant.organization, None
        else:
            for access in accesses.select_related("organization").order_by("pk"):
                yield grant.role_id, access.organization, access
