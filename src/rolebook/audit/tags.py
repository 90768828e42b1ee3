"""Every kind of event, by its tag, with what its details hold. An event with an undeclared detail is refused.

Grammar: ``subject:verb[:qualifier]``, lower-case words joined by hyphens; the verb is what happened, in the
past. To record something new, declare it here: its meaning, the keys that ``old`` and ``new`` may have, and
the fields of personal data (names, addresses, free text), which stand in the erasable side table and never in
details.
"""

import re
from dataclasses import dataclass

_GRAMMAR = re.compile(r"[a-z]+(?:-[a-z]+)*(?::[a-z]+(?:-[a-z]+)*){1,2}")


@dataclass(frozen=True, slots=True)
class Tag:
    """One kind of event.

    Attributes:
        name: ``subject:verb[:qualifier]``.
        meaning: what happened, for people.
        details: the keys that ``old`` and ``new`` may have.
        personal: the fields of personal data it may carry.
    """

    name: str
    meaning: str
    details: frozenset[str]
    personal: frozenset[str]

    def __str__(self) -> str:
        return self.name


TAGS: dict[str, Tag] = {}


def _declare(name: str, meaning: str, details: str = "", personal: str = "") -> Tag:
    if not _GRAMMAR.fullmatch(name) or name in TAGS:
        raise ValueError(f"tag {name!r}: expected subject:verb[:qualifier], declared once")
    tag = Tag(name, meaning, frozenset(details.split()), frozenset(personal.split()))
    TAGS[name] = tag
    return tag


def tag_of(name: str) -> Tag:
    """Return the declared tag of that name. Raises KeyError when there is none."""
    return TAGS[name]


# Accounts: the beneficiary. ``status`` is an Account.Status, ``method`` totp, passkey, recovery,
# mailed-code or provider; ``provider`` the identity provider of the settings by which somebody came.
ACCOUNT_REGISTERED = _declare(
    "account:registered", "Somebody registered an account", "status", "user_id name email"
)
ACCOUNT_EMAIL_CONFIRMED = _declare(
    "account:email-confirmed", "The holder of an account confirmed its e-mail address", personal="email"
)
ACCOUNT_CHANGED = _declare(
    "account:changed",
    "An account's name or e-mail address changed",
    "fields",
    "name email old_name old_email",
)
ACCOUNT_STATUS_CHANGED = _declare(
    "account:status-changed",
    "An account was deactivated, reactivated or closed",
    "status",
    "reason",
)
ACCOUNT_MERGED = _declare(
    "account:merged",
    "Two accounts of one person became one",
    "closed_account_id moved ended",
    "reason",
)
ACCOUNT_NAMED_SAME = _declare(
    "account:named-same", "Two accounts were named as one person's", "other_account_id source"
)
ACCOUNT_TOLD_APART = _declare(
    "account:told-apart", "Two accounts were found to be of different people", "other_account_id", "reason"
)
ACCOUNT_SIGNED_IN = _declare("account:signed-in", "Somebody signed in", "method provider")
ACCOUNT_SIGNED_OUT = _declare(
    "account:signed-out", "Somebody signed out: here, one session, elsewhere or everywhere", "scope sessions"
)
ACCOUNT_PASSWORD_CHANGED = _declare("account:password-changed", "A password was changed or reset", "way")
ACCOUNT_FACTOR_ADDED = _declare("account:factor-added", "A second factor was set up", "method", "name")
ACCOUNT_FACTOR_RENAMED = _declare(
    "account:factor-renamed", "A second factor was given another name", "method", "name old_name"
)
ACCOUNT_FACTOR_REMOVED = _declare("account:factor-removed", "A second factor was removed", "method", "name")
ACCOUNT_CODES_MADE = _declare("account:codes-made", "New recovery codes replaced the old ones", "count")
ACCOUNT_IDENTITY_LINKED = _declare(
    "account:identity-linked", "An identity at an outside provider was linked", "provider issuer", "identity"
)
ACCOUNT_IDENTITY_UNLINKED = _declare(
    "account:identity-unlinked",
    "An identity at an outside provider was unlinked",
    "provider issuer",
    "identity",
)
SECRETS_REENCRYPTED = _declare(
    "secrets:re-encrypted", "Stored second factors were encrypted under a new secret key", "rewritten"
)
ACCOUNT_ERASED = _declare(
    "account:erased", "Personal data of a person was erased from the log", "values through_sequence"
)
STATEMENT_AGREED = _declare(
    "statement:agreed", "A person agreed to a program's statement", "wording_hash rolebook_version"
)

