"""Tables about organizations besides their present place: contacts, what they were called before, files brought in."""

from django.db import models

from rolebook.audit.ids import new_public_id


class OrganizationContact(models.Model):
    """Whom to ask at an organization, and what for; not an account, and never somebody who gets mail from us."""

    program = models.ForeignKey("accounts.Program", on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.PROTECT, related_name="contacts"
    )
    purpose = models.CharField(max_length=60)
    """What they are the contact for, such as "Billing"; one contact a purpose."""
    name = models.CharField(max_length=150)
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "purpose"], name="one_contact_a_purpose")
        ]


class OrganizationFormerValue(models.Model):
    """A name, code or identifier that an organization had, and from when to when.

    The present one is the organization's. A former code still finds the organization, and is nobody else's.
    """

    program = models.ForeignKey("accounts.Program", on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.PROTECT, related_name="former_values"
    )
    what = models.CharField(max_length=60)
    """"name", "code", or the scheme of an identifier."""
    value = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["program", "what", "value"], name="organization_former_value")]


class OrganizationClosing(models.Model):
    """That an organization was closed, and until when; ``ends_at`` is null while it is."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.PROTECT, related_name="closings"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)


class OrganizationUpload(models.Model):
    """A file of organizations that a steward uploaded: first it is compared, then, once confirmed, brought in."""

    class State(models.TextChoices):
        COMPARING = "comparing", "Being compared"
        COMPARED = "compared", "Waiting for your confirmation"
        WRONG = "wrong", "Cannot be imported"
        IMPORTING = "importing", "Being imported"
        IMPORTED = "imported", "Imported"
        DROPPED = "dropped", "Not imported"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey("accounts.Program", on_delete=models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    file = models.CharField(max_length=200)
    data = models.BinaryField()
    """The file; emptied when nothing more is done with it."""
    source_hash = models.CharField(max_length=64)
    """SHA-256 of the file."""
    close_absent = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=State, default=State.COMPARING)
    plan_hash = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 over the changes that were shown: what was confirmed is exactly them."""
    counts = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    """What is wrong with the file, each with its place."""
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    sequence = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    """When somebody last began, or went on, to work on it."""
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["comparing", "compared", "wrong", "importing", "imported", "dropped"]
                ),
                name="organization_upload_state_known",
            )
        ]


class OrganizationUploadLine(models.Model):
    """One change that a file would make, as it is shown before it is confirmed."""

    upload = models.ForeignKey(OrganizationUpload, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    what = models.CharField(max_length=20)
    """"new", "changed", "moved" or "closed"."""
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    changes = models.JSONField(default=list)
    """[field, old, new] each."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="organization_upload_line_number")
        ]
