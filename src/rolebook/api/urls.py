"""Addresses of the API, version 1."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.parser import Parser

from rolebook.api import acting, effects, reading  # noqa: F401 - each adds its addresses to the list
from rolebook.api.authenticating import BearerToken
from rolebook.api.documents import document_of
from rolebook.api.failures import tell_failures
from rolebook.api.problems import not_found
from rolebook.api.routes import router

_OPENAPI_CACHED = "public, max-age=300"


class _StrictParser(Parser):
    """Reads JSON as the standard has it: no NaN, no lone surrogates, nothing nested without end."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return what a body says."""
        return msgspec.json.decode(request.body)


api = NinjaAPI(
    title="Rolebook",
    version="1",
    description="The access of a program: who asked for what, who decides, and what was taken away.",
    docs_url=None,
    openapi_url=None,
    auth=BearerToken(),
    parser=_StrictParser(),
)
api.add_router("", router)
tell_failures(api)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Give the OpenAPI document: the same for everybody, with nothing of anybody."""
    answer = JsonResponse(document_of(api))
    answer["Cache-Control"] = _OPENAPI_CACHED
    return answer


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer 404 for every other address under /api/, whatever the method: none of them is a program's page."""
    return not_found().response()


def addresses() -> list[URLPattern]:
    """Return the addresses of the API. Whoever includes them opens them: they have credentials of their own."""
    found = [one for one in api.urls[0] if isinstance(one, URLPattern)]
    return [
        path("openapi.json", openapi, name="api-openapi"),
        *(one for one in found if one.name != "api-root"),
    ]
