"""A device with passkeys, in software: it answers as a browser with a security key would, or wrongly where asked."""

import hashlib
import json
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

from rolebook.accounts.challenges import Asked, PasskeyAnswer
from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.flows import passkeys as flows
from tests.support.people import PASSWORD, START, WEB, Mails, Person

SITE = "https://access.example.org"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One key pair, and a counter that goes up with every signature.

    Attributes:
        origin: the site that the browser says it is at.
        relying_party_id: the host that the key is for.
        counts: False for passkeys that are kept in step between devices, which always say 0.
    """

    origin: str = SITE
    relying_party_id: str = "access.example.org"
    counts: bool = True
    counter: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """Answer to being asked for a new passkey; ``changed`` overrides members of the client's data."""
        data = self._client_data("webauthn.create", options, changed)
        public: dict[int, Any] = dict(ES256.from_cryptography_key(self.key.public_key()))  # type: ignore[no-untyped-call]
        credential = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id
        about = self._about(_PRESENT | _VERIFIED | _ATTESTED) + credential + cbor.encode(public)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": about})
        return self._answer({"clientDataJSON": data, "attestationObject": attestation}, transports=["usb"])

    def sign(self, options: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """Answer to being asked for a signature."""
        self.counter += self.counts
        data = self._client_data("webauthn.get", options, changed)
        about = self._about(_PRESENT | _VERIFIED)
        signature = self.key.sign(about + hashlib.sha256(data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": data, "authenticatorData": about, "signature": signature})

    def _client_data(self, kind: str, options: Mapping[str, Any], changed: Mapping[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **changed}).encode()

    def _about(self, flags: int) -> bytes:
        party = hashlib.sha256(self.relying_party_id.encode()).digest()
        return party + struct.pack(">BI", flags, self.counter if self.counts else 0)

    def _answer(self, response: Mapping[str, bytes], **more: Any) -> dict[str, Any]:
        named = websafe_encode(self.credential_id)
        encoded = {name: websafe_encode(value) for name, value in response.items()}
        return {"id": named, "rawId": named, "type": "public-key", "response": {**encoded, **more}}


def asked_for_new(person: Person, at: datetime = START) -> Asked:
    """Ask for a new passkey of somebody, with the password."""
    return flows.ask_for_new_passkey(acting_user=person.account, password=PASSWORD, at=at, origin=WEB)


def add(
    person: Person, device: Device, asked: Asked | None = None, name: str = "Key", at: datetime = START
) -> Passkey:
    """Set up a passkey of somebody on a device."""
    asked = asked or asked_for_new(person, at)
    flows.add_passkey(
        acting_user=person.account,
        name=name,
        answer=PasskeyAnswer(asked.challenge_id, device.make(asked.options)),
        at=at,
        origin=WEB,
        send=Mails(),
    )
    return Passkey.objects.get(account=person.account, name=name)
