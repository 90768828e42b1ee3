"""Reports of reviews (IQCS-13), kept in parts; and files that are made in the background, kept in pieces."""

from django.db import models

from rolebook.accounts.models import Account, Organization, Program
from rolebook.audit.ids import new_public_id
from rolebook.governance.models.reviews import ReviewCampaign


class Making(models.TextChoices):
    """How far something is that is made in the background."""

    WAITING = "waiting", "Waiting to be made"
    MAKING = "making", "Being made"
    MADE = "made", "Made"
    FAILED = "failed", "Could not be made"


class ReviewReport(models.Model):
    """What a campaign came to at one organization and below it, as of an instant; frozen once made."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(ReviewCampaign, on_delete=models.PROTECT, related_name="reports")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="+")
    """Whose report it is, with what is below it; null: the whole campaign's."""
    is_final = models.BooleanField(default=False)
    """Whether it was made at closing, and stays; else it is preliminary, and is forgotten after some days."""
    state = models.CharField(max_length=10, choices=Making, default=Making.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    """Accounts."""
    as_of = models.DateTimeField(null=True)
    """The instant of what it says; the closing, of a final one."""
    summary = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 over its parts, one after the other; empty until it is made."""
    asked_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    """Null of a final one."""
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    """When somebody last began to work on it."""
    made_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "organization"],
                condition=models.Q(is_final=True),
                name="one_final_report_of_an_organization",
            ),
            models.UniqueConstraint(
                fields=["campaign"],
                condition=models.Q(is_final=True, organization__isnull=True),
                name="one_final_report_of_all",
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="review_report_state")]


class ReviewReportPart(models.Model):
    """Some accounts of a report, by organization and name: canonical JSON, one array."""

    report = models.ForeignKey(ReviewReport, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="one_part_of_a_number")]


class MadeFile(models.Model):
    """A file that somebody asked for and that takes long: made in the background, fetched once it is there."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    """What it is a file of; `rolebook.governance.files.making` knows how each kind is made."""
    asked = models.JSONField(default=dict)
    """What exactly was asked for."""
    format = models.CharField(max_length=4)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=Making, default=Making.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    """Lines; 0 while their number is not known."""
    size = models.PositiveBigIntegerField(default=0)
    """Bytes."""
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "id"], name="made_file_state"),
            models.Index(fields=["asked_at"], name="made_file_asked"),
        ]


class MadeFilePiece(models.Model):
    """A piece of a file, of a bounded number of bytes."""

    file = models.ForeignKey(MadeFile, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_piece_of_a_number")]
