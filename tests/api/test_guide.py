"""The guide's calls, made as it prints them against a server, are answered as it prints."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.urls import URLResolver

from rolebook.api.edge import LARGEST_BODY
from rolebook.governance.queries.paging import DEFAULT_LIMIT, MOST_ROWS
from rolebook.server.urls import urlpatterns
from tests.api.calling import calling
from tests.support.serving import served
from tests.web.worlds import make_world

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "api.md").read_text(encoding="utf-8")
CALLS = re.findall(r"^\$ (curl (?:.*\\\n)*.*)\n((?:(?!\$ |```).*\n)+)", GUIDE, re.MULTILINE)


def _with(ids: dict[str, str], text: str) -> str:
    """A text of the guide with the ids of this world."""
    for printed, real in ids.items():
        text = text.replace(printed, real)
    return text


def _said(command: str, environment: dict[str, str]) -> str:
    """What a command prints, the older HTTP of the tests' server apart."""
    ran = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    return ran.stdout.replace("\r", "").replace("HTTP/1.0", "HTTP/1.1")


@pytest.mark.requirement("QPP-05", "QPP-10")
@pytest.mark.usefixtures("committed_db")
def test_each_call_of_the_guide_is_answered_as_printed() -> None:
    world = make_world()
    stage, caller, sequence = world.stage, calling(world.maria), "31"
    ids = {
        "01a200c1-0000-7000-8000-0000000000a1": str(stage.public_id),
        "01a200c1-0000-7000-8000-0000000000f1": str(world.cedar.public_id),
        "01a200c1-0000-7000-8000-00000000000a": str(world.stella.account.public_id),
    }
    with served() as url:
        given = {**os.environ, "URL": url, "TOKEN": caller.secret, "HASH": stage.items_hash}
        for command, shown in CALLS:
            named = _with(ids, command).replace("effects/31", f"effects/{sequence}")
            said = _said(named, given)
            while '"status": "taking effect"' in said:
                said = _said(named, given)
            if found := re.search(r"/effects/(\d+)", said):
                sequence = found[1]
            said_so = shown.replace("effects/31", f"effects/{sequence}").replace(": 31,", f": {sequence},")
            pattern = ".*".join(re.escape(part) for part in _with(ids, said_so).strip().split("…"))
            assert re.fullmatch(pattern, said.strip(), re.DOTALL), (named, said)


def test_the_guide_names_every_address_and_bound() -> None:
    assert len(CALLS) == 6
    [version] = [one for one in urlpatterns if isinstance(one, URLResolver) and "api/v1/" in str(one.pattern)]
    addresses = {str(one.pattern) for one in version.url_patterns}
    told = {re.sub(r"<slug:program_id>/|<\w+:\w+>", "", address).strip("/") for address in addresses}
    missing = [
        address for address in told if not all(part in GUIDE for part in re.split(r"/+", address) if part)
    ]
    assert missing == []
    assert f"{LARGEST_BODY // 1024} KiB" in GUIDE
    assert f"`limit` is {DEFAULT_LIMIT}, and {MOST_ROWS} at most" in GUIDE
