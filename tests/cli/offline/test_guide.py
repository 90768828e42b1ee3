"""The guide's commands print what the guide says."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from rolebook.cli.main import rolebook

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "a-rolebook-in-five-minutes.md"
SHOWN = re.findall(r"```console\n\$ (rolebook .*)\n((?:.*\n)*?)```", GUIDE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_command_prints_what_the_guide_shows(command: str, output: str) -> None:
    assert CliRunner().invoke(rolebook, shlex.split(command)[1:]).stdout == output


def test_the_guide_shows_commands() -> None:
    assert len(SHOWN) >= 8
