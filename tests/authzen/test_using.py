"""What counts as a use, and how uses come into the database: off the path, bounded, and none twice."""

import json
import threading
from datetime import date, timedelta

import pytest
from django.db import OperationalError

from rolebook.accounts.flows.clients import OPERATIONS
from rolebook.accounts.models import Account, Client, Organization
from rolebook.audit.following import LogFollower
from rolebook.authzen import using
from rolebook.authzen.state import State
from rolebook.authzen.using import ProgramUses, Uses, day_of
from rolebook.authzen.wsgi import DecisionPoint
from rolebook.decision.instants import micros
from rolebook.governance.models import ClientUse, PrivilegeUse, UsageSpan
from tests.authzen.asking import VIEW, ask, catch_up, decision_point, evaluation, token_for
from tests.support import grants, people
from tests.support.people import START

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp")]
ZONE = "America/New_York"
NOON = micros(START)
DAY = date(2026, 3, 2)


@pytest.fixture
def official(practice: Organization) -> Account:
    return grants.official(practice)


@pytest.fixture
def token() -> str:
    return token_for(operations=OPERATIONS)


@pytest.fixture
def point(official: Account, token: str) -> DecisionPoint:
    """A decision point that keeps uses, and writes them when a test says so."""
    made = decision_point(step=False)
    made.state = State(Uses(30.0))
    made.follower = LogFollower(made.state, kind="test", name="here", lease_seconds=30.0)
    made.follower._was_fresh.set()
    catch_up(made)
    return made


def flush(point: DecisionPoint) -> list[str]:
    """Write what waits; return the privileges that are kept now."""
    assert point.state.uses is not None
    point.state.uses.flush()
    return sorted(PrivilegeUse.objects.values_list("privilege_id", flat=True))


def test_an_allowed_evaluation_is_a_use_on_that_day(
    point: DecisionPoint, official: Account, practice: Organization, token: str
) -> None:
    assert ask(point, evaluation(official, VIEW, practice), token).json == {"decision": True}
    assert flush(point) == [VIEW]
    [use] = PrivilegeUse.objects.all()
    assert (use.account, use.program_id, use.days) == (official, "qpp", 1)
    assert UsageSpan.objects.get().since_on == use.last_on
    assert ClientUse.objects.get().client == Client.objects.get()


def test_an_explained_yes_is_a_use_as_well(
    point: DecisionPoint, official: Account, practice: Organization, token: str
) -> None:
    ask(point, evaluation(official, VIEW, practice, context={"reasons": True}), token)
    assert flush(point) == [VIEW]


@pytest.mark.parametrize("context", [{}, {"reasons": True}])
def test_a_no_is_no_use(
    point: DecisionPoint, official: Account, token: str, context: dict[str, object]
) -> None:
    elsewhere = people.practice("Elsewhere Clinic")
    catch_up(point)
    answer = ask(point, evaluation(official, VIEW, elsewhere, context=context), token)
    assert answer.json["decision"] is False
    assert flush(point) == []


def test_what_is_asked_to_show_something_is_no_use(
    point: DecisionPoint, official: Account, practice: Organization, token: str
) -> None:
    one = evaluation(official, VIEW, practice)
    shown = ask(point, one | {"context": {"use": False}}, token)
    many = ask(point, {"evaluations": [one, one]}, token, path="/qpp/access/v1/evaluations")
    search = {"subject": one["subject"], "resource": one["resource"]}
    found = ask(point, search, token, path="/qpp/access/v1/search/action")
    assert (shown.json["decision"], len(many.json["evaluations"])) == (True, 2)
    assert {"name": VIEW} in found.json["results"]
    assert flush(point) == []


def test_without_the_setting_nothing_is_kept(official: Account, practice: Organization, token: str) -> None:
    quiet = decision_point()
    assert ask(quiet, evaluation(official, VIEW, practice), token).json == {"decision": True}
    assert quiet.state.uses is None


def test_a_load_of_everything_anew_loses_no_uses(
    point: DecisionPoint, official: Account, practice: Organization, token: str
) -> None:
    ask(point, evaluation(official, VIEW, practice), token)
    point.state.load()
    assert flush(point) == [VIEW]


