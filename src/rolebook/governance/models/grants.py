"""Grants and access, and the designations that open some. Only :mod:`rolebook.governance.ledger` writes here."""

from django.db import models

from rolebook.accounts.models import Account, Organization, Program
from rolebook.audit.ids import new_public_id
from rolebook.governance.models.imports import ImportedApproval
from rolebook.governance.models.participation import Participation
from rolebook.governance.models.requests import RequestItem
from rolebook.governance.models.responders import Registration, ResponderRecord


def one_of(*names: str) -> models.Q:
    """Return the condition that exactly one of some columns is not null."""
    conditions = [models.Q(**{f"{name}__isnull": name != chosen for name in names}) for chosen in names]
    whole = conditions[0]
    for condition in conditions[1:]:
        whole |= condition
    return whole


class Designation(models.Model):
    """A role given without a request, on record: by the steward, or by the operator at the command line."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="designations")
    role_id = models.CharField(max_length=80)
    """Empty where access apart from roles was given."""
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True)
    lower_levels = models.BooleanField(null=True)
    """Of access apart from roles: whether the organizations below are included; null of a role."""
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
    moved_from = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="moved_to")
    """What it continues, of another account of the same person, when the two were merged; that has the origin."""
    registration = models.OneToOneField(
        Registration, on_delete=models.PROTECT, null=True, related_name="grant"
    )
    record = models.ForeignKey(ResponderRecord, on_delete=models.PROTECT, null=True, related_name="grants")
    """The person's own record, to which a role that came with registering is bound; null of every other grant."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="grant_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=one_of("request_item", "designation", "imported", "moved_from", "registration"),
                name="grant_has_one_origin",
            ),
            models.UniqueConstraint(
                fields=["record"],
                condition=models.Q(closed_at__isnull=True, record__isnull=False),
                name="one_account_of_a_record",
            ),
            models.UniqueConstraint(
                fields=["program", "account"],
                condition=models.Q(closed_at__isnull=True, record__isnull=False),
                name="one_record_of_an_account",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "organization", "closed_at"], name="grant_organization"),
            models.Index(fields=["account", "program", "closed_at"], name="grant_account"),
            models.Index(fields=["program", "role_id"], name="grant_role"),
            models.Index(fields=["organization", "role_id"], name="grant_office"),
        ]


class Access(models.Model):
    """An organization held apart from roles, dated like a grant (design: "access"); power needs a role as well."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="accesses")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="accesses")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="accesses")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="accesses")
    lower_levels = models.BooleanField()
    """Whether the organizations below are included."""
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    """Set once, by the ledger; a trigger refuses every other change."""
    request_item = models.OneToOneField(
        RequestItem, on_delete=models.PROTECT, null=True, related_name="access"
    )
    designation = models.OneToOneField(
        Designation, on_delete=models.PROTECT, null=True, related_name="access"
    )
    imported = models.OneToOneField(
        ImportedApproval, on_delete=models.PROTECT, null=True, related_name="access"
    )
    moved_from = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="moved_to")
    """What it continues, of another account of the same person, when the two were merged; that has the origin."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="access_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=one_of("request_item", "designation", "imported", "moved_from"),
                name="access_has_one_origin",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "organization", "closed_at"], name="access_organization"),
            models.Index(fields=["account", "program", "closed_at"], name="access_account"),
        ]


class EndWarning(models.Model):
    """That a person was told so many days before what they hold ends; once an end, whatever ends with it."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="end_warnings")
    ends_at = models.DateTimeField()
    days_before = models.PositiveSmallIntegerField()
    warned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "ends_at", "days_before"], name="one_warning_before_an_end"
            )
        ]
