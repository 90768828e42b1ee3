"""An account's part in one program."""

from django.db import models

from rolebook.accounts.models import Account, Program
from rolebook.governance.models.imports import Import


class Participation(models.Model):
    """An account in a program: closing, inactivity and bounces act here (design: "People and programs")."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        DEACTIVATED = "deactivated", "Deactivated"
        CLOSED = "closed", "Closed"

    class Cause(models.TextChoices):
        """Why a status is as it is, where nobody decided it: the event `participation:status-changed` has it, too."""

        DECIDED = "", "Somebody decided it"
        BOUNCE = "bounce", "A mail was rejected"
        INACTIVITY = "inactivity", "No sign-in for too long"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="participations")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="participations")
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    status_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    status_cause = models.CharField(max_length=20, choices=Cause, blank=True, default="", db_default="")
    """Of the present status; empty where somebody decided it."""
    status_at = models.DateTimeField(null=True)
    """When the status last changed; null while it is as it was at the beginning."""
    status_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    """Who changed it; null when the operator or a job did."""
    fsid = models.CharField("FSID", max_length=12, blank=True, default="", db_default="")
    """A federal surveyor's number, in programs that have the privilege to manage it; empty without one."""
    last_signed_in_at = models.DateTimeField(null=True)
    quiet_ends_at = models.DateTimeField(null=True)
    """When it ends unless its person signs in before: it gives no power then, whatever its status says (IQCS-08).

    Null in programs that close nobody for want of a sign-in, and where it was not counted yet. Only
    :mod:`rolebook.governance.quiet` writes it and the next three.
    """
    quiet_warned_at = models.DateTimeField(null=True)
    """When its person was first warned of the present `quiet_ends_at`, or of the one that a warning moved."""
    quiet_warned_days = models.PositiveSmallIntegerField(null=True)
    """Of the warnings of the present `quiet_ends_at` the last one's days before."""
    quiet_official_told_at = models.DateTimeField(null=True)
    """When the stewards were told that the present `quiet_ends_at` closes the last official of a place."""
    created_at = models.DateTimeField()
    imported = models.ForeignKey(Import, on_delete=models.PROTECT, null=True, related_name="participations")
    """The import that started it, or None."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "account"], name="one_participation"),
            models.UniqueConstraint(
                fields=["program", "fsid"], condition=~models.Q(fsid=""), name="one_person_of_an_fsid"
            ),
        ]
        indexes = [
            models.Index(fields=["program", "status", "id"], name="participation_status"),
            models.Index(fields=["program", "status", "quiet_ends_at", "id"], name="participation_quiet"),
        ]
