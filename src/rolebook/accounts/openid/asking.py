"""The authorization code flow with PKCE: send somebody to a provider, and check who comes back.

OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3; RFC 7636 (S256); RFC 9207 (issuer in the answer); RFC 9700.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from django.utils.crypto import constant_time_compare
from jwt.exceptions import PyJWTError

from rolebook.accounts.identity_providers import IdentityProvider
from rolebook.accounts.openid.discovery import ALGORITHMS, key_of, metadata_of
from rolebook.accounts.openid.fetching import error_code, post_form

TOLERANCE = timedelta(seconds=60)
"""How far the provider's clock may be off."""
OLDEST = timedelta(minutes=10)
"""How long ago a token may have been issued: it is fetched in the moment of its use."""
_LONGEST_TOKEN = 64 * 1024
_LONGEST_SUBJECT = 255


class AnswerRefused(Exception):
    """What came back from a provider, or with the person, is not the answer to what was asked; ``code`` says why."""

    def __init__(self, code: str) -> None:
        """Remember the reason: a word for logs and the audit trail."""
        super().__init__(code)
        self.code = code


class NotSignedInThere(Exception):
    """The provider says that the person was not signed in there: cancelled, or an error of its own (``code``)."""

    def __init__(self, code: str) -> None:
        """Remember the provider's error code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a provider, to be kept in the person's session until they come back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom a provider has recognized just now.

    Attributes:
        provider_id: which provider.
        issuer: its issuer identifier.
        subject: its own id of the person: with the issuer, the identity.
        two_factors: whether it used a second factor that counts here.
        name: what it calls the person; a suggestion for a form, and nothing else.
        email: an address it tells; a suggestion for a form, and nothing else.
    """

    provider_id: str
    issuer: str
    subject: str
    two_factors: bool
    name: str = ""
    email: str = ""


def begin(provider: IdentityProvider, *, callback: str) -> tuple[str, Asked]:
    """Return where to send a person who signs in with ``provider``, and what to keep meanwhile. Raises ProviderDown."""
    metadata = metadata_of(provider)
    asked = Asked(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).rstrip(b"=")
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": callback,
        "scope": " ".join(provider.scopes),
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }
    if provider.ask_for_acr:
        query["acr_values"] = " ".join(provider.ask_for_acr)
    joined = "&" if "?" in metadata.authorization_endpoint else "?"
    return f"{metadata.authorization_endpoint}{joined}{urlencode(query)}", asked


def finish(
    provider: IdentityProvider, asked: Asked, answer: Mapping[str, str], *, callback: str, at: datetime
) -> Identity:
    """Return who came back from ``provider`` with ``answer``, the parameters of the callback.

    Exchanges the code and checks the token: signature, issuer, audience, nonce and times. Raises AnswerRefused,
    NotSignedInThere, ProviderRefused and ProviderDown.
    """
    if not constant_time_compare(answer.get("state", ""), asked.state):
        raise AnswerRefused("state")
    metadata = metadata_of(provider)
    named = answer.get("iss")
    if (named is not None or metadata.names_issuer) and named != provider.issuer:
        raise AnswerRefused("mix-up")
    if "error" in answer:
        raise NotSignedInThere(error_code(answer["error"]))
    code = answer.get("code", "")
    if not code or len(code) > 4096:
        raise AnswerRefused("code")
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": asked.verifier,
    }
    headers: dict[str, str] = {}
    if metadata.client_authentication == "client_secret_basic":
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        fields["client_id"] = provider.client_id
        if metadata.client_authentication == "client_secret_post":
            fields["client_secret"] = provider.client_secret
    token = post_form(metadata.token_endpoint, fields, headers).get("id_token")
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise AnswerRefused("no-token")
    return _identity(provider, _claims(provider, token), asked, at)


def _claims(provider: IdentityProvider, token: str) -> Mapping[str, Any]:
    """Return what a token says, its signature checked with a published key of the provider."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise AnswerRefused("algorithm")
        key_id = header.get("kid")
        key = key_of(provider, key_id if isinstance(key_id, str) else None, algorithm)
        if key is None:
            raise AnswerRefused("key")
        # Times are judged below, against the clock that everything else here uses.
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=provider.client_id,
            issuer=provider.issuer,
            options={
                "require": ["iss", "aud", "sub", "exp", "iat"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.InvalidIssuerError as wrong:
        raise AnswerRefused("issuer") from wrong
    except jwt.InvalidAudienceError as wrong:
        raise AnswerRefused("audience") from wrong
    except jwt.InvalidSignatureError as wrong:
        raise AnswerRefused("signature") from wrong
    except (PyJWTError, ValueError, TypeError, RecursionError) as wrong:
        raise AnswerRefused("token") from wrong
    return claims


def _identity(provider: IdentityProvider, claims: Mapping[str, Any], asked: Asked, at: datetime) -> Identity:
    audience = claims["aud"]
    azp = claims.get("azp")
    if (isinstance(audience, list) and len(audience) > 1 and azp is None) or (
        azp is not None and azp != provider.client_id
    ):
        raise AnswerRefused("audience")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not constant_time_compare(nonce, asked.nonce):
        raise AnswerRefused("nonce")
    _judge_times(claims, at.timestamp())
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise AnswerRefused("subject")
    amr, acr = claims.get("amr"), claims.get("acr")
    methods = tuple(one for one in amr if isinstance(one, str)) if isinstance(amr, list) else ()
    return Identity(
        provider_id=provider.id,
        issuer=provider.issuer,
        subject=subject,
        two_factors=provider.counts_as_second_factor(methods, acr if isinstance(acr, str) else ""),
        name=_suggestion(claims.get("name"), 150),
        email=_suggestion(claims.get("email"), 254),
    )


def _judge_times(claims: Mapping[str, Any], now: float) -> None:
    tolerance = TOLERANCE.total_seconds()
    times = {name: claims.get(name) for name in ("exp", "iat", "nbf")}
    if not all(
        value is None
        or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12)
        for value in times.values()
    ):
        raise AnswerRefused("token")
    expires, issued, begins = (times[name] for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None:
        raise AnswerRefused("token")
    if expires <= now - tolerance or issued < now - OLDEST.total_seconds() - tolerance:
        raise AnswerRefused("expired")
    if issued > now + tolerance or (begins is not None and begins > now + tolerance):
        raise AnswerRefused("not-yet")


def _suggestion(value: object, longest: int) -> str:
    return value if isinstance(value, str) and value.isprintable() and len(value) <= longest else ""
