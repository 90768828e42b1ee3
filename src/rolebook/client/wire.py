"""Calls and replies as they go over the wire, and what a reply means."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from rolebook.client.errors import Rejected, Unavailable
from rolebook.client.words import Decision, Question, Resource

MOST_AT_ONCE = 1000
"""Questions in one call; a decision point refuses more."""
LARGEST_BATCH = 500_000
"""Bytes of the questions of one call, somewhat fewer than a decision point takes."""
REVISION = "x-rolebook-revision"
_AT_LEAST = "X-Rolebook-At-Least"
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Call:
    """One request: where to, its body and its headers."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One response. The names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Address:
    """Where a program's decision point is, and the token that it asks for.

    Raises ValueError for an address that is not http or https, or that would carry the token in the clear over a
    network: ``plain_http`` allows the latter, where something else encrypts.
    """

    url: str
    program_id: str
    token: str = field(repr=False)
    plain_http: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(
                f"found the address {self.url!r}, expected one such as https://access.example.org"
            )
        if parts.scheme == "http" and not self.plain_http and not _is_this_machine(parts.hostname):
            raise ValueError(
                f"{self.url!r} would carry the token in the clear: use https, or say plain_http=True where "
                "something else encrypts"
            )
        if not self.token or not self.token.isascii() or any(one.isspace() for one in self.token):
            raise ValueError("found no token, expected the one that `rolebook clients add` printed")

    @property
    def is_encrypted(self) -> bool:
        """Whether it is https; otherwise nothing needs the system's certificates."""
        return self.url.startswith("https:")

    def call(self, endpoint: str, document: Mapping[str, Any], at_least: str | None = None) -> Call:
        """Return the call of an endpoint, such as ``evaluation``."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if at_least:
            headers[_AT_LEAST] = at_least
        body = json.dumps(document, separators=(",", ":")).encode()
        return Call(f"{self.url.rstrip('/')}/{quote(self.program_id)}/access/v1/{endpoint}", body, headers)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def portions(questions: Sequence[Question], *, reasons: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the bodies that ask all the questions, each with how many it asks: as many as a decision point takes."""
    items: list[dict[str, Any]] = []
    size = 0
    for question in questions:
        item = question.as_json(reasons=reasons)
        length = len(json.dumps(item))
        if items and (len(items) == MOST_AT_ONCE or size + length > LARGEST_BATCH):
            yield len(items), {"evaluations": items}
            items, size = [], 0
        items.append(item)
        size += length
    if items:
        yield len(items), {"evaluations": items}


type Search = tuple[str, dict[str, Any]]
"""The endpoint of a search, and its body."""


def subjects(privilege: str, resource: Resource | str) -> Search:
    """Return the search for those who may do that to the resource."""
    return "search/subject", Question("", privilege, resource).as_json() | {"subject": {"type": "user"}}


def organizations(user_id: str, privilege: str, kind: str) -> Search:
    """Return the search for the organizations of a kind where the user may do that."""
    return "search/resource", Question(user_id, privilege, "").as_json() | {"resource": {"type": kind}}


def privileges(user_id: str, resource: Resource | str) -> Search:
    """Return the search for what the user may do to the resource."""
    body = Question(user_id, "", resource).as_json()
    del body["action"]
    return "search/action", body


def document(reply: Reply) -> dict[str, Any]:
    """Return the JSON object of a reply. Raises Rejected for 4xx, and Unavailable for whatever else is none."""
    if 400 <= reply.status < 500:
        raise Rejected(reply.status, _message(reply))
    if reply.status != 200:
        raise Unavailable(f"the decision point answered {reply.status}: {_message(reply)}")
    try:
        found = json.loads(reply.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable("what answered is no decision point: found no JSON object")
    return found


def decision(found: object, revision: str) -> Decision:
    """Return the decision of a JSON value. Only ``true`` is a yes; raises Unavailable where there is no yes or no."""
    allowed = found.get("decision") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(allowed, bool):
        raise Unavailable("what answered is no decision point: found no decision")
    context = found.get("context")
    return Decision(allowed, context if isinstance(context, dict) else {}, revision)


def decisions(reply: Reply, number: int) -> list[Decision]:
    """Return the decisions about so many questions, in their order."""
    found = document(reply).get("evaluations")
    if not isinstance(found, list) or len(found) != number:
        raise Unavailable(f"what answered is no decision point: expected {number} decisions")
    return [decision(one, reply.headers.get(REVISION, "")) for one in found]


def page(reply: Reply) -> tuple[list[dict[str, Any]], str]:
    """Return the results of one page of a search, and the token of the next one, "" at the end."""
    found = document(reply)
    results, paging = found.get("results"), found.get("page")
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise Unavailable("what answered is no decision point: found no results")
    token = paging.get("next_token", "") if isinstance(paging, dict) else ""
    return results, token if isinstance(token, str) else ""


def _message(reply: Reply) -> str:
    """What the decision point said of an error: a JSON string, or nothing that is read further."""
    try:
        said = json.loads(reply.body)
    except ValueError:
        said = None
    return said[:_LONGEST_MESSAGE] if isinstance(said, str) else "without a message"
