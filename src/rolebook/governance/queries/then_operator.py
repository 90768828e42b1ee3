"""What the operator asks of the past at the command line, who sees everything of a program."""

from collections.abc import Iterator
from datetime import datetime
from itertools import batched

from django.db.models import Exists, OuterRef, Q

from rolebook.accounts.models import Account, Organization
from rolebook.decision.evaluation import Decision
from rolebook.governance.past.holdings import accesses_at, grants_at
from rolebook.governance.past.places import PastPlaces
from rolebook.governance.queries.then_who_could import candidates_then, could_then


def holders_then(
    program_id: str,
    at: datetime,
    *,
    user_id: str | None,
    organization: Organization | None,
    at_once: int,
) -> Iterator[tuple[Account, ...]]:
    """Yield, some at a time and by name, who held anything at ``at``: at an organization, or access reaching it."""
    grants = grants_at(program_id, at).filter(account=OuterRef("pk"))
    accesses = accesses_at(program_id, at).filter(account=OuterRef("pk"))
    if organization is not None:
        places = PastPlaces(program_id, at)
        places.look_up([organization])
        above = places.chain(organization.pk)[1:]
        grants = grants.filter(organization=organization)
        accesses = accesses.filter(
            Q(organization=organization) | Q(organization__in=above, lower_levels=True)
        )
    people = Account.objects.filter(Q(Exists(grants)) | Q(Exists(accesses)))
    if user_id is not None:
        people = people.filter(user_id=user_id.strip().casefold())
    yield from batched(people.order_by("name", "pk").iterator(chunk_size=at_once), at_once)


def all_who_could(
    program_id: str, privilege_id: str, organization: Organization, at: datetime, at_once: int = 200
) -> Iterator[tuple[Account, Decision]]:
    """Return everybody who could do a privilege at an organization at ``at``, by name, with what gave it.

    Raises KeyError where no rolebook was in force, and for a privilege that the one in force did not have.
    """
    people = candidates_then(program_id, privilege_id, organization, at).order_by("name", "pk")

    def found() -> Iterator[tuple[Account, Decision]]:
        for some in batched(people.iterator(chunk_size=at_once), at_once):
            decisions = could_then(some, program_id, privilege_id, organization, at)
            yield from (
                (account, decision)
                for account, decision in zip(some, decisions, strict=True)
                if decision.allowed
            )

    return found()
