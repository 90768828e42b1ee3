"""The `rolebook` command: what it imports, what its help promises, how it fails."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import click
import pytest

from rolebook.cli import main as command_line
from rolebook.cli.registry import COMMANDS, Registered


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and, in a group, every command below it, with its full name."""
    for name, registered in COMMANDS.items():
        module_name, attribute = registered.target.split(":")
        command = getattr(importlib.import_module(module_name), attribute)
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", found) for below, found in command.commands.items())


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rolebook.cli.main", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_registered_command_exists_and_its_help_begins_as_the_list_says(name: str) -> None:
    command = dict(all_commands())[name]
    first_line = (command.help or "").strip().split("\n")[0]
    assert first_line.rstrip(".") == COMMANDS[name].summary.rstrip(".")


def test_every_command_shows_an_example_of_itself_in_its_help() -> None:
    without = [
        name
        for name, command in all_commands()
        if not isinstance(command, click.Group) and f"rolebook {name}" not in (command.help or "")
    ]
    assert without == []


def test_help_lists_every_command_and_imports_no_django() -> None:
    program = (
        "import sys\n"
        "from rolebook.cli.main import rolebook\n"
        "rolebook.main(['--help'], standalone_mode=False)\n"
        "imported = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(imported & {'django', 'pydantic', 'psycopg'}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.stdout.endswith("[]\n"), ran.stdout + ran.stderr
    for name in COMMANDS:
        assert re.search(rf"^  {re.escape(name)} ", ran.stdout, re.MULTILINE)


def test_offline_commands_import_no_django() -> None:
    targets = [r.target.split(":")[0] for r in COMMANDS.values() if ".offline." in r.target]
    program = (
        "import importlib, sys\n"
        f"for name in {targets!r}: importlib.import_module(name)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'django', 'allauth', 'psycopg'}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.stdout == "[]\n", ran.stderr


def test_wrong_use_leaves_with_2_and_says_what_was_wrong() -> None:
    ran = run("no-such-command")
    assert ran.returncode == 2
    assert "No such command 'no-such-command'" in ran.stderr


@click.command()
def broken() -> None:
    """Fail in a way nobody foresaw."""
    raise ZeroDivisionError("the detail")


@pytest.fixture
def broken_command() -> Iterator[None]:
    registered = {"broken": Registered(f"{__name__}:broken", "Fail in a way nobody foresaw")}
    with (
        mock.patch.object(command_line, "COMMANDS", registered),
        mock.patch.dict(sys.modules, {__name__: sys.modules[__name__]}),
        mock.patch.object(sys, "argv", ["rolebook", "broken"]),
    ):
        yield


@pytest.mark.usefixtures("broken_command")
def test_an_unforeseen_failure_is_one_line_with_a_reference(capsys: pytest.CaptureFixture[str]) -> None:
    with mock.patch.dict(os.environ, {"ROLEBOOK_DEBUG": "0"}), pytest.raises(SystemExit) as left:
        command_line.main()
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert re.fullmatch(r"sorry, .*\(reference [0-9a-f]{8}\).*\n", told)
    assert "the detail" not in told


@pytest.mark.usefixtures("broken_command")
def test_an_unforeseen_failure_shows_its_traceback_to_who_asks_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with mock.patch.dict(os.environ, {"ROLEBOOK_DEBUG": "1"}), pytest.raises(SystemExit):
        command_line.main()
    assert "ZeroDivisionError: the detail" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variable", "found", "said"),
    [
        ("ROLEBOOK_DATABASE", "sqlite:////nowhere/at/all/x.sqlite3", "the database cannot be used"),
        ("ROLEBOOK_DATABASE", "postgresql://a:secret@127.0.0.1:1/x", "the database cannot be used"),
        ("ROLEBOOK_DATABASE", "postgresql://a:secret@127.0.0.1:port/x", "ROLEBOOK_DATABASE: found"),
        ("ROLEBOOK_SITE_URL", "http://[::1", "ROLEBOOK_SITE_URL: found"),
        ("ROLEBOOK_SITE_URL", "http://example.org/below", "ROLEBOOK_SITE_URL: found"),
        ("ROLEBOOK_MAIL_FROM", "a@example.org\r\nBcc: b@example.org", "ROLEBOOK_MAIL_FROM: found"),
        ("ROLEBOOK_HOME", "/dev/null/x", "/dev/null/x: not a directory"),
        ("ROLEBOOK_HOSTS", ",", "run 'rolebook migrate' first"),
    ],
)
def test_what_an_operator_can_mend_is_said_in_one_line(
    tmp_path: Path, variable: str, found: str, said: str
) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith("ROLEBOOK_")}
    done = subprocess.run(
        [sys.executable, "-m", "rolebook.cli.main", "audit", "verify"],
        env={**others, "ROLEBOOK_HOME": str(tmp_path), variable: found},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
