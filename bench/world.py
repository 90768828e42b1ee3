"""The world that decision benchmarks ask about: a program of 20 roles, 1,055 organizations, users with three grants."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from rolebook.decision.compiled import CompiledProgram, compile_program
from rolebook.decision.evaluation import Holding
from rolebook.decision.tree import OrganizationTree
from rolebook.policy.model import (
    OFFICE_CATEGORY_ID,
    STEWARD_ID,
    Act,
    Authority,
    Category,
    Column,
    Contact,
    Matrix,
    MatrixTable,
    OrganizationKind,
    Privilege,
    Program,
    Reach,
    Role,
    Rolebook,
    Row,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
START = NOW - timedelta(days=400)
ROLES, PRIVILEGES, PRIVILEGES_A_ROLE, GRANTS_A_USER = 20, 60, 15, 3
EVERYWHERE_ROLES, EXACT_ROLES = range(18, 20), range(10, 18)
"""Roles 0 to 9 reach lower levels, 10 to 17 one organization, 18 and 19 everything."""

type Question = tuple[str, str, str]
"""User, privilege, organization."""


@dataclass(frozen=True, slots=True)
class World:
    """One world; the same size gives the same one.

    Attributes:
        nodes: (id, parent, kind) of the organizations: 5 agencies, 50 regions, 1,000 offices.
        gives: privileges of each role.
        users: user id to grants; one grant in ten has ended.
    """

    nodes: tuple[tuple[str, str | None, str], ...]
    gives: dict[str, tuple[str, ...]]
    users: dict[str, tuple[Holding, ...]]

    def up(self, organization_id: str) -> tuple[str, ...]:
        """Return the organizations above, nearest first."""
        parts = organization_id.split(".")
        return tuple(".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))

    def in_force(self, user_id: str) -> list[Holding]:
        """Return the grants that count at `NOW`."""
        return [held for held in self.users[user_id] if held.ends_at is None or held.ends_at > NOW]

    def questions(self, count: int, seed: int) -> list[Question]:
        """Return questions about random users, of which about a third are at an organization of theirs."""
        random = Random(seed)
        user_ids = list(self.users)
        offices = [node_id for node_id, _, _ in self.nodes]
        asked = []
        for _ in range(count):
            user_id = random.choice(user_ids)
            office = random.choice(offices)
            if random.random() < 0.33:
                office = random.choice(self.users[user_id]).organization_id or office
            asked.append((user_id, f"privilege-{random.randrange(PRIVILEGES)}", office))
        return asked


def make_nodes() -> tuple[tuple[str, str | None, str], ...]:
    """Return agencies, regions and offices; an id is the path of numbers, so that peers can take it apart."""
    nodes: list[tuple[str, str | None, str]] = []
    for agency in range(5):
        nodes.append((f"{agency}", None, "agency"))
        for region in range(10):
            nodes.append((f"{agency}.{region}", f"{agency}", "region"))
            nodes += [(f"{agency}.{region}.{office}", f"{agency}.{region}", "office") for office in range(20)]
    return tuple(nodes)


def make_grants(random: Random, number: int, organization_ids: list[str]) -> tuple[Holding, ...]:
    """Return the grants of one user."""
    held = []
    for grant in range(GRANTS_A_USER):
        role = random.choices(range(ROLES), weights=[6] * 18 + [1] * 2)[0]
        held.append(
            Holding(
                str(UUID(int=(0x0190 << 112) + number * GRANTS_A_USER + grant)),
                f"role-{role}",
                None if role in EVERYWHERE_ROLES else random.choice(organization_ids),
                START,
                NOW - timedelta(days=1) if random.random() < 0.1 else None,
            )
        )
    return tuple(held)


def make_world(users: int) -> World:
    """Make a world of so many users."""
    random = Random(users)
    nodes = make_nodes()
    organization_ids = [node_id for node_id, _, _ in nodes]
    privileges = [f"privilege-{number}" for number in range(PRIVILEGES)]
    return World(
        nodes=nodes,
        gives={
            f"role-{role}": tuple(sorted(random.sample(privileges, PRIVILEGES_A_ROLE)))
            for role in range(ROLES)
        },
        users={user_id(number): make_grants(random, number, organization_ids) for number in range(users)},
    )


def user_id(number: int) -> str:
    """Return a user's public id."""
    return str(UUID(int=(0x0191 << 112) + number))


def program_of(world: World) -> tuple[CompiledProgram, OrganizationTree]:
    """Compile the world's rolebook and tree."""
    role_ids = list(world.gives)
    roles = tuple(
        Role(
            role_id,
            role_id,
            "user",
            "request",
            Reach("everywhere")
            if number in EVERYWHERE_ROLES
            else Reach("organization", lower_levels=number not in EXACT_ROLES),
        )
        for number, role_id in enumerate(role_ids)
    )
    privileges = tuple(
        Privilege(f"privilege-{number}", f"Privilege {number}", "view") for number in range(PRIVILEGES)
    )
    rows = tuple(
        Row(
            None,
            privilege.id,
            tuple("yes" if privilege.id in world.gives[role_id] else "no" for role_id in role_ids),
        )
        for privilege in privileges
    )
    columns = tuple(Column(role_id, role_id) for role_id in role_ids)
    rolebook = Rolebook(
        format=1,
        program=Program(
            "bench", "Bench", "Bench", "1", date(2026, 1, 1), "ours", "UTC", Contact("Nobody", "n@x.test")
        ),
        access="with each role",
        steward=Role(STEWARD_ID, "Steward", OFFICE_CATEGORY_ID, "designation", Reach("everywhere")),
        categories=(Category("user", "User", False),),
        organization_kinds=tuple(
            OrganizationKind(kind, kind, kind, "code", "Code") for kind in ("agency", "region", "office")
        ),
        roles=roles,
        privileges=privileges,
        matrix=Matrix((MatrixTable("Table 1", "Table 1", columns, rows),)),
        authority=Authority(dict.fromkeys(Act, ())),
        chains=(),
    )
    return compile_program(rolebook), OrganizationTree(world.nodes)
