"""Public ids: UUID version 7 outside, bigint inside (design: "Foundations from the first migration")."""

import secrets
import time
import uuid

_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0b10 << 62


def new_public_id() -> uuid.UUID:
    """Return a new UUID version 7: 48 bits of Unix milliseconds, then 74 random bits (RFC 9562, section 5.7).

    Ids made later sort later to the millisecond; they are names, never secrets.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    high = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    return uuid.UUID(int=high | _VERSION_7 | (random >> 62) << 64 | _VARIANT_RFC | random & (1 << 62) - 1)
