"""What the flows that change the tree of organizations share: who may, which locks, and where something may stand."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Concat, Substr

from rolebook.accounts.carrying_out import date_placement
from rolebook.accounts.models import Account, Organization, RolebookVersion
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.tree_lock import lock_subtrees, lock_tree
from rolebook.governance import locks
from rolebook.governance.flows.attempt import acting_standing
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Rolebook


@dataclass(frozen=True, slots=True)
class Administering:
    """A program whose tree is locked, for somebody who may change it."""

    program_id: str
    version: RolebookVersion
    book: Rolebook


def begin(acting_user: Account | None, program_id: str, at: datetime) -> Administering:
    """Lock who acts and then the tree, and read the rolebook in force.

    ``acting_user`` None: the operator at the command line. Raises NotFound for somebody who does not administer the
    program, NotAllowed for an account that is not active or has no second factor.
    """
    locks.lock(accounts=() if acting_user is None else [acting_user.pk])
    if acting_user is not None and not administers(acting_standing(acting_user, program_id, at)):
        raise NotFound
    lock_tree(program_id)
    version, book = rolebook_in_force(program_id, at)
    return Administering(program_id, version, book)


def locked_organization(program_id: str, organization_id: uuid.UUID | str) -> Organization:
    """Return an organization, open or closed, read and locked under the tree's lock with everything below it.

    Raises NotFound, also for one of another program.
    """
    found = Organization.objects.filter(
        program_id=program_id, public_id=public_id_of(organization_id)
    ).first()
    if found is None:
        raise NotFound
    lock_subtrees(program_id, [found.path])
    return Organization.objects.select_related("parent").get(pk=found.pk)


def find_parent(program_id: str, parent_id: uuid.UUID | str | None) -> Organization | None:
    """Return the organization that something is to belong to (None: to none). Raises NotFound."""
    if parent_id is None:
        return None
    parent = Organization.objects.filter(program_id=program_id, public_id=public_id_of(parent_id)).first()
    if parent is None:
        raise NotFound
    return parent


def place_below(organization: Organization, parent: Organization | None, at: datetime) -> int:
    """Move an organization with everything below it; return how many organizations there are in all."""
    before = organization.path
    after = f"{'/' if parent is None else parent.path}{organization.pk}/"
    moved = Organization.objects.filter(program_id=organization.program_id, path__startswith=before).update(
        path=Concat(Value(after), Substr("path", len(before) + 1))
    )
    organization.parent, organization.path = parent, after
    organization.save(update_fields=["parent"])
    date_placement(organization, at)
    return moved
