"""Who represents a person in a program: the first deciding office over the organization that employs them."""

from collections.abc import Iterator
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import in_force
from rolebook.governance.deciders import holders_at
from rolebook.governance.employing import present_employment
from rolebook.governance.laying_out import paths_of
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries.stewards import other_stewards
from rolebook.policy.approval import chain_for
from rolebook.policy.model import Rolebook

_MOST_PLACES = 20


def representatives_of(book: Rolebook, account: Account, at: datetime) -> tuple[Account, ...]:
    """Return who represents a person in a program, by id; never the person.

    They hold the office of the first stage of the employing organization's chain there; where nobody does, that of a
    later stage, and else they are the program's stewards. Of whom no employer is on record, the organizations count at
    which they hold something.
    """
    for place in _places(book, account, at):
        for role_id in _approver_roles(book, place):
            people = holders_at(book, role_id, place, at).exclude(pk=account.pk).order_by("pk")
            if found := tuple(people):
                return found
    stewards = other_stewards(account, book.program.id, at)
    return tuple(Account.objects.filter(pk__in=stewards).order_by("pk"))


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


def _approver_roles(book: Rolebook, place: Organization) -> tuple[str, ...]:
    """Return the approver roles of an organization's chain that stand at organizations, in the chain's order."""
    found = chain_for(book, paths_of([place])[place.pk])
    if found is None:
        return ()
    return tuple(
        dict.fromkeys(stage.approver_role_id for stage in found[0].stages if stage.place != "program")
    )
