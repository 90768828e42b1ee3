"""Views that ask before they answer."""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from rolebook.client.django.asking import client, user_id_of
from rolebook.client.errors import ClientError
from rolebook.client.words import Resource

_log = logging.getLogger("rolebook.client")

type View = Callable[..., Any]


def refusal_of(request: HttpRequest, privilege: str, resource: Resource | str) -> HttpResponse | None:
    """Return None when the request's user may do that; a 503 when there is no decision.

    Raises PermissionDenied for a no, and when nobody is signed in.
    """
    user_id = user_id_of(request)
    if not user_id:
        raise PermissionDenied
    try:
        decision = client().decide(user_id, privilege, resource)
    except ClientError:
        _log.exception("no decision about %s", privilege)
        return HttpResponse("Please try again in a moment.\n", status=503, headers={"Retry-After": "1"})
    if not decision:
        raise PermissionDenied
    return None


def permission_required(privilege: str, *, resource: Callable[..., Resource | str]) -> Callable[[View], View]:
    """Decorate a view, also one that is a coroutine: it answers those who have the privilege.

    ``resource`` is called with the request and what the address captured, and says what the request is about: a
    `Resource`, or the public id of an organization.
    """

    def decorate(view: View) -> View:
        if inspect.iscoroutinefunction(view):

            @functools.wraps(view)
            async def asking(request: HttpRequest, *args: Any, **captured: Any) -> HttpResponseBase:
                about = resource(request, *args, **captured)
                refusal = await sync_to_async(refusal_of)(request, privilege, about)
                return refusal or await view(request, *args, **captured)

            return asking

        @functools.wraps(view)
        def asks(request: HttpRequest, *args: Any, **captured: Any) -> HttpResponseBase:
            refusal = refusal_of(request, privilege, resource(request, *args, **captured))
            return refusal or view(request, *args, **captured)

        return asks

    return decorate


class PermissionRequiredMixin:
    """For views that are classes, as their first base: ``privilege``, and what `get_resource` says."""

    privilege = ""
    request: HttpRequest

    def get_resource(self) -> Resource | str:
        """Return what the request is about: a `Resource`, or the public id of an organization."""
        raise ImproperlyConfigured(f"{type(self).__name__} needs get_resource()")

    def dispatch(self, request: HttpRequest, *args: Any, **captured: Any) -> HttpResponseBase:
        """Answer when the user has the privilege."""
        if not self.privilege:
            raise ImproperlyConfigured(f"{type(self).__name__} needs a privilege")
        refusal = refusal_of(request, self.privilege, self.get_resource())
        if refusal is not None:
            return refusal
        answer: HttpResponseBase = super().dispatch(request, *args, **captured)  # type: ignore[misc]
        return answer
