"""Who is out of office, since when and until when, and who decides meanwhile (IQCS-04)."""

from django.db import models

from rolebook.accounts.models import Account, Program
from rolebook.audit.ids import new_public_id


class Absence(models.Model):
    """That somebody who decides requests is out of office: starts_at ≤ t < min(ends_at, ended_at).

    It takes nothing away: whoever comes back early can decide. It says that nobody should wait for them.
    """

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="absences")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    """When it was ended before its last day, or withdrawn before its first; set once."""
    ended_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    """Null when the operator recorded it at the command line."""
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="absence_ends_after_it_starts"
            )
        ]
        indexes = [models.Index(fields=["program", "account", "ends_at"], name="absence_of_account")]


class Delegation(models.Model):
    """Who decides meanwhile, for one role of the absent person's: somebody who could decide anyway."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    absence = models.ForeignKey(Absence, on_delete=models.PROTECT, related_name="delegations")
    role_id = models.CharField(max_length=80)
    delegate = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="delegations")
    ended_at = models.DateTimeField(null=True)
    """When the delegate declined; set once. It ends with the absence anyway."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["absence", "role_id", "delegate"], name="one_delegation_of_a_role"
            )
        ]
        indexes = [models.Index(fields=["program", "delegate"], name="delegation_of_delegate")]
