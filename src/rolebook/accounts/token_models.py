"""Tables of what people's own programs use: access tokens, and the answers that are given again to a repeated call."""

from django.db import models

from rolebook.audit.ids import new_public_id


class PersonalToken(models.Model):
    """A bearer token with which a person's program acts as that person, in one program. Only a digest is kept (I8)."""

    class Ending(models.TextChoices):
        OWNER = "owner", "taken back by its person"
        STEWARD = "steward", "taken away by a steward"
        OPERATOR = "operator", "taken away by the operator"
        PASSWORD = "password", "ended with a new password"
        SECOND_FACTOR = "second factor", "ended with the lost second factor"
        ACCOUNT = "account", "ended with the account"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="tokens")
    program = models.ForeignKey("accounts.Program", on_delete=models.PROTECT, related_name="personal_tokens")
    name = models.CharField(max_length=60)
    """What its person calls it."""
    token_hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    """How the token begins, so that people recognize it."""
    may_act = models.BooleanField()
    """Whether it may change things, and not only read."""
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """First instant at which it no longer counts, as promised."""
    revoked_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=20, choices=Ending, blank=True, default="")
    """Why it was revoked; empty while it was not."""
    last_used_at = models.DateTimeField(null=True)
    """When it was last accepted; noted every few minutes, not at every call."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("created_at")), name="personal_token_has_an_end"
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, ending="")
                | (models.Q(revoked_at__isnull=False) & ~models.Q(ending="")),
                name="personal_token_says_why_it_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class KeptAnswer(models.Model):
    """What a call with an Idempotency-Key was answered, so that its repetition gets the same and does nothing."""

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    key_hash = models.CharField(max_length=64)
    """SHA-256 of the key: of what a caller chose, nothing is kept."""
    call_hash = models.CharField(max_length=64)
    """SHA-256 of method, address and body: one key is for one call."""
    began_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    """None while the call is being carried out."""
    location = models.CharField(max_length=300, blank=True, default="")
    body = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key_hash"], name="one_answer_a_key")]
