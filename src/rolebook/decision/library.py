"""Rolebook as a library: load a program's rolebook and ask it by the names that people use.

    from rolebook import load

    book = load("iqies")
    book.check("Edit IDR", holds=["State Agency General User@OH"], at="TX").allowed

No Django, no database; organizations are those that the rolebook ships with and those that a question names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rolebook.decision.check import check
from rolebook.decision.compiled import ACT_PREFIX, CompiledProgram, compile_program
from rolebook.decision.evaluation import Access, Decision, Holding, Person
from rolebook.decision.explain import Explanation, explain
from rolebook.decision.tree import OrganizationTree, TreeError
from rolebook.decision.which_role import RoleSet, Way, ways, which_role
from rolebook.policy.model import ORGANIZATION, Rolebook
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import resolve

EVER = datetime.min.replace(tzinfo=UTC)
"""Start of what is held when a question does not say since when."""


@dataclass(frozen=True, slots=True)
class Place:
    """An organization that a question needs and that the rolebook does not ship with.

    Attributes:
        code: what it is called in the question, and its id in the answer.
        kind: an organization kind, by id or title.
        parent: code of the organization above it, or None.
    """

    code: str
    kind: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody is said to hold.

    Attributes:
        role: title, other name or id.
        at: code of the organization, or None.
        starts_at: as in `Holding`.
        ends_at: as in `Holding`.
        closed_at: as in `Holding`.
    """

    role: str
    at: str | None = None
    starts_at: datetime = EVER
    ends_at: datetime | None = None
    closed_at: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> "Held":
        """Read ``ROLE`` or ``ROLE@ORGANIZATION``."""
        role, _, at = text.rpartition("@") if "@" in text else (text, "", "")
        return cls(role.strip(), at.strip() or None)


@dataclass(frozen=True, slots=True)
class HeldAccess:
    """An organization that somebody is said to hold apart from roles.

    Attributes:
        at: code of the organization.
        lower_levels: whether those below it are included.
        starts_at: as in `Access`.
        ends_at: as in `Access`.
        closed_at: as in `Access`.
    """

    at: str
    lower_levels: bool = False
    starts_at: datetime = EVER
    ends_at: datetime | None = None
    closed_at: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> "HeldAccess":
        """Read ``ORGANIZATION``, or ``ORGANIZATION+`` for one with its lower levels."""
        return cls(text.strip().removesuffix("+").strip(), text.strip().endswith("+"))


