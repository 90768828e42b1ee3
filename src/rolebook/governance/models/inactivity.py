"""What was held at a closing for want of a sign-in, and each program's watch over who is due to be closed."""

from django.db import models

from rolebook.accounts.models import Account, Program
from rolebook.governance.models.grants import Access, Grant, one_of
from rolebook.governance.models.participation import Participation


class HeldAtClosing(models.Model):
    """One grant or access that ended because its part in a program was closed for want of a sign-in (IQCS-10)."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="held_at_closing")
    closed_at = models.DateTimeField()
    """When the participation was closed: its `status_at` as long as it is."""
    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, null=True, related_name="held_at_closing")
    access = models.OneToOneField(Access, on_delete=models.PROTECT, null=True, related_name="held_at_closing")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=one_of("grant", "access"), name="held_at_closing_is_one_thing")
        ]
        indexes = [models.Index(fields=["participation", "closed_at"], name="held_at_closing_of")]


class QuietWatch(models.Model):
    """A program's watch over who is due: when it last ran, by which count, and the question that it stopped with."""

    class Why(models.TextChoices):
        CLOCK = "clock", "The clock jumped"
        SHARE = "share", "More are due at once than the program declares"

    program = models.OneToOneField(
        Program, on_delete=models.PROTECT, primary_key=True, related_name="quiet_watch"
    )
    ran_at = models.DateTimeField(null=True)
    """The last run by the database's clock; null before the first."""
    counted_by = models.CharField(max_length=80, blank=True, default="")
    """The months and the zone by which everybody was counted, as text."""
    stopped_at = models.DateTimeField(null=True)
    """Since when it closes nobody and waits for the steward; null: it does not."""
    why = models.CharField(max_length=10, choices=Why, blank=True, default="")
    due = models.PositiveIntegerField(default=0)
    """How many were due when it stopped, of how many active ones."""
    active = models.PositiveIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    """Null also when the operator confirmed."""
    go_on_until = models.DateTimeField(null=True)
    """Who was due by this instant may be closed, however many they are: the steward said so."""
