"""Tables of the audit log: events, the erasable personal data beside them, and the followers that read them.

Rows of ``Event`` are written by :mod:`rolebook.audit.recording` and by nothing else; database triggers
(:mod:`rolebook.audit.triggers`) refuse every update and deletion on both databases.
"""

from django.db import models


class Event(models.Model):
    """One thing that happened, in the gap-free order in which it was committed (design: "The audit log")."""

    sequence = models.BigIntegerField(unique=True)
    previous_hash = models.BinaryField(max_length=32, unique=True)
    hash = models.BinaryField(max_length=32, unique=True)
    event_version = models.PositiveSmallIntegerField()
    tag = models.CharField(max_length=80)
    occurred_at = models.DateTimeField()
    program_id = models.CharField(max_length=40, null=True)
    actor_id = models.UUIDField(null=True)
    beneficiary_id = models.UUIDField(null=True)
    organization_id = models.UUIDField(null=True)
    request_id = models.UUIDField(null=True)
    content = models.TextField()
    """Canonical JSON of the whole event, personal data replaced by salted commitments; what the hash
    covers."""

    class Meta:
        ordering = ["sequence"]
        indexes = [
            models.Index(fields=["program_id", "sequence"], name="event_program"),
            models.Index(fields=["actor_id", "sequence"], name="event_actor"),
            models.Index(fields=["beneficiary_id", "sequence"], name="event_beneficiary"),
            models.Index(fields=["organization_id", "sequence"], name="event_organization"),
            models.Index(fields=["request_id", "sequence"], name="event_request"),
        ]


class PersonalData(models.Model):
    """One erasable value of an event (name, address, free text); the event carries only its commitment."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="personal_data")
    field = models.CharField(max_length=60)
    salt = models.BinaryField(max_length=16, null=True)
    value = models.TextField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "field"], name="one_personal_value_per_field")
        ]


class Follower(models.Model):
    """A process that answers from a copy of the state (a decision point): what it has applied, and its lease.

    A follower registers (committed) before it loads. Its lease is renewed only at the tip that it read.
    """

    follower_id = models.UUIDField(unique=True)
    kind = models.CharField(max_length=40)
    program_id = models.CharField(max_length=40, null=True)
    name = models.CharField(max_length=200)
    registered_at = models.DateTimeField()
    lease_seconds = models.FloatField()
    renewals = models.BigIntegerField(default=0)
    applied_sequence = models.BigIntegerField(default=0)
    applied_hash = models.BinaryField(max_length=32, null=True)
