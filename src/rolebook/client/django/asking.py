"""The client of the settings, and whom a request comes from."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.utils.module_loading import import_string

from rolebook.client.sync import Client

_NEEDED = ("URL", "PROGRAM", "TOKEN", "USER_ID")


@cache
def client() -> Client:
    """Return the client that the settings describe. Raises ImproperlyConfigured when they do not."""
    chosen = _chosen()
    try:
        return Client(chosen["URL"], chosen["PROGRAM"], chosen["TOKEN"], **chosen.get("OPTIONS", {}))
    except (TypeError, ValueError) as wrong:
        raise ImproperlyConfigured(f"ROLEBOOK_CLIENT: {wrong}") from None


def user_id_of(request: HttpRequest) -> str | None:
    """Return the public id of the account that a request comes from, by the function that the settings name."""
    return _user_id()(request)


@cache
def _user_id() -> Callable[[HttpRequest], str | None]:
    found: Callable[[HttpRequest], str | None] = import_string(_chosen()["USER_ID"])
    return found


def _chosen() -> Mapping[str, Any]:
    chosen: Mapping[str, Any] = getattr(settings, "ROLEBOOK_CLIENT", {})
    missing = [name for name in _NEEDED if not chosen.get(name)]
    if missing:
        raise ImproperlyConfigured(f"ROLEBOOK_CLIENT lacks {', '.join(missing)}; see rolebook.client.django")
    return chosen


def _forget(*, setting: str, **_: object) -> None:
    if setting == "ROLEBOOK_CLIENT":
        if client.cache_info().currsize:
            client().close()
        client.cache_clear()
        _user_id.cache_clear()


setting_changed.connect(_forget)
