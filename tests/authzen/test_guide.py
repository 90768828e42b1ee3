"""The guide's questions, asked as it shows them, get the answers that it shows."""

import json
import re
import shlex
from pathlib import Path

import pytest

from rolebook.accounts.flows.clients import OPERATIONS
from rolebook.authzen.answering import LARGEST_BATCH, LARGEST_BODY
from rolebook.authzen.evaluations import MOST_EVALUATIONS, STOP_AFTER
from rolebook.authzen.metadata import ENDPOINTS
from rolebook.authzen.paging import DEFAULT_RESULTS, MOST_RESULTS
from rolebook.authzen.searching import MOST_ASKED
from tests.authzen.asking import ask, decision_point, token_for
from tests.support import grants, people

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "decision-point.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\$ (curl (?:.*\n)*?.*')\n(\{.*\})$", GUIDE, re.MULTILINE)
ADDRESS = "http://127.0.0.1:8000"
USER = "01a200c1-0000-7000-8000-00000000000a"
PLACES = ("01a200c1-0000-7000-8000-0000000000f1", "01a200c1-0000-7000-8000-0000000000f2")


@pytest.mark.django_db
@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command.split()[2] for command, _ in SHOWN])
def test_the_question_gets_the_answer_that_the_guide_shows(qpp: str, command: str, shown: str) -> None:
    practice, other = people.practice(), people.practice("Elsewhere Clinic")
    ids = {
        USER: grants.official(practice).public_id,
        PLACES[0]: practice.public_id,
        PLACES[1]: other.public_id,
    }
    for example, real in ids.items():
        command, shown = command.replace(example, str(real)), shown.replace(example, str(real))
    _, _, url, _, bearer, _, content_type, _, body = shlex.split(command)
    assert (bearer, content_type) == ("Authorization: Bearer $TOKEN", "Content-Type: application/json")
    token = token_for(operations=OPERATIONS)
    answer = ask(decision_point(), body.encode(), token, path=url.removeprefix(ADDRESS))
    said = answer.json
    if said.get("page", {}).get("next_token"):
        said["page"]["next_token"] = "…"
    assert json.dumps(said, separators=(",", ":"), ensure_ascii=False) == shown


def test_the_guide_shows_every_endpoint_and_names_every_bound() -> None:
    shown = {command.split()[2].removeprefix(f"{ADDRESS}/qpp/access/v1/") for command, _ in SHOWN}
    assert shown == set(ENDPOINTS.values())
    bounds = (MOST_EVALUATIONS, DEFAULT_RESULTS, MOST_RESULTS, MOST_ASKED)
    named = [
        *(f"{bound:,}" for bound in bounds),
        *(f"{size // 1024} KiB" for size in (LARGEST_BODY, LARGEST_BATCH)),
        *(f"`{semantic}`" for semantic in STOP_AFTER),
    ]
    assert [name for name in named if name not in GUIDE] == []
