"""Reviews: a campaign, the organizations that answer, the accounts asked about, and one item a holding (IQCS-12).

A campaign of the largest program opens with a million items: what stands in a row is what the opening itself needs,
and everything else follows from the grants, access and events that the row points at.
"""

from django.db import models

from rolebook.accounts.models import Account, Organization, Program, RolebookVersion
from rolebook.audit.ids import new_public_id
from rolebook.governance.models.grants import Access, Grant
from rolebook.governance.models.participation import Participation


class ReviewCampaign(models.Model):
    """One run of a review that the rolebook declares: what everybody in its scope holds is asked about, until a day."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="review_campaigns")
    review_id = models.CharField(max_length=80)
    rolebook_version = models.ForeignKey(RolebookVersion, on_delete=models.PROTECT, related_name="+")
    """The version in force when it opened: its questions, scope and days stay as they were declared there."""
    title = models.CharField(max_length=200)
    opened_on = models.DateField()
    """The day it opened for, in the program's zone; a review opens once a day at most."""
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    """Null when a job or the operator opened it."""
    due_at = models.DateTimeField()
    """From here on it is overdue, and what is newly given is not asked about any more."""
    closes_at = models.DateTimeField()
    """When it closes by itself: the due instant, or the days later that the rolebook gives to who is overdue."""
    accounts = models.PositiveIntegerField(default=0)
    items = models.PositiveIntegerField(default=0)
    """Grants and access that were asked about when it opened."""
    items_hash = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 over them, as the opening's one event has it."""
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    """When it was put before those to whom the rolebook escalates what is overdue; null: not yet."""
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    """Null while it is open, and when it closed by itself."""
    answers_hash = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 over what became of every item, as the closing's one event has it; empty while it is open."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "review_id"],
                condition=models.Q(closed_at__isnull=True),
                name="one_open_campaign_of_a_review",
            ),
            models.UniqueConstraint(
                fields=["program", "review_id", "opened_on"], name="one_campaign_of_a_review_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ReviewPlace(models.Model):
    """An organization that answers in a campaign, and how far it is; the one with no organization is the steward's."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(ReviewCampaign, on_delete=models.PROTECT, related_name="places")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="+")
    questions = models.PositiveIntegerField(default=0)
    """Everything that waits or waited for an answer here: items, and questions about accounts."""
    settled = models.PositiveIntegerField(default=0)
    """Of those, how many are settled, in whatever way."""
    holdings = models.PositiveIntegerField(default=0, db_default=0)
    """Of those, the roles and access: what pages, mails and reports count."""
    holdings_settled = models.PositiveIntegerField(default=0, db_default=0)
    """Of the roles and access, how many are settled."""
    removed = models.PositiveIntegerField(default=0)
    """Of the roles and access, how many an answer removed."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "organization"], name="one_review_place"),
            models.UniqueConstraint(
                fields=["campaign"],
                condition=models.Q(organization__isnull=True),
                name="one_review_place_of_the_steward",
            ),
        ]


class ReviewedAccount(models.Model):
    """An account that a campaign asks about; in the order of their ids they stand by organization and name."""

    # A statement's trigger holds that what a row points at is there and belongs together; constraints, checked row by
    # row at the commit, would say the same again. No flow deletes what these rows point at.
    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(
        ReviewCampaign, on_delete=models.PROTECT, related_name="reviewed", db_index=False, db_constraint=False
    )
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="reviewed", db_constraint=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="reviewed", db_index=False, db_constraint=False
    )
    place = models.ForeignKey(
        ReviewPlace, on_delete=models.PROTECT, related_name="reviewed", db_constraint=False
    )
    """The organization that employs the person, or, where none is recorded, the place without one."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "participation"], name="account_reviewed_once")
        ]


class ReviewItem(models.Model):
    """One thing asked about an account: one grant, one access, or the account: whether it is still needed."""

    class About(models.TextChoices):
        ACCOUNT = "account", "The account"
        ROLE = "role", "A role"
        ACCESS = "access", "Access"

    class Answer(models.TextChoices):
        NONE = "", "Not answered"
        KEEP = "keep", "Keep"
        REMOVE = "remove", "Remove"

    class Outcome(models.TextChoices):
        OPEN = "", "Open"
        KEPT = "kept", "Kept"
        REMOVED = "removed", "Removed by the review"
        ENDED = "ended", "Ended before it was answered"
        UNANSWERED = "unanswered", "Not answered"
        REMOVED_UNANSWERED = "removed unanswered", "Not answered, and removed"

    # Held by a statement's trigger, as in ReviewedAccount.
    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(
        ReviewCampaign, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    reviewed = models.ForeignKey(
        ReviewedAccount, on_delete=models.PROTECT, related_name="items", db_constraint=False
    )
    place = models.ForeignKey(
        ReviewPlace, on_delete=models.PROTECT, related_name="items", db_index=False, db_constraint=False
    )
    """Who answers: the organization of the grant or access; for what has none, the one that employs the person."""
    about = models.CharField(max_length=10, choices=About)
    grant = models.ForeignKey(
        Grant, on_delete=models.PROTECT, null=True, related_name="review_items", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    access = models.ForeignKey(
        Access, on_delete=models.PROTECT, null=True, related_name="review_items", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    added_at = models.DateTimeField()
    """The campaign's opening, or later, for what was given meanwhile."""
    answer = models.CharField(max_length=10, choices=Answer, blank=True, default=Answer.NONE)
    """Saved as it is given; it takes effect when its reviewer submits the account."""
    answered_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    answered_at = models.DateTimeField(null=True)
    answered_together = models.PositiveIntegerField(default=0)
    """How many items the same press answered."""
    version = models.PositiveIntegerField(default=0)
    """Rises with each saved answer; whoever answers says which version they saw."""
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True, default=Outcome.OPEN)
    settled_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    """Who submitted the account; null for what was settled without an answer."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "campaign"],
                condition=models.Q(grant__isnull=False),
                name="grant_asked_about_once",
            ),
            models.UniqueConstraint(
                fields=["access", "campaign"],
                condition=models.Q(access__isnull=False),
                name="access_asked_about_once",
            ),
            models.UniqueConstraint(
                fields=["reviewed"], condition=models.Q(about="account"), name="account_asked_about_once"
            ),
            models.CheckConstraint(
                condition=models.Q(about="account", grant__isnull=True, access__isnull=True)
                | models.Q(about="role", grant__isnull=False, access__isnull=True)
                | models.Q(about="access", grant__isnull=True, access__isnull=False),
                name="review_item_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="", settled_at__isnull=True)
                | (~models.Q(outcome="") & models.Q(settled_at__isnull=False)),
                name="review_item_settled_with_an_outcome",
            ),
        ]
        indexes = [
            models.Index(
                fields=["place", "reviewed"],
                condition=models.Q(settled_at__isnull=True),
                name="review_item_open",
            ),
            models.Index(
                fields=["place", "reviewed"],
                condition=models.Q(settled_at__isnull=False),
                name="review_item_settled",
            ),
            models.Index(fields=["place", "reviewed"], name="review_item_of_place"),
            models.Index(
                fields=["campaign", "answered_by"],
                condition=models.Q(answered_by__isnull=False),
                name="review_item_answered",
            ),
        ]
