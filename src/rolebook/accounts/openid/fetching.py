"""Ask an identity provider over HTTP: bounded in time and size, never redirected, TLS except on this machine."""

import json
import ssl
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from rolebook.accounts.identity_providers import is_secure_address

SECONDS = 5.0
"""How long each answer is waited for, and how long the whole of it may take to come."""
_MOST_BYTES = 512 * 1024
_PIECE = 16 * 1024


class ProviderDown(Exception):
    """The provider could not be asked, or answered with something that is no answer; the message says what."""


class ProviderRefused(Exception):
    """The provider's token endpoint answered with an error (RFC 6749, section 5.2); the message is its code."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow none: it would send the client's secret elsewhere."""


def get_document(address: str) -> dict[str, Any]:
    """Return the JSON object at an address of a provider. Raises ProviderDown."""
    status, document = _ask(urllib.request.Request(address, headers={"Accept": "application/json"}))  # noqa: S310
    if status != 200:
        raise ProviderDown(f"{_shown(address)} answered {status}")
    return document


def post_form(address: str, fields: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
    """Return the JSON object that an endpoint answers a form with. Raises ProviderDown, ProviderRefused."""
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked below
        address,
        data=urlencode(fields).encode(),
        headers={
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            **headers,
        },
    )
    status, document = _ask(request)
    if status in (400, 401, 403):
        raise ProviderRefused(error_code(document.get("error")))
    if status != 200:
        raise ProviderDown(f"{_shown(address)} answered {status}")
    return document


def error_code(value: object) -> str:
    """Return an error code of a provider if it looks like one (RFC 6749, section 4.1.2.1), else "unknown"."""
    if isinstance(value, str) and value.isascii() and len(value) <= 60 and value.replace("_", "").isalpha():
        return value
    return "unknown"


def _ask(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    address = request.full_url
    if not is_secure_address(address):
        raise ProviderDown(f"{_shown(address)} is not an https address")
    handlers: list[urllib.request.BaseHandler] = [
        _NoRedirects(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ]
    if urlsplit(address).scheme == "http":  # on this machine: no proxy of the environment stands in between
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS) as answer:
            return answer.status, _object(_read(answer), address)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, _object_or_nothing(refusal)
    except (OSError, HTTPException, ValueError) as failure:
        raise ProviderDown(f"{_shown(address)}: {failure}") from failure


def _read(answer: Any) -> bytes:
    """Return a body of bounded size that came in bounded time, however slowly its pieces came."""
    until = time.monotonic() + SECONDS
    body = bytearray()
    while piece := answer.read1(_PIECE):
        body += piece
        if len(body) > _MOST_BYTES:
            raise ValueError("the answer is too long")
        if time.monotonic() > until:
            raise ValueError("the answer took too long")
    return bytes(body)


def _object(body: bytes, address: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise ProviderDown(f"{_shown(address)} answered with no JSON") from wrong
    if not isinstance(document, dict):
        raise ProviderDown(f"{_shown(address)} answered with no JSON object")
    return document


def _object_or_nothing(refusal: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        return _object(_read(refusal), "")
    except (OSError, HTTPException, ValueError, ProviderDown):
        return {}


def _shown(address: str) -> str:
    """Return an address for a log, without its query."""
    return repr(address.split("?", 1)[0][:200])
