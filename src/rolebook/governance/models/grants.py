"""Grants, and the designations that open some of them. Only :mod:`rolebook.governance.ledger` writes here."""

from django.db import models

from rolebook.accounts.models import Account, Organization, Program
from rolebook.audit.ids import new_public_id
from rolebook.governance.models.imports import ImportedApproval
from rolebook.governance.models.participation import Participation
from rolebook.governance.models.requests import RequestItem


class Designation(models.Model):
    """A role given without a request, on record: by the steward, or by the operator at the command line."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="designations")
    role_id = models.CharField(max_length=80)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True)
    designated_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="designations_made"
    )
    """Null when the operator designated at the command line."""
    reason = models.TextField(blank=True, default="")
    designated_at = models.DateTimeField()


class Grant(models.Model):
    """A dated holding of a role (design: "A grant"). In force: starts_at ≤ t < min(ends_at, closed_at)."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="grants")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="grants")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="grants")
    role_id = models.CharField(max_length=80)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="grants")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    """Set once, by the ledger; a trigger refuses every other change of a grant."""
    request_item = models.OneToOneField(
        RequestItem, on_delete=models.PROTECT, null=True, related_name="grant"
    )
    designation = models.OneToOneField(Designation, on_delete=models.PROTECT, null=True, related_name="grant")
    imported = models.OneToOneField(
        ImportedApproval, on_delete=models.PROTECT, null=True, related_name="grant"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="grant_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    request_item__isnull=False, designation__isnull=True, imported__isnull=True
                )
                | models.Q(request_item__isnull=True, designation__isnull=False, imported__isnull=True)
                | models.Q(request_item__isnull=True, designation__isnull=True, imported__isnull=False),
                name="grant_has_one_origin",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "organization", "closed_at"], name="grant_organization"),
            models.Index(fields=["account", "program", "closed_at"], name="grant_account"),
        ]
