"""How the tests here run a command."""

from collections.abc import Callable

from click.testing import Result

type Run = Callable[..., Result]
