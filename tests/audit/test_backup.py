"""A backup that is made while people work is one instant of it, and what was restored is known to be older (fault 60).

Made as the operator's guide says: `VACUUM INTO` on SQLite, `pg_dump` on PostgreSQL.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection

from rolebook.accounts.models import Organization
from rolebook.audit.feed import tip_revision
from rolebook.governance.flows import remove_access
from rolebook.governance.models import Grant
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.audit.test_verification import run_verify
from tests.support import cluster, grants, people
from tests.support.databases import CommittedDatabase
from tests.support.grants import LATER, asks, decides, open_stage, waiting

pytestmark = [pytest.mark.slow, pytest.mark.invariant("I11"), pytest.mark.fault(60)]
BACKUPS, LANES = 3, 3


@dataclass(frozen=True)
class Backups:
    """Makes backups of a database, and restores each beside it."""

    database: CommittedDatabase
    made: list[str] = field(default_factory=list)

    def restored(self, number: int) -> dict[str, str]:
        """Make a backup now, and return the environment of what is restored from it."""
        if self.database.vendor == "sqlite":
            path = self.database.folder / f"backup-{number}.sqlite3"
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(path)])
            address = f"sqlite:///{path}"
        else:
            name = str(connection.settings_dict["NAME"])
            address = self.database.address.replace(name, f"{name}_{number}")
            self._dump_and_restore(name, f"{name}_{number}", self.database.folder / f"{number}.dump")
        return {**self.database.environment, "ROLEBOOK_DATABASE": address}

    def _dump_and_restore(self, name: str, new: str, file: os.PathLike[str]) -> None:
        binaries, told = cluster.server_binaries(), connection.settings_dict
        where = ["--host", str(told["HOST"]), "--username", str(told["USER"])]
        dump = [str(binaries / "pg_dump"), *where, "--format=custom", "--file", str(file), name]
        subprocess.run(dump, check=True)
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{new}"')
        self.made.append(new)
        subprocess.run([str(binaries / "pg_restore"), *where, "--dbname", new, str(file)], check=True)


@pytest.fixture
def backups(committed_db: CommittedDatabase) -> Iterator[Backups]:
    kept = Backups(committed_db)
    yield kept
    for name in kept.made:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


def working(
    practice: Organization, begun: threading.Barrier, stop: threading.Event, lane: int
) -> Callable[[], int]:
    """Let people ask, an official answer, and take away again, until it is enough; say how often."""

    def work() -> int:
        official, rounds = grants.official(practice, f"Official {lane}"), 0
        while not stop.is_set() and rounds < 400:
            person = people.new_user(f"Person {lane} {rounds}").account
            decides(official, waiting(person, practice), "approved")
            if rounds % 2:
                remove_access(
                    acting_user=official,
                    program_id="qpp",
                    organization_id=practice.public_id,
                    beneficiary_id=person.public_id,
                    at=LATER + timedelta(hours=1),
                    origin=people.WEB,
                )
            rounds += 1
            if rounds == 2:
                begun.wait(60)
        return rounds

    return work


def test_a_backup_made_under_load_verifies_and_does_not_pass_for_the_present(
    committed_db: CommittedDatabase, backups: Backups
) -> None:
    people.activate()
    practice, stop = people.practice(), threading.Event()
    begun = threading.Barrier(LANES + 1)
    made: list[dict[str, str]] = []

    def back_up() -> int:
        try:
            begun.wait(60)
            for number in range(BACKUPS):
                made.append(backups.restored(number))
                stop.wait(0.5)
        finally:
            stop.set()
        return BACKUPS

    committed_db.in_threads([back_up, *(working(practice, begun, stop, lane) for lane in range(LANES))])
    assert len(made) == BACKUPS
    present = str(tip_revision())
    for environment in made:
        well = run_verify(environment)
        assert well.returncode == 0, well.stdout + well.stderr
        assert " 0 grants" not in well.stdout
        # Roles that were taken away since are held there again: what was kept outside says that it is not the present.
        assert run_verify(environment, "--expect", present).returncode == 1


def test_mail_that_was_sent_before_the_backup_is_not_sent_again_and_later_mail_bears_the_same_id(
    backups: Backups,
) -> None:
    people.activate()
    practice = people.practice()
    official = grants.official(practice)
    first = open_stage(asks(grants.user("Early Bird"), practice))
    while derive_notices(now=LATER):
        pass
    Notice.objects.update(state=Notice.State.SENT, sent_at=LATER)
    sent = set(Notice.objects.values_list("message_id", flat=True))
    assert sent
    decides(official, first, "approved")
    environment = backups.restored(0)
    while derive_notices(now=LATER):
        pass
    later = set(Notice.objects.exclude(message_id__in=sent).values_list("message_id", flat=True))
    assert later
    assert derived_in(environment) == later


def derived_in(environment: dict[str, str]) -> set[str]:
    """What a worker on a restored database would send: the ids of the mails that wait after it has read the log."""
    code = (
        "import django; django.setup()\n"
        "from datetime import datetime\n"
        "from rolebook.notices.derivation import derive_notices\n"
        "from rolebook.notices.models import Notice\n"
        f"while derive_notices(now=datetime.fromisoformat({(LATER + timedelta(days=1)).isoformat()!r})): pass\n"
        "print(*Notice.objects.filter(state='waiting').values_list('message_id', flat=True), sep='\\n')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


def test_what_was_taken_away_after_a_backup_is_held_again_in_it_and_the_kept_revision_tells(
    backups: Backups,
) -> None:
    people.activate()
    practice = people.practice()
    official, person = grants.official(practice), people.new_user("Rita Removed").account
    decides(official, waiting(person, practice), "approved")
    environment = backups.restored(0)
    assert run_verify(environment, "--expect", str(tip_revision())).returncode == 0
    remove_access(
        acting_user=official,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=person.public_id,
        at=LATER + timedelta(hours=1),
        origin=people.WEB,
    )
    assert Grant.objects.get(account=person).closed_at is not None
    assert run_verify(environment, "--expect", str(tip_revision())).returncode == 1
