"""Files that go with account requests: what was uploaded; the bytes stand outside of the database (IQCS-07, -14)."""

from django.db import models

from rolebook.accounts.models import Account, Program
from rolebook.audit.ids import new_public_id


class Attachment(models.Model):
    """One file as it was uploaded; the drafts and the forms that have it name it, and without any it is deleted."""

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF"
        PNG = "png", "PNG image"
        JPEG = "jpeg", "JPEG image"

    class Scan(models.TextChoices):
        CLEAN = "clean", "Scanned, nothing found"
        NOT_SCANNED = "not scanned", "Not scanned: this server has no scanner"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="attachments")
    uploaded_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=100)
    """As people read it: the name it came with, made harmless, with the ending of its kind."""
    kind = models.CharField(max_length=10, choices=Kind)
    """By its first bytes, whatever it was called."""
    is_certificate = models.BooleanField(default=False)
    """Whether its uploader says that it is a certificate of role-based training."""
    size = models.PositiveIntegerField()
    """Bytes."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the bytes, in hex."""
    scan = models.CharField(max_length=20, choices=Scan)
    uploaded_at = models.DateTimeField(db_index=True)
