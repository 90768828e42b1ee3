"""From waiting notices to sent mail: claimed one by one, tried again later, never a storm.

A worker claims a notice by a conditional update with a lease just before it hands it over, so two workers
never send one twice, and a killed worker's notice is taken up again when its lease has passed. No
transaction is open while the mail server is talked to; what came of it is recorded under the claim only.
"""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Q

from rolebook.notices.holding import held, is_held, is_to_closed
from rolebook.notices.letter import Written
from rolebook.notices.message import bare_address, compose
from rolebook.notices.models import Notice
from rolebook.notices.transport import NotNow, Refused, ServerDown, Transport

PER_CYCLE = 100
"""At most so many messages in one cycle: a backlog goes out steadily and other work gets its turn."""
LEASE = timedelta(minutes=3)
"""Longer than one message can take: every answer of the server is waited for at most 20 seconds."""
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=5)
"""As mail servers do (RFC 5321, section 4.5.4.1: at least 4 to 5 days)."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(slots=True)
class Pause:
    """How long the whole worker leaves a mail server alone that is down; doubles with every failed try."""

    until: datetime | None = None
    failures: int = 0

    def over(self, now: datetime) -> bool:
        """Whether the server may be tried at ``now``."""
        return self.until is None or now >= self.until

    def begin(self, now: datetime, chance: random.Random) -> None:
        """The server failed: leave it alone for a while."""
        self.until = now + _grown(FIRST_PAUSE, LONGEST_PAUSE, self.failures, chance)
        self.failures += 1

    def end(self) -> None:
        """The server took something or answered properly."""
        self.until, self.failures = None, 0


@dataclass(slots=True)
class Cycle:
    """What one cycle did: numbers of notices, and what the server said if it was down."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    server_down: str = ""


@dataclass(slots=True)
class Sender:
    """Sends waiting notices through a transport; keeps the pause between cycles.

    Attributes:
        transport: the connection to the mail server, reused for all messages of a cycle.
        mail_from: the From header, for example "Rolebook <rolebook@example.org>".
        bounces_to: the bare address to which reports of rejected mail go; empty: that of ``mail_from``.
        clock: gives the present instant.
        chance: where the jitter comes from.
    """

    transport: Transport
    mail_from: str
    clock: Callable[[], datetime]
    chance: random.Random = field(default_factory=random.SystemRandom)
    pause: Pause = field(default_factory=Pause)
    bounces_to: str = ""

    def send_due(self, *, limit: int = PER_CYCLE, stop: Callable[[], bool] = lambda: False) -> Cycle:
        """Send what is due, at most ``limit`` messages, until ``stop`` says so; close the connection at
        the end.

        One message that the server hangs up on is put off and the next one tried on a new connection;
        twice in a row is a server that is down, and nothing is sent until the pause is over.
        """
        cycle = Cycle()
        now = self.clock()
        if not self.pause.over(now):
            return cycle
        with self.transport:
            broken = 0
            for notice_id in _due(now, limit):
                if stop():
                    break
                notice = _claim(notice_id, self.clock())
                if notice is None:
                    continue
                try:
                    self._send(notice, cycle)
                    broken = 0
                except ServerDown as down:
                    cycle.server_down = str(down)
                    _put_off(notice, self.clock(), str(down), self.chance, cycle)
                    broken += 1
                    if broken > 1 or self.pause.failures:
                        break
            if broken:
                self.pause.begin(self.clock(), self.chance)
        return cycle

    def _send(self, notice: Notice, cycle: Cycle) -> None:
        if is_held(notice):  # since it was found due
            _settle(notice, attempts=notice.attempts - 1)
            return
        address = _address(notice)
        if not address:
            _fail(notice, "the account has no address, or is closed")
            cycle.failed += 1
            return
        try:
            self._hand_over(notice, address)
        except Refused as refused:
            _fail(notice, str(refused))
            cycle.failed += 1
        except NotNow as later:
            _put_off(notice, self.clock(), str(later), self.chance, cycle)
        else:
            _settle(notice, state=Notice.State.SENT, sent_at=self.clock(), last_error="", **_erased(notice))
            cycle.sent += 1
        self.pause.end()

    def _hand_over(self, notice: Notice, address: str) -> None:
        try:
            message = compose(
                Written(notice.subject, notice.text, notice.html),
                message_id=notice.message_id,
                name=notice.recipient.name if notice.recipient is not None else notice.name,
                address=address,
                mail_from=self.mail_from,
                sent_at=self.clock(),
                unsubscribe_url=notice.unsubscribe_url,
            )
        except ValueError:
            raise Refused("the stored address is no e-mail address") from None
        sender = self.bounces_to or bare_address(self.mail_from)
        self.transport.send(sender=sender, recipient=address, message=message)


def _address(notice: Notice) -> str:
    """Return where the notice goes: its own address, or what the account's confirmed address is now (I9)."""
    if notice.address:
        return notice.address
    if notice.recipient is None or is_to_closed(notice):
        return ""
    return notice.recipient.email


def _free(now: datetime) -> Q:
    return Q(state=Notice.State.WAITING, next_attempt_at__lte=now) & (
        Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    )


def _due(now: datetime, limit: int) -> list[int]:
    return list(
        Notice.objects.filter(_free(now))
        .exclude(held())
        .order_by("next_attempt_at", "id")
        .values_list("pk", flat=True)[:limit]
    )


def _claim(notice_id: int, now: datetime) -> Notice | None:
    """Claim one notice, counting the attempt; None when another worker has it or had it."""
    claim = uuid.uuid4()
    taken = Notice.objects.filter(_free(now), pk=notice_id).update(
        claim=claim, claimed_until=now + LEASE, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    return Notice.objects.select_related("recipient").filter(pk=notice_id, claim=claim).first()


def _settle(notice: Notice, **values: object) -> bool:
    """Record what came of an attempt, if the claim is still ours (else its new holder records)."""
    return bool(
        Notice.objects.filter(pk=notice.pk, claim=notice.claim, state=Notice.State.WAITING).update(
            claim=None, claimed_until=None, **values
        )
    )


def _fail(notice: Notice, why: str) -> None:
    _settle(notice, state=Notice.State.FAILED, last_error=why[:300], **_erased(notice))


def _erased(notice: Notice) -> dict[str, str]:
    """Return what takes the words of a mail with a code away, once nothing more is done with it."""
    return {"subject": "", "text": "", "html": ""} if notice.holds_code else {}


def _put_off(notice: Notice, now: datetime, why: str, chance: random.Random, cycle: Cycle) -> None:
    if now - notice.created_at >= GIVE_UP_AFTER:
        _fail(notice, f"given up after 5 days: {why}")
        cycle.failed += 1
        return
    wait = _grown(FIRST_WAIT, LONGEST_WAIT, notice.attempts - 1, chance)
    _settle(notice, next_attempt_at=now + wait, last_error=why[:300])
    cycle.postponed += 1


def _grown(first: timedelta, longest: timedelta, failures: int, chance: random.Random) -> timedelta:
    """Return ``first`` doubled ``failures`` times, at most ``longest``, less up to half by chance (no
    thundering herd).
    """
    wait: timedelta = min(first * (1 << min(failures, 20)), longest)
    return wait * (0.5 + chance.random() / 2)
