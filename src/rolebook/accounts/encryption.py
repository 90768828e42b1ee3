"""What is stored encrypted under the installation's secret key, and what earlier keys still read.

Fernet (AES-128-CBC and HMAC-SHA-256) under a key derived from each secret key: whoever has the database alone, or a
backup of it, has no second factor.
"""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class SecretUnreadable(RuntimeError):
    """A stored secret was encrypted under a secret key that the settings no longer have."""


def secret_keys() -> tuple[str, ...]:
    """Return the installation's secret keys: the present one, then the earlier ones that still read."""
    return tuple(str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def encrypt(text: str) -> str:
    """Return ``text`` encrypted and authenticated under the present secret key."""
    return _cipher(secret_keys()[0]).encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Return the text that ``encrypt`` was given. Raises SecretUnreadable under a secret key that is not known."""
    for key in secret_keys():
        try:
            return _cipher(key).decrypt(encrypted.encode()).decode()
        except InvalidToken:
            continue
    raise SecretUnreadable(
        "a second factor was stored under another ROLEBOOK_SECRET_KEY; "
        "name the earlier key in ROLEBOOK_EARLIER_SECRET_KEYS"
    )


def is_under_present_key(encrypted: str) -> bool:
    """Return whether the present secret key reads ``encrypted``."""
    try:
        _cipher(secret_keys()[0]).decrypt(encrypted.encode())
    except InvalidToken:
        return False
    return True


@lru_cache(maxsize=8)
def _cipher(key: str) -> Fernet:
    derived = hashlib.sha256(b"rolebook.accounts.second_factor\n" + key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(derived))
