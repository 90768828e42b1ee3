"""Tables about who somebody is: a lost second factor that others vouch for, accounts that may be one person's, and
whether mail reaches them.
"""

import uuid

from django.db import models


class Recovery(models.Model):
    """That somebody asks to be freed of a lost second factor, and how it went on (docs/decisions/0021).

    Asked by who proved the password and the mailbox; vouched for by somebody who made sure in another way that it is
    the person; carried out by the person, not before ``ready_at``. Two links belong to it, of which only digests are
    kept (I8): one that carries it out, and one that cancels it.
    """

    class State(models.TextChoices):
        ASKED = "asked", "Waiting for somebody to vouch"
        VOUCHED = "vouched", "Vouched for"
        DONE = "done", "Second factor removed"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    class How(models.TextChoices):
        CALLED = "called", "I called a number that I knew before"
        IN_PERSON = "in person", "I met them in person"
        VIDEO = "video", "I saw them in a video call, and know their face"
        OTHER = "other", "In another way, told below"

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="recoveries")
    address = models.CharField(max_length=254)
    """The confirmed address to which the code went; a change of the account's address voids the recovery."""
    state = models.CharField(max_length=20, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    """Judged at use; no job makes it true."""
    cancel_hash = models.CharField(max_length=64, unique=True)
    vouched_by = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, null=True, related_name="recoveries_vouched_for"
    )
    vouched_in = models.ForeignKey("accounts.Program", on_delete=models.PROTECT, null=True, related_name="+")
    """The program in which the voucher holds the office."""
    how = models.CharField(max_length=20, choices=How, blank=True, default="")
    told = models.TextField(blank=True, default="")
    """What the voucher says about how they made sure."""
    vouched_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    """From when the person may set up a new factor: until then it can be seen and cancelled."""
    finish_hash = models.CharField(max_length=64, blank=True, default="", db_index=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state__in=["asked", "vouched"]),
                name="one_recovery_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(vouched_by=models.F("account")), name="nobody_vouches_for_themselves"
            ),
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="recovery_open")]


class SamePerson(models.Model):
    """That two accounts may be one person's, why it is thought, and what became of it (IQIES-04)."""

    class Source(models.TextChoices):
        DECLARED = "declared", "Declared by the person"
        IDENTIFIER = "identifier", "The same number was entered for both"
        STEWARD = "steward", "Named by a steward"
        LIKENESS = "likeness", "Same name and same first part of the e-mail address"

    class State(models.TextChoices):
        OPEN = "open", "To be looked at"
        DIFFERENT = "different", "Two different people"
        MERGED = "merged", "Merged"

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    one = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    """The account with the smaller internal id of the two."""
    other = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=20, choices=Source)
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    named_by = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, null=True, related_name="+")
    named_at = models.DateTimeField()
    settled_by = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="one_row_for_two_accounts"),
            models.CheckConstraint(condition=models.Q(one__lt=models.F("other")), name="smaller_id_first"),
        ]


class AddressStanding(models.Model):
    """Whether mail reaches an account's confirmed address; accounts of which nothing is known have no row.

    The address rejects mail while ``rejected_at`` is set. Only its holder ends that, with a code that came by mail
    (to this or to another address): ``proved_at``. What was sent before then says nothing about it any more.
    """

    account = models.OneToOneField(
        "accounts.Account", on_delete=models.PROTECT, primary_key=True, related_name="address_standing"
    )
    rejected_at = models.DateTimeField(null=True, db_index=True)
    proved_at = models.DateTimeField(null=True)
