"""Tables of rejected mail: what reports said about our own mails, and how many reports said nothing of use."""

from django.db import models


class Bounce(models.Model):
    """That a report said of one of our mails that it was rejected or delayed; one row a mail and kind.

    Only what named a Message-ID of ours, and the recipient it was sent to, is here. ``effect`` says what followed of a
    mail that was rejected for good, by program; ``settled_at`` is null until that has been carried out.
    """

    class Kind(models.TextChoices):
        HARD = "hard", "Rejected for good"
        SOFT = "soft", "Delayed"
        BLOCKED = "blocked", "Refused for its content or sender"

    class Source(models.TextChoices):
        MAILBOX = "mailbox", "Mailbox"
        COMMAND = "command", "Command"
        WEBHOOK = "webhook", "Webhook"

    notice = models.ForeignKey("notices.Notice", on_delete=models.PROTECT, related_name="bounces")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="bounces")
    program = models.ForeignKey("accounts.Program", on_delete=models.PROTECT, null=True, related_name="+")
    """The program that the mail was about; null for a mail about the account itself."""
    kind = models.CharField(max_length=20, choices=Kind)
    status = models.CharField(max_length=11)
    """The status of RFC 3463: "5.1.1"; empty where the report gives none."""
    diagnostic = models.CharField(max_length=300)
    """What the rejecting server said; erased after a while."""
    source = models.CharField(max_length=20, choices=Source)
    received_at = models.DateTimeField()
    effect = models.JSONField(default=dict)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "kind"], name="one_bounce_of_a_mail_and_kind"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["hard", "soft", "blocked"]), name="bounce_kind_known"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "received_at"], name="bounce_of_account"),
            models.Index(
                fields=["id"], name="bounce_to_settle", condition=models.Q(kind="hard", settled_at=None)
            ),
        ]


class UnusedReport(models.Model):
    """How many reports did nothing, by why: forged, unrelated, too old, handled already, unreadable."""

    why = models.CharField(max_length=40, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()
