"""The rolebook of a program as data: frozen dataclasses without behavior beyond looking things up.

`policy.reading` makes a `Rolebook` from a folder, `policy.canonical` from a stored document. Ids are stable
words (`security_official`); titles are what people read. Everything that the program did not print says so
in a `basis` or in `Program.source`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rolebook.policy.matrix import (
    NO,
    YES,
    Cell,
    Column,
    Footnote,
    Mark,
    Matrix,
    MatrixTable,
    Row,
    where_printed,
)
from rolebook.policy.provisions import (
    PLACE_ORGANIZATION,
    PLACE_PARENT,
    PLACE_PROGRAM,
    SAME_ORGANIZATION,
    STEWARD_ID,
    WITH_LOWER_LEVELS,
    Acknowledged,
    Act,
    ActHolder,
    Approval,
    Authority,
    Chain,
    LifecycleSettings,
    Recommendation,
    RuleInForce,
    RuleOverride,
    SettingValue,
    StageSpec,
    Where,
)
from rolebook.policy.reviews import Overdue, Question, Review
from rolebook.policy.terms import (
    EVERYWHERE,
    OFFICE,
    OFFICE_CATEGORY_ID,
    ORGANIZATION,
    OWN_RECORD,
    AccessForm,
    ByNote,
    Category,
    Condition,
    Contact,
    Link,
    Note,
    OrganizationKind,
    Power,
    Privilege,
    PrivilegeKind,
    Program,
    Proof,
    Reach,
    Records,
    Role,
    ShippedOrganization,
    fold,
)

__all__ = [
    "EVERYWHERE",
    "NO",
    "OFFICE",
    "OFFICE_CATEGORY_ID",
    "ORGANIZATION",
    "OWN_RECORD",
    "PLACE_ORGANIZATION",
    "PLACE_PARENT",
    "PLACE_PROGRAM",
    "SAME_ORGANIZATION",
    "STEWARD_ID",
    "WITH_LOWER_LEVELS",
    "YES",
    "AccessForm",
    "Acknowledged",
    "Act",
    "ActHolder",
    "Approval",
    "Authority",
    "ByNote",
    "Category",
    "Cell",
    "Chain",
    "Column",
    "Condition",
    "Contact",
    "Footnote",
    "LifecycleSettings",
    "Link",
    "Mark",
    "Matrix",
    "MatrixTable",
    "Note",
    "OrganizationKind",
    "Overdue",
    "Power",
    "Privilege",
    "PrivilegeKind",
    "Program",
    "Proof",
    "Question",
    "Reach",
    "Recommendation",
    "Records",
    "Review",
    "Role",
    "Rolebook",
    "Row",
    "RuleInForce",
    "RuleOverride",
    "SettingValue",
    "ShippedOrganization",
    "StageSpec",
    "Where",
    "fold",
    "where_printed",
]


@dataclass(frozen=True, slots=True)
class Rolebook:
    """Everything that a program says. Look things up with the methods; unknown ids and names give None.

    `roles` are the program's own, in the order written; the `steward` is not among them, but
    `role("steward")` gives it.
    """

    format: int
    program: Program
    access: AccessForm
    steward: Role
    categories: tuple[Category, ...]
    organization_kinds: tuple[OrganizationKind, ...]
    roles: tuple[Role, ...]
    privileges: tuple[Privilege, ...]
    matrix: Matrix
    authority: Authority
    chains: tuple[Chain, ...]
    approval: Approval = field(default_factory=Approval)
    rules: tuple[RuleInForce, ...] = ()
    lifecycle: LifecycleSettings = field(default_factory=LifecycleSettings)
    reviews: tuple[Review, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    privilege_kinds: tuple[PrivilegeKind, ...] = ()
    marks: tuple[Mark, ...] = ()
    conditions: tuple[Condition, ...] = ()
    footnotes: tuple[Footnote, ...] = ()
    organizations: tuple[ShippedOrganization, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    acknowledged: tuple[Acknowledged, ...] = ()
    records: Records | None = None
    _index: "Index" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the look-up tables once."""
        object.__setattr__(self, "_index", Index(self))

    @property
    def source(self) -> str:
        """Where the rolebook comes from."""
        return self.program.source

    def role(self, role_id: str) -> Role | None:
        """The role with this id; "steward" gives the office."""
        return self._index.roles.get(role_id)

    def role_by_name(self, name: str) -> Role | None:
        """The role with this title, other name or id; letter case and runs of spaces do not count."""
        return self._index.role_names.get(fold(name))

    def category(self, category_id: str) -> Category | None:
        """The user category with this id."""
        return self._index.categories.get(category_id)

    def privilege(self, privilege_id: str) -> Privilege | None:
        """The privilege with this id."""
        return self._index.privileges.get(privilege_id)

    def privilege_by_title(self, title: str) -> Privilege | None:
        """The privilege with this title or id; letter case, runs of spaces and footnote marks do not count."""
        return self._index.privilege_titles.get(fold(self._index.without_marks(title)))

    def kind(self, kind_id: str) -> OrganizationKind | None:
        """The organization kind with this id."""
        return self._index.kinds.get(kind_id)

    def organization(self, code: str) -> ShippedOrganization | None:
        """The shipped organization with this code."""
        return self._index.organizations.get(code)

    def mark(self, mark_id: str) -> Mark | None:
        """The mark with this id."""
        return self._index.marks.get(mark_id)

    def rule(self, rule_id: str) -> RuleInForce | None:
        """How the program applies a rule of `policy.rules`, whatever its dates, or None if it does not."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def chain(self, chain_id: str) -> Chain | None:
        """The chain with this id."""
        return next((chain for chain in self.chains if chain.id == chain_id), None)

    def held_at_organization(self, role: Role) -> bool:
        """Whether a role is held AT an organization; apart from roles, the access says where, and no role does."""
        return role.reach.scope == ORGANIZATION and self.access == "with each role"

    def powers(self, role_id: str) -> Mapping[str, Power]:
        """What a role may do where it reaches, by privilege id, in printed order; empty for an unknown
        role.
        """
        return self._index.powers.get(role_id, {})

    def alternatives(self, role_id: str) -> Mapping[str, tuple[Power, ...]]:
        """All that gives a role its privileges, by privilege id; `powers` has the strongest of each."""
        return self._index.alternatives.get(role_id, {})

    def areas_of(self, privilege_id: str) -> tuple[str, ...]:
        """The areas under which tables place a privilege, in printed order."""
        return self._index.areas.get(privilege_id, ())

    def hint(self, key: str, language: str | None = None) -> str | None:
        """A text for people in a language, or in the program's own where that is missing."""
        return self.text(f"hint.{key}", language) or self.program.hints.get(key)

    def text(self, key: str, language: str | None) -> str | None:
        """A translated text by key (`statement`, `hint.<key>`, `role.<id>.title`, …), or None."""
        return self.words.get(language, {}).get(key) if language else None


