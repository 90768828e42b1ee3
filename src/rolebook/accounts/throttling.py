"""How often something may fail: per source, so that nobody's failures lock somebody else out (fault 38).

Attempts are counted before they are judged, in one statement, so that trying in parallel gains nothing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Network, ip_address

from django.db import IntegrityError, transaction
from django.db.models import F

from rolebook.accounts.models import Throttle


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``attempts`` failed attempts in ``seconds``."""

    name: str
    attempts: int
    seconds: int


PASSWORD_BY_SOURCE = Limit("password by network address", 60, 600)
PASSWORD_BY_SOURCE_AND_USER = Limit("password by network address and user ID", 8, 600)
CODE_BY_SOURCE_AND_ACCOUNT = Limit("security code by network address and account", 6, 600)
CODE_BY_ACCOUNT = Limit("security code by account, from browsers never used for it", 20, 24 * 3600)
PASSKEY_BY_SOURCE_AND_ACCOUNT = Limit("passkey asked for by network address and account", 60, 600)
MAIL_BY_SOURCE = Limit("mailed codes by network address", 30, 3600)
MAIL_BY_SOURCE_AND_ADDRESS = Limit("mailed codes by network address and mailbox", 5, 3600)
MAIL_BY_SOURCE_AND_ADDRESS_A_DAY = Limit("mailed codes by network address and mailbox, a day", 8, 24 * 3600)
"""One network cannot use up what a mailbox gets in a day."""
MAIL_BY_ADDRESS = Limit("mailed codes by mailbox", 50, 24 * 3600)
PROVIDER_BY_SOURCE = Limit("sign-ins by an identity provider by network address", 60, 600)
TOKEN_BY_SOURCE = Limit("unknown access tokens by network address", 60, 600)
PASSWORD_AGAIN = Limit("password asked again in a session", 10, 900)


class TooManyAttempts(Exception):
    """The source has failed too often; it may try again at ``again_at``."""

    def __init__(self, again_at: datetime) -> None:
        """Remember when."""
        super().__init__(f"too many attempts; again at {again_at.isoformat()}")
        self.again_at = again_at


def take(limits: Iterable[tuple[Limit, str]], at: datetime) -> None:
    """Count one attempt for each (limit, source). Raises TooManyAttempts when one is used up.

    Call ``give_back`` when the attempt succeeded. Writes in transactions of its own: a refused flow does not undo it.
    """
    for limit, source in limits:
        bucket = _bucket(limit, source)
        cutoff = at - timedelta(seconds=limit.seconds)
        if not Throttle.objects.filter(bucket=bucket, window_starts_at__gt=cutoff).update(
            failures=F("failures") + 1
        ):
            _open_window(bucket, cutoff, at)
        row = Throttle.objects.get(bucket=bucket)
        if row.failures > limit.attempts:
            raise TooManyAttempts(row.window_starts_at + timedelta(seconds=limit.seconds))


def give_back(limits: Iterable[tuple[Limit, str]]) -> None:
    """Take an attempt that succeeded out of the count."""
    buckets = [_bucket(limit, source) for limit, source in limits]
    Throttle.objects.filter(bucket__in=buckets, failures__gt=0).update(failures=F("failures") - 1)


def forget_old(at: datetime) -> None:
    """Delete counts that no limit looks at any more."""
    Throttle.objects.filter(window_starts_at__lt=at - timedelta(days=2)).delete()


def network_of(address: str | None) -> str:
    """Return what stands for a network address: itself, or for IPv6 its /64, of which one subscriber has all."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(IPv6Network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _open_window(bucket: str, cutoff: datetime, at: datetime) -> None:
    restarted = Throttle.objects.filter(bucket=bucket, window_starts_at__lte=cutoff)
    if restarted.update(failures=1, window_starts_at=at):
        return
    try:
        with transaction.atomic():
            Throttle.objects.create(bucket=bucket, failures=1, window_starts_at=at)
    except IntegrityError:
        Throttle.objects.filter(bucket=bucket).update(failures=F("failures") + 1)


def _bucket(limit: Limit, source: str) -> str:
    return hashlib.sha256(f"{limit.name}\n{source}".encode()).hexdigest()
