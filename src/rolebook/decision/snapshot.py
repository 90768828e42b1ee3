"""A program's grants in memory for the decision point: load once, apply changes, ask millions of times.

Readers need no lock: tables and the check are replaced by assigning one reference, an account changes by one
entry of a dictionary. There is one writer (the follower of the log), which applies changes in the log's
order.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rolebook.decision.bulk import Bulk, Questions, answer_one_by_one, encode
from rolebook.decision.changes import AccountReplaced, Change, ProgramSwapped, TreeSwapped
from rolebook.decision.check import check
from rolebook.decision.columns import (
    ACCESS_EXACT,
    ACCESS_LOWER,
    FIRST_ROLE,
    NO_ORGANIZATION,
    Codes,
    Columns,
)
from rolebook.decision.compiled import CompiledProgram
from rolebook.decision.evaluation import Access, Decision, Holding, Person, Reason
from rolebook.decision.fast import Check, Store, make_check, narrowed
from rolebook.decision.instants import micros
from rolebook.decision.leads import lead_to_flat, lead_to_overlay
from rolebook.decision.search import Page, page
from rolebook.decision.several import Which, make_which, one_by_one
from rolebook.decision.tables import Tables, make_tables
from rolebook.decision.tree import OrganizationTree
from rolebook.policy.conditions import Properties

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

type GrantRow = tuple[str | bytes, str, str | None, int, int | None, int | None]
"""Grant id (as text, or the bytes of a UUID), role id, organization id or None, starts_at, ends_at or None, closed_at
or None in µs."""

type AccessRow = tuple[str | bytes, str, bool, int, int | None, int | None]
"""Access id, organization id, lower levels included, and the same three instants."""


class SnapshotBuilder:
    """Fills the flat columns of a new snapshot, one account after the other.

    Grants that were closed or ended before the load may be left out: they answer no either way, only the
    reason is less telling.
    """

    def __init__(self, program: CompiledProgram, tree: OrganizationTree, *, settled: int = 0) -> None:
        """Begin with nobody.

        Args:
            program: the rolebook in force.
            tree: the organizations.
            settled: a microsecond, best the present one: questions about it and what comes after it are the quickest.
        """
        self._program = program
        self._tree = tree
        self._roles = Codes(FIRST_ROLE)
        self._organizations = Codes(NO_ORGANIZATION + 1)
        self._store = Store({}, Columns.empty(settled=settled), Columns.empty(), {})

    def add(
        self,
        subject_id: str,
        *,
        active: bool,
        grants: Iterable[GrantRow] = (),
        accesses: Iterable[AccessRow] = (),
        record_id: str | None = None,
    ) -> None:
        """Add an account with all its rows.

        Raises:
            ValueError: the subject was added before.
        """
        store = self._store
        if subject_id in store.accounts:
            raise ValueError(f"subject {subject_id!r} was added before")
        row = len(store.columns.cells)
        person = subject_id, active, record_id
        append_account(store, store.columns, person, grants, accesses, self._roles, self._organizations)
        roles = store.columns.role_codes(row) if active else ()
        store.accounts[subject_id] = lead_to_flat(row, roles)

    def add_person(self, subject_id: str, person: Person) -> None:
        """Add an account from the form that flows use."""
        self.add(
            subject_id,
            active=person.active,
            grants=map(grant_row, person.holdings),
            accesses=map(access_row, person.accesses),
            record_id=person.record_id,
        )

    def build(self) -> "Snapshot":
        """Return the snapshot; the builder must not be used again."""
        return Snapshot(self._program, self._tree, self._store, self._roles, self._organizations)


def grant_row(holding: Holding) -> GrantRow:
    """Return a holding as a row."""
    return (
        holding.id,
        holding.role_id,
        holding.organization_id,
        micros(holding.starts_at),
        None if holding.ends_at is None else micros(holding.ends_at),
        None if holding.closed_at is None else micros(holding.closed_at),
    )


def access_row(access: Access) -> AccessRow:
    """Return an access as a row."""
    return (
        access.id,
        access.organization_id,
        access.lower_levels,
        micros(access.starts_at),
        None if access.ends_at is None else micros(access.ends_at),
        None if access.closed_at is None else micros(access.closed_at),
    )


def append_account(
    store: Store,
    columns: Columns,
    person: tuple[str, bool, str | None],
    grants: Iterable[GrantRow],
    accesses: Iterable[AccessRow],
    roles: Codes,
    organizations: Codes,
) -> None:
    """Append an account (subject id, whether active, own record) to columns, giving codes to names that are new."""
    subject_id, active, record_id = person
    row = columns.begin(active=active)
    for grant_id, role_id, organization_id, starts, ends, closed in grants:
        role = roles.number(role_id)
        organization = NO_ORGANIZATION if organization_id is None else organizations.number(organization_id)
        columns.append(grant_id, role, organization, starts=starts, ends=ends, closed=closed)
    for access_id, organization_id, lower_levels, starts, ends, closed in accesses:
        role = ACCESS_LOWER if lower_levels else ACCESS_EXACT
        organization = organizations.number(organization_id)
        columns.append(access_id, role, organization, starts=starts, ends=ends, closed=closed)
    columns.finish(row, owns_subject=record_id == subject_id)
    if record_id is not None and record_id != subject_id:
        store.records[subject_id] = record_id


class Snapshot:
    """Who holds what in one program, and what follows from it.

    Attributes:
        check: the quick answer; replaced whole when the rolebook or the tree is, so ask it through the
            snapshot.
        possible: the same without conditions: a no is a no, and a yes is one where no condition is in the way.
        which: to which of several questions about one subject `check` answers yes.
        tables: what rows are compared with; replaced whole, too.
        store: the rows.
        generation: grows with every new account, tree or rolebook; encoded questions go stale by it.
    """

    __slots__ = (
        "_bulk",
        "_organizations",
        "_roles",
        "check",
        "generation",
        "possible",
        "store",
        "tables",
        "which",
    )

    check: Check
    possible: Check
    which: Which
    tables: Tables
    _bulk: Bulk | None

    def __init__(
        self,
        program: CompiledProgram,
        tree: OrganizationTree,
        store: Store,
        roles: Codes,
        organizations: Codes,
    ) -> None:
        self.store = store
        self.generation = 0
        self._roles = roles
        self._organizations = organizations
        self._compare_with(program, tree)

    def __len__(self) -> int:
        """Return how many accounts there are, closed ones included."""
        return len(self.store.accounts)

    def organization_code(self, organization_id: str) -> int:
        """Return the code of an organization of the tree."""
        return self._organizations.numbers[organization_id]

    def person(self, subject_id: str) -> Person | None:
        """Return what is held, in the form that the walk reads; None for an unknown subject."""
        store = self.store
        while (found := store.accounts.get(subject_id)) is not None:
            columns, row = store.rows(found)
            person = Person(
                active=columns.active(row),
                holdings=tuple(columns.holdings(row, self._roles, self._organizations)),
                accesses=tuple(columns.accesses(row, self._organizations)),
                record_id=store.record(subject_id),
            )
            # Rows are made void only after the name leads to new ones: an unchanged name proves them whole.
            if store.accounts[subject_id] == found:
                return person
        return None

    def decide(
        self,
        subject_id: str,
        action: str,
        organization_id: str | None,
        at: datetime,
        *,
        record_id: str | None = None,
        properties: Properties | None = None,
    ) -> Decision:
        """Decide with the reason, by the walk. As `check`, it raises for no value of its arguments."""
        tables = self.tables
        person = self.person(subject_id)
        if person is None:
            params = {"action": action, "organization_id": organization_id}
            return Decision(False, Reason("unknown_subject", params))
        return check(
            tables.program,
            tables.tree,
            person,
            action,
            organization_id,
            at,
            record_id=record_id,
            properties=properties,
        )

    def subjects(
        self,
        action: str,
        organization_id: str | None,
        at_micros: int,
        *,
        record_id: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page:
        """Return who may do ``action`` there, by subject id, ``limit`` (≥ 1) a page.

        Asks every account: some tenths of a second for a million. Not for the path of a request without a
        limit on it.
        """
        ask = self.check
        found = sorted(
            subject_id
            for subject_id in tuple(self.store.accounts)
            if (after is None or subject_id > after)
            and ask(subject_id, action, organization_id, at_micros, record_id)
        )
        return page(iter(found), limit)

    def encode(
        self, subject_ids: Sequence[str], actions: Sequence[str], organization_ids: Sequence[str | None]
    ) -> Questions:
        """Look the names of many questions up once, for `check_many`; one question an index of the columns.

        Raises:
            ValueError: the columns are not equally long.
        """
        return encode(
            self.tables,
            self.store,
            subject_ids,
            actions,
            organization_ids,
            generation=self.generation,
        )

    def check_many(
        self, questions: Questions, at_micros: int, record_id: str | None = None
    ) -> "Sequence[bool] | NDArray[np.bool_]":
        """Answer many questions at one instant, in their order: a numpy array with numpy, else a list.

        Questions encoded before an account, a tree or a rolebook was added are looked up anew.
        """
        if questions.codes is None or self.tables.program.conditions:
            return answer_one_by_one(self.check, questions, at_micros, record_id)
        if questions.generation != self.generation:
            questions = self.encode(questions.subject_ids, questions.actions, questions.organization_ids)
        bulk = self._bulk
        if bulk is None:
            bulk = self._bulk = Bulk(self.tables, self.store)
        return bulk.answer(questions, self.check, at_micros, record_id)

    def apply(self, change: Change) -> None:
        """Apply one change; from its return on, every new check sees it."""
        match change:
            case TreeSwapped(tree):
                self._compare_with(self.tables.program, tree)
            case ProgramSwapped(program):
                self._compare_with(program, self.tables.tree)
            case AccountReplaced(subject_id, person):
                self._replace_account(subject_id, person)

    def _replace_account(self, subject_id: str, after: Person) -> None:
        """Put what is so of an account now into the overlay, in place of its rows."""
        store = self.store
        lead = store.accounts.get(subject_id)
        if lead is not None and after == self.person(subject_id):
            return
        new_row = len(store.overlay.cells)
        codes = len(self._roles.names), len(self._organizations.names)
        if after.record_id in {None, subject_id}:
            store.records.pop(subject_id, None)
        append_account(
            store,
            store.overlay,
            (subject_id, after.active, after.record_id),
            map(grant_row, after.holdings),
            map(access_row, after.accesses),
            self._roles,
            self._organizations,
        )
        if (len(self._roles.names), len(self._organizations.names)) != codes:
            self._compare_with(self.tables.program, self.tables.tree)
        # The order matters to readers: the new rows, the name that leads to them, and only then the old ones go.
        store.accounts[subject_id] = lead_to_overlay(new_row)
        if lead is None:
            self.generation += 1
        else:
            columns, old_row = store.rows(lead)
            columns.void(old_row)

    def _compare_with(self, program: CompiledProgram, tree: OrganizationTree) -> None:
        """Make new tables and a new check, and let readers see them."""
        for role_id in program.roles:
            self._roles.number(role_id)
        for organization_id in tree:
            self._organizations.number(organization_id)
        tables = make_tables(program, tree, self._roles, self._organizations)
        self.tables = tables
        self._bulk = None
        self.possible = make_check(tables, self.store, lambda: self.possible)
        conditions = tables.program.conditions
        self.check = narrowed(self.possible, conditions, self.decide) if conditions else self.possible
        several = make_which(tables, self.store, lambda: self.check)
        self.which = one_by_one(lambda: self.check) if conditions else several
        self.generation += 1
