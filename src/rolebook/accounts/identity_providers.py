"""The outside identity providers that the operator names, read from a TOML file; documented in docs/settings.md.

Imports no Django: the settings are made from it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

type ClientAuthentication = Literal["client_secret_basic", "client_secret_post", "none"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MOST = 20


class ProvidersError(ValueError):
    """The file of identity providers cannot be used; the message says where, what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """One outside identity provider, as the operator registered Rolebook with it.

    Attributes:
        id: its name in addresses, and the heading in the file.
        name: what people call it.
        issuer: its issuer identifier, compared character by character (OpenID Connect Discovery 1.0, section 4.3).
        client_id: how it knows this installation.
        client_secret: what proves that; empty for a public client.
        client_authentication: how the secret is sent; None: as the provider's metadata say.
        scopes: what is asked for.
        second_factor_amr: values of `amr` of which one says that a second factor was used (RFC 8176).
        second_factor_acr: values of `acr` of which each says so.
        ask_for_acr: what is asked for as `acr_values`.
    """

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    client_authentication: ClientAuthentication | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    second_factor_amr: tuple[str, ...] = ()
    second_factor_acr: tuple[str, ...] = ()
    ask_for_acr: tuple[str, ...] = ()

    def counts_as_second_factor(self, amr: tuple[str, ...], acr: str) -> bool:
        """Return whether what the provider says of how it recognized a person counts as a second factor here."""
        return acr in self.second_factor_acr or bool(set(amr) & set(self.second_factor_amr))


def read_providers(file: Path) -> tuple[IdentityProvider, ...]:
    """Return the identity providers that a TOML file names, in its order. Raises ProvidersError."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ProvidersError(f"cannot read {str(file)!r}: {unreadable}") from unreadable
    except tomllib.TOMLDecodeError as wrong:
        raise ProvidersError(f"{file}: not TOML: {wrong}") from wrong
    if len(tables) > _MOST:
        raise ProvidersError(f"{file}: found {len(tables)} providers, expected at most {_MOST}")
    providers = tuple(_Reader(file, name, table).provider() for name, table in tables.items())
    issuers = [provider.issuer for provider in providers]
    twice = {issuer for issuer in issuers if issuers.count(issuer) > 1}
    if twice:
        raise ProvidersError(f"{file}: found the issuer {min(twice)!r} twice, expected each once")
    return providers


def is_secure_address(address: str) -> bool:
    """Return whether an address is https, or http on this machine (for trying out), and has a host."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    if not address.isprintable() or " " in address or "@" in parts.netloc or parts.fragment:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


class _Reader:
    """Reads one table of the file; every complaint names its place."""

    def __init__(self, file: Path, provider_id: str, table: object) -> None:
        self.file, self.id, self.folder = file, provider_id, file.parent
        if not _ID.fullmatch(provider_id):
            raise ProvidersError(
                f"{file}: found the heading {provider_id!r}, expected lower-case letters, digits and hyphens"
            )
        if not isinstance(table, dict):
            raise ProvidersError(
                f"{file}: found {provider_id!r} outside of a table, expected [{provider_id}]"
            )
        self.table = cast("Mapping[str, Any]", table)

    def provider(self) -> IdentityProvider:
        known = {name for name in IdentityProvider.__dataclass_fields__ if name != "id"} | {
            "client_secret_file"
        }
        unknown = sorted(set(self.table) - known)
        if unknown:
            raise self.wrong(unknown[0], "a key", f"one of {', '.join(sorted(known))}")
        issuer = self.text("issuer")
        if not is_secure_address(issuer) or urlsplit(issuer).query or len(issuer) > 500:
            raise self.wrong("issuer", repr(issuer), "an address that begins with https://, without a query")
        authentication = self.text("client_authentication", "")
        if authentication not in ("", "client_secret_basic", "client_secret_post", "none"):
            raise self.wrong(
                "client_authentication",
                repr(authentication),
                "client_secret_basic, client_secret_post or none",
            )
        secret = self.secret()
        if bool(secret) == (authentication == "none"):
            raise self.wrong(
                "client_secret",
                "one" if secret else "none",
                'a client_secret or client_secret_file, or client_authentication = "none"',
            )
        scopes = self.texts("scopes") or ("openid", "profile", "email")
        if "openid" not in scopes:
            raise self.wrong("scopes", repr(list(scopes)), "openid among them")
        return IdentityProvider(
            id=self.id,
            name=self.text("name"),
            issuer=issuer,
            client_id=self.text("client_id"),
            client_secret=secret,
            client_authentication=cast("ClientAuthentication", authentication) if authentication else None,
            scopes=scopes,
            second_factor_amr=self.texts("second_factor_amr"),
            second_factor_acr=self.texts("second_factor_acr"),
            ask_for_acr=self.texts("ask_for_acr"),
        )

    def secret(self) -> str:
        named = self.text("client_secret_file", "")
        if not named:
            return self.text("client_secret", "")
        try:
            return (self.folder / named).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as unreadable:
            raise self.wrong(
                "client_secret_file", repr(named), f"a readable file ({unreadable})"
            ) from unreadable

    def text(self, key: str, default: str | None = None) -> str:
        value = self.table.get(key, default)
        if not isinstance(value, str) or not value.isprintable() or (default is None and not value.strip()):
            shown = "text with control characters" if key == "client_secret" and value else repr(value)
            raise self.wrong(key, "nothing" if value is None else shown, "text")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(
            isinstance(one, str) and one and one.isprintable() and " " not in one for one in value
        ):
            raise self.wrong(key, repr(value), 'a list such as ["mfa", "otp"]')
        return tuple(value)

    def wrong(self, key: str, found: str, expected: str) -> ProvidersError:
        return ProvidersError(f"{self.file}: [{self.id}] {key}: found {found}, expected {expected}")
