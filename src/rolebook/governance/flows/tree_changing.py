"""What the flows that change the tree of organizations share: who may, which locks, and where something may stand."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Concat, Substr

from rolebook.accounts.carrying_out import date_placement
from rolebook.accounts.models import Account, Organization, RolebookVersion
from rolebook.accounts.placing import MOST_LEVELS
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.tree_lock import lock_subtrees, lock_tree
from rolebook.governance import locks
from rolebook.governance.flows.attempt import acting_standing
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import OrganizationKind, Rolebook
from rolebook.policy.organizations import may_stand_under
from rolebook.policy.rules import Violation


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


def misplaced(book: Rolebook, kind: OrganizationKind, parent: Organization | None) -> tuple[Violation, ...]:
    """Return why an organization of a kind cannot belong to ``parent``: by the rolebook's kinds, or as it is closed."""
    titles = tuple(title.title for kind_id in kind.parent_kinds if (title := book.kind(kind_id)) is not None)
    if parent is None:
        if may_stand_under(book, kind.id, None):
            return ()
        return (Violation("kind_needs_parent", {"field": "parent", "kinds": titles}),)
    if not kind.parent_kinds:
        return (Violation("kind_stands_alone", {"field": "parent"}),)
    told = {"field": "parent", "parent": parent.name}
    if not may_stand_under(book, kind.id, parent.kind_id):
        return (Violation("wrong_kind_of_parent", {**told, "kinds": titles}),)
    if parent.closed_at is not None:
        return (Violation("parent_closed", told),)
    if parent.path.count("/") - 1 >= MOST_LEVELS:
        return (Violation("too_many_levels", {"field": "parent", "most": MOST_LEVELS}),)
    return ()


def move_violations(
    book: Rolebook, organization: Organization, parent: Organization | None
) -> tuple[Violation, ...]:
    """Return why an organization cannot be moved below ``parent`` (None: to the top), as both stand now."""
    if organization.parent_id == (None if parent is None else parent.pk):
        told = {"field": "parent", "organization": organization.name}
        return (Violation("stands_there_already", told),)
    if parent is not None and parent.path.startswith(organization.path):
        told = {"field": "parent", "parent": parent.name, "organization": organization.name}
        return (Violation("circle_of_organizations", told),)
    kind = book.kind(organization.kind_id)
    if kind is None:
        return (Violation("unknown_kind", {"field": "parent"}),)
    wrong = misplaced(book, kind, parent)
    if wrong:
        return wrong
    above = 0 if parent is None else levels_of(parent.path)
    if above + _deepest_below(organization) > MOST_LEVELS:
        return (Violation("too_many_levels", {"field": "parent", "most": MOST_LEVELS}),)
    return ()


def levels_of(path: str) -> int:
    """Return at which level an organization with an id path stands; 1 is the top."""
    return path.count("/") - 1


def _deepest_below(organization: Organization) -> int:
    """Return how many levels there are from the organization, which is one, down to the deepest below it."""
    paths = Organization.objects.filter(
        program_id=organization.program_id, path__startswith=organization.path
    ).values_list("path", flat=True)
    here = levels_of(organization.path)
    return max((levels_of(path) - here + 1 for path in paths.iterator(2000)), default=1)


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


def open_below(organization: Organization) -> int:
    """Return how many open organizations stand below one."""
    below = Organization.objects.filter(
        program_id=organization.program_id, path__startswith=organization.path, closed_at=None
    )
    return below.exclude(pk=organization.pk).count()


def closed_above(organization: Organization) -> Organization | None:
    """Return the nearest organization above one that is closed, or None."""
    above = [int(step) for step in organization.path.split("/") if step]
    found: Iterable[Organization] = Organization.objects.filter(pk__in=above, closed_at__isnull=False)
    return max(
        (one for one in found if one.pk != organization.pk), key=lambda one: len(one.path), default=None
    )
