"""Every command with --json prints JSON alone, and writes every instant as ISO 8601 with Z or its offset from UTC."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner

from rolebook.accounts.token_models import PersonalToken
from rolebook.audit import clock
from rolebook.cli.main import rolebook
from rolebook.governance.flows import record_sign_in
from rolebook.notices.bounce_models import Bounce
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.api.calling import calling
from tests.support import iqcs, people
from tests.support.rolebooks import in_force
from tests.web import opened_things
from tests.web.worlds import make_world

pytestmark = pytest.mark.django_db
_LIKE_AN_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]?\d\d:\d\d|\d\d:\d\d:\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_WORDS = frozenset({"sentences", "held_at"})
"""Members that are sentences for people, and one that is a place."""
RUNS = (
    ("users list", ""),
    ("users show", "stella"),
    ("users show", "iona"),
    ("users deactivate", "uma --reason r"),
    ("users reopen", "uma --reason r"),
    ("users close", "uma --program qpp --reason r"),
    ("users merge", "nora uma2 --reason r --dry-run"),
    ("users reset-second-factor", "uma"),
    ("requests list", "qpp"),
    ("requests away", "qpp --user owen --first {today} --last {today}"),
    ("requests absences", "qpp"),
    ("requests back", "qpp --user owen"),
    ("grants list", "qpp --all"),
    ("grants record-employer", "iqcs --user iona --organization FWS-R6"),
    ("grants give-access", "iqcs --user iona --organization FWS-R6"),
    ("access as-of", "qpp {today}"),
    ("access as-of", "iqcs {today_there}"),
    ("access who-could", "qpp submit_performance_data 52-1830045 {today}"),
    ("clients add", "qpp Reports --until 2099-01-01"),
    ("clients list", "qpp"),
    ("tokens list", "stella"),
    ("tokens revoke", "{token}"),
    ("organizations list", "qpp --state all"),
    ("organizations close", "qpp 11-2223334 --reason r"),
    ("organizations list", "qpp --state closed"),
    ("organizations reopen", "qpp 11-2223334 --reason r"),
    ("organizations move", "iqcs FWS-R6-BNR --to FWS --dry-run"),
    ("reviews list", "qpp"),
    ("reviews show", "qpp {campaign}"),
    (
        "reviews report",
        "qpp {campaign} --organization 52-1830045 --format json --output {folder}/report.json",
    ),
    ("reviews close", "qpp {campaign} --yes"),
    ("reviews open", "qpp yearly_review --dry-run"),
    ("inactivity show", "iqcs"),
    ("inactivity run", "iqcs"),
    ("bounces list", ""),
    ("mail-queue", ""),
    ("audit verify", ""),
    ("audit export", "qpp"),
    ("designate", "qpp --role steward --user owen --until 2099-01-01"),
    ("end-designation", "qpp --role security-official --user maria --organization 52-1830045"),
    ("activate", "qpp"),
    ("check-setup", ""),
    ("secret-key status", ""),
    ("check", "iqies --holds 'State Agency General User@OH' --privilege 'Edit IDR' --at TX"),
    ("roles", "qpp"),
    ("privileges", "qpp"),
    ("which-role", "iqies --need 'Edit IDR'"),
    ("who-can", "iqies --privilege 'Edit IDR'"),
    ("lint", "qpp"),
    ("test", "qpp"),
)
"""Commands with what they are asked, in an order in which each finds something."""
ELSEWHERE = {
    "import accounts": "test_importing_commands",
    "import grants": "test_importing_commands",
    "import organizations": "test_importing_commands",
    "import responders": "test_importing_commands",
    "diff": "two rolebooks, no instants",
    "send-test-mail": "no instants; test_sending",
    "bounces fetch": "no instants; test_bounce_mailbox",
    "bounces read": "no instants; test_bounces",
    "clients revoke": "prints what clients list prints",
    "inactivity go-on": "numbers alone",
    "secret-key re-encrypt": "numbers alone",
    "users unlink-identities": "names alone; test_people_commands",
}
"""Commands with --json that are not run here, with why, or where."""


def with_json(group: click.Group, name: str = "") -> Iterator[str]:
    """The names of all commands that have --json."""
    context = click.Context(group)
    for one in group.list_commands(context):
        command, whole = group.get_command(context, one), f"{name} {one}".strip()
        if isinstance(command, click.Group):
            yield from with_json(command, whole)
        elif command is not None and any("--json" in option.opts for option in command.params):
            yield whole


def wrong_instants(value: object, path: str = "") -> Iterator[str]:
    """Where a document has an instant that is none of ISO 8601 with an offset."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name in _WORDS:
                continue
            if str(name).endswith("_at") and not (one is None or _INSTANT.fullmatch(str(one))):
                yield f"{path}.{name}: {one!r}"
            else:
                yield from wrong_instants(one, f"{path}.{name}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from wrong_instants(one, f"{path}[{number}]")
    elif isinstance(value, str) and _LIKE_AN_INSTANT.search(value) and not _INSTANT.fullmatch(value):
        yield f"{path}: {value!r}"


def documents(printed: str) -> list[object]:
    """What a command printed: one document, or a line each where it streams."""
    try:
        return [json.loads(printed)]
    except ValueError:
        return [json.loads(line) for line in printed.splitlines()]


@pytest.fixture
def filled(db: None, tmp_path: Path) -> dict[str, str]:
    """Two programs in which everything that has a date has happened; what the runs name."""
    world = make_world()
    iqcs.begin(world.start)
    iona = people.user_with_totp("Iona Iqcs", "iona", world.start)
    record_sign_in(acting_user=iona.account, program_id="iqcs", at=world.start, origin=people.WEB)
    people.user_with_totp("Uma Underwood", "uma2", world.start)
    opened_things.an_absence(world)
    derive_notices(now=clock.now())
    mail = Notice.objects.filter(recipient=world.stella.account).first()
    assert mail is not None
    Bounce.objects.create(
        notice=mail, account=world.stella.account, kind="hard", status="5.1.1", received_at=clock.now()
    )
    campaign = opened_things.a_review()
    days = {
        name: f"{clock.now().astimezone(ZoneInfo(in_force(program, clock.now()).program.zone)):%Y-%m-%d}"
        for name, program in (("today", "qpp"), ("today_there", "iqcs"))
    }
    calling(world.stella)
    token = PersonalToken.objects.get().public_id
    return {
        "campaign": str(campaign.public_id),
        **days,
        "folder": str(tmp_path),
        "token": str(token),
    }


def test_every_command_that_prints_json_writes_instants_with_their_offset(filled: dict[str, str]) -> None:
    said: dict[str, list[str]] = {}
    instants = 0
    for name, asked in RUNS:
        arguments = [*name.split(), *shlex.split(asked.format(**filled)), "--json"]
        done = CliRunner().invoke(rolebook, arguments, standalone_mode=False)
        assert done.exception is None, f"{name}: {done.exception!r} {done.output}"
        found = documents(done.stdout)
        instants += len(_INSTANT.findall(done.stdout))
        if wrong := list(wrong_instants(found)):
            said[f"{name} {asked}"] = wrong
    assert said == {}
    assert instants > 60


def test_every_command_with_json_is_run_here_or_says_where() -> None:
    assert set(with_json(rolebook)) == {name for name, _ in RUNS} | set(ELSEWHERE)


@pytest.mark.parametrize(
    "wrong", ["2026-11-22 09:30:00+00:00", "2026-11-22T09:30:00", "22 Nov 2026, 09:30:00"]
)
def test_an_instant_without_its_t_or_offset_is_found(wrong: str) -> None:
    assert list(wrong_instants({"rows": [{"signed_in": wrong}]})) == [f".rows[0].signed_in: {wrong!r}"]
