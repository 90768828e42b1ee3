"""What a role that is asked for would let somebody do, against what they may do there today (QPP-05)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rolebook.accounts.models import Organization
from rolebook.decision.evaluation import Holding, Person
from rolebook.decision.tree import NOWHERE, OrganizationTree
from rolebook.decision.walk import walk
from rolebook.governance.authority import Standing, compiled, in_force, is_closed
from rolebook.governance.models import Grant
from rolebook.policy.model import Power, Rolebook


@dataclass(frozen=True, slots=True)
class RoleGives:
    """What a role would let somebody do at one place.

    Attributes:
        powers: everything that it gives, in the rolebook's order.
        new_privilege_ids: those of it that they cannot do there today.
        held_titles: the roles by which they can do something there today.
    """

    role_id: str
    role_title: str
    powers: tuple[Power, ...]
    new_privilege_ids: frozenset[str]
    held_titles: tuple[str, ...]

    @property
    def new(self) -> tuple[Power, ...]:
        """What they cannot do there today."""
        return tuple(power for power in self.powers if power.privilege_id in self.new_privilege_ids)

    @property
    def already(self) -> tuple[Power, ...]:
        """What they can do there today as well."""
        return tuple(power for power in self.powers if power.privilege_id not in self.new_privilege_ids)


@dataclass(frozen=True, slots=True)
class Asked:
    """Roles that somebody asks for at one organization, or at none."""

    account_pk: int
    role_ids: tuple[str, ...]
    organization: Organization | None


def what_it_gives(standing: Standing, asked: Sequence[Asked]) -> list[tuple[RoleGives, ...]]:
    """Return what each would give whom, in the order given: one statement for all of them together."""
    people = {one.account_pk for one in asked}
    grants: dict[int, list[Grant]] = {}
    if people:
        held = Grant.objects.filter(in_force(standing.at), program_id=standing.program_id, account__in=people)
        for grant in held.select_related("organization").order_by("pk"):
            grants.setdefault(grant.account_id, []).append(grant)
    return [_gives(standing, one, grants.get(one.account_pk, [])) for one in asked]


def _gives(standing: Standing, asked: Asked, grants: Sequence[Grant]) -> tuple[RoleGives, ...]:
    able, by = able_at(standing, grants, asked.organization)
    found = []
    for role_id in dict.fromkeys(one for one in asked.role_ids if one):
        role = standing.book.role(role_id)
        powers = tuple(standing.book.powers(role_id).values())
        found.append(
            RoleGives(
                role_id=role_id,
                role_title=role_id if role is None else role.title,
                powers=powers,
                new_privilege_ids=frozenset(power.privilege_id for power in powers) - able,
                held_titles=by,
            )
        )
    return tuple(found)


def able_at(
    standing: Standing, grants: Iterable[Grant], organization: Organization | None
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the privileges that grants give at a place, by the one walk, and the titles of the roles that do.

    Where access is held apart from roles, what a role gives counts whatever the access: that is asked for on its own.
    """
    held = list(grants)
    if standing.book.access == "apart from roles":
        able = {privilege_id for grant in held for privilege_id in standing.book.powers(grant.role_id)}
        return frozenset(able), _titles(standing.book, (grant.role_id for grant in held))
    program = compiled(standing.version, standing.book)
    places = {
        (place.path, place.kind_id): None
        for place in (organization, *(grant.organization for grant in held))
        if place is not None and not is_closed(place, standing.at)
    }
    tree = OrganizationTree.from_paths(places)
    position = NOWHERE if organization is None else tree.position(str(organization.pk))
    person = Person(active=True, holdings=tuple(_holding(grant) for grant in held))
    mask, roles = 0, []
    for step in walk(program, tree, person, standing.at):
        if step.lapse is None and position is not None and step.covers(position, own_record=False):
            mask |= step.mask
            roles.append(step.holding.role_id)
    return frozenset(program.privileges(mask)), _titles(standing.book, roles)


def _titles(book: Rolebook, role_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(role.title for one in dict.fromkeys(role_ids) if (role := book.role(one)) is not None)


def _holding(grant: Grant) -> Holding:
    place = None if grant.organization_id is None else str(grant.organization_id)
    return Holding(
        str(grant.public_id), grant.role_id, place, grant.starts_at, grant.ends_at, grant.closed_at
    )
