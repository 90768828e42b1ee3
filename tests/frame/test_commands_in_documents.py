"""Each `rolebook` command that a document names exists, and takes what stands behind it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rolebook.cli.main import rolebook

CHECKOUT = Path(__file__).parents[2]
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
_FENCED = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"^ *(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(rolebook .+)$", re.MULTILINE)
_INLINE = re.compile(r"`(?:\.venv/bin/)?(rolebook\s[^`]+)`")
_ENDS = {"|", ">", "<", "&&", ";", "#"}


def named(text: str) -> Iterator[str]:
    """The commands of a page: those that are typed in its examples, and those within its sentences."""
    for example in _FENCED.findall(text):
        yield from _TYPED.findall(example.replace("\\\n", " "))
    for found in _INLINE.findall(_FENCED.sub("", text)):
        yield " ".join(found.split())


def wrong_with(typed: str) -> str | None:
    """What click would refuse of a command; what is left out in it (…) may be anything."""
    words = shlex.split(typed.replace("…", ""))[1:]
    words = words[: next((n for n, word in enumerate(words) if word in _ENDS), len(words))]
    command: click.Command = rolebook
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        below = command.get_command(click.Context(command), words[0])
        if below is None:
            return f"no command {words[0]!r}"
        command, words = below, words[1:]
    context = click.Context(command)
    try:
        _, left, _ = command.make_parser(context).parse_args(list(words))
    except click.BadOptionUsage:
        return None  # the option is there; a sentence may leave its value out
    except click.UsageError as refused:
        return refused.format_message()
    return f"it does not take {left}" if left else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_each_command_that_a_page_names_exists_and_takes_what_stands_behind_it(page: Path) -> None:
    wrong = {typed: said for typed in named(page.read_text(encoding="utf-8")) if (said := wrong_with(typed))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("rolebook users list --limit 5", None),
        ("rolebook audit export qpp > qpp.csv", None),
        ("rolebook chek qpp", "no command 'chek'"),
        ("rolebook users rename nora.new", "no command 'rename'"),
        ("rolebook users list --most 5", "No such option '--most'."),
        ("rolebook migrate now", "it does not take ['now']"),
    ],
)
def test_what_does_not_exist_is_found(typed: str, said: str | None) -> None:
    assert (wrong_with(typed) or "").partition(" Did you")[0] == (said or "")


def test_commands_are_found_in_examples_and_sentences() -> None:
    page = "Run `rolebook\nmigrate`:\n\n```console\n$ rolebook check qpp \\\n    --server x\nyes\n```\n"
    assert list(named(page)) == ["rolebook check qpp      --server x", "rolebook migrate"]