# Programs and their organizations.
ROLEBOOK_ACTIVATED = _declare(
    "rolebook:activated",
    "A version of a program's rolebook was activated",
    "number content_hash effective_at",
)
ORGANIZATION_IMPORTED = _declare(
    "organization:imported",
    "Organizations were imported from a file",
    "source_hash created changed closed unchanged",
)
ORGANIZATION_CHANGED = _declare(
    "organization:changed",
    "An organization was added, changed, moved or closed",
    "code kind_id parent_id closed_at name",
)
ORGANIZATION_ADDED = _declare(
    "organization:added", "An organization was added by hand", "code kind_id parent_id name identifiers"
)
ORGANIZATION_EDITED = _declare(
    "organization:edited",
    "An organization's name, code, identifiers or contacts were changed by hand",
    "code name identifiers contact_purposes",
    "contacts",
)
ORGANIZATION_MOVED = _declare(
    "organization:moved",
    "An organization was moved, with everything below it, to another place in the tree",
    "code parent_id organizations_moved requests_returned",
    "reason",
)
ORGANIZATION_CLOSED = _declare(
    "organization:closed",
    "An organization was closed: what is held there answers no, and nobody asks there",
    "code closed_at requests_returned",
    "reason",
)
ORGANIZATION_REOPENED = _declare(
    "organization:reopened",
    "A closed organization was opened again, with what is held there",
    "code closed_at",
    "reason",
)
PARTICIPATION_STARTED = _declare("participation:started", "A person joined a program", "status")
PARTICIPATION_SIGNED_IN = _declare(
    "participation:signed-in", "A person began a session in a program", "last_signed_in_at"
)
PARTICIPATION_STATUS_CHANGED = _declare(
    "participation:status-changed",
    "A person's part in a program was deactivated, reactivated or closed",
    "status",
    "reason",
)
REQUESTS_ESCALATED = _declare(
    "requests:escalated",
    "Requests wait for the steward now, because the last person who could decide them is not active",
    "escalated",
)
PARTICIPATION_FSID_CHANGED = _declare(
    "participation:fsid-changed", "The FSID of a person was set, changed or removed", "way", "fsid old_fsid"
)

# A lost second factor, and who vouches for the person; the beneficiary lost it.
RECOVERY_ASKED = _declare(
    "recovery:asked",
    "Somebody with the password and the mailbox said that the second factor is lost",
    "recovery_id expires_at",
)
RECOVERY_VOUCHED = _declare(
    "recovery:vouched",
    "Somebody vouched for a person who lost the second factor",
    "recovery_id how ready_at expires_at",
    "reason",
)
RECOVERY_REFUSED = _declare(
    "recovery:refused", "Somebody who may vouch found that it is not the person", "recovery_id", "reason"
)
RECOVERY_CANCELLED = _declare(
    "recovery:cancelled", "The recovery of a lost second factor was cancelled", "recovery_id why"
)
RECOVERY_FINISHED = _declare(
    "recovery:finished", "The lost second factor was removed, after somebody had vouched", "recovery_id"
)

# What came in from an earlier system: one event for each file, whose rows stand in the tables (decision 17).
ACCOUNTS_IMPORTED = _declare(
    "accounts:imported",
    "Accounts were imported from a file",
    "import_id source_hash rows_hash accounts_created accounts_joined",
)
GRANTS_IMPORTED = _declare(
    "grants:imported",
    "Grants were imported from a file",
    "import_id source_hash rows_hash grants_opened",
    "reason",
)

# Requests and their way.
REQUEST_SUBMITTED = _declare(
    "request:submitted",
    "A request was submitted, or submitted again corrected",
    "version items chain stages resubmission_of role_id organizations request_type",
    "reason",
)
REQUEST_WITHDRAWN = _declare("request:withdrawn", "A request was withdrawn", "state version", "reason")
REQUEST_PART_WITHDRAWN = _declare(
    "request:part-withdrawn", "A request was withdrawn at one of its organizations", "state version"
)
REQUEST_SETTLED = _declare("request:settled", "A request reached its end", "state version")
REQUEST_RETURNED = _declare(
    "request:returned",
    "A request went back to its requester, because the program's chain for it has changed",
    "state version why",
)
REQUEST_ASKED_AGAIN = _declare(
    "request:asked-again",
    "Who denied a request asked its requester to submit it again",
    "stage_id",
)
STAGE_OPENED = _declare(
    "stage:opened",
    "A stage of a request began to wait for its approver",
    "stage_id chain_id position approver_role_id version",
)
STAGE_CANCELLED = _declare(
    "stage:cancelled", "A stage will not be decided any more", "stage_id state version"
)
_OUTCOME = "stage_id version items_hash items role_id stand_in"
OUTCOME_APPROVED = _declare("outcome:approved", "An approver approved a stage", _OUTCOME, "reason")
OUTCOME_DENIED = _declare("outcome:denied", "An approver denied a stage", _OUTCOME, "reason")
OUTCOME_RETURNED = _declare(
    "outcome:returned", "An approver returned a request as incomplete", _OUTCOME, "reason"
)

