"""Where an organization may stand in the tree, as its rows say now: told by a page, judged under lock by a flow."""

from collections.abc import Iterable

from rolebook.accounts.models import Organization
from rolebook.accounts.placing import MOST_LEVELS
from rolebook.policy.model import OrganizationKind, Rolebook
from rolebook.policy.organizations import may_stand_under
from rolebook.policy.rules import Violation


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
