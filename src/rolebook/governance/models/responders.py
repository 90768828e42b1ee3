"""Records that people have of their own, and who registered for which one (IQCS-01)."""

from django.db import models

from rolebook.accounts.models import Account, Organization, Program
from rolebook.audit.ids import new_public_id


class ResponderRecord(models.Model):
    """A record as the program's system of responders knows it: imported, never written by the person it is about."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="responder_records")
    identifier = models.CharField(max_length=60)
    """As the rolebook's ``records.identifier`` has it, in capitals; applications name the record by it."""
    name = models.CharField(max_length=150)
    email = models.EmailField(max_length=254, blank=True, default="")
    """The address on the record, to which a code is mailed; empty where there is none."""
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="responder_records")
    """Where the record is kept: who decides there may confirm whose it is."""
    imported_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)
    """When a later import changed it; null: it is as it first came."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "identifier"], name="one_record_of_an_identifier"),
        ]


class Registration(models.Model):
    """That somebody says a record is theirs, by which proof, and what came of it.

    One that named no record, or none that is free, looks the same from outside and is never confirmed.
    """

    class State(models.TextChoices):
        ASKED = "asked", "Waits for its proof"
        CONFIRMED = "confirmed", "Confirmed"
        REFUSED = "refused", "Not confirmed"
        OVER = "over", "Over"

    class Way(models.TextChoices):
        MAILED_CODE = "mailed code", "By a code to the address on the record"
        CONFIRMATION = "confirmation", "By the word of a manager"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="registrations")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="registrations")
    record = models.ForeignKey(
        ResponderRecord, on_delete=models.PROTECT, null=True, related_name="registrations"
    )
    way = models.CharField(max_length=20, choices=Way)
    proof_id = models.UUIDField(null=True)
    """Public id of the mailed code; null where a manager is asked."""
    state = models.CharField(max_length=20, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="registrations_answered"
    )
    """The manager who confirmed or refused; null where the code did."""
    reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "account"],
                condition=models.Q(state="asked"),
                name="one_registration_asked_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["program", "state", "asked_at", "id"], name="registration_queue")]
