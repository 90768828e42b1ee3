"""Enforcement in FastAPI (as a dependency) and in Starlette (called in an endpoint)."""

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request

from rolebook.client.aio import AsyncClient
from rolebook.client.errors import ClientError
from rolebook.client.words import Decision, Resource

_log = logging.getLogger("rolebook.client")

type Found[T] = Callable[[Request], T | Awaitable[T]]
"""What is read from a request, at once or by waiting."""


class Requires:
    """Lets a request pass when its user has a privilege for its resource, and gives the decision.

    In FastAPI ``Depends(Requires(…))``; in Starlette ``await requires(request)``. Raises HTTPException: 401 without a
    user, 403 for a no, 503 when there is no decision.

    Args:
        privilege: its id in the rolebook.
        client: whom to ask.
        user: the public id of the account of a request, or None.
        resource: what the request is about: a `Resource`, or the public id of an organization.
    """

    def __init__(
        self,
        privilege: str,
        *,
        client: AsyncClient,
        user: Found[str | None],
        resource: Found[Resource | str],
    ) -> None:
        self._privilege, self._client, self._user, self._resource = privilege, client, user, resource

    async def __call__(self, request: Request) -> Decision:
        """Ask, and give the yes."""
        user_id = await _found(self._user, request)
        if not user_id:
            raise HTTPException(401, "sign in first")
        resource: Resource | str = await _found(self._resource, request)
        try:
            decision = await self._client.decide(user_id, self._privilege, resource)
        except ClientError:
            _log.exception("no decision about %s", self._privilege)
            raise HTTPException(503, "try again in a moment", {"Retry-After": "1"}) from None
        if not decision:
            raise HTTPException(403, f"this needs the permission {self._privilege}")
        return decision


async def _found[T](find: Found[T], request: Request) -> T:
    found = find(request)
    return cast(T, await found if inspect.isawaitable(found) else found)
