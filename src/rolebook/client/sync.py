"""Asking a decision point from threads."""

import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from rolebook.client import wire
from rolebook.client.errors import Unavailable
from rolebook.client.exchange import Conversation, Failure, Patience, Send, converse
from rolebook.client.words import Decision, Question, Resource

_log = logging.getLogger("rolebook.client")


class Client:
    """Asks one program's decision point; threads may share it, and processes that fork.

    Connections are kept and used again. Redirects are not followed, since they would carry the token elsewhere.

    Args:
        url: where the decision point is, such as ``https://access.example.org``.
        program_id: such as ``qpp``.
        token: what ``rolebook clients add`` printed.
        patience: how long to wait and how often to ask.
        verify: a TLS context, where the system's certificates are not the ones to trust.
        connections: how many may be open at once.
        plain_http: allow http to another machine; see `wire.Address`.

    Raises ValueError for an address or a token that cannot be right.
    """

    def __init__(
        self,
        url: str,
        program_id: str,
        token: str,
        *,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        verify: ssl.SSLContext | bool = True,
        connections: int = 32,
        plain_http: bool = False,
    ) -> None:
        self._address = wire.Address(url, program_id, token, plain_http)
        self._patience = patience
        self._verify = verify if self._address.is_encrypted else False
        self._limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._lock = threading.Lock()
        self._http: httpx2.Client | None = None
        self._process_id = 0

    def decide(
        self,
        user_id: str,
        privilege: str,
        resource: Resource | str,
        *,
        context: Mapping[str, Any] | None = None,
        reasons: bool = False,
        at_least: str | None = None,
    ) -> Decision:
        """Ask whether the user may do that to the resource (see `Question`), and return the decision.

        ``at_least``, the revision of an earlier decision, asks for an answer that is no older.
        Raises Unavailable when there is no decision, and Rejected for a question that cannot be asked so.
        """
        body = Question(user_id, privilege, resource, context or {}).as_json(reasons=reasons)
        reply = self._reply(self._address.call("evaluation", body, at_least))
        return wire.decision(wire.document(reply), reply.headers.get(wire.REVISION, ""))

    def allows(self, user_id: str, privilege: str, resource: Resource | str, **more: Any) -> bool:
        """Return whether it is a yes. When there is no decision it is a no, and the log says why."""
        try:
            return self.decide(user_id, privilege, resource, **more).allowed
        except Unavailable as none:
            _log.warning("refused %s to %s: %s", privilege, user_id, none)
            return False

    def decide_many(
        self, questions: Sequence[Question], *, reasons: bool = False, at_least: str | None = None
    ) -> list[Decision]:
        """Ask many questions with as few calls as can be, and return their decisions in the same order.

        Each call (of up to 1,000) is answered at one revision. Raises as `decide` does, for all of them.
        """
        found: list[Decision] = []
        for number, body in wire.portions(questions, reasons=reasons):
            call = self._address.call("evaluations", body, at_least)
            found += wire.decisions(self._reply(call), number)
        return found

    def users_who_may(self, privilege: str, resource: Resource | str) -> Iterator[str]:
        """Give the public ids of those who may do that to the resource, page by page. Raises as `decide` does."""
        return (str(one["id"]) for one in self._search(wire.subjects(privilege, resource)))

    def organizations_where(self, user_id: str, privilege: str, kind: str = "organization") -> Iterator[str]:
        """Give the public ids of the organizations (of a kind) where the user may do that. Raises as `decide`."""
        return (str(one["id"]) for one in self._search(wire.organizations(user_id, privilege, kind)))

    def privileges_of(self, user_id: str, resource: Resource | str) -> Iterator[str]:
        """Give the ids of what the user may do to the resource. Raises as `decide` does."""
        return (str(one["name"]) for one in self._search(wire.privileges(user_id, resource)))

    def close(self) -> None:
        """Close the connections; the next question opens new ones."""
        with self._lock:
            if self._http is not None and self._process_id == os.getpid():
                self._http.close()
            self._http = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _search(self, search: wire.Search) -> Iterator[dict[str, Any]]:
        endpoint, body = search
        while True:
            results, token = wire.page(self._reply(self._address.call(endpoint, body)))
            yield from results
            if not token:
                return
            body = body | {"page": {"token": token}}

    def _reply(self, call: wire.Call) -> wire.Reply:
        return _carry_out(converse(call, self._patience), self._send)

    def _send(self, send: Send) -> wire.Reply | Failure:
        call = send.call
        try:
            response = self._connected().post(
                call.url, content=call.body, headers=dict(call.headers), timeout=send.seconds
            )
        except httpx2.TransportError as error:
            return Failure(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        return wire.Reply(response.status_code, response.headers, response.content)

    def _connected(self) -> httpx2.Client:
        """The connections of this process: a child must not speak on its parent's."""
        with self._lock:
            if self._http is None or self._process_id != os.getpid():
                self._http = httpx2.Client(verify=self._verify, limits=self._limits)
                self._process_id = os.getpid()
            return self._http


def _carry_out(conversation: Conversation, send: Callable[[Send], wire.Reply | Failure]) -> wire.Reply:
    step = next(conversation)
    while True:
        came: wire.Reply | Failure | None = None
        if isinstance(step, Send):
            came = send(step)
        else:
            time.sleep(step.seconds)
        try:
            step = conversation.send(came)
        except StopIteration as end:
            reply: wire.Reply = end.value
            return reply