def test_uses_wait_while_the_database_is_away_and_are_written_once_it_is_back(
    point: DecisionPoint,
    official: Account,
    practice: Organization,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("away")

    ask(point, evaluation(official, VIEW, practice), token)
    for name in ("keep_uses", "keep_client_uses"):
        with monkeypatch.context() as patch:
            patch.setattr(using, name, away)
            with pytest.raises(OperationalError):
                flush(point)
    assert flush(point) == [VIEW]
    assert ClientUse.objects.count() == 1


def test_a_pair_waits_once_a_day_and_again_on_the_next() -> None:
    uses = ProgramUses()
    for at in (NOON, NOON + 1, NOON + 86_400_000_000):
        uses.add("a", VIEW, at, ZONE)
    assert uses.take() == ([("a", VIEW, DAY), ("a", VIEW, DAY + timedelta(days=1))], 0)
    assert uses.take() == ([], 0)


def test_the_first_use_of_a_new_day_counts_though_the_pair_was_seen(
    point: DecisionPoint,
    official: Account,
    practice: Organization,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for days in range(3):
        at = NOON + days * 86_400_000_000
        monkeypatch.setattr("rolebook.audit.clock.now_micros", lambda at=at: at)
        ask(point, evaluation(official, VIEW, practice), token)
    flush(point)
    assert PrivilegeUse.objects.get().days == 3
    assert ClientUse.objects.get().last_on == DAY + timedelta(days=2)


def test_a_day_is_one_of_the_programs_zone() -> None:
    today, ends = day_of(micros(START.replace(hour=3)), ZONE)
    assert (today, ends) == (date(2026, 3, 1), micros(START.replace(hour=5)))


def test_what_waits_is_bounded_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(using, "MOST_WAITING", 3)
    uses = ProgramUses()
    for number in range(5):
        uses.add(str(number), VIEW, NOON, ZONE)
    taken, dropped = uses.take()
    assert ([who for who, _, _ in taken], dropped) == (["0", "1", "2"], 2)
    uses.add("5", VIEW, NOON, ZONE)
    uses.give_back(taken)
    kept, dropped = uses.take()
    assert (len(kept), dropped) == (3, 1)
    # What was dropped is not remembered as told.
    uses.add("4", VIEW, NOON, ZONE)
    assert len(uses.take()[0]) == 1


def test_what_is_remembered_is_bounded_and_nothing_is_lost_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(using, "MOST_SEEN", 2)
    uses = ProgramUses()
    for number in (0, 1, 2, 0):
        uses.add(str(number), VIEW, NOON, ZONE)
    assert sum(map(len, uses.seen.values())) <= 2
    assert [who for who, _, _ in uses.take()[0]] == ["0", "1", "2", "0"]


def test_an_orderly_end_writes_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []

    def keep(*told: object) -> None:
        written.append(told)

    for name in ("keep_uses", "keep_client_uses", "keep_span"):
        monkeypatch.setattr(using, name, keep)
    uses = Uses(3600.0)
    uses.of("qpp", ZONE).add("a", VIEW, NOON, ZONE)
    uses.start()
    uses.stop()
    assert ("qpp", [("a", VIEW, DAY)]) in written


def test_a_failing_write_does_not_end_the_thread(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = [threading.Event(), threading.Event()]

    def fail(_: object) -> None:
        next(event for event in failed if not event.is_set() or event is failed[-1]).set()
        raise OperationalError("away")

    monkeypatch.setattr(using, "keep_client_uses", fail)
    uses = Uses(0.01)
    uses.start()
    assert failed[-1].wait(30)
    uses.stop()
    assert "cannot write uses: away" in caplog.text


@pytest.mark.parametrize(("ends_after", "status"), [(timedelta(days=1), 401), (timedelta(days=2), 200)])
def test_a_token_is_refused_from_the_second_at_which_it_ends(
    point: DecisionPoint,
    official: Account,
    practice: Organization,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    ends_after: timedelta,
    status: int,
) -> None:
    monkeypatch.setattr("rolebook.audit.clock.now_micros", lambda: NOON)
    Client.objects.update(ends_at=START + ends_after)
    point.state.load()
    asked = json.dumps(evaluation(official, VIEW, practice)).encode()
    assert ask(point, asked, token).status == 200
    monkeypatch.setattr("rolebook.audit.clock.now_micros", lambda: NOON + 86_400_000_000)
    assert ask(point, asked, token).status == status


def test_a_client_may_get_reasons_without_asking_and_refuse_them(
    point: DecisionPoint, official: Account, practice: Organization, token: str
) -> None:
    Client.objects.update(reasons=True)
    point.state.load()
    one = evaluation(official, VIEW, practice)
    assert "reason" in ask(point, one, token).json["context"]
    assert ask(point, one | {"context": {"reasons": False}}, token).json == {"decision": True}
    many = ask(point, {"evaluations": [one]}, token, path="/qpp/access/v1/evaluations").json
    assert "reason" in many["evaluations"][0]["context"]
