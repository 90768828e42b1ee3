"""What a command says whose file is refused: every place of it as text, or as JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, override

import click

from rolebook.policy.errors import RolebookError, expected_in


class NothingImported(click.ClickException):
    """A file that cannot be imported: all of its errors, and exit code 2.

    To a program that asked for JSON they are told on standard output, each with ``file``, ``line``, ``column``,
    ``message`` and ``expected``, in a table also ``cell`` and ``heading``; where nothing in the file is wrong but a
    rule forbids it, there are only messages.
    """

    exit_code = 2

    def __init__(self, said: str, errors: Sequence[RolebookError] = ()) -> None:
        super().__init__(said)
        self._errors = errors
        context = click.get_current_context(silent=True)
        self._as_json = context is not None and bool(context.params.get("as_json"))

    @override
    def show(self, file: Any = None) -> None:
        """Print what is wrong, for whoever asked."""
        if not self._as_json:
            super().show(file)
            return
        told = [{**error.told, "expected": expected_in(error.message)} for error in self._errors]
        click.echo(
            json.dumps({"imported": False, "errors": told or [{"message": self.message}]}, ensure_ascii=False)
        )


@contextmanager
def refusals() -> Iterator[None]:
    """Tell what is wrong with a file as the command's error."""
    from rolebook.accounts.queries import NoRolebook
    from rolebook.governance.refusals import Refused
    from rolebook.policy.errors import RolebookErrors
    from rolebook.policy.words import sentence

    try:
        yield
    except RolebookErrors as wrong:
        told = [f"{wrong.how_many}; nothing was imported", *map(str, wrong.first)]
        told += [f"and {wrong.others:,} more"] if wrong.others else []
        raise NothingImported("\n".join(told), wrong.first) from wrong
    except NoRolebook as missing:
        raise NothingImported(str(missing)) from missing
    except Refused as refusal:
        said = " ".join(sentence(one.code, **one.params) for one in refusal.violations)
        raise NothingImported(f"nothing was imported: {said}") from refusal
