"""What a provider publishes of itself: its endpoints and its keys, fetched when needed and kept for a while."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from rolebook.accounts.identity_providers import ClientAuthentication, IdentityProvider, is_secure_address
from rolebook.accounts.openid.fetching import ProviderDown, get_document

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""What a token may be signed with: public keys only, never `none` or a shared secret (RFC 8725, section 3.1)."""
_KEPT_SECONDS = 3600.0
_DOWN_SECONDS = 10.0
_KEYS_AGAIN_SECONDS = 60.0
"""A key that is not known may be new: the keys are fetched again, and no oftener than this."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself (OpenID Connect Discovery 1.0, section 3).

    Attributes:
        authorization_endpoint: where people are sent.
        token_endpoint: where a code is exchanged.
        keys_address: where its keys are.
        client_authentication: how a client sends its secret.
        names_issuer: whether its answers carry `iss` (RFC 9207).
    """

    authorization_endpoint: str
    token_endpoint: str
    keys_address: str
    client_authentication: ClientAuthentication
    names_issuer: bool


class _Kept[Kind]:
    """The newest thing fetched for each provider; threads that come for one at the same moment may each fetch it.

    That a provider is down is remembered for a moment too, so that not everybody who comes waits for it.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Kind]] = {}
        self._down: dict[str, tuple[float, ProviderDown]] = {}
        self._lock = threading.Lock()

    def get(self, issuer: str, fetch: Callable[[], Kind], younger_than: float = _KEPT_SECONDS) -> Kind:
        with self._lock:
            found, down = self._kept.get(issuer), self._down.get(issuer)
        now = time.monotonic()
        if found is not None and now - found[0] < younger_than:
            return found[1]
        if down is not None and now - down[0] < _DOWN_SECONDS:
            raise ProviderDown(str(down[1]))
        try:
            fetched = fetch()
        except ProviderDown as failure:
            with self._lock:
                self._down[issuer] = (time.monotonic(), failure)
            raise
        with self._lock:
            self._kept[issuer] = (now, fetched)
        return fetched

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._down.clear()


_metadata: _Kept[Metadata] = _Kept()
_keys: _Kept[tuple[dict[str, Any], ...]] = _Kept()


def metadata_of(provider: IdentityProvider) -> Metadata:
    """Return a provider's metadata. Raises ProviderDown, also for metadata of another issuer or of no use."""
    return _metadata.get(provider.issuer, lambda: _fetch_metadata(provider))


def key_of(provider: IdentityProvider, key_id: str | None, algorithm: str) -> PyJWK | None:
    """Return the provider's key of that id for that algorithm, or None when it has none. Raises ProviderDown.

    A token without a key id is for the only key that fits (OpenID Connect Core 1.0, section 10.1).
    """
    address = metadata_of(provider).keys_address
    for younger_than in (_KEPT_SECONDS, _KEYS_AGAIN_SECONDS):
        keys = _keys.get(provider.issuer, lambda: _fetch_keys(address), younger_than)
        fitting = [key for one in keys if (key := _usable(one, key_id, algorithm)) is not None]
        if len(fitting) == 1:
            return fitting[0]
    return None


def forget_providers() -> None:
    """Forget everything fetched from providers."""
    _metadata.clear()
    _keys.clear()


def _fetch_metadata(provider: IdentityProvider) -> Metadata:
    document = get_document(provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if document.get("issuer") != provider.issuer:
        raise ProviderDown(f"the metadata of {provider.issuer!r} name another issuer")
    addresses = [document.get(n) for n in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    for address in addresses:
        if not isinstance(address, str) or not is_secure_address(address):
            raise ProviderDown(f"the metadata of {provider.issuer!r} name no https address for an endpoint")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    posts = isinstance(methods, list) and "client_secret_basic" not in methods
    found: ClientAuthentication = "client_secret_post" if posts else "client_secret_basic"
    return Metadata(
        authorization_endpoint=str(addresses[0]),
        token_endpoint=str(addresses[1]),
        keys_address=str(addresses[2]),
        client_authentication=provider.client_authentication or found,
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _fetch_keys(address: str) -> tuple[dict[str, Any], ...]:
    keys = get_document(address).get("keys")
    if not isinstance(keys, list):
        raise ProviderDown("the provider's keys are no key set")
    return tuple(key for key in keys[:100] if isinstance(key, dict))


def _usable(key: dict[str, Any], key_id: str | None, algorithm: str) -> PyJWK | None:
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        return None
    if key_id is not None and key.get("kid") != key_id:
        return None
    if key.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    try:
        return PyJWK.from_dict(key, algorithm)
    except (PyJWTError, ValueError, TypeError):
        return None
