"""`rolebook check-setup` finds what is missing, says what to do, and leaves with the gravity of it."""

import dataclasses
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.db import connection
from pytest_django import Settings

from rolebook.accounts.encryption import encrypt
from rolebook.audit import clock
from rolebook.cli.main import rolebook
from rolebook.cli.server.setup_checks import of_database
from rolebook.jobs.models import ScheduledJob
from tests.notices.smtp import smtp_server
from tests.support.grants import STEWARD, placed, waiting
from tests.support.identity_provider import running_provider
from tests.support.people import new_user, practice, user_with_totp

pytestmark = pytest.mark.django_db
LONG = "q8W-2kz_0Pn5vT7hYb3cXd9RfGj4LmSaEuIo1"


@pytest.fixture
def sound(
    settings: Settings, qpp: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """An installation in which nothing is missing."""
    now = clock.now()
    for _ in range(2):
        placed(user_with_totp().account, STEWARD, None, at=now - timedelta(days=1))
    ScheduledJob.objects.create(name="remind-of-pending", due_at=now, started_at=now)
    monkeypatch.setenv("ROLEBOOK_SECRET_KEY", settings.SECRET_KEY)
    monkeypatch.setattr(of_database, "_durability", lambda: iter(()))  # tests run with it off
    with smtp_server() as mail:
        settings.ROLEBOOK = dataclasses.replace(
            settings.ROLEBOOK,
            home=tmp_path,
            secret_key=LONG,
            site_url="https://access.example.org",
            allowed_hosts=("access.example.org",),
            proxies=1,
            mail_url=mail.url,
            mail_from="Rolebook <access@example.org>",
        )
        yield settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(rolebook, ["check-setup", *arguments], standalone_mode=False)


def found() -> dict[str, tuple[str, str]]:
    """Level and words of what is not well, by what it is about."""
    checks = json.loads(run("--json").output)["checks"]
    return {check["about"]: (check["level"], check["said"]) for check in checks if check["level"] != "ok"}


def change(settings: Settings, **changed: Any) -> None:
    settings.ROLEBOOK = dataclasses.replace(settings.ROLEBOOK, **changed)


def test_nothing_to_say_of_a_sound_installation(sound: Settings) -> None:
    result = run()
    assert result.return_value == 0, result.output
    assert "all is well" in result.output
    assert json.loads(run("--json").output)["level"] == "ok"
    assert found() == {}


@pytest.mark.parametrize(
    ("changed", "about", "level", "said"),
    [
        ({"secret_key": "short"}, "secret-key", "error", "can be guessed"),
        ({"secret_key": LONG[:20]}, "secret-key", "error", "has 20 characters"),
        ({"secret_key": "a" * 64}, "secret-key", "error", "can be guessed"),
        ({"site_url": "http://access.example.org"}, "site", "error", "not https"),
        ({"allowed_hosts": ("other.example.org",)}, "hosts", "error", "'access.example.org' is not among"),
        ({"proxies": 0}, "proxies", "warning", "no proxy"),
        ({"demo": True}, "demo", "error", "a demo"),
        ({"debug": True}, "demo", "warning", "tracebacks"),
        ({"mail_url": "smtp://127.0.0.1:9"}, "mail", "error", "cannot be used"),
        ({"mail_from": "Rolebook <rolebook@127.0.0.1>"}, "sender", "warning", "nobody can answer"),
    ],
)
def test_what_is_wrong_in_the_settings_is_found(
    sound: Settings, changed: dict[str, Any], about: str, level: str, said: str
) -> None:
    change(sound, **changed)
    assert set(told := found()) == {about}
    assert told[about][0] == level
    assert said in told[about][1]
    assert run().return_value == {"warning": 1, "error": 2}[level]


def test_a_key_that_others_can_read_is_an_error(
    sound: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROLEBOOK_SECRET_KEY")
    file = tmp_path / "secret-key"
    file.write_text(LONG)
    file.chmod(0o644)
    result = run()
    assert "others on this machine can read" in result.output
    assert f"chmod 600 {file}" in result.output
    file.chmod(0o600)
    assert found().get("secret-key-place", ("warning", ""))[0] == "warning"


def test_a_missing_steward_and_one_without_a_second_factor_are_errors(sound: Settings, qpp: str) -> None:
    from rolebook.governance.models import Grant

    now = clock.now()
    first, second = Grant.objects.filter(role_id=STEWARD).order_by("pk")
    Grant.objects.filter(pk=first.pk).update(closed_at=now)
    assert found()["steward"] == ("warning", "qpp has one steward who may act")
    Grant.objects.filter(pk=second.pk).update(closed_at=now)
    assert "has no steward" in found()["steward"][1]
    placed(new_user("Sam Steward").account, STEWARD, None, at=now - timedelta(days=1))
    assert found()["steward"][0] == "error"
    assert "none of them may act" in found()["steward"][1]


@pytest.mark.requirement("QPP-09")
def test_requests_that_nobody_can_decide_are_found_with_what_to_do(sound: Settings, qpp: str) -> None:
    from rolebook.governance.models import Grant

    first, second = Grant.objects.filter(role_id=STEWARD).order_by("pk")
    waiting(first.account, practice(), at=clock.now())
    assert "stuck" not in found()
    Grant.objects.filter(pk=second.pk).update(closed_at=clock.now())
    level, said = found()["stuck"]
    assert (level, said.partition(":")[0]) == ("warning", "1 request waits in qpp, and nobody can decide")
    assert "designate another steward: rolebook designate qpp --role steward" in run().output


def test_a_worker_that_is_gone_and_a_job_that_fails_are_found(sound: Settings) -> None:
    ScheduledJob.objects.update(last_error="OSError: no")
    assert found()["jobs"] == ("warning", "the job remind-of-pending failed: OSError: no")
    ScheduledJob.objects.update(started_at=clock.now() - timedelta(minutes=20), last_error="")
    assert found()["worker"] == ("error", "no worker has done anything for 20 minutes")
    ScheduledJob.objects.all().delete()
    assert found()["worker"] == ("error", "no worker has ever run")


def test_mails_that_were_given_up_on_are_told(sound: Settings) -> None:
    from rolebook.accounts.mail import AccountMail
    from rolebook.notices.models import Notice
    from rolebook.notices.outbox import enqueue_account_mail

    person = new_user().account
    enqueue_account_mail(AccountMail("password-changed", person.name, account=person), at=clock.now())
    assert "mail-queue" not in found()
    Notice.objects.update(state=Notice.State.FAILED)
    assert found()["mail-queue"] == ("warning", "0 mails wait, 1 was given up on")


def test_no_program_is_an_error(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rolebook.cli.server.setup_checks.of_running.programs_in_force", lambda at: ())
    assert found()["programs"] == ("error", "no program is in force")


def test_second_factors_under_other_keys_are_told(sound: Settings) -> None:
    sound.SECRET_KEY_FALLBACKS = [sound.SECRET_KEY]
    sound.SECRET_KEY = "another-secret-key-of-the-tests-0123456789"
    assert found()["second-factors"][0] == "warning"
    sound.SECRET_KEY_FALLBACKS = []
    assert found()["second-factors"][0] == "error"
    assert encrypt("x")


def test_an_identity_provider_is_asked(sound: Settings) -> None:
    with running_provider() as provider:
        change(sound, identity_providers=(provider.settings(),))
        assert found() == {}
        assert "/sign-in/with/harp/back/" in run().output
        change(sound, identity_providers=(provider.settings(issuer="http://127.0.0.1:9"),))
        assert found()["identity-provider"][0] == "error"


def test_missing_triggers_and_migrations_are_errors(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("rolebook.audit.triggers.check_installed", lambda: ("grant_immutable",))
        assert "grant_immutable" in found()["triggers"][1]
    with monkeypatch.context() as patch:
        patch.setattr("rolebook.cli.server.setup_checks.of_database.MigrationExecutor", Behind)
        assert set(found()) == {"migrations"}  # the tables may be others: they are not asked


class Behind:
    """Says that a migration is missing."""

    def __init__(self, connection: object) -> None:
        self.loader = self.graph = self

    def leaf_nodes(self) -> list[str]:
        return []

    def migration_plan(self, nodes: list[str]) -> list[str]:
        return ["one"]


@pytest.mark.parametrize(("seconds", "level"), [(0, None), (5, "warning"), (-5, "warning"), (90, "error")])
def test_clocks_that_differ_are_told(
    sound: Settings, monkeypatch: pytest.MonkeyPatch, seconds: int, level: str | None
) -> None:
    monkeypatch.setattr(of_database, "connection", Elsewhere())
    monkeypatch.setattr(
        of_database, "_one", lambda _: clock.now().astimezone(UTC) + timedelta(seconds=seconds)
    )
    finding = of_database._clock()
    assert finding.level == (level or "ok")


class Elsewhere:
    """Stands for a connection to PostgreSQL."""

    vendor = "postgresql"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a file that is none")
def test_looking_makes_no_database(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    def looked(**variables: str) -> Any:
        others = {name: value for name, value in os.environ.items() if not name.startswith("ROLEBOOK_")}
        return subprocess.run(
            [sys.executable, "-m", "rolebook.cli.main", "check-setup", "--json"],
            env={
                **others,
                "ROLEBOOK_HOME": str(tmp_path),
                "ROLEBOOK_MAIL": "smtp://127.0.0.1:9",
                **variables,
            },
            capture_output=True,
            text=True,
        )

    ran = looked()
    assert ran.returncode == 2, ran.stderr
    database = next(c for c in json.loads(ran.stdout)["checks"] if c["about"] == "database")
    assert database["level"] == "error"
    assert "rolebook migrate" in database["advice"]
    assert not (tmp_path / "rolebook.sqlite3").exists()
    (tmp_path / "rolebook.sqlite3").write_bytes(b"no database" * 200)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(tmp_path / "rolebook.sqlite3").execute("SELECT 1 FROM sqlite_master")
    ran = looked()
    assert ran.returncode == 2
    assert ran.stderr == ""
    assert "cannot be reached" in ran.stdout
    ran = looked(ROLEBOOK_PROXIES="many")
    assert ran.returncode == 2
    assert json.loads(ran.stdout)["checks"][0]["about"] == "settings"
