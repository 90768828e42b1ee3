"""Builds the demo's world in an empty, migrated database."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.test.utils import override_settings

from rolebook.accounts.flows.organizations import import_organizations
from rolebook.accounts.flows.rolebooks import activate_rolebook
from rolebook.audit.recording import tip
from rolebook.cli.server.demo_world.acts import OPERATOR, Acts
from rolebook.cli.server.demo_world.cast import CAST
from rolebook.cli.server.demo_world.iqcs import PLACES as AGENCY_UNITS
from rolebook.cli.server.demo_world.iqcs import Agencies
from rolebook.cli.server.demo_world.iqcs_quiet import Quiet
from rolebook.cli.server.demo_world.iqcs_responders import Responders
from rolebook.cli.server.demo_world.iqcs_review import Audit
from rolebook.cli.server.demo_world.iqcs_troubles import Troubles
from rolebook.cli.server.demo_world.iqies import PROVIDERS, StateAndProvider
from rolebook.cli.server.demo_world.places import Place, as_file, make_neighbors, make_places
from rolebook.cli.server.demo_world.story import WEEKS, Story
from rolebook.notices.derivation import skip_to_tip
from rolebook.policy.shipped import shipped_folder

_MAILBOX_DAYS = 10
_ARGON2 = "rolebook.cli.server.demo_world.build.CheapArgon2"
type Told = Callable[[int, int], None]


class CheapArgon2(Argon2PasswordHasher):
    """Argon2 with next to no work in it, for the made-up people only; a first sign-in makes it a proper
    one.
    """

    time_cost = 1
    memory_cost = 8
    parallelism = 1

    @override
    def must_update(self, encoded: str) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class World:
    """What was built: the program, its organizations, and how many events the log has."""

    program_id: str
    places: tuple[Place, ...]
    events: int


def build_world(
    *,
    now: datetime,
    seed: int = 1,
    practices: int = 28,
    connected: int = 52,
    waiting: int = 28,
    other_programs: bool = True,
    deliver: Callable[[datetime], object] | None = None,
    told: Told | None = None,
) -> World:
    """Build the world: eight weeks of QPP that end at ``now``, in an empty, migrated database.

    ``practices``, ``connected`` and ``waiting`` say how large the story is; some hundred practices more stand in the
    program beside it. With ``other_programs`` the other
    shipped rolebooks are activated, too, and iQIES and IQCS get a small story. ``deliver`` is called with an
    instant after each thing that happens in the last ten days: it derives and sends the mails of that
    moment. ``told`` is called with (steps done, steps in all).
    """
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    places = make_places(chance, practices=practices)
    everywhere = (*places, *make_neighbors(random.Random(seed), places))  # noqa: S311 - names and numbers
    mailbox_begins = now - timedelta(days=_MAILBOX_DAYS)
    acts = Acts(
        "qpp",
        chance,
        mailed=lambda person, at: deliver is not None and person in CAST and at >= mailbox_begins,
    )
    story = Story(acts, places, now, chance, connected=connected, waiting=waiting)
    with _quickly(), override_settings(PASSWORD_HASHERS=[_ARGON2]):
        begin = now - WEEKS - timedelta(hours=6)
        _activate("qpp", begin)
        _import("qpp", as_file(everywhere), begin + timedelta(minutes=20))
        steps = story.steps()
        if other_programs:
            _activate("iqies", begin + timedelta(minutes=40))
            _activate("iqcs", begin + timedelta(minutes=50))
            _import("iqies", PROVIDERS, begin + timedelta(minutes=60))
            _import("iqcs", AGENCY_UNITS, begin + timedelta(minutes=70))
            steps += StateAndProvider(acts.elsewhere("iqies"), now, story.crowd).steps()
            steps += Agencies(acts.elsewhere("iqcs"), now).steps()
            steps += Quiet(acts.elsewhere("iqcs"), now).steps()
            steps += Responders(acts.elsewhere("iqcs"), now).steps()
            steps += Troubles(acts.elsewhere("iqcs"), now).steps()
            steps += Audit(acts.elsewhere("iqcs"), now).steps()
            steps.sort(key=lambda step: step.at)
        skipped = False
        for number, step in enumerate(steps):
            if deliver is not None and not skipped and step.at >= mailbox_begins:
                skip_to_tip()
                skipped = True
            step.do(step.at)
            if skipped and deliver is not None:
                deliver(step.at + timedelta(minutes=9))
            if told is not None:
                told(number + 1, len(steps))
    return World("qpp", everywhere, tip()[0])


def _activate(program: str, at: datetime) -> None:
    folder = shipped_folder(program)
    activate_rolebook(acting_user=None, folder=folder, activated_by="operator", at=at, origin=OPERATOR)


def _import(program_id: str, data: bytes, at: datetime) -> None:
    file = "organizations.csv"
    import_organizations(
        acting_user=None, program_id=program_id, data=data, file=file, at=at, origin=OPERATOR
    )


@contextmanager
def _quickly() -> Iterator[None]:
    """On SQLite, do not wait for the disk after each of some thousand commits: the file is made anew
    every time.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        try:
            yield
        finally:
            cursor.execute("PRAGMA synchronous=FULL")
