"""`./run`: finds a Python by executing it, does nothing twice, says what is missing, and is documented."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SUBCOMMANDS = ["setup", "demo", "serve", "test", "bench", "acceptance", "screenshots", "lint", "lock", "help"]


def shell(script: str, root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of shell after the setup functions, with `root` as the checkout and a bare environment."""
    return subprocess.run(
        ["/bin/sh", "-euc", f". '{CHECKOUT}/scripts/setup.sh'\n{script}"],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "HOME": str(root), "ROOT": str(root), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def fake_program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_help_tells_every_subcommand() -> None:
    told = subprocess.run([CHECKOUT / "run", "help"], capture_output=True, text=True, check=True).stdout
    for name in SUBCOMMANDS:
        assert re.search(rf"^  {name}\b", told, re.MULTILINE), name


def test_every_subcommand_is_in_the_readme_or_the_contributing_guide() -> None:
    text = (CHECKOUT / "README.md").read_text() + (CHECKOUT / "CONTRIBUTING.md").read_text()
    cases = re.findall(r"^([a-z][a-z |]*[a-z])\)$", (CHECKOUT / "run").read_text(), re.MULTILINE)
    told = {name for case in cases for name in case.split(" | ")} | {"help"}
    assert told == set(SUBCOMMANDS)
    assert [name for name in SUBCOMMANDS if f"./run {name}" not in text] == []


def test_an_unknown_subcommand_fails_in_one_line() -> None:
    ran = subprocess.run([CHECKOUT / "run", "tets"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.endswith("run: no such command: 'tets'\n")


def test_a_candidate_that_exists_but_does_not_run_is_passed_over(tmp_path: Path) -> None:
    shims = tmp_path / "shims"
    fake_program(shims / "python3.14", "echo 'python3.14: command not found' >&2; exit 127")
    fake_program(shims / "python3.13", f"exec '{sys.executable}' \"$@\"")
    ran = shell("find_python", tmp_path, PATH=f"{shims}:/usr/bin:/bin")
    assert ran.stdout.strip() == str(shims / "python3.13")


def test_a_python_under_pyenv_is_found_when_none_is_on_the_path(tmp_path: Path) -> None:
    installed = tmp_path / ".pyenv" / "versions" / "3.12.99" / "bin" / "python3"
    fake_program(installed, f"exec '{sys.executable}' \"$@\"")
    ran = shell("python_candidates", tmp_path)
    assert str(installed) in ran.stdout.splitlines()


def test_without_a_python_one_line_says_what_to_do(tmp_path: Path) -> None:
    ran = shell("find_python() { :; }\nensure runtime", tmp_path)
    assert ran.returncode == 2
    assert re.fullmatch(r"run: no Python 3\.12 or newer found: .*\n", ran.stderr)


def test_a_step_is_done_again_only_when_its_files_change(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "rolebook-stamps").mkdir(parents=True)
    (tmp_path / "a.lock").write_text("one")
    step = "once step a.lock echo done\n"
    assert shell(f"{step}{step}printf two >a.lock\n{step}", tmp_path).stdout == "done\ndone\n"


def test_a_step_that_failed_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "rolebook-stamps").mkdir(parents=True)
    (tmp_path / "a.lock").write_text("one")
    assert shell("once step a.lock false", tmp_path).returncode == 1
    assert shell("once step a.lock echo done", tmp_path).stdout == "done\n"


CHECKS = f". '{CHECKOUT}/scripts/checks.sh'\n"


def test_a_missing_test_program_is_installed_by_root(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    fake_program(programs / "id", "echo 0")
    fake_program(programs / "apt-get", f'echo "$*" >>"{tmp_path}/asked"')
    ran = shell(f"{CHECKS}install_or_fail 'a browser' chromium", tmp_path, PATH=f"{programs}:/usr/bin:/bin")
    assert ran.stdout == "run: installing with apt-get: chromium\n"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["update", "install -y --no-install-recommends chromium"]


def test_a_missing_test_program_fails_in_one_line_for_everybody_else(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    fake_program(programs / "id", "echo 1000")
    ran = shell(f"{CHECKS}install_or_fail 'a browser' chromium", tmp_path, PATH=f"{programs}:/usr/bin:/bin")
    assert ran.returncode == 2
    assert ran.stderr == (
        "run: the tests need a browser: install it (Debian: apt-get install chromium), "
        "or use ./run test --quick\n"
    )


def test_every_failed_check_is_named_at_the_end_and_none_hides_another(tmp_path: Path) -> None:
    ran = shell(f"{CHECKS}check one false\ncheck two true\ncheck three false\nreport", tmp_path)
    assert ran.returncode == 2
    assert ran.stderr == "run: failed: one, three\n"


@pytest.mark.parametrize("script", ["run", "scripts/setup.sh", "scripts/checks.sh"])
def test_the_scripts_are_valid_posix_shell(script: str) -> None:
    subprocess.run(["/bin/sh", "-n", CHECKOUT / script], check=True)
    assert len((CHECKOUT / script).read_text().splitlines()) < 400


def test_ci_runs_the_tests_and_nothing_else() -> None:
    lines = [line for line in (CHECKOUT / ".ci" / "run").read_text().splitlines() if line]
    assert lines == ["#!/usr/bin/env bash", "set -eu", 'cd "$(dirname "$0")/.."', "exec ./run test"]
    assert os.access(CHECKOUT / ".ci" / "run", os.X_OK)
