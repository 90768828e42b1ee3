"""The command line, called in this process."""

import pytest
from click.testing import CliRunner

from rolebook.cli.main import rolebook
from tests.cli.offline import Run


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(rolebook, arguments)
