"""What one process of the decision point knows, kept at the tip of the log by a follower."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import RLock

from rolebook.audit import clock
from rolebook.audit.feed import FeedEvent
from rolebook.authzen import loading
from rolebook.authzen.loading import KnownClient, Version
from rolebook.authzen.using import ProgramUses, Uses
from rolebook.decision.changes import AccountReplaced, ProgramSwapped, TreeSwapped
from rolebook.decision.evaluation import Decision, Reason
from rolebook.decision.holders import Holders
from rolebook.decision.instants import NEVER, instant
from rolebook.decision.snapshot import Snapshot
from rolebook.decision.tree import OrganizationTree
from rolebook.policy.conditions import Properties

_ABOUT_PEOPLE = ("grant:", "access:", "participation:", "account:")
_ABOUT_ORGANIZATIONS = ("organization:",)
_ABOUT_ROLEBOOKS = ("rolebook:",)
_ABOUT_CLIENTS = ("client:",)
_ABOUT_MANY = ("accounts:", "grants:", "participations:")
"""One event for a whole file of people or grants: the program is loaded anew."""

type Question = tuple[str, str, str | None, str | None]
"""What is asked of the snapshot: subject id, action, organization id and own record; "" names nothing."""


class ProgramState:
    """One program: its snapshot, and the versions of its rolebook that take their turn by the clock.

    Only the follower's thread changes it, and, when a version's instant has come, whoever asks first. One check
    needs no lock; what asks several times goes through `at_one_revision`.

    Args:
        program_id: the program.
        versions: the version in force and those that will replace it.
        snapshot: what is so under the first of them.
        uses: where uses of its privileges are noted; None where they are not kept.
        codes: see the attribute.

    Attributes:
        book: the rolebook in force, where reasons need it; site_url: where people reach the pages, "" if nowhere.
        conditions: what must be true of properties, by action, under the version in force; empty for most programs.
        codes: code of each organization whose stored properties conditions may ask, by public id.
        holders: everybody there is, and whom a search for subjects asks about.
    """

    def __init__(
        self,
        program_id: str,
        versions: Sequence[Version],
        snapshot: Snapshot,
        uses: ProgramUses | None = None,
        codes: Mapping[str, str] | None = None,
    ) -> None:
        self.program_id = program_id
        self._from_micros = versions[0].effective_micros
        self._coming = list(versions[1:])
        self._turn_micros = NEVER
        self._changing = RLock()
        self._changes = 0
        self.snapshot = snapshot
        self.uses = uses
        self.conditions, self.book = versions[0].program.conditions, versions[0].book
        self.site_url = ""
        self.codes = codes or {}
        self.holders = Holders(snapshot)
        self._await_turn()

    @classmethod
    def load(cls, program_id: str, at: datetime, uses: Uses | None = None) -> "ProgramState":
        """Read a program that has a version of its rolebook."""
        versions = loading.load_versions(program_id, at)
        tree = loading.load_tree(program_id)
        snapshot = loading.load_snapshot(program_id, versions[0].program, tree, at)
        noted = None if uses is None else uses.of(program_id, versions[0].program.zone)
        return cls(program_id, versions, snapshot, noted, loading.load_codes(program_id, versions))

    @property
    def subject_ids(self) -> list[str]:
        """Everybody there is, closed accounts included, in the order of their ids."""
        return self.holders.everybody("", len(self.snapshot))[0]

    @property
    def zone(self) -> str:
        """The program's zone, under the rolebook in force."""
        return self.snapshot.tables.program.zone

    def check(
        self, subject_id: str, action: str, organization_id: str | None, at_micros: int, record_id: str | None
    ) -> bool:
        """Return the decision alone: a few dictionary look-ups and comparisons."""
        if at_micros >= self._turn_micros:
            self._take_turns(at_micros)
        if at_micros < self._from_micros:
            return False
        return self.snapshot.check(subject_id, action, organization_id, at_micros, record_id)

    def snapshot_at(self, at_micros: int) -> Snapshot | None:
        """Return what answers several questions about one microsecond, None while no rolebook is in force."""
        if at_micros >= self._turn_micros:
            self._take_turns(at_micros)
        return None if at_micros < self._from_micros else self.snapshot

    def decide(
        self,
        subject_id: str,
        action: str,
        organization_id: str | None,
        at_micros: int,
        record_id: str | None,
        properties: Properties | None = None,
    ) -> Decision:
        """Return the decision with its reason, by the walk; ``properties`` is what conditions may ask."""
        if at_micros >= self._turn_micros:
            self._take_turns(at_micros)
        if at_micros < self._from_micros:
            # A clock that was set back: no rolebook is in force yet, so there is no such action.
            asked = {"action": action, "organization_id": organization_id}
            return Decision(False, Reason("unknown_action", asked))
        return self.snapshot.decide(
            subject_id,
            action,
            organization_id,
            instant(at_micros),
            record_id=record_id,
            properties=properties,
        )

    def check_about(
        self,
        subject_id: str,
        action: str,
        organization_id: str | None,
        at_micros: int,
        record_id: str | None,
        properties: Callable[[], Properties],
    ) -> bool:
        """Return the decision alone, of an action that depends on conditions; ``properties`` are asked for only
        when nothing else says no.
        """
        if at_micros >= self._turn_micros:
            self._take_turns(at_micros)
        if at_micros < self._from_micros:
            return False
        asked = subject_id, action, organization_id, at_micros, record_id
        return self.snapshot.possible(*asked) and self.decide(*asked, properties()).allowed

    def stored_properties(self, organization_id: str | None) -> dict[str, str]:
        """Return what the rolebook in force says of a shipped organization."""
        code = self.codes.get(organization_id or "")
        if code is None:
            return {}
        return {**self.snapshot.tables.program.organization_properties.get(code, {}), "code": code}

    def at_one_revision[Answer](self, ask: Callable[[], Answer]) -> Answer:
        """Return what ``ask`` returns when nothing changes while it asks (I10).

        It is called a second time when something did change, and then keeps the follower waiting, so that it must
        have no effects and its work must be bounded.
        """
        before = self._changes
        if before % 2 == 0:
            answer = ask()
            if self._changes == before:
                return answer
        with self._changing:
            return ask()

    def change(
        self,
        *,
        versions: Sequence[Version] | None = None,
        tree: OrganizationTree | None = None,
        accounts: Iterable[AccountReplaced] = (),
        codes: Mapping[str, str] | None = None,
    ) -> None:
        """Take over what is so now: the versions (the first of them is in force), the organizations, and accounts.

        Whoever asks through `at_one_revision` sees all of it or nothing.
        """
        with self._changed():
            if versions is not None:
                self.snapshot.apply(ProgramSwapped(versions[0].program))
                self._from_micros = versions[0].effective_micros
                self._coming = list(versions[1:])
                self._await_turn()
                self.conditions, self.book = versions[0].program.conditions, versions[0].book
            if codes is not None:
                self.codes = codes
            if tree is not None:
                self.snapshot.apply(TreeSwapped(tree))
            for change in accounts:
                self.snapshot.apply(change)
                self.holders.note(change.subject_id)
        if not self.holders.fits():
            self.holders = Holders(self.snapshot)

    @contextmanager
    def _changed(self) -> Iterator[None]:
        """Let nobody ask at one revision meanwhile: the count of changes is odd while one is under way."""
        with self._changing:
            self._changes += 1
            try:
                yield
            finally:
                self._changes += 1

    def _await_turn(self) -> None:
        self._turn_micros = self._coming[0].effective_micros if self._coming else NEVER

    def _take_turns(self, at_micros: int) -> None:
        with self._changed():
            while self._coming and self._coming[0].effective_micros <= at_micros:
                version = self._coming.pop(0)
                self.snapshot.apply(ProgramSwapped(version.program))
                self.conditions, self.book = version.program.conditions, version.book
            self._await_turn()