class Index:
    """The look-up tables of one rolebook."""

    __slots__ = (
        "_footnote_marks",
        "alternatives",
        "areas",
        "categories",
        "kinds",
        "marks",
        "organizations",
        "powers",
        "privilege_titles",
        "privileges",
        "role_names",
        "roles",
    )  # fmt: skip

    def __init__(self, book: Rolebook) -> None:
        """Read every list once; the first of two equal names wins (the reader lets none through)."""
        self._footnote_marks = "".join(footnote.mark for footnote in book.footnotes)
        self.roles = {role.id: role for role in (*book.roles, book.steward)}
        self.categories = {category.id: category for category in (*book.categories, OFFICE)}
        self.privileges = {privilege.id: privilege for privilege in book.privileges}
        self.kinds = {kind.id: kind for kind in book.organization_kinds}
        self.organizations = {organization.code: organization for organization in book.organizations}
        self.marks = {mark.id: mark for mark in book.marks}
        self.role_names: dict[str, Role] = {}
        for role in self.roles.values():
            for name in (role.title, *role.other_names, role.id):
                self.role_names.setdefault(fold(name), role)
        self.privilege_titles: dict[str, Privilege] = {}
        for privilege in book.privileges:
            for name in (privilege.title, privilege.id):
                self.privilege_titles.setdefault(fold(name), privilege)
        areas: dict[str, dict[str, None]] = {}
        for _, row in book.matrix.rows:
            if row.area is not None:
                areas.setdefault(row.privilege_id, {})[row.area] = None
        self.areas = {privilege_id: tuple(found) for privilege_id, found in areas.items()}
        self.powers: dict[str, dict[str, Power]] = {role_id: {} for role_id in self.roles}
        self.alternatives: dict[str, dict[str, tuple[Power, ...]]] = {role_id: {} for role_id in self.roles}
        for cell in book.matrix.cells:
            self._add_powers(cell)
        for role in book.roles:
            for note in role.by_note:
                self._add_power(role.id, Power(note.privilege_id, False, note.basis, YES))

    def without_marks(self, title: str) -> str:
        """A title without the footnote marks printed after it."""
        return title.strip().rstrip(self._footnote_marks) if self._footnote_marks else title

    def _add_powers(self, cell: Cell) -> None:
        """Enter what one cell gives."""
        privilege = self.privileges.get(cell.row.privilege_id)
        if privilege is None or cell.column.role_id not in self.powers:
            return
        basis = where_printed(cell.table, cell.row, privilege.title)
        mark = self.marks.get(cell.value)
        for privilege_id in self.given(privilege, cell.value):
            own_record, condition = (False, None) if mark is None else (mark.own_record, mark.condition)
            self._add_power(
                cell.column.role_id, Power(privilege_id, own_record, basis, cell.value, condition)
            )

    def _add_power(self, role_id: str, power: Power) -> None:
        """Enter one; a full power stays full when another row gives it on the own record, or on a condition, only."""
        held, all_of_them = self.powers[role_id], self.alternatives[role_id]
        privilege_id = power.privilege_id
        all_of_them[privilege_id] = (*all_of_them.get(privilege_id, ()), power)
        before = held.get(privilege_id)
        if before is None or _weakness(power) < _weakness(before):
            held[privilege_id] = power

    def given(self, privilege: Privilege, cell: str) -> tuple[str, ...]:
        """The privilege ids that a cell in this privilege's row gives."""
        mark = self.marks.get(cell)
        if cell != YES and (mark is None or not mark.allows):
            return ()
        candidates = (privilege.id, *privilege.includes)
        if mark is None or not mark.operations:
            return candidates
        return tuple(
            candidate
            for candidate in candidates
            if candidate in self.privileges and self.privileges[candidate].operation in mark.operations
        )


def _weakness(power: Power) -> tuple[bool, bool]:
    """Return how much is asked of the record and of properties before a power counts: the less, the stronger."""
    return power.own_record, power.condition is not None
