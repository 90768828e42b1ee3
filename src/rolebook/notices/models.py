"""Tables of notices: what is to be sent to whom, how far the log has been read, and what could not be
worded yet.

Nothing here is a governed fact: every notice of an event can be derived again from the audit log.
"""

from django.db import models

from rolebook.accounts.models import Account


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
