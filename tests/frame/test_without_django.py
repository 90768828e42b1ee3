"""Policy and decision are a library: they and their tests need no Django."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def test_policy_and_decision_pass_their_tests_with_django_absent() -> None:
    plugins = [
        "-p",
        "tests.support.without_django",
        "-p",
        "no:django",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-q", "-m", "not slow", "tests/policy", "tests/decision"],
        cwd=CHECKOUT,
        env={**os.environ, "ROLEBOOK_HYPOTHESIS": "quick"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout


def test_the_library_answers_with_django_absent() -> None:
    program = (
        "import tests.support.without_django, sys\n"
        "from rolebook import load\n"
        "book = load('qpp')\n"
        "assert not any(name.partition('.')[0] == 'django' for name in sys.modules)\n"
        "print(callable(book.check))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.returncode) == ("True\n", 0), ran.stderr
