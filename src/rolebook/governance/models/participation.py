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

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="participations")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="participations")
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    status_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    status_at = models.DateTimeField(null=True)
    """When the status last changed; null while it is as it was at the beginning."""
    status_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    """Who changed it; null when the operator or a job did."""
    fsid = models.CharField("FSID", max_length=12, blank=True, default="", db_default="")
    """A federal surveyor's number, in programs that have the privilege to manage it; empty without one."""
    last_signed_in_at = models.DateTimeField(null=True)
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
        indexes = [models.Index(fields=["program", "status", "id"], name="participation_status")]
