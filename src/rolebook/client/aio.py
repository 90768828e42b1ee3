"""Asking a decision point from a loop of asyncio."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from rolebook.client import wire
from rolebook.client.errors import ClientError, Unavailable
from rolebook.client.exchange import Conversation, Failure, Patience, Send, converse
from rolebook.client.words import Decision, Question, Resource

_log = logging.getLogger("rolebook.client")


class AsyncClient:
    """Asks one program's decision point; the tasks of one loop may share it. Otherwise it is as `Client`.

    Args:
        gather: ask what the tasks of the loop ask in one turn of it with one call. That is fewer calls where one
            request of an application asks much at once; questions with ``reasons`` or ``at_least`` go alone.
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
        gather: bool = False,
    ) -> None:
        self._address = wire.Address(url, program_id, token, plain_http)
        self._patience = patience
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx2.AsyncClient(verify=verify if self._address.is_encrypted else False, limits=limits)
        self._gathers = gather
        self._gathered: list[tuple[Question, asyncio.Future[Decision]]] = []
        self._at_work: set[asyncio.Task[None]] = set()

    async def decide(
        self,
        user_id: str,
        privilege: str,
        resource: Resource | str,
        *,
        context: Mapping[str, Any] | None = None,
        reasons: bool = False,
        at_least: str | None = None,
    ) -> Decision:
        """Ask whether the user may do that to the resource; as `Client.decide`."""
        question = Question(user_id, privilege, resource, context or {})
        if self._gathers and not reasons and at_least is None:
            return await self._together(question)
        call = self._address.call("evaluation", question.as_json(reasons=reasons), at_least)
        reply = await self._reply(call)
        return wire.decision(wire.document(reply), reply.headers.get(wire.REVISION, ""))

    async def allows(self, user_id: str, privilege: str, resource: Resource | str, **more: Any) -> bool:
        """Return whether it is a yes. When there is no decision it is a no, and the log says why."""
        try:
            return (await self.decide(user_id, privilege, resource, **more)).allowed
        except Unavailable as none:
            _log.warning("refused %s to %s: %s", privilege, user_id, none)
            return False

    async def decide_many(
        self, questions: Sequence[Question], *, reasons: bool = False, at_least: str | None = None
    ) -> list[Decision]:
        """Ask many questions with as few calls as can be; as `Client.decide_many`."""
        found: list[Decision] = []
        for number, body in wire.portions(questions, reasons=reasons):
            call = self._address.call("evaluations", body, at_least)
            found += wire.decisions(await self._reply(call), number)
        return found

    def users_who_may(self, privilege: str, resource: Resource | str) -> AsyncIterator[str]:
        """Give the public ids of those who may do that to the resource, page by page."""
        return self._search(wire.subjects(privilege, resource), "id")

    def organizations_where(
        self, user_id: str, privilege: str, kind: str = "organization"
    ) -> AsyncIterator[str]:
        """Give the public ids of the organizations (of a kind) where the user may do that."""
        return self._search(wire.organizations(user_id, privilege, kind), "id")

    def privileges_of(self, user_id: str, resource: Resource | str) -> AsyncIterator[str]:
        """Give the ids of what the user may do to the resource."""
        return self._search(wire.privileges(user_id, resource), "name")

    async def close(self) -> None:
        """Close the connections, after what was asked has been answered."""
        await asyncio.gather(*self._at_work)
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _together(self, question: Question) -> Decision:
        """Ask with what else is asked before the loop comes round."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Decision] = loop.create_future()
        self._gathered.append((question, answer))
        if len(self._gathered) == 1:
            loop.call_soon(self._ask_gathered)
        return await answer

    def _ask_gathered(self) -> None:
        gathered, self._gathered = self._gathered, []
        task = asyncio.get_running_loop().create_task(self._answer(gathered))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _answer(self, gathered: list[tuple[Question, asyncio.Future[Decision]]]) -> None:
        waiting = [answer for _, answer in gathered]
        try:
            decisions = await self.decide_many([question for question, _ in gathered])
            for answer, decision in zip(waiting, decisions, strict=True):
                if not answer.done():
                    answer.set_result(decision)
        except ClientError as none:
            for answer in waiting:
                if not answer.done():
                    answer.set_exception(none)
        finally:
            # Whatever else ended this, nobody is left waiting.
            for answer in waiting:
                answer.cancel()

    async def _search(self, search: wire.Search, key: str) -> AsyncIterator[str]:
        endpoint, body = search
        while True:
            results, token = wire.page(await self._reply(self._address.call(endpoint, body)))
            for one in results:
                yield str(one[key])
            if not token:
                return
            body = body | {"page": {"token": token}}

    async def _reply(self, call: wire.Call) -> wire.Reply:
        return await _carry_out(converse(call, self._patience), self._send)

    async def _send(self, send: Send) -> wire.Reply | Failure:
        call = send.call
        try:
            async with asyncio.timeout(send.seconds):
                response = await self._http.post(
                    call.url, content=call.body, headers=dict(call.headers), timeout=send.seconds
                )
        except TimeoutError:
            return Failure("it took too long")
        except httpx2.TransportError as error:
            return Failure(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        return wire.Reply(response.status_code, response.headers, response.content)


async def _carry_out(
    conversation: Conversation, send: Callable[[Send], Awaitable[wire.Reply | Failure]]
) -> wire.Reply:
    step = next(conversation)
    while True:
        came: wire.Reply | Failure | None = None
        if isinstance(step, Send):
            came = await send(step)
        else:
            await asyncio.sleep(step.seconds)
        try:
            step = conversation.send(came)
        except StopIteration as end:
            reply: wire.Reply = end.value
            return reply
