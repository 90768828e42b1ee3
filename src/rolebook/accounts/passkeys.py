"""What a browser is asked about a passkey, and whether what it answers holds (WebAuthn level 3); no rows, no clock.

The library reads and verifies; what it leaves to us is here: exactly our own address, no frames of others, a known kind
of key, and a signature counter that goes up.
"""

import secrets
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from django.conf import settings
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.models import Account

LONGEST_ANSWER = 20_000
"""Characters of what a browser answers; longer ones are refused unread (fault 43)."""
_LONGEST_CREDENTIAL = 4096
_LONGEST_ID = 1023
_TRANSPORTS = frozenset(one.value for one in AuthenticatorTransport)

type Answer = Mapping[str, Any]
"""What ``navigator.credentials`` gave, as JSON (section 5.1, PublicKeyCredential.toJSON)."""
type Options = dict[str, Any]
"""What ``navigator.credentials`` is asked, as JSON."""


class PasskeyRefused(Exception):
    """What the browser answered does not hold: another site, challenge or key, a bad signature, or no answer at all."""


@dataclass(frozen=True, slots=True)
class Site:
    """The site as passkeys know it.

    Attributes:
        relying_party_id: its host; a passkey is bound to it.
        origin: scheme, host and port, exactly.
    """

    relying_party_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A key pair's public half, as a device has just made it."""

    credential_id: bytes
    credential: bytes
    sign_count: int
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature that held, and the counter that came with it."""

    passkey: Passkey
    sign_count: int


def site() -> Site | None:
    """Return the site as passkeys know it; None where browsers have none: at a bare number, or without TLS.

    A name is needed (section 5.1.3: the relying party's id is a domain); ``localhost`` needs no TLS.
    """
    parts = urlsplit(settings.ROLEBOOK.site_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return None
    if parts.scheme != "https" and host != "localhost" and not host.endswith(".localhost"):
        return None
    return Site(host, f"{parts.scheme}://{parts.netloc}")


def new_challenge() -> bytes:
    """Return 32 random bytes (section 13.4.3 asks for 16 at least)."""
    return secrets.token_bytes(32)


def options_to_set_up(account: Account, present: Iterable[Passkey], challenge: bytes) -> Options:
    """Return what to ask for a new passkey of ``account``; a device that holds one of ``present`` makes no second."""
    user = PublicKeyCredentialUserEntity(
        # Opaque and without a name or an address in it (section 14.6.1).
        id=account.public_id.bytes,
        name=account.user_id,
        display_name=account.name,
    )
    options, _ = _server().register_begin(
        user,
        [_descriptor(one) for one in present],
        # A key that can be found without its id is what phones keep in step between a person's devices.
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
        challenge=challenge,
    )
    return _plain(options)


def options_to_sign_in(present: Iterable[Passkey], challenge: bytes) -> Options:
    """Return what to ask for a signature by one of ``present``."""
    options, _ = _server().authenticate_begin(
        [_descriptor(one) for one in present],
        user_verification=UserVerificationRequirement.PREFERRED,
        challenge=challenge,
    )
    return _plain(options)


def check_new(answer: Answer, challenge: bytes) -> NewCredential:
    """Return the key that a device made in answer to ``challenge``. Raises PasskeyRefused (section 7.1)."""
    try:
        read = RegistrationResponse.from_dict(_texts(answer, "clientDataJSON", "attestationObject"))
        data = _server().register_complete(_state(challenge), read)
        made = data.credential_data
    except _UNREADABLE as wrong:
        raise PasskeyRefused("the answer to setting up a passkey does not hold") from wrong
    if made is None or read.response.client_data.cross_origin:
        raise PasskeyRefused("found no key, or the answer of a frame in another site")
    if made.public_key.ALGORITHM not in CoseKey.supported_algorithms():
        raise PasskeyRefused(
            f"found a key for the algorithm {made.public_key.get(3)!r}, which was not offered"
        )
    if (
        made.credential_id != read.raw_id
        or len(made.credential_id) > _LONGEST_ID
        or len(made) > _LONGEST_CREDENTIAL
    ):
        raise PasskeyRefused("found a credential id that is another one's, or too long")
    named = answer["response"].get("transports")
    transports = (
        _TRANSPORTS & {one for one in named if isinstance(one, str)} if isinstance(named, list) else ()
    )
    return NewCredential(bytes(made.credential_id), bytes(made), data.counter, tuple(sorted(transports)))


def check_signature(answer: Answer, challenge: bytes, present: Iterable[Passkey]) -> Proof:
    """Return which of ``present`` has signed ``challenge``. Raises PasskeyRefused (section 7.2).

    A counter that does not go up is refused: there are two devices with one key (section 6.1.1). Passkeys that are kept
    in step between devices count nothing and always say 0.
    """
    held = {bytes(one.credential_id): one for one in present}
    try:
        read = AuthenticationResponse.from_dict(
            _texts(answer, "clientDataJSON", "authenticatorData", "signature")
        )
        keys = [AttestedCredentialData(bytes(one.credential)) for one in held.values()]
        signed = _server().authenticate_complete(_state(challenge), keys, read)
    except _UNREADABLE as wrong:
        raise PasskeyRefused("the signature of a passkey does not hold") from wrong
    if read.response.client_data.cross_origin:
        raise PasskeyRefused("found the answer of a frame in another site")
    passkey, count = held[bytes(signed.credential_id)], read.response.authenticator_data.counter
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        raise PasskeyRefused(f"found the counter {count}, expected more than {passkey.sign_count}")
    return Proof(passkey, count)


# What the library and the primitives under it raise for what a stranger may send; anything else is a defect of ours.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    AssertionError,
    OverflowError,
    RuntimeError,  # what is not implemented, and what is nested too deep
    UnsupportedAlgorithm,
    struct.error,
)


def _texts(answer: Answer, *names: str) -> dict[str, Any]:
    """Return of an answer what is looked at, all of it texts. Raises ValueError for anything else.

    The library turns a number where bytes belong into that many bytes: what a stranger sends must not get there.
    """
    response = answer.get("response")
    if not isinstance(response, Mapping):
        raise ValueError("found no response")
    kept = {name: response.get(name) for name in names}
    texts = [answer.get("id"), answer.get("rawId"), answer.get("type"), *kept.values()]
    if not all(isinstance(text, str) and len(text) <= LONGEST_ANSWER for text in texts):
        raise ValueError("found no text where one belongs")
    return {"id": texts[0], "rawId": texts[1], "type": texts[2], "response": kept}


def _server() -> Fido2Server:
    here = site()
    if here is None:
        raise PasskeyRefused("this site has no name that browsers know passkeys by")
    party = PublicKeyCredentialRpEntity(id=here.relying_party_id, name="Rolebook")
    return Fido2Server(party, verify_origin=lambda origin: origin == here.origin)


def _state(challenge: bytes) -> dict[str, Any]:
    return {
        "challenge": websafe_encode(challenge),
        "user_verification": UserVerificationRequirement.PREFERRED,
    }


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(one) for one in passkey.transports]
    return PublicKeyCredentialDescriptor(
        type=PublicKeyCredentialType.PUBLIC_KEY,
        id=bytes(passkey.credential_id),
        transports=transports or None,
    )


def _plain(options: Mapping[str, Any]) -> Options:
    """Return options as JSON has them: the library's own mappings and words become plain ones."""
    plain: Options = _to_json(options["publicKey"])
    return plain


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _to_json(value[key]) for key in value}
    if isinstance(value, list | tuple):
        return [_to_json(one) for one in value]
    return getattr(value, "value", value)
