"""The operator's guide: each command is run as it stands there, in its order, and prints what the guide says."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.processes import run
from tests.guides.operator import Typed, commands
from tests.guides.reading import GUIDES
from tests.support.databases import CommittedDatabase

pytestmark = pytest.mark.slow
GUIDE = (GUIDES / "for-operators.md").read_text(encoding="utf-8")
_WORDS = re.compile(r"the database is at the present version\s+already")


def test_each_command_of_the_operators_guide_prints_what_the_guide_says(
    committed_db: CommittedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support import people

    monkeypatch.chdir(tmp_path)
    ran = []
    for typed in commands():
        program, *arguments = shlex.split(typed.command)
        if program == "cat":
            Path(arguments[0]).write_text(typed.told)
            continue
        assert program == "rolebook"
        if arguments[0] == "designate":
            people.user_with_totp("Grace Holloway", "grace.holloway")
        printed = run(tmp_path, *arguments, ROLEBOOK_DATABASE=committed_db.address)
        if arguments[0] == "migrate":
            # The database of the tests is there already: it is what the guide says of a second time.
            assert _WORDS.search(GUIDE), "the guide tells what a second migration says"
            assert printed.stdout == "the database is at the present version already\n"
        else:
            assert typed.is_told_by(printed.stdout), f"{typed}\n{printed.stdout}\n{printed.stderr}"
        ran.append(arguments[0])
    assert {"migrate", "activate", "import", "check-setup", "designate", "mail-queue", "audit"} <= set(ran)


def test_what_the_guide_leaves_out_may_be_anything_and_the_rest_may_not() -> None:
    told = Typed("rolebook x", "… events read: nothing is wrong\nlast event: …\n")
    assert told.is_told_by("17 events read: nothing is wrong\nlast event: 17:ab\n")
    assert not told.is_told_by("17 events read: 1 finding\nlast event: 17:ab\n")
    assert not Typed("rolebook x", "0 waiting\n").is_told_by("0 waiting\n3 failed\n")