# Grants: opened and closed by the ledger only. The beneficiary holds the role; the organization is where.
_GRANT = "grant_id role_id starts_at ends_at closed_at cause request_item_id designation_id"
GRANT_OPENED = _declare("grant:opened", "A grant of a role was opened", _GRANT)
GRANT_CLOSED = _declare("grant:closed", "A grant of a role was closed", _GRANT)
_ACCESS = "access_id lower_levels starts_at ends_at closed_at cause request_item_id designation_id"
ACCESS_OPENED = _declare("access:opened", "Access apart from roles to an organization was opened", _ACCESS)
ACCESS_CLOSED = _declare("access:closed", "Access apart from roles to an organization was closed", _ACCESS)
ROLE_DESIGNATED = _declare(
    "role:designated", "A role was designated without a request", "role_id designation_id grant_id", "reason"
)
ACCESS_REMOVED = _declare(
    "access:removed", "Somebody's access at an organization was removed", "grants accesses roles", "reason"
)
ACCESS_DESIGNATED = _declare(
    "access:designated",
    "Access apart from roles was given without a request",
    "access_id designation_id lower_levels",
    "reason",
)
ACCESS_END_NEAR = _declare(
    "access:end-near",
    "A person was told that roles or access of theirs end soon",
    "ends_at days_before",
)

# Who employs a person in a program, and the check of the codes held that a change opens.
EMPLOYMENT_RECORDED = _declare(
    "employment:recorded",
    "The organization that employs a person was recorded",
    "employment_id access_check_id",
    "reason",
)
ACCESS_CHECK_CLOSED = _declare(
    "access-check:closed",
    "The codes that a person holds were looked at after their employer changed",
    "access_check_id",
    "reason",
)

# The supervisor's word on an account request.
SUPERVISOR_ASKED = _declare(
    "supervisor:asked",
    "A supervisor was asked to authorize an account request",
    "word_id version expires_at",
    "name email",
)
SUPERVISOR_CONFIRMED = _declare(
    "supervisor:confirmed", "A supervisor authorized an account request", "word_id version way", "name email"
)
SUPERVISOR_REFUSED = _declare(
    "supervisor:refused",
    "A supervisor did not authorize an account request",
    "word_id version way",
    "name email reason",
)
REQUEST_HELD = _declare(
    "request:held",
    "Another agency denied its part of a request; the requester has to say whether the rest goes on",
    "version stage_id",
)
REQUEST_WENT_ON = _declare(
    "request:went-on", "The requester let the rest of a request go on without what was denied", "version"
)

# Reminders of pending requests: the beneficiary's own choice in a program.
REMINDER_CHOSEN = _declare(
    "reminder:chosen",
    "A person chose how often to be reminded of pending requests",
    "cadence weekday hour way",
)
CALENDAR_ADDRESS_MADE = _declare(
    "calendar-address:made", "A private address of a person's calendar was made", "replaced"
)
CALENDAR_ADDRESS_REVOKED = _declare(
    "calendar-address:revoked", "The private address of a person's calendar was revoked"
)

# What runs beside requests, as far as a steward has a hand in it.
MAIL_RETRIED = _declare("mail:retried", "Mails that waited or could not be sent were tried again", "mails")
MAIL_GIVEN_UP = _declare("mail:given-up", "A mail that waited was given up", "mails", "reason")
JOB_HASTENED = _declare("job:hastened", "A recurring job was made due at once", "job")

# Attempts that were refused: what was tried in the qualifier, why in ``codes``.
_REFUSED = "codes role_id stage_id subject reason_code verdict"
ATTEMPT_REFUSED_DECIDE = _declare("attempt:refused:decide", "Deciding a stage was refused", _REFUSED)
ATTEMPT_REFUSED_REQUEST = _declare("attempt:refused:request", "Submitting a request was refused", _REFUSED)
ATTEMPT_REFUSED_WITHDRAW = _declare("attempt:refused:withdraw", "Withdrawing a request was refused", _REFUSED)
ATTEMPT_REFUSED_REMOVE = _declare("attempt:refused:remove", "Removing access was refused", _REFUSED)
ATTEMPT_REFUSED_DESIGNATE = _declare("attempt:refused:designate", "Designating a role was refused", _REFUSED)
ATTEMPT_REFUSED_ORGANIZATION = _declare(
    "attempt:refused:organization",
    "Adding, changing, moving or closing an organization was refused",
    _REFUSED,
)
ATTEMPT_REFUSED_VIEW = _declare("attempt:refused:view", "Looking at something was refused", _REFUSED)
ATTEMPT_REFUSED_VOUCH = _declare("attempt:refused:vouch", "Vouching for a person was refused", _REFUSED)
ATTEMPT_REFUSED_STATUS = _declare(
    "attempt:refused:status", "Changing the status of a person was refused", _REFUSED
)
ATTEMPT_REFUSED_MERGE = _declare("attempt:refused:merge", "Merging two accounts was refused", _REFUSED)
ATTEMPT_REFUSED_FSID = _declare("attempt:refused:fsid", "Setting an FSID was refused", _REFUSED)
ATTEMPT_REFUSED_SIGN_IN = _declare("attempt:refused:sign-in", "A sign-in was refused", _REFUSED, "user_id")

# Clients of the decision point.
CLIENT_ADDED = _declare(
    "client:added",
    "An application was given a token to ask the decision point",
    "client_id name prefix operations",
)
CLIENT_REVOKED = _declare("client:revoked", "An application's token was revoked", "client_id name prefix")
