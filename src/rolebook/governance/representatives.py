"""Who represents a person in a program: the first deciding office over the organization that employs them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, in_force, standing_of
from rolebook.governance.deciders import holders_at, places_with_nobody
from rolebook.governance.employing import present_employment
from rolebook.governance.laying_out import approver_roles, chain_roles, paths_of
from rolebook.governance.models import Access, Grant, Request, RequestItem
from rolebook.governance.queries.stewards import other_stewards
from rolebook.policy.model import Act, Rolebook

_MOST_PLACES = 20


def representatives_of(book: Rolebook, account: Account, at: datetime) -> tuple[Account, ...]:
    """Return who represents a person in a program, by id; never the person.

    They hold the office of the first stage of the employing organization's chain there; where nobody does, that of a
    later stage, and else they are the program's stewards. Of whom no employer is on record, the organizations count at
    which they hold something.
    """
    for place in _places(book, account, at):
        for role_id in approver_roles(book, paths_of([place])[place.pk]):
            people = holders_at(book, role_id, place, at).exclude(pk=account.pk).order_by("pk")
            if found := tuple(people):
                return found
    stewards = other_stewards(account, book.program.id, at)
    return tuple(Account.objects.filter(pk__in=stewards).order_by("pk"))


def represents(standing: Standing, person: Account) -> bool:
    """Return whether somebody represents a person: in any office of the employing organization's chain over it.

    The representative before all; where nobody does, and where no employer is on record, as `representatives_of` says.
    """
    employment = present_employment(person, standing.program_id)
    if employment is not None:
        place = employment.organization
        roles = chain_roles(standing.book, place)
        if any(one.role_id in roles and one.covers(place) for one in standing.offices(Act.DECIDE)):
            return True
    return any(
        one.pk == standing.account.pk for one in representatives_of(standing.book, person, standing.at)
    )


def word_is_a_former_employers(book: Rolebook, request: Request, at: datetime) -> bool:
    """Return whether a request stands on its requester's word, and an employer whom they do not represent came since.

    That is one for a reactivation and nothing else: who represents the person decides it by asking (IQCS-10). A program
    in which no employer decides has none to ask for.
    """
    if not book.approval.employing_chain:
        return False
    items = request.items.filter(request_version=request.version)
    present = present_employment(request.beneficiary, request.program_id)
    if present is None or present.recorded_at < request.submitted_at:
        return False
    if items.exclude(kind=RequestItem.Kind.REACTIVATE).exists():
        return False
    return not represents(standing_of(request.requester, request.program_id, at), request.beneficiary)


def represented_by_nobody(book: Rolebook, out: QuerySet[Any], at: datetime) -> Q:
    """Return the SQL condition for those of some participations whom stewards represent; `representatives_of`, said so.

    ``out`` are participations of people without power, annotated with ``employed_at``: the internal id of the
    organization that employs them, or None.
    """
    employers = Organization.objects.filter(pk__in=out.exclude(employed_at=None).values("employed_at"))
    condition = Q(employed_at__in=_without_office(book, tuple(employers), at))
    unknown = out.filter(employed_at=None)
    somewhere = Q()
    for held in (Grant, Access):
        theirs = held.objects.filter(in_force(at), organization__isnull=False)
        named = theirs.filter(participation__in=unknown.values("pk")).values_list("organization", flat=True)
        places = Organization.objects.in_bulk(set(named))
        offices = places.keys() - _without_office(book, tuple(places.values()), at)
        mine = theirs.filter(participation=OuterRef("pk"), organization__in=offices)
        somewhere |= Q(Exists(mine))
    return condition | (Q(employed_at=None) & ~somewhere)


def _without_office(book: Rolebook, places: Sequence[Organization], at: datetime) -> frozenset[int]:
    """Return those of some organizations, by internal id, at which nobody is in an office of their chain."""
    paths = paths_of(places)
    by_role: dict[str, set[int]] = {}
    for place in places:
        for role_id in approver_roles(book, paths[place.pk]):
            by_role.setdefault(role_id, set()).add(place.pk)
    left = {place.pk for place in places}
    for role_id, pks in sorted(by_role.items()):
        left -= pks - places_with_nobody(book, role_id, pks, at)
    return frozenset(left)


def _places(book: Rolebook, account: Account, at: datetime) -> Iterator[Organization]:
    employment = present_employment(account, book.program.id)
    if employment is not None:
        yield employment.organization
        return
    theirs = in_force(at)
    for held in (Grant.objects.filter(theirs), Access.objects.filter(theirs)):
        rows = held.filter(account=account, program_id=book.program.id, organization__isnull=False)
        places = rows.values_list("organization", flat=True)
        yield from Organization.objects.filter(pk__in=places).order_by("pk")[:_MOST_PLACES]
