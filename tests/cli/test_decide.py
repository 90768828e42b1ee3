"""`rolebook decide`: decision points in processes of their own, beside an installation."""

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.cli.processes import alive, descendants, eventually, free_port, run, running

pytestmark = pytest.mark.slow
UP = "decisions at"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decide")
    for command in (["migrate"], ["activate", "qpp"]):
        done = run(folder, *command)
        assert done.returncode == 0, done.stderr
    return folder


def test_it_answers_questions_with_tokens_and_ends_with_everything_it_started(home: Path) -> None:
    added = run(home, "clients", "add", "qpp", "Portal", "--json")
    token = json.loads(added.stdout)["token"]
    port = free_port()
    body = {
        "subject": {"type": "user", "id": "nobody"},
        "action": {"name": "view_performance_data"},
        "resource": {"type": "organization", "id": "nowhere"},
    }
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/qpp/access/v1/evaluation",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with running(home, "decide", "--port", str(port), until=UP) as (process, _):
        with urllib.request.urlopen(asked) as answer:
            assert json.load(answer) == {"decision": False}
            assert answer.headers["X-Rolebook-Revision"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as health:
            assert json.load(health) == "up to date"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/")
        started = descendants(process.pid)
        assert started
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert eventually(lambda: not alive(started))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--processes", "2"], "needs PostgreSQL"),
        (["--key", "KEY"], "--key needs --certificate"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_line(home: Path, arguments: list[str], said: str) -> None:
    (home / "KEY").touch()
    given = [str(home / part) if part == "KEY" else part for part in arguments]
    refused = run(home, "decide", "--port", str(free_port()), *given)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_certificate_that_is_none_is_said_and_nothing_is_left_running(home: Path) -> None:
    (home / "certificate.pem").write_text("no certificate")
    refused = run(home, "decide", "--port", str(free_port()), "--certificate", str(home / "certificate.pem"))
    assert refused.returncode == 2
    assert "certificate" in refused.stderr
    assert "Traceback" not in refused.stderr
