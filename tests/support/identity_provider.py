"""An identity provider on loopback that answers as a test wants: right, wrong, late, or not at all.

The well-behaved provider of the suite is oidc-provider-mock; this one misbehaves on purpose, and holds the client
to PKCE, which the other does not.
"""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from rolebook.accounts.identity_providers import IdentityProvider
from rolebook.accounts.openid.discovery import forget_providers
from rolebook.audit import clock

SECRET = "a-secret:with/signs"
CLIENT = "rolebook-tests"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """The state of the provider; tests change its attributes to make it misbehave.

    Attributes:
        claims: put over the claims of the next tokens; None leaves one out.
        metadata: put over its metadata.
        sign_with: another key than the published one.
        algorithm: of the next tokens.
        token_status: what its token endpoint answers, with ``token_body``.
        asked: the forms that its token endpoint got.
        fetched: the paths that were read of it.
    """

    issuer: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: _KEY)
    key_id: str = "one"
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    sign_with: Any = None
    algorithm: str = "RS256"
    token_status: int = 200
    token_body: bytes | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    keys_fetched: int = 0
    fetched: list[str] = field(default_factory=list)
    codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)

    def settings(self, **changed: Any) -> IdentityProvider:
        """The provider as an operator would name it."""
        given: dict[str, Any] = {
            "id": "harp",
            "name": "HARP",
            "issuer": self.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "second_factor_amr": ("mfa", "otp"),
            "second_factor_acr": ("urn:two",),
        }
        return IdentityProvider(**{**given, **changed})

    def answer(self, sent_to: str, subject: str, **claims: Any) -> dict[str, str]:
        """What a person brings back who signed in as ``subject`` at the address that they were sent to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(sent_to).query).items()}
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = (asked, {"sub": subject, **claims})
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str]) -> tuple[int, bytes]:
        """What the token endpoint answers."""
        self.asked.append(form)
        if self.token_body is not None:
            return self.token_status, self.token_body
        asked, claims = self.codes.pop(form.get("code", ""), ({}, {}))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked.get("code_challenge") != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        now = int(clock.now().timestamp())
        told = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **claims,
            **self.claims,
        }
        told = {name: value for name, value in told.items() if value is not None}
        key = self.key if self.sign_with is None else self.sign_with
        token = jwt.encode(told, key, self.algorithm, headers={"kid": self.key_id})
        return self.token_status, json.dumps({"id_token": token, "token_type": "Bearer"}).encode()

    def document(self, path: str) -> Any:
        """What is published at ``path``."""
        self.fetched.append(path)
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.metadata,
            }
        self.keys_fetched += 1
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.key_id, "use": "sig"}]}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Run a provider on a free port of this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, json.dumps(provider.document(urlsplit(self.path).path)).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            form["authorization"] = self.headers.get("Authorization", "")
            self._send(*provider.token(form))

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"{provider.issuer}/elsewhere")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    forget_providers()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        forget_providers()
