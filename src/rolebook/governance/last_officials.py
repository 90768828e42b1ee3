"""Who is the last that decides at a place: its requests would wait for the steward without them (fault 58)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import in_force
from rolebook.governance.deciders import holders_at
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries.officials import official_role_ids
from rolebook.policy.model import STEWARD_ID, Rolebook

MOST_PLACES = 50
"""Places looked at for one person, and named in an event."""


def officials_among(book: Rolebook, account_pks: Iterable[int], at: datetime) -> frozenset[int]:
    """Return those who hold the steward's office or a role that decides, whatever their status; one query."""
    grants = Grant.objects.filter(in_force(at), program_id=book.program.id, account__in=list(account_pks))
    grants = grants.filter(role_id__in=(*official_role_ids(book), STEWARD_ID))
    return frozenset(grants.values_list("account", flat=True))


def last_of(book: Rolebook, account: Account, at: datetime) -> tuple[str, ...]:
    """Return the codes of the places at which nobody else decides by a role that a person decides by.

    The program's short name stands for an office of the whole program. Whether the person's own part still counts
    plays no part: who is past their quiet is asked about, too.
    """
    found: dict[str, None] = {}
    for role_id, place in _offices(book, account, at):
        others = holders_at(book, role_id, place, at).exclude(pk=account.pk)
        if not others.exists():
            found[book.program.short_name if place is None else place.code] = None
    return tuple(found)


def _offices(book: Rolebook, account: Account, at: datetime) -> Iterator[tuple[str, Organization | None]]:
    """Yield each deciding role that somebody holds, with each place at which they hold it or have access."""
    mine = {"account": account, "program_id": book.program.id}
    grants = Grant.objects.filter(in_force(at), **mine, role_id__in=official_role_ids(book))
    accesses = Access.objects.filter(in_force(at), **mine).select_related("organization").order_by("pk")
    for grant in grants.select_related("organization").order_by("pk"):
        role = book.role(grant.role_id)
        if role is None or role.reach.scope != "organization":
            yield grant.role_id, None
        elif book.held_at_organization(role):
            yield grant.role_id, grant.organization
        else:
            for access in accesses[:MOST_PLACES]:
                yield grant.role_id, access.organization
