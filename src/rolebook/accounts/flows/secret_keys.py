"""The installation's secret key was changed: what is stored under earlier keys is encrypted again under the new one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator

from rolebook.accounts.encryption import SecretUnreadable, decrypt, encrypt, is_under_present_key
from rolebook.accounts.models import Account
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.audit.tags import SECRETS_REENCRYPTED

BATCH = 500
"""Second factors in one transaction: sign-ins of their people wait for no more than that."""


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """Under which keys the stored second factors are.

    Attributes:
        present: under the present key.
        earlier: under an earlier key that the settings name.
        unreadable: under a key that the settings do not name: their people cannot use them.
    """

    present: int
    earlier: int
    unreadable: int


def stored_secrets() -> StoredSecrets:
    """Count the stored second factors by the key that reads them."""
    counts = {"present": 0, "earlier": 0, "unreadable": 0}
    for factor in _all_factors():
        counts[_key_of(factor.data)] += 1
    return StoredSecrets(**counts)


def re_encrypt_secrets(*, at: datetime, origin: Origin) -> StoredSecrets:
    """Encrypt every stored second factor again that an earlier key reads; returns how they stood before.

    Works in small transactions, each with its event; broken off, it is simply run again.
    """
    counts = {"present": 0, "earlier": 0, "unreadable": 0}
    last = 0
    while batch := list(Authenticator.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        for factor in batch:
            counts[_key_of(factor.data)] += 1
        earlier = [factor for factor in batch if _key_of(factor.data) == "earlier"]
        if earlier:
            _rewrite([factor.pk for factor in earlier], {factor.user_id for factor in earlier}, at, origin)
    return StoredSecrets(**counts)


def _rewrite(factor_ids: list[int], account_ids: set[int], at: datetime, origin: Origin) -> None:
    with unit_of_work(at=at, origin=origin, actor_id=None) as work:
        # Whoever uses a recovery code, or replaces a factor, holds the account's row: nothing of theirs is undone.
        list(Account.objects.select_for_update().filter(pk__in=account_ids).order_by("pk").values_list("pk"))
        rewritten = 0
        for factor in Authenticator.objects.filter(pk__in=factor_ids):
            if _key_of(factor.data) == "earlier":
                factor.data = {name: _again(value) for name, value in factor.data.items()}
                factor.save(update_fields=["data"])
                rewritten += 1
        if rewritten:
            work.record(SECRETS_REENCRYPTED, new={"rewritten": rewritten})
        else:
            work.nothing_happened()


def _again(value: Any) -> Any:
    """Return a value of a factor's data with every encrypted text in it under the present key."""
    if isinstance(value, list):
        return [_again(one) for one in value]
    return encrypt(decrypt(value)) if _is_encrypted(value) else value


def _key_of(data: dict[str, Any]) -> str:
    texts = [text for value in data.values() for text in _encrypted_texts(value)]
    if all(is_under_present_key(text) for text in texts):
        return "present"
    try:
        for text in texts:
            decrypt(text)
    except SecretUnreadable:
        return "unreadable"
    return "earlier"


def _encrypted_texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _encrypted_texts(one)
    elif _is_encrypted(value):
        yield value


def _is_encrypted(value: Any) -> bool:
    """Return whether a value is a Fernet token: version 0x80, then a time, in URL-safe base 64."""
    return isinstance(value, str) and value.startswith("gAAAAA")


def _all_factors() -> Iterator[Authenticator]:
    yield from Authenticator.objects.order_by("pk").iterator(chunk_size=BATCH)
