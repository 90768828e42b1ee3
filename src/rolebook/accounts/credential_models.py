"""Tables of what proves who somebody is beside the password, and of the sessions that followed.

Authenticator apps and recovery codes stand in allauth's table (docs/decisions/0008); passkeys here, because a
credential's id is unique over all accounts and its counter only ever goes up (docs/decisions/0023).
"""

import uuid

from django.db import models

from rolebook.audit.ids import new_public_id


class Passkey(models.Model):
    """A passkey: the public half of a key pair whose private half never leaves its device (WebAuthn level 3)."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="passkeys")
    name = models.CharField(max_length=60)
    """What its person calls it."""
    credential_id = models.BinaryField(max_length=1023, unique=True)
    """Chosen by the device; one account's only (section 7.1, step 26)."""
    credential = models.BinaryField(max_length=4096)
    """Attested credential data (section 6.5.1): the device's model, the credential's id and its public key."""
    transports = models.JSONField(default=list)
    """How browsers reach the device, as the browser named it: "internal", "usb", "hybrid", …"""
    sign_count = models.BigIntegerField(default=0)
    """The newest signature counter seen; one that does not go up betrays a copy (section 6.1.1)."""
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class PasskeyChallenge(models.Model):
    """What a device is asked to sign: for one account and purpose, used once, for some minutes (I8)."""

    class Purpose(models.TextChoices):
        SET_UP = "set up", "Set up a passkey"
        SIGN_IN = "sign in", "Sign in"
        VOUCH = "vouch", "Vouch for somebody"

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    """Random, not by time: only the session that asked for the challenge knows it."""
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20, choices=Purpose)
    challenge = models.BinaryField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)


class AccountSession(models.Model):
    """A session that somebody began by signing in, as their security page lists it.

    The browser's session itself is Django's; ending one deletes that, so that the next request finds nobody.
    """

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    """Also the session's name in events; no credential."""
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True, null=True)
    """Key of Django's session while it lasts; None once it has ended."""
    address = models.GenericIPAddressField(null=True)
    """The network address it was last seen at."""
    browser = models.CharField(max_length=80)
    """Browser and system in plain words."""
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    """When it was last seen; noted every few minutes, not at every request."""
    ended_at = models.DateTimeField(null=True)
