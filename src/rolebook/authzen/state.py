"""What one process of the decision point knows, kept at the tip of the log by a follower."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from rolebook.audit import clock
from rolebook.audit.feed import FeedEvent
from rolebook.authzen import loading
from rolebook.authzen.loading import KnownClient, Version
from rolebook.decision.changes import ProgramSwapped, TreeSwapped
from rolebook.decision.evaluation import Decision
from rolebook.decision.instants import NEVER, instant
from rolebook.decision.snapshot import Snapshot

_ABOUT_PEOPLE = ("grant:", "participation:", "account:")
_ABOUT_ORGANIZATIONS = ("organization:",)
_ABOUT_ROLEBOOKS = ("rolebook:",)
_ABOUT_CLIENTS = ("client:",)


class ProgramState:
    """One program: its snapshot, and the versions of its rolebook that take their turn by the clock.

    Only the follower's thread changes it, and, when a version's instant has come, whoever asks first.
    """

    def __init__(self, program_id: str, versions: Sequence[Version], at: datetime) -> None:
        self.program_id = program_id
        self._from_micros = versions[0].effective_micros
        self._coming = list(versions[1:])
        self._turn_micros = NEVER
        self._changing = Lock()
        tree = loading.load_tree(program_id)
        self.snapshot: Snapshot = loading.load_snapshot(program_id, versions[0].program, tree, at)
        self._await_turn()

    def check(
        self, subject_id: str, action: str, organization_id: str | None, at_micros: int, record_id: str | None
    ) -> bool:
        """Return the decision alone: a few dictionary look-ups and comparisons."""
        if at_micros >= self._turn_micros:
            self._take_turns(at_micros)
        if at_micros < self._from_micros:
            return False
        return self.snapshot.check(subject_id, action, organization_id, at_micros, record_id)

    def decide(
        self, subject_id: str, action: str, organization_id: str | None, at_micros: int, record_id: str | None
    ) -> Decision:
        """Return the decision with its reason, by the walk."""
        return self.snapshot.decide(
            subject_id, action, organization_id, instant(at_micros), record_id=record_id
        )

    def refresh_account(self, account_id: uuid.UUID) -> None:
        """Read everything about an account in this program again."""
        changes = loading.changes_of(self.program_id, account_id)
        with self._changing:
            for change in changes:
                self.snapshot.apply(change)

    def refresh_tree(self) -> None:
        """Read the organizations again."""
        tree = loading.load_tree(self.program_id)
        with self._changing:
            self.snapshot.apply(TreeSwapped(tree))

    def refresh_versions(self, versions: Sequence[Version]) -> None:
        """Take the versions as they are now; the first of them is in force."""
        with self._changing:
            self.snapshot.apply(ProgramSwapped(versions[0].program))
            self._from_micros = versions[0].effective_micros
            self._coming = list(versions[1:])
            self._await_turn()

    def _await_turn(self) -> None:
        self._turn_micros = self._coming[0].effective_micros if self._coming else NEVER

    def _take_turns(self, at_micros: int) -> None:
        with self._changing:
            while self._coming and self._coming[0].effective_micros <= at_micros:
                version = self._coming.pop(0)
                self.snapshot.apply(ProgramSwapped(version.program))
            self._await_turn()


class State:
    """All programs and clients; a replica of the log's (see :mod:`rolebook.audit.following`)."""

    def __init__(self) -> None:
        self.programs: dict[str, ProgramState] = {}
        self.clients: dict[str, KnownClient] = {}

    def load(self) -> None:
        """Load every program and every client."""
        at = clock.now()
        programs = {}
        for program_id in loading.program_ids():
            programs[program_id] = ProgramState(program_id, loading.load_versions(program_id, at), at)
        self.clients = loading.load_clients()
        self.programs = programs

    def apply(self, events: Sequence[FeedEvent]) -> None:
        """Bring up to date what the events touch, by reading it again: the tables are at least as new as
        they.
        """
        accounts: set[tuple[str | None, uuid.UUID]] = set()
        trees: set[str] = set()
        rolebooks: set[str] = set()
        for event in events:
            if event.tag.startswith(_ABOUT_PEOPLE) and event.beneficiary_id is not None:
                accounts.add((event.program_id, event.beneficiary_id))
            elif event.tag.startswith(_ABOUT_ORGANIZATIONS) and event.program_id is not None:
                trees.add(event.program_id)
            elif event.tag.startswith(_ABOUT_ROLEBOOKS) and event.program_id is not None:
                rolebooks.add(event.program_id)
        for program_id in rolebooks:
            self._refresh_rolebook(program_id)
        for program_id in trees & self.programs.keys():
            self.programs[program_id].refresh_tree()
        for named, account_id in accounts:
            for program_id in (named,) if named is not None else loading.programs_of(account_id):
                if program_id in self.programs:
                    self.programs[program_id].refresh_account(account_id)
        if any(event.tag.startswith(_ABOUT_CLIENTS) for event in events):
            self.clients = loading.load_clients()

    def _refresh_rolebook(self, program_id: str) -> None:
        at = clock.now()
        versions = loading.load_versions(program_id, at)
        known = self.programs.get(program_id)
        if known is not None:
            known.refresh_versions(versions)
        else:
            self.programs = {**self.programs, program_id: ProgramState(program_id, versions, at)}
