"""Enforcement in front of any WSGI application."""

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from rolebook.client.errors import ClientError
from rolebook.client.sync import Client
from rolebook.client.words import Question

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger("rolebook.client")


class Enforced:
    """Passes a request on when the decision point says yes to its question; 403 when it says no, 503 when nothing.

    Args:
        application: what is behind it.
        client: whom to ask.
        question: what a request asks, or None where it needs no permission. Somebody who is not signed in is the
            user "", to whom every answer is no.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        client: Client,
        question: "Callable[[WSGIEnvironment], Question | None]",
    ) -> None:
        self._application, self._client, self._question = application, client, question

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        refusal = self._refusal(self._question(environ))
        if refusal is None:
            return self._application(environ, start_response)
        body = f"{refusal.phrase}\n".encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        if refusal is HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append(("Retry-After", "1"))
        start_response(f"{refusal.value} {refusal.phrase}", headers)
        return [body]

    def _refusal(self, question: Question | None) -> HTTPStatus | None:
        if question is None:
            return None
        try:
            decision = self._client.decide(
                question.user_id, question.privilege, question.resource, context=question.context
            )
        except ClientError:
            _log.exception("no decision about %s", question.privilege)
            return HTTPStatus.SERVICE_UNAVAILABLE
        return None if decision.allowed else HTTPStatus.FORBIDDEN