class Book:
    """A rolebook that answers questions in its own words. Unknown names get a no with its reason.

    Attributes:
        rolebook: the rolebook.
        program: the same, compiled.
    """

    def __init__(self, rolebook: Rolebook) -> None:
        self.rolebook = rolebook
        self.program: CompiledProgram = compile_program(rolebook)

    @property
    def names(self) -> Mapping[str, str]:
        """What the shipped organizations are called, by code."""
        return {shipped.code: f"{shipped.name} ({shipped.code})" for shipped in self.rolebook.organizations}

    def check(
        self,
        privilege: str,
        *,
        holds: Iterable[str | Held] = (),
        access: Iterable[str | HeldAccess] = (),
        at: str | None = None,
        on: datetime | None = None,
        area: str | None = None,
        record_id: str | None = None,
        own_record_id: str | None = None,
        active: bool = True,
        organizations: Iterable[Place] = (),
    ) -> Decision:
        """Decide. Raises `TreeError` when ``organizations`` contradict the tree, and for nothing else.

        Args:
            privilege: title or id of a privilege, or ``act:`` and an act of authority.
            holds: roles held, as `Held` or as ``ROLE@ORGANIZATION``.
            access: organizations held apart from roles, as `HeldAccess`, ``ORGANIZATION`` or
                ``ORGANIZATION+``.
            at: code of the organization, or None.
            on: the instant, aware; now, when it is left out.
            area: the area under which the matrix must place the privilege.
            record_id: the record acted on.
            own_record_id: the person's own record.
            active: whether the account is open.
            organizations: organizations that the rolebook does not ship with.
        """
        person, tree = self._world(
            holds, access, organizations, at=at, own_record_id=own_record_id, active=active
        )
        action, instant = self.action(privilege, area), _instant(on)
        return check(self.program, tree, person, action, at, instant, record_id=record_id)

    def explain(
        self,
        privilege: str,
        *,
        holds: Iterable[str | Held] = (),
        access: Iterable[str | HeldAccess] = (),
        at: str | None = None,
        on: datetime | None = None,
        area: str | None = None,
        record_id: str | None = None,
        own_record_id: str | None = None,
        active: bool = True,
        organizations: Iterable[Place] = (),
    ) -> Explanation:
        """Decide and say why; arguments as for `check`."""
        person, tree = self._world(
            holds, access, organizations, at=at, own_record_id=own_record_id, active=active
        )
        return explain(
            self.rolebook,
            self.program,
            tree,
            person,
            self.action(privilege, area),
            at,
            _instant(on),
            record_id=record_id,
            names=self.names,
        )

    def who_can(self, privilege: str, *, area: str | None = None) -> tuple[Way, ...]:
        """Return every role that gives a privilege (or an act), in the rolebook's order."""
        return ways(self.rolebook, self.program, self.action(privilege, area))

    def which_role(self, *needed: str, category: str | None = None, limit: int = 20) -> tuple[RoleSet, ...]:
        """Return the smallest sets of roles of one category that give all that is needed."""
        category_id = None if category is None else self.category_id(category)
        actions = [self.action(privilege) for privilege in needed]
        return which_role(self.rolebook, self.program, actions, category_id=category_id, limit=limit)

    def action(self, privilege: str, area: str | None = None) -> str:
        """Return the action of a privilege's title or id; of an unknown one, a name that no action has."""
        if privilege.startswith(ACT_PREFIX):
            return privilege
        known = self.rolebook.privilege_by_title(privilege)
        if known is None:
            return privilege
        areas = {placed.casefold() for placed in self.rolebook.areas_of(known.id)}
        if area is not None and area.strip().casefold() not in areas:
            return f"{area} / {privilege}"
        return known.id

    def category_id(self, category: str) -> str:
        """Return the id of a category's title or id; an unknown one as it is."""
        wanted = category.strip().casefold()
        return next(
            (
                known.id
                for known in self.rolebook.categories
                if wanted in {known.id.casefold(), known.title.casefold()}
            ),
            category,
        )

    def tree(
        self, organizations: Iterable[Place] = (), assumed: Iterable[tuple[str, str]] = ()
    ) -> OrganizationTree:
        """Return the tree of the shipped organizations and some more.

        Args:
            organizations: organizations that a question names with kind and parent.
            assumed: (code, kind id) of organizations that stand alone unless they are known.

        Raises:
            TreeError: an organization stands twice, or under one that is not there.
        """
        nodes: list[tuple[str, str | None, str]] = [
            (shipped.code, shipped.parent_code, shipped.kind_id) for shipped in self.rolebook.organizations
        ]
        nodes += [(place.code, place.parent, self.kind_id(place.kind)) for place in organizations]
        known = {code for code, _, _ in nodes}
        nodes += [(code, None, kind_id) for code, kind_id in dict(assumed).items() if code not in known]
        return OrganizationTree(nodes)

    def kind_id(self, kind: str) -> str:
        """Return the id of an organization kind's title or id; an unknown one as it is."""
        wanted = kind.strip().casefold()
        return next(
            (
                known.id
                for known in self.rolebook.organization_kinds
                if wanted in {known.id.casefold(), known.title.casefold()}
            ),
            kind,
        )

    def _world(
        self,
        holds: Iterable[str | Held],
        access: Iterable[str | HeldAccess],
        organizations: Iterable[Place],
        *,
        at: str | None,
        own_record_id: str | None,
        active: bool,
    ) -> tuple[Person, OrganizationTree]:
        """Return the person and the tree of a question.

        An organization at which a role is said to be held is taken to exist, of the first kind that the role
        can be held at. Where a program ships no organizations, the one asked about is taken to exist, too.
        """
        helds = [Held.parse(held) if isinstance(held, str) else held for held in holds]
        accesses = [HeldAccess.parse(held) if isinstance(held, str) else held for held in access]
        assumed: list[tuple[str, str]] = [(held.at, "") for held in accesses]
        if at is not None and not self.rolebook.organizations:
            assumed.append((at, ""))
        holdings = []
        for number, held in enumerate(helds, start=1):
            role = self.rolebook.role_by_name(held.role)
            holdings.append(
                Holding(
                    id=f"grant {number}",
                    role_id=held.role if role is None else role.id,
                    organization_id=held.at,
                    starts_at=held.starts_at,
                    ends_at=held.ends_at,
                    closed_at=held.closed_at,
                )
            )
            if held.at is not None and role is not None and role.reach.scope == ORGANIZATION:
                assumed.append((held.at, next(iter(role.reach.kinds), "")))
        person = Person(
            active=active,
            holdings=tuple(holdings),
            accesses=tuple(
                Access(
                    f"access {number}",
                    held.at,
                    held.lower_levels,
                    held.starts_at,
                    held.ends_at,
                    held.closed_at,
                )
                for number, held in enumerate(accesses, start=1)
            ),
            record_id=own_record_id,
        )
        return person, self.tree(organizations, assumed)


def load(name_or_folder: str | Path) -> Book:
    """Load a shipped rolebook by name, or the rolebook in a folder.

    Raises:
        RolebookErrors: it is neither, or the rolebook has errors; the exception has all of them.
    """
    return Book(read_rolebook(resolve(name_or_folder)))


def _instant(on: datetime | None) -> datetime:
    """Return the instant asked about. A library is given no clock, so it reads the computer's."""
    return datetime.now(UTC) if on is None else on


__all__ = ["Book", "Held", "HeldAccess", "Place", "TreeError", "load"]
