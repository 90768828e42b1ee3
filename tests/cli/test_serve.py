"""`rolebook serve`: one command for one machine, and nothing is left running, however it ends."""

import json
import signal
import sqlite3
import urllib.request
from pathlib import Path

import pytest

from tests.cli.processes import alive, descendants, eventually, free_port, run, running
from tests.notices.smtp import smtp_server

pytestmark = pytest.mark.slow
UP = "Rolebook answers at"


def test_it_migrates_serves_and_ends_with_everything_it_started(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, "serve", "--port", str(port), until=UP) as (process, said):
        assert "migrations applied" in said
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/static/rolebook/css/rolebook.css") as answer:
            assert answer.status == 200
        started = descendants(process.pid)
        assert len(started) >= 3  # granian, its worker, the worker that sends mail
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert eventually(lambda: not alive(started))


@pytest.mark.fault(56)
def test_nothing_is_left_running_when_it_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, "serve", "--port", str(free_port()), until=UP) as (process, _):
        started = descendants(process.pid)
        process.send_signal(signal.SIGKILL)
        assert eventually(lambda: not alive(started))


def test_a_second_start_finds_nothing_to_migrate(tmp_path: Path) -> None:
    for said_first in ("migrations applied", "nothing to migrate"):
        with running(tmp_path, "serve", "--port", str(free_port()), until=UP) as (_, said):
            assert said_first in said


def test_a_database_without_its_protections_is_not_served(tmp_path: Path) -> None:
    with running(tmp_path, "serve", "--port", str(free_port()), until=UP):
        pass
    with sqlite3.connect(tmp_path / "rolebook.sqlite3") as database:
        triggers = [
            name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ]
        assert triggers
        database.execute(f'DROP TRIGGER "{triggers[0]}"')
    database.close()
    refused = run(tmp_path, "serve", "--no-migrate", "--port", str(free_port()))
    assert refused.returncode == 2
    assert "protecting triggers missing" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, "serve", "--port", str(port), until=UP):
        refused = run(tmp_path / "other", "serve", "--port", str(port))
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"Error: cannot serve at 127.0.0.1 port {port}")
    assert len(refused.stderr.splitlines()) == 1


def test_more_processes_than_sqlite_can_serve_are_refused(tmp_path: Path) -> None:
    refused = run(tmp_path, "serve", "--processes", "2", "--port", str(free_port()))
    assert (refused.returncode, "needs PostgreSQL" in refused.stderr) == (2, True)


def test_a_setting_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    refused = run(tmp_path, "worker", ROLEBOOK_SITE_URL="access.example.org")
    assert refused.returncode == 2
    assert refused.stderr.startswith("Error: ROLEBOOK_SITE_URL: found 'access.example.org'")


def test_a_test_mail_says_what_the_server_answered(tmp_path: Path) -> None:
    with smtp_server() as smtp:
        smtp.refused["nobody@example.org"] = "550 5.1.1 no such user"
        taken = run(tmp_path, "send-test-mail", "you@example.org", ROLEBOOK_MAIL=smtp.url)
        told = run(tmp_path, "send-test-mail", "you@example.org", "--json", ROLEBOOK_MAIL=smtp.url)
        refused = run(tmp_path, "send-test-mail", "nobody@example.org", ROLEBOOK_MAIL=smtp.url)
    assert taken.returncode == 0
    assert "took the mail for you@example.org" in taken.stdout
    assert json.loads(told.stdout)["address"] == "you@example.org"
    assert [mail.to for mail in smtp.received] == ["you@example.org"] * 2
    assert (refused.returncode, "550 5.1.1 no such user" in refused.stderr) == (2, True)


def test_a_test_mail_without_a_server_is_a_line_and_no_traceback(tmp_path: Path) -> None:
    refused = run(tmp_path, "send-test-mail", "you@example.org", ROLEBOOK_MAIL="smtp://127.0.0.1:9")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "127.0.0.1 port 9 cannot be used" in refused.stderr
