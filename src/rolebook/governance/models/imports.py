"""What came in from an earlier system by a file: the import, and the original approval of each grant it opened."""

from django.db import models

from rolebook.accounts.models import Program
from rolebook.audit.ids import new_public_id


class Import(models.Model):
    """One file that the operator imported into a program, whole."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="imports")
    source_hash = models.CharField(max_length=64)
    """SHA-256 of the file."""
    reason = models.TextField(blank=True, default="")
    imported_at = models.DateTimeField()


class ImportedApproval(models.Model):
    """The approval that a row of an import tells of: who approved in the earlier system, and when (IQIES-02)."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    imported = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="approvals")
    line = models.PositiveIntegerField()
    """Line of the file on which the row begins."""
    approved_on = models.DateField()
    """A day in the program's time zone."""
    approved_by = models.CharField(max_length=150)
    """As the earlier system names the approver; nobody of ours, perhaps."""
    source = models.CharField(max_length=200)
    """The earlier system, or its record, where the approval can be looked up."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["imported", "line"], name="one_approval_a_line")]
