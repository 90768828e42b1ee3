"""Made worlds: a rolebook, a tree and people, with every oddity that a decision must survive.

The maker asks a `random.Random` for everything; hypothesis passes one of its own, which it can shrink.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random

from rolebook.decision.compiled import CompiledProgram, compile_program
from rolebook.decision.evaluation import Access, Holding, Person
from rolebook.decision.tree import OrganizationTree
from rolebook.policy.model import (
    NO,
    OFFICE_CATEGORY_ID,
    STEWARD_ID,
    YES,
    Act,
    ActHolder,
    Authority,
    ByNote,
    Category,
    Column,
    Contact,
    Mark,
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

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(microseconds=1)
KINDS = ("agency", "state", "unit")
OPERATIONS = ("view", "edit", "create")
MARKS = (
    Mark("own", "own", "on the own record only", own_record=True),
    Mark("view only", "view only", "viewing only", operations=("view",)),
    Mark("own view", "own, view only", "viewing the own record only", own_record=True, operations=("view",)),
    Mark("n/a", "not applicable", "does not apply to this role", allows=False),
)


@dataclass(frozen=True)
class World:
    """A rolebook with organizations and people."""

    rolebook: Rolebook
    program: CompiledProgram
    nodes: tuple[tuple[str, str | None, str], ...]
    tree: OrganizationTree
    people: dict[str, Person]
    instants: tuple[datetime, ...]

    @cached_property
    def organizations(self) -> dict[str, tuple[str | None, str]]:
        """The tree in the form that the reference reads."""
        return {node_id: (parent_id, kind_id) for node_id, parent_id, kind_id in self.nodes}


def make_world(random: Random, *, people: int = 8) -> World:
    """Make a world; the same state of ``random`` gives the same world."""
    rolebook = make_rolebook(random)
    nodes = make_nodes(random)
    tree = OrganizationTree(nodes)
    instants = tuple(START + timedelta(days=day) for day in range(4))
    organization_ids = [node_id for node_id, _, _ in nodes]
    return World(
        rolebook=rolebook,
        program=compile_program(rolebook),
        nodes=nodes,
        tree=tree,
        people={
            f"person-{number}": make_person(random, rolebook, organization_ids, instants)
            for number in range(people)
        },
        instants=instants,
    )


def make_nodes(random: Random) -> tuple[tuple[str, str | None, str], ...]:
    """Make a forest to depth 8 in which the ids of strangers begin alike ("1", "11", "1-1", "1/1")."""
    size = random.randint(1, 14)
    names = ["1"]
    while len(names) < size:
        name = random.choice(names) + random.choice(("1", "-1", "/1", "2", " 1"))
        if name not in names:
            names.append(name)
    nodes: list[tuple[str, str | None, str]] = []
    depths: dict[str, int] = {}
    shuffled = random.sample(names, len(names))
    for index, name in enumerate(shuffled):
        # A bias to the last one makes deep trees, not bushes.
        uppers = [upper for upper in shuffled[:index] if depths[upper] < 8]
        parent: str | None = None
        if uppers and random.random() < 0.85:
            parent = uppers[-1] if random.random() < 0.5 else random.choice(uppers)
        depths[name] = 1 if parent is None else depths[parent] + 1
        nodes.append((name, parent, random.choice(KINDS)))
    return tuple(random.sample(nodes, len(nodes)))


def make_rolebook(random: Random) -> Rolebook:
    """Make a rolebook of up to 40 roles, with marks, notes, doubled rows, every reach and acts."""
    privileges = make_privileges(random)
    role_ids = [f"role-{number}" for number in range(random.choice((1, 2, 3, 5, 8, 40)))]
    roles = tuple(make_role(random, role_id, privileges) for role_id in role_ids)
    steward = Role(
        STEWARD_ID, "Steward", OFFICE_CATEGORY_ID, "designation", Reach("everywhere"), printed=False
    )
    return Rolebook(
        format=1,
        program=Program(
            "made",
            "A made program",
            "Made",
            "1",
            date(2026, 1, 1),
            "ours",
            "UTC",
            Contact("Nobody", "n@x.test"),
        ),
        access=random.choice(("with each role", "with each role", "apart from roles")),
        steward=steward,
        categories=(Category("first", "First", True), Category("second", "Second", True)),
        organization_kinds=tuple(
            OrganizationKind(kind, kind.title(), f"{kind}s", "code", "Code") for kind in KINDS
        ),
        roles=roles,
        privileges=privileges,
        matrix=make_matrix(random, role_ids, privileges),
        authority=make_authority(random, [*role_ids, STEWARD_ID]),
        chains=(),
        marks=MARKS,
    )


def make_privileges(random: Random) -> tuple[Privilege, ...]:
    """Make privileges of which some include others."""
    ids = [f"privilege-{number}" for number in range(random.randint(1, 9))]
    return tuple(
        Privilege(
            privilege_id,
            privilege_id.title(),
            random.choice(OPERATIONS),
            includes=tuple(sometimes(random, [other for other in ids if other != privilege_id], 0.15)),
        )
        for privilege_id in ids
    )


def make_role(random: Random, role_id: str, privileges: Sequence[Privilege]) -> Role:
    """Make a role with any reach; what it names elsewhere need not be its own."""
    ids = [privilege.id for privilege in privileges]
    reach = Reach(
        scope=random.choice(("everywhere", "organization", "organization", "organization", "own record")),
        kinds=tuple(sometimes(random, KINDS, 0.6)) if random.random() < 0.4 else (),
        many=random.random() < 0.1,
        lower_levels=random.random() < 0.5,
        elsewhere=tuple(sometimes(random, ids, 0.15)),
    )
    notes = tuple(ByNote(privilege_id, "a note") for privilege_id in sometimes(random, ids, 0.05))
    return Role(
        role_id,
        role_id.title(),
        random.choice(("first", "second")),
        random.choice(("request", "designation", "registration")),
        reach,
        by_note=notes,
    )


def make_matrix(random: Random, role_ids: Sequence[str], privileges: Sequence[Privilege]) -> Matrix:
    """Make tables of which each has some roles; rows may stand twice and say different things."""
    cells = (YES, YES, YES, YES, NO, NO, *(mark.id for mark in MARKS))
    tables: list[MatrixTable] = []
    rest = list(role_ids)
    while rest:
        width = random.randint(1, len(rest))
        columns, rest = rest[:width], rest[width:]
        rows = [
            Row(
                random.choice((None, "Area 1", "Area 2")),
                privilege.id,
                tuple(random.choice(cells) for _ in columns),
            )
            for privilege in privileges
            for _ in range(2 if random.random() < 0.1 else 1)
            if random.random() < 0.9
        ]
        number = f"Table {len(tables) + 1}"
        tables.append(
            MatrixTable(number, number, tuple(Column(role_id, role_id) for role_id in columns), tuple(rows))
        )
    return Matrix(tuple(tables))


def make_authority(random: Random, role_ids: Sequence[str]) -> Authority:
    """Give acts to some roles, to one perhaps twice (for two categories)."""
    return Authority(
        {
            act: tuple(
                ActHolder(role_id, (), random.choice(("same organization", "with lower levels")), "ours")
                for role_id in sometimes(random, [*role_ids, *role_ids], 0.15)
            )
            for act in Act
        }
    )


def make_person(
    random: Random, rolebook: Rolebook, organization_ids: Sequence[str], instants: Sequence[datetime]
) -> Person:
    """Make a person, perhaps closed, whose grants may name roles and organizations that are gone."""
    places = [*organization_ids, *organization_ids, "gone", None]
    role_ids = [*(role.id for role in rolebook.roles), STEWARD_ID]
    if random.random() < 0.2:
        role_ids.append("vanished")
    holdings = tuple(
        Holding(
            f"grant-{random.randint(0, 10**6)}-{number}",
            random.choice(role_ids),
            random.choice(places),
            *make_dates(random, instants),
        )
        for number in range(random.choice((0, 1, 2, 3, 6, 9)))
    )
    accesses = tuple(
        Access(
            f"access-{random.randint(0, 10**6)}-{number}",
            random.choice([*organization_ids, "gone"]),
            random.random() < 0.5,
            *make_dates(random, instants),
        )
        for number in range(random.choice((0, 1, 2, 3)))
    )
    return Person(
        random.random() < 0.93,
        holdings,
        accesses,
        random.choice((None, "record-1", "record-2", "person-1", "person-1")),
    )


def make_dates(
    random: Random, instants: Sequence[datetime]
) -> tuple[datetime, datetime | None, datetime | None]:
    """Make an interval whose ends lie on, or a microsecond beside, the instants that are asked about."""
    edges = [instant + offset for instant in instants for offset in (-STEP, timedelta(0), STEP)]
    starts_at = random.choice(edges[:7])
    ends_at = random.choice(edges[3:]) if random.random() < 0.35 else None
    closed_at = random.choice(edges) if random.random() < 0.3 else None
    return starts_at, ends_at, closed_at


def sometimes[Item](random: Random, items: Sequence[Item], chance: float) -> list[Item]:
    """Return the items that a throw of the dice leaves."""
    return [item for item in items if random.random() < chance]
