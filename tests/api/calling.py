"""A person's program that calls the API with a token."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client

from rolebook.accounts.flows.clients import digest, new_token
from rolebook.accounts.personal_tokens import PREFIX
from rolebook.accounts.token_models import PersonalToken
from rolebook.audit import clock
from tests.support.people import Person
from tests.web.worlds import QPP

ROOT = "/api/v1"
IN_QPP = f"{ROOT}/{QPP}"
PROBLEM = "application/problem+json"


@dataclass
class Caller:
    """Calls with a token, or without one."""

    secret: str = ""

    def get(self, address: str, **headers: str) -> Any:
        """GET an address of the API."""
        return Client().get(address, headers=self._headers(headers))

    def head(self, address: str) -> Any:
        """Ask with HEAD what GET would answer."""
        return Client().head(address, headers=self._headers({}))

    def post(self, address: str, body: object = None, **headers: str) -> Any:
        """POST a body as JSON."""
        data = b"" if body is None else json.dumps(body).encode()
        return Client().post(
            address, data=data, content_type="application/json", headers=self._headers(headers)
        )

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.secret}", **named} if self.secret else named


def calling(person: Person, *, may_act: bool = True, program_id: str = QPP) -> Caller:
    """Let a person have a token, by a row alone: the flow that makes them has tests of its own."""
    secret, at = new_token(PREFIX), clock.now()
    PersonalToken.objects.create(
        account=person.account,
        program_id=program_id,
        name="Report",
        token_hash=digest(secret),
        prefix=secret[:12],
        may_act=may_act,
        created_at=at - timedelta(hours=1),
        ends_at=at + timedelta(days=30),
    )
    return Caller(secret)


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The problem document of an answer."""
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content[:500]
    document: dict[str, Any] = json.loads(answer.content)
    assert document["status"] == status
    assert document["type"].startswith("urn:rolebook:problem:")
    assert document["detail"]
    return document
