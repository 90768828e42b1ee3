"""Ask a decision point as an application does, but without a network: WSGI calls and their answers."""

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rolebook.accounts.flows.clients import USUAL_OPERATIONS, add_client
from rolebook.accounts.models import Account, Organization
from rolebook.audit.following import LogFollower
from rolebook.audit.recording import Origin
from rolebook.authzen.wsgi import DecisionPoint
from tests.support.people import START

OPERATOR = Origin("command")
VIEW = "view_performance_data"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def token_for(
    program_id: str = "qpp",
    name: str = "Portal",
    at: datetime = START,
    operations: tuple[str, ...] = USUAL_OPERATIONS,
) -> str:
    """A token of a new client."""
    return add_client(
        acting_user=None, program_id=program_id, name=name, operations=operations, at=at, origin=OPERATOR
    ).token


def pages(environ: Any, start_response: Any) -> list[bytes]:
    """Stand in for Django behind the decision point."""
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"pages"]


def decision_point(*, step: bool = True, lease: float = 30.0) -> DecisionPoint:
    """A decision point whose follower is stepped by the test instead of running in a thread."""
    point = DecisionPoint(
        pages, site_url="https://access.example.org", lease_seconds=lease, secret_key="s" * 40
    )
    point._process_id = os.getpid()
    point.follower = LogFollower(point.state, kind="test", name="here", lease_seconds=lease)
    point.follower._was_fresh.set()
    if step:
        catch_up(point)
    return point


def catch_up(point: DecisionPoint) -> None:
    """Let the decision point's follower do all that there is to do."""
    assert point.follower is not None
    while point.follower.step():
        pass


def evaluation(
    account: Account | str, action: str, organization: Organization | str | None, **more: Any
) -> dict[str, Any]:
    """The JSON of an evaluation."""
    subject_id = account if isinstance(account, str) else str(account.public_id)
    place = organization if isinstance(organization, str | None) else str(organization.public_id)
    return {
        "subject": {"type": "user", "id": subject_id},
        "action": {"name": action},
        "resource": {"type": "organization", "id": place} if place else {"type": "record", "id": "r"},
        **more,
    }


def ask(
    point: DecisionPoint,
    body: Any,
    token: str | None,
    *,
    path: str = "/qpp/access/v1/evaluation",
    method: str = "POST",
    content_type: str = "application/json",
    **variables: Any,
) -> Answer:
    """Send one request and return the answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": io.BytesIO(raw),
        **({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}),
        **variables,
    }
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        told.append((status, headers))
        return lambda _: None

    parts = point(environ, start_response)
    status, headers = told[0]
    return Answer(int(status[:3]), dict(headers), b"".join(parts))
