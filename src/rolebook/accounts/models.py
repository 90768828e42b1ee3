"""Tables of identity: accounts, programs with their activated rolebooks, organizations, statement agreements."""

import secrets
import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from rolebook.accounts import (  # noqa: F401 - Django looks for tables here
    credential_models,
    organization_models,
    person_models,
    token_models,
)
from rolebook.audit.ids import new_public_id


def new_session_salt() -> str:
    """Return fresh text for ``Account.session_salt``; setting it ends every session of the account."""
    return secrets.token_urlsafe(16)


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by their normalised user id."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        """Return the account whose user id is ``username``, case folded."""
        return self.get(user_id=(username or "").strip().casefold())


class Account(AbstractBaseUser):
    """A person's credentials, and nothing about what they may do (design: "People and programs")."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        DEACTIVATED = "deactivated", "Deactivated"
        CLOSED = "closed", "Closed"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    user_id = models.CharField("user ID", max_length=60, unique=True)
    """Sign-in name, stored case folded."""
    name = models.CharField("full name", max_length=150)
    email = models.EmailField("e-mail address", max_length=254)
    """The confirmed address, or the one an import brought; mail goes only to it (I9)."""
    email_key = models.CharField(max_length=254, unique=True)
    """Canonical form of ``email`` (NFKC, case folded): one account an address."""
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    status_reason = models.CharField(max_length=200, blank=True, default="")
    status_at = models.DateTimeField(null=True)
    """When the status last changed; null while it is as it was at the beginning."""
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged")
    """The account of the same person that remained, never one that is merged itself; null otherwise."""
    session_salt = models.CharField(max_length=40, default=new_session_salt)
    """Goes into the hash that every session carries: a new one signs the account out everywhere (I7)."""
    last_totp_step = models.BigIntegerField(default=0)
    """The newest 30-second step whose code was used (RFC 6238, section 5.2: a code is accepted once)."""
    factors_removed_at = models.DateTimeField(null=True)
    """When a lost second factor was removed; None again once a new one is set up."""
    created_at = models.DateTimeField()
    last_login = None  # per program, in its participation

    USERNAME_FIELD = "user_id"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "deactivated", "closed"]),
                name="account_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | models.Q(status="closed"),
                name="merged_account_is_closed",
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="account_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether the account may sign in (Django's own question, answered by our status)."""
        return self.status == self.Status.ACTIVE

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a session must carry to stay signed in: it changes with the password and the session salt."""
        kept = f"{self.password}\n{self.session_salt}"
        return salted_hmac("rolebook.accounts.session", kept, secret=secret, algorithm="sha256").hexdigest()


class MailedCode(models.Model):
    """A code that proves an e-mail address: stored hashed, used once, bound to purpose and address (I8).

    A registration is one of these and nothing else until its address is confirmed: no account exists before.
    """

    class Purpose(models.TextChoices):
        REGISTER = "register", "Register"
        SIGN_IN = "sign-in", "Sign in without a second factor"
        CHANGE_EMAIL = "change e-mail", "Change e-mail address"
        RESET_PASSWORD = "reset password", "Reset password"
        RECOVER = "recover", "Recover from a lost second factor"
        OWN_RECORD = "own record", "Show that a record is one's own"

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    """Random, not by time: it is the half of the proof that stays in the browser."""
    purpose = models.CharField(max_length=20, choices=Purpose)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="mailed_codes")
    address = models.CharField(max_length=254)
    details = models.JSONField(default=dict)
    """What the proof is for (a registration's name, user ID, password hash); emptied when used."""
    code_hash = models.CharField(max_length=200)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)


class LinkedIdentity(models.Model):
    """That an identity at an outside identity provider signs in to an account: always linked by its person (I9).

    The pair of issuer and subject is the identity; names and addresses that the provider tells are never compared.
    """

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="identities")
    provider_id = models.CharField(max_length=40)
    """Which provider of the settings it came by; the issuer is what counts."""
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    """The provider's own id of the person (OpenID Connect Core 1.0, section 2: at most 255 characters)."""
    linked_at = models.DateTimeField()
    signed_in_at = models.DateTimeField(null=True)
    two_factors_at = models.DateTimeField(null=True)
    """When the provider last confirmed a second factor that counts; from then on no mailed code stands in for one."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_linked_once"),
            models.UniqueConstraint(fields=["account", "issuer"], name="one_identity_of_an_issuer"),
        ]


class Throttle(models.Model):
    """How many failures one source had since its window began (:mod:`rolebook.accounts.throttling`)."""

    bucket = models.CharField(max_length=64, primary_key=True)
    """SHA-256 of what is limited: never the address or user ID itself."""
    failures = models.PositiveIntegerField()
    window_starts_at = models.DateTimeField(db_index=True)


class Program(models.Model):
    """A program whose rolebook has been activated; its id is the rolebook's."""

    program_id = models.CharField(max_length=40, primary_key=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.program_id


class RolebookVersion(models.Model):
    """An immutable activated rolebook (design: "Versions"); the newest effective one is in force."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.TextField()
    content_hash = models.CharField(max_length=64)
    effective_at = models.DateTimeField()
    activated_at = models.DateTimeField()
    activated_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "number"], name="rolebook_version_number")]


class Client(models.Model):
    """An application with a bearer token of one program. Of the token only a digest is kept (I8)."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="clients")
    name = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    """How the token begins, so that people recognize it."""
    operations = models.JSONField()
    """What it may ask: a list of operation names, such as ``evaluation``."""
    reasons = models.BooleanField(default=False, db_default=False)
    """Whether its answers say why without being asked to."""
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    """First instant at which the token no longer counts, as promised; null when no end was promised."""
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "name"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_client_of_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Organization(models.Model):
    """An organization of one program, at its present place in that program's tree."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="organizations")
    kind_id = models.CharField(max_length=60)
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    search_key = models.CharField(max_length=1000)
    """Case-folded name, code and identifiers, and those it had before, for search."""
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=900, db_index=True)
    """Ids from the root to this organization, each followed by a slash (``/1/5/``): never names (I1)."""
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "code"], name="organization_code")]
        indexes = [models.Index(fields=["program", "name", "id"], name="organization_by_name")]

    def __str__(self) -> str:
        return self.name


class OrganizationIdentifier(models.Model):
    """A number that an organization is known by (TIN, CCN, …)."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="identifiers")
    scheme = models.CharField(max_length=40)
    value = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "scheme", "value"], name="organization_identifier")
        ]


class OrganizationPlacement(models.Model):
    """Where an organization stood in the tree, and from when to when."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="placements")
    parent = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)


class StatementAgreement(models.Model):
    """That a person agreed to a program's Statement of Truth at one sign-in, with the wording's hash (QPP-01)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="agreements")
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    rolebook_version = models.ForeignKey(RolebookVersion, on_delete=models.PROTECT)
    wording_hash = models.CharField(max_length=64)
    agreed_at = models.DateTimeField()


def canonical_id(value: str | uuid.UUID) -> uuid.UUID | None:
    """Return ``value`` as a UUID, or None when it is not one (so that a bad id looks like an unknown one)."""
    try:
        return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
    except (ValueError, AttributeError, TypeError):
        return None
