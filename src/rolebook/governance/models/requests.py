"""Requests: what is asked, by whom for whom, the stages it passes and the outcomes it gets."""

from django.db import models

from rolebook.accounts.models import Account, Organization, Program, RolebookVersion
from rolebook.audit.ids import new_public_id


class Request(models.Model):
    """Somebody's wish that authority change (design: "A request")."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        RETURNED = "returned", "Returned"
        APPROVED = "approved", "Approved"
        PARTLY_APPROVED = "partly approved", "Partly approved"
        DENIED = "denied", "Denied"
        WITHDRAWN = "withdrawn", "Withdrawn"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="requests")
    requester = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="requests_made")
    beneficiary = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="requests")
    state = models.CharField(max_length=20, choices=State, default=State.PENDING)
    version = models.PositiveIntegerField(default=1)
    reason = models.TextField(blank=True, default="")
    rolebook_version = models.ForeignKey(RolebookVersion, on_delete=models.PROTECT)
    resubmission_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="resubmissions"
    )
    submitted_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    held_since = models.DateTimeField(null=True)
    """Since when the rest waits for the requester's word, after another agency denied its part; null: it goes on."""

    class Meta:
        indexes = [
            models.Index(fields=["program", "state", "submitted_at", "id"], name="request_queue"),
            models.Index(fields=["beneficiary", "program", "state"], name="request_beneficiary"),
        ]


class Stage(models.Model):
    """One station of a request's chain: the role that decides, where, and which items (by their hash)."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for an earlier stage"
        OPEN = "open", "Open"
        APPROVED = "approved", "Approved"
        DENIED = "denied", "Denied"
        RETURNED = "returned", "Returned"
        VOID = "void", "Will not be decided"

    class Why(models.TextChoices):
        NOBODY = "nobody", "Nobody in office may decide it"
        OVERDUE = "overdue", "It has waited too long"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="stages")
    request_version = models.PositiveIntegerField()
    chain_id = models.CharField(max_length=160)
    """One run of a chain: its id in the rolebook and what it runs for, unique within the request's version."""
    spec_id = models.CharField(max_length=80)
    """The stage's id in the rolebook."""
    position = models.PositiveSmallIntegerField()
    approver_role_id = models.CharField(max_length=80)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="stages")
    """Where the approver must hold the role; null for an office of the program (the steward)."""
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followed_by")
    """The stages that must all be approved before this one opens: the one before it, or every chain that joins here."""
    is_foreign = models.BooleanField(default=False, db_default=False)
    """Whether another organization than the beneficiary's employing one decides: it speaks for its own items only."""
    items_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    opened_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    reminded_after = models.PositiveSmallIntegerField(null=True)
    """Working days after which its approvers were last reminded; null: not yet."""
    escalated_at = models.DateTimeField(null=True)
    """Since when it has been with the steward, too, on record; null: it is with its office alone."""
    escalated_why = models.CharField(max_length=20, choices=Why, blank=True, default="", db_default="")
    stuck_since = models.DateTimeField(null=True)
    """Since when nobody can decide it, not even a steward, on record; null: somebody can. At use it is judged anew."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "request_version", "chain_id", "position"], name="one_stage_per_position"
            ),
        ]
        indexes = [
            models.Index(fields=["program", "organization", "state", "opened_at", "id"], name="stage_queue"),
            models.Index(
                fields=["program", "opened_at", "id"], name="stage_open", condition=models.Q(state="open")
            ),
        ]


class RequestItem(models.Model):
    """One thing asked in one version of a request; it is decided by the stages that carry it."""

    class Kind(models.TextChoices):
        ADD_ROLE = "add role", "Add role"
        REMOVE_ROLE = "remove role", "Remove role"
        ADD_ACCESS = "add access", "Add access"
        REMOVE_ACCESS = "remove access", "Remove access"
        REACTIVATE = "reactivate", "Reactivate"

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        DENIED = "denied", "Denied"
        WITHDRAWN = "withdrawn", "Withdrawn"
        RETURNED = "returned", "Returned"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="items")
    request_version = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind)
    role_id = models.CharField(max_length=80, blank=True, default="")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="items")
    lower_levels = models.BooleanField(default=False, db_default=False)
    """Of access apart from roles: whether the organizations below are included."""
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, choices=State, default=State.PENDING)
    stages = models.ManyToManyField(Stage, related_name="items")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "request_version", "position"], name="one_item_per_position"
            ),
        ]
        indexes = [models.Index(fields=["program", "organization", "state"], name="item_organization")]

    @property
    def place_pk(self) -> int | None:
        """Internal id of the organization that the item names."""
        return self.organization_id


class Outcome(models.Model):
    """A decision of one approver at one stage, bound to the version and hash of the items it decides (I5)."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        DENIED = "denied", "Denied"
        RETURNED = "returned", "Returned"

    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="outcomes")
    request_version = models.PositiveIntegerField()
    chain_id = models.CharField(max_length=160)
    stage = models.OneToOneField(Stage, on_delete=models.PROTECT, related_name="outcome")
    approver = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="outcomes")
    verdict = models.CharField(max_length=20, choices=Verdict)
    reason = models.TextField(blank=True, default="")
    items_hash = models.CharField(max_length=64)
    decided_at = models.DateTimeField()
    delegate_for = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="outcomes_by_delegate"
    )
    """Who was out of office and had named the approver as delegate; neither gives another word on the items (I6)."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "request_version", "chain_id", "approver"],
                name="nobody_decides_twice_in_a_chain",
            ),
        ]
