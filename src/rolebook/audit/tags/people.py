"""What happens to accounts, to participations, and to a lost second factor."""

from rolebook.audit.tags.declaring import declare

# Accounts: the beneficiary. ``status`` is an Account.Status, ``method`` totp, passkey, recovery,
# mailed-code or provider; ``provider`` the identity provider of the settings by which somebody came.
ACCOUNT_REGISTERED = declare(
    "account:registered", "Somebody registered an account", "status", "user_id name email"
)
ACCOUNT_EMAIL_CONFIRMED = declare(
    "account:email-confirmed", "The holder of an account confirmed its e-mail address", personal="email"
)
ACCOUNT_CHANGED = declare(
    "account:changed",
    "An account's name or e-mail address changed",
    "fields",
    "name email old_name old_email",
)
ACCOUNT_STATUS_CHANGED = declare(
    "account:status-changed",
    "An account was deactivated, reactivated or closed",
    "status",
    "reason",
)
ACCOUNT_MERGED = declare(
    "account:merged",
    "Two accounts of one person became one",
    "closed_account_id moved ended",
    "reason",
)
ACCOUNT_NAMED_SAME = declare(
    "account:named-same", "Two accounts were named as one person's", "other_account_id source"
)
ACCOUNT_TOLD_APART = declare(
    "account:told-apart", "Two accounts were found to be of different people", "other_account_id", "reason"
)
ACCOUNT_SIGNED_IN = declare("account:signed-in", "Somebody signed in", "method provider")
ACCOUNT_SIGNED_OUT = declare(
    "account:signed-out", "Somebody signed out: here, one session, elsewhere or everywhere", "scope sessions"
)
ACCOUNT_PASSWORD_CHANGED = declare("account:password-changed", "A password was changed or reset", "way")
ACCOUNT_FACTOR_ADDED = declare("account:factor-added", "A second factor was set up", "method", "name")
ACCOUNT_FACTOR_RENAMED = declare(
    "account:factor-renamed", "A second factor was given another name", "method", "name old_name"
)
ACCOUNT_FACTOR_REMOVED = declare("account:factor-removed", "A second factor was removed", "method", "name")
ACCOUNT_CODES_MADE = declare("account:codes-made", "New recovery codes replaced the old ones", "count")
ACCOUNT_IDENTITY_LINKED = declare(
    "account:identity-linked", "An identity at an outside provider was linked", "provider issuer", "identity"
)
ACCOUNT_IDENTITY_UNLINKED = declare(
    "account:identity-unlinked",
    "An identity at an outside provider was unlinked",
    "provider issuer",
    "identity",
)
ACCOUNT_TOKEN_MADE = declare(
    "account:token-made", "A person made an access token", "token_id prefix may_act ends_at", "name"
)
ACCOUNT_TOKEN_REVOKED = declare(
    "account:token-revoked", "An access token of a person was ended", "token_id prefix why", "name"
)
SECRETS_REENCRYPTED = declare(
    "secrets:re-encrypted", "Stored second factors were encrypted under a new secret key", "rewritten"
)
ACCOUNT_ERASED = declare(
    "account:erased", "Personal data of a person was erased from the log", "values through_sequence"
)
STATEMENT_AGREED = declare(
    "statement:agreed", "A person agreed to a program's statement", "wording_hash rolebook_version"
)
PARTICIPATION_STARTED = declare("participation:started", "A person joined a program", "status")
PARTICIPATION_SIGNED_IN = declare(
    "participation:signed-in",
    "A person began a session in a program",
    "last_signed_in_at quiet_ends_at",
)
PARTICIPATION_STATUS_CHANGED = declare(
    "participation:status-changed",
    "A person's part in a program was deactivated, reactivated or closed",
    "status cause quiet_ends_at restored",
    "reason",
)
PARTICIPATION_FSID_CHANGED = declare(
    "participation:fsid-changed", "The FSID of a person was set, changed or removed", "way", "fsid old_fsid"
)
# A lost second factor, and who vouches for the person; the beneficiary lost it.
RECOVERY_ASKED = declare(
    "recovery:asked",
    "Somebody with the password and the mailbox said that the second factor is lost",
    "recovery_id expires_at",
)
RECOVERY_VOUCHED = declare(
    "recovery:vouched",
    "Somebody vouched for a person who lost the second factor",
    "recovery_id how ready_at expires_at",
    "reason",
)
RECOVERY_REFUSED = declare(
    "recovery:refused", "Somebody who may vouch found that it is not the person", "recovery_id", "reason"
)
RECOVERY_CANCELLED = declare(
    "recovery:cancelled", "The recovery of a lost second factor was cancelled", "recovery_id why"
)
RECOVERY_FINISHED = declare(
    "recovery:finished", "The lost second factor was removed, after somebody had vouched", "recovery_id"
)
