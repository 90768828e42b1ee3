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
    last_signed_in_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    imported = models.ForeignKey(Import, on_delete=models.PROTECT, null=True, related_name="participations")
    """The import that started it, or None."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "account"], name="one_participation")]
