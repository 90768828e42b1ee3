"""Tables of notices: what is to be sent to whom, how far the log has been read, and what could not be
worded yet.

Nothing here is a governed fact: every notice of an event can be derived again from the audit log. What a person chose
about reminders stands here too, with its events in the log.
"""

from django.db import models

from rolebook.accounts.models import Account, Program
from rolebook.governance.models import Participation
from rolebook.notices import bounce_models  # noqa: F401 - Django looks for tables here


class Notice(models.Model):
    """One message to one person, about one event of the audit log or about their own account.

    The words are rendered once, at derivation, so that a copy sent after a lost connection is byte for
    byte the first one under the same Message-ID, and so that a mail says what was true when it happened.
    They are erased after sending: at once where they carry a code, after
    `rolebook.notices.erasure.KEPT_DAYS` otherwise.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    event_sequence = models.BigIntegerField(null=True)
    """The event it follows from; null for a mail about the account itself (confirmation and sign-in
    codes).
    """
    recipient = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="notices")
    """Null only while nobody has an account at ``address`` yet (somebody is registering)."""
    name = models.CharField(max_length=150, blank=True, default="")
    """Whom the mail greets while there is no account; else the account's name is used."""
    kind = models.CharField(max_length=60)
    address = models.CharField(max_length=254, blank=True, default="")
    """Empty: the recipient's stored confirmed address is read when the mail is sent (I9). Set for the two
    mails that must not go there: to an address that is being confirmed, and the warning to the address
    before a change.
    """
    holds_code = models.BooleanField(default=False)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True, default="")
    unsubscribe_url = models.CharField(max_length=500, blank=True, default="")
    """Of a digest only: where its reader can stop it (RFC 2369, RFC 8058)."""
    message_id = models.CharField(max_length=200, unique=True)
    """Without angle brackets; the same in every attempt, so that mail programs show one message."""
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claim = models.UUIDField(null=True)
    """The worker's claim that is sending it, valid until ``claimed_until``."""
    claimed_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_sequence", "recipient", "kind"], name="one_notice_per_event_recipient_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sent", "failed"]), name="notice_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(recipient__isnull=False)
                | ~models.Q(address="")
                | ~models.Q(state="waiting"),
                name="notice_has_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], name="notice_due", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["state", "sent_at"], name="notice_settled"),
        ]

    def __str__(self) -> str:
        return self.subject


class Cursor(models.Model):
    """How far a reader of the audit log has come: every event up to ``sequence`` has been handled."""

    name = models.CharField(max_length=40, primary_key=True)
    sequence = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.sequence}"


class PostponedEvent(models.Model):
    """An event whose notices could not be derived: tried again later, and in nobody's way meanwhile."""

    sequence = models.BigIntegerField(primary_key=True)
    attempts = models.PositiveIntegerField(default=1)
    next_attempt_at = models.DateTimeField()
    last_error = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"event {self.sequence}"


class Reminder(models.Model):
    """How often a person wants to be reminded of pending requests, in one program (QPP-16).

    ``due_at`` is when the next digest is looked at; a worker moves it on by a conditional update, and only
    who moved it writes the mail. Null while the cadence is off.
    """

    class Cadence(models.TextChoices):
        OFF = "off", "Never"
        WORKING_DAYS = "working-days", "On working days"
        WEEKLY = "weekly", "Once a week"

    participation = models.OneToOneField(Participation, on_delete=models.PROTECT, related_name="reminder")
    cadence = models.CharField(max_length=20, choices=Cadence, default=Cadence.OFF)
    weekday = models.PositiveSmallIntegerField(default=0)
    """0: Monday, as Python counts; used where the cadence is weekly."""
    hour = models.PositiveSmallIntegerField(default=9)
    """In the program's zone."""
    due_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cadence__in=["off", "working-days", "weekly"]),
                name="reminder_cadence_known",
            ),
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6) & models.Q(hour__lte=23), name="reminder_time_known"
            ),
            models.CheckConstraint(
                condition=models.Q(cadence="off", due_at__isnull=True)
                | (~models.Q(cadence="off") & models.Q(due_at__isnull=False)),
                name="reminder_due_unless_off",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="reminder_due")]


class CalendarAddress(models.Model):
    """The private address of a person's calendar in one program: a digest of its token, never the token.

    A new address takes the old one's row, so there is one at most and the old one stops at once.
    """

    participation = models.OneToOneField(
        Participation, on_delete=models.PROTECT, related_name="calendar_address"
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()


class OfficialsRound(models.Model):
    """That the organizations with few officials have been told of in a program's month (IQIES-06)."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    """Its first day, in the program's zone."""
    notices = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "month"], name="one_officials_round")]