class State:
    """All programs and clients; a replica of the log's (see :mod:`rolebook.audit.following`).

    Args:
        uses: where uses of privileges are noted; None where they are not kept.
        site_url: where people reach the pages; "" if nowhere.
    """

    def __init__(self, uses: Uses | None = None, site_url: str = "") -> None:
        self.uses, self.site_url = uses, site_url
        self.programs: dict[str, ProgramState] = {}
        self.clients: dict[str, KnownClient] = {}

    def load(self) -> None:
        """Load every program and every client."""
        at = clock.now()
        programs = {program_id: self._load(program_id, at) for program_id in loading.program_ids()}
        self.clients = loading.load_clients()
        self.programs = programs

    def apply(self, events: Sequence[FeedEvent]) -> None:
        """Bring up to date what the events touch, by reading it again: the tables are at least as new as
        they.
        """
        accounts: set[tuple[str | None, uuid.UUID]] = set()
        trees: set[str] = set()
        rolebooks: set[str] = set()
        anew: set[str] = set()
        for event in events:
            if event.tag.startswith(_ABOUT_PEOPLE) and event.beneficiary_id is not None:
                accounts.add((event.program_id, event.beneficiary_id))
            elif event.tag.startswith(_ABOUT_ORGANIZATIONS) and event.program_id is not None:
                trees.add(event.program_id)
            elif event.tag.startswith(_ABOUT_ROLEBOOKS) and event.program_id is not None:
                rolebooks.add(event.program_id)
            elif event.tag.startswith(_ABOUT_MANY) and event.program_id is not None:
                anew.add(event.program_id)
        changes: dict[str, list[AccountReplaced]] = {}
        for named, account_id in accounts:
            for program_id in (named,) if named is not None else loading.programs_of(account_id):
                now = loading.account_now(program_id, account_id)
                if now is not None:
                    changes.setdefault(program_id, []).append(now)
        at = clock.now()
        for program_id in rolebooks | trees | anew | changes.keys():
            known = self.programs.get(program_id)
            if known is not None and program_id not in anew:
                known.change(
                    versions=loading.load_versions(program_id, at) if program_id in rolebooks else None,
                    tree=loading.load_tree(program_id) if program_id in trees else None,
                    accounts=changes.get(program_id, ()),
                    codes=self._codes(program_id, at) if program_id in rolebooks | trees else None,
                )
            elif program_id in rolebooks | anew:
                self.programs = {**self.programs, program_id: self._load(program_id, at)}
        if any(event.tag.startswith(_ABOUT_CLIENTS) for event in events):
            self.clients = loading.load_clients()

    def _load(self, program_id: str, at: datetime) -> ProgramState:
        program = ProgramState.load(program_id, at, self.uses)
        program.site_url = self.site_url
        return program

    @staticmethod
    def _codes(program_id: str, at: datetime) -> dict[str, str]:
        return loading.load_codes(program_id, loading.load_versions(program_id, at))
