"""How a move is made in both worlds: in the flows, and in the model."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from rolebook.accounts.models import Account
from rolebook.audit import clock, recording
from rolebook.governance import locks
from rolebook.governance.models import Request
from rolebook.governance.models import Stage as StageRow
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.errors import RolebookErrors
from tests.histories import checks
from tests.histories.model import NOT_ALLOWED, NOT_FOUND, Stage, Wish, refused
from tests.histories.programs import ROLES, STEWARD
from tests.histories.world import PEOPLE, World
from tests.support.people import WEB

person = st.integers(0, PEOPLE - 1)
program = st.sampled_from(["qpp", "iqies"])
place = st.integers(0, 5)
role = st.sampled_from([*ROLES, STEWARD])
number = st.integers(0, 40)
verdict = st.sampled_from(["approved", "approved", "denied"])


def word_of(call: Callable[[], str]) -> str:
    """What a flow came to, in the model's words."""
    try:
        return call()
    except Refused as refusal:
        return refused(violation.code for violation in refusal.violations)
    except NotAllowed:
        return NOT_ALLOWED
    except NotFound:
        return NOT_FOUND
    except RolebookErrors:
        return "import refused"


class Playing(RuleBasedStateMachine):
    """Eight people, two programs with three places each, and a clock."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self._run = transaction.atomic()
        # Flows refuse to run inside a transaction; this one is a test's, and is rolled back at the end.
        self._run._from_testcase = True  # type: ignore[attr-defined]
        self._run.__enter__()
        self.model = self.world.model()
        self.accounts: list[Account] = list(self.world.accounts)
        self.requests: list[Request] = []
        self.locked: list[str] = []
        self.changed = True
        self.turns = 0
        self._quickly = self.world.quickly()
        self._quickly.__enter__()
        lock_rows = locks.lock_rows

        def noted(model: type[Any], ids: frozenset[int]) -> None:
            self.locked.append(model.__name__)
            lock_rows(model, ids)

        unit, log_lock = recording.UnitOfWork, recording._take_log_lock

        def noted_unit(*told: Any) -> recording.UnitOfWork:
            self.locked.append("begin")
            return unit(*told)

        def noted_log() -> None:
            self.locked.append("log")
            log_lock()

        self._patches: list[Any] = [
            patch.object(locks, "lock_rows", noted),
            patch.object(recording, "UnitOfWork", noted_unit),
            patch.object(recording, "_take_log_lock", noted_log),
            patch.object(clock, "now", lambda: self.model.at),
        ]
        for one in self._patches:
            one.start()
        self.follower = checks.Follower()

    def teardown(self) -> None:
        try:
            checks.the_log_tells_all(self)
        finally:
            for one in self._patches:
                one.stop()
            self._quickly.__exit__(None, None, None)
            transaction.set_rollback(True)
            self._run.__exit__(None, None, None)

    # --- helpers --------------------------------------------------------------------------------------------------

    def _act(self, program_id: str) -> dict[str, Any]:
        return {"program_id": program_id, "at": self.model.at, "origin": WEB}

    def _compare(self, act: Callable[[], str], expected: Callable[[], str]) -> None:
        """Make a move a second after the last one, in the flows and in the model."""
        self.model.at += timedelta(seconds=1)
        self.locked.clear()
        came_to = word_of(act)
        wanted = expected()
        assert came_to == wanted, f"the flow: {came_to}; the model: {wanted}"
        if not came_to.startswith((NOT_FOUND, NOT_ALLOWED, "refused", "already", "import refused")):
            self.changed = True
        checks.locks_were_taken_in_order(self.locked)

    def _who(self, index: int) -> int:
        return index % len(self.accounts)

    def _public(self, where: int | None) -> Any:
        return None if where is None else self.world.places[where].public_id

    def _row(self, wish: Wish, stage: Stage) -> StageRow:
        return StageRow.objects.get(
            request=self.requests[self.model.wishes.index(wish)],
            request_version=stage.version,
            approver_role_id=stage.office,
            organization=None if stage.place is None else self.world.places[stage.place],
            position=stage.position,
        )

    def _all_stages(self) -> list[tuple[Wish, Stage]]:
        return [(wish, stage) for wish in self.model.wishes for stage in wish.stages]
