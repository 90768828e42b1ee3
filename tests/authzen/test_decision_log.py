"""The decision log: one line a decision, no secrets, off the path, bounded, sampled, put aside when large."""

import json
from pathlib import Path

import pytest

from rolebook.accounts.flows.clients import OPERATIONS
from rolebook.accounts.models import Account, Organization
from rolebook.authzen import decision_log
from rolebook.authzen.decision_log import DecisionLog, Entry
from tests.authzen.asking import VIEW, ask, decision_point, evaluation, token_for
from tests.support import grants

YES: Entry = (
    1_000_000,
    "qpp",
    "evaluation",
    b'{"subject":{"type":"user","id":"a"}}',
    b'{"decision":true}',
    "1:0",
)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.invariant("I8")
@pytest.mark.django_db
@pytest.mark.usefixtures("qpp")
def test_every_decision_is_a_line_without_properties_context_or_token(
    practice: Organization, tmp_path: Path
) -> None:
    official: Account = grants.official(practice)
    token = token_for(operations=OPERATIONS)
    point = decision_point()
    point.decision_log = DecisionLog(str(tmp_path / "log"), 1.0)
    one = evaluation(official, VIEW, practice, context={"reasons": True, "why": "hush"})
    one["subject"]["properties"] = {"pin": "hush"}
    ask(point, one, token)
    ask(
        point,
        {**one, "evaluations": [{}, {"action": {"name": "fly"}}, 3]},
        token,
        path="/qpp/access/v1/evaluations",
    )
    ask(
        point,
        {"subject": one["subject"], "resource": one["resource"]},
        token,
        path="/qpp/access/v1/search/action",
    )
    point.decision_log.write()
    written = lines(tmp_path / "log")
    assert [line.get("decision") for line in written] == [True, True, False, False, None]
    assert written[0]["subject"] == {"type": "user", "id": str(official.public_id)}
    assert written[2]["action"] == {"name": "fly"}
    assert isinstance(written[4]["results"], int)
    text = (tmp_path / "log").read_text()
    assert not [secret for secret in ("hush", token, official.name) if secret in text]


def test_what_finds_no_room_is_counted_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_log, "MOST_WAITING", 2)
    log = DecisionLog(str(tmp_path / "log"), 1.0)
    for _ in range(5):
        log.note(YES)
    log.write()
    written = lines(tmp_path / "log")
    assert (len(written), written[-1]["dropped"]) == (3, 3)


def test_what_cannot_be_written_is_counted_and_told_later(tmp_path: Path) -> None:
    log = DecisionLog(str(tmp_path / "missing" / "log"), 1.0)
    log.note(YES)
    with pytest.raises(FileNotFoundError):
        log.write()
    (tmp_path / "missing").mkdir()
    log.write()
    assert lines(tmp_path / "missing" / "log")[0]["dropped"] == 1


def test_a_sample_is_a_share(tmp_path: Path) -> None:
    log = DecisionLog(str(tmp_path / "log"), 0.25)
    for _ in range(2000):
        log.note(YES)
    log.write()
    assert 300 < len(lines(tmp_path / "log")) < 700


def test_a_large_file_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_log, "LARGEST_FILE", 1)
    monkeypatch.setattr(decision_log, "KEPT_FILES", 2)
    log = DecisionLog(str(tmp_path / "log"), 1.0)
    for _ in range(6):
        log.note(YES)
        log.write()
    assert {path.name for path in tmp_path.iterdir()} <= {"log", "log.1", "log.2"}
    assert (tmp_path / "log.1").exists()


def test_an_orderly_end_writes_what_waits(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    log = DecisionLog(decision_log.STDOUT, 1.0)
    log.start()
    log.note(YES)
    log.stop()
    assert json.loads(capfdbinary.readouterr().out)["decision"] is True
