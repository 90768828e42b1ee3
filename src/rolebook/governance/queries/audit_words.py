"""The one catalogue of what events are called: a sentence for every tag, a label for every detail people read.

A sentence names its parts in braces. What stands in brackets is left out where its part is not known: an event at no
organization has no "at …". ``own`` is said when who acts and whom it is about are one person. A test asks every tag
and every detail that `rolebook.audit.tags` declares for its words.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from rolebook.governance.queries.audit_words_absences import (
    ABSENCES,
    ABSENCES_LABELS,
    ABSENCES_UNTOLD,
)
from rolebook.governance.queries.audit_words_bounces import BOUNCE_LABELS, BOUNCES
from rolebook.governance.queries.audit_words_inactivity import INACTIVITY, INACTIVITY_LABELS
from rolebook.governance.queries.audit_words_people import PEOPLE, PEOPLE_LABELS, PEOPLE_UNTOLD
from rolebook.governance.queries.audit_words_responders import (
    RESPONDERS,
    RESPONDERS_LABELS,
    RESPONDERS_UNTOLD,
)
from rolebook.governance.queries.audit_words_reviews import REVIEWS, REVIEWS_LABELS, REVIEWS_UNTOLD

REFUSED = "attempt:refused:"
"""How the tags of refused attempts begin."""
KINDS: Mapping[str, str] = {
    "access": "Roles given and removed",
    "decisions": "Decisions",
    "requests": "Requests",
    "refused": "Refused attempts",
    "people": "Accounts and sign-ins",
    "reviews": "Reviews",
    "program": "Program and organizations",
}
"""What one can filter by, in the order in which it is offered."""


@dataclass(frozen=True, slots=True)
class Words:
    """How an event is told. ``own`` is None where it reads the same for oneself."""

    kind: str
    sentence: str
    own: str | None = None

    def of(self, *, oneself: bool) -> str:
        """Return the sentence, for who acts on themselves or on somebody else."""
        return self.own if oneself and self.own is not None else self.sentence


SENTENCES: Mapping[str, Words] = {
    **{tag: Words(*words) for tag, words in ABSENCES.items()},
    **{tag: Words(*words) for tag, words in INACTIVITY.items()},
    **{tag: Words(*words) for tag, words in PEOPLE.items()},
    **{tag: Words(*words) for tag, words in REVIEWS.items()},
    **{tag: Words(*words) for tag, words in RESPONDERS.items()},
    **{tag: Words(*words) for tag, words in BOUNCES.items()},
    "account:registered": Words("people", "{whom} registered an account"),
    "account:email-confirmed": Words("people", "{whom} confirmed an e-mail address"),
    "account:changed": Words(
        "people",
        "{who} changed the name or e-mail address of {whom}",
        "{who} changed their own name or e-mail address",
    ),
    "account:status-changed": Words(
        "people",
        "{who} changed the status of the account of {whom}",
        "{who} changed their own account's status",
    ),
    "account:signed-in": Words("people", "{whom} signed in"),
    "account:signed-out": Words("people", "{whom} signed out"),
    "account:password-changed": Words(
        "people", "{who} set a new password for {whom}", "{who} set a new password"
    ),
    "account:factor-added": Words(
        "people", "{who} set up a second factor for {whom}", "{who} set up a second factor"
    ),
    "account:factor-renamed": Words(
        "people", "{who} renamed a passkey of {whom}", "{who} renamed their passkey"
    ),
    "account:factor-removed": Words(
        "people", "{who} removed a second factor of {whom}", "{who} removed their second factor"
    ),
    "account:codes-made": Words(
        "people", "{who} made new recovery codes for {whom}", "{who} made new recovery codes"
    ),
    "account:identity-linked": Words(
        "people",
        "{who} linked an identity at {provider} to the account of {whom}",
        "{who} linked an identity at {provider} to their account",
    ),
    "account:identity-unlinked": Words(
        "people",
        "{who} unlinked an identity at {provider} from the account of {whom}",
        "{who} unlinked an identity at {provider} from their account",
    ),
    "account:erased": Words(
        "people",
        "{who} erased personal data of {whom} from the audit log",
        "{who} erased their own personal data from the audit log",
    ),
    "secrets:re-encrypted": Words("program", "{who} encrypted stored second factors under a new secret key"),
    "statement:agreed": Words("people", "{whom} agreed to the program's statement"),
    "rolebook:activated": Words(
        "program", "{who} brought version {number} of the program's rolebook into force"
    ),
    "organization:file-confirmed": Words("program", "{who} confirmed a file of organizations"),
    "organization:imported": Words("program", "{who} imported organizations from a file"),
    "organization:changed": Words("program", "{who} added or changed an organization[: {where}]"),
    "organization:added": Words("program", "{who} added an organization[: {where}]"),
    "organization:edited": Words("program", "{who} changed the record of an organization[: {where}]"),
    "organization:moved": Words(
        "program", "{who} moved an organization, with everything below it[: {where}]"
    ),
    "organization:closed": Words("program", "{who} closed an organization[: {where}]"),
    "organization:reopened": Words("program", "{who} opened a closed organization again[: {where}]"),
    "accounts:imported": Words("program", "{who} imported accounts from a file"),
    "grants:imported": Words("program", "{who} imported roles from a file"),
    "participation:started": Words("people", "{whom} joined the program"),
    "participation:signed-in": Words("people", "{whom} began a session in the program"),
    "participation:status-changed": Words(
        "people",
        "{who} changed the status of {whom} in the program",
        "{who} changed their own status in the program",
    ),
    "request:submitted": Words(
        "requests",
        "{who} asked[ for the role {role}][ at {where}] on behalf of {whom}",
        "{who} asked[ for the role {role}][ at {where}]",
    ),
    "request:withdrawn": Words(
        "requests", "{who} withdrew the request of {whom}", "{who} withdrew their request"
    ),
    "request:part-withdrawn": Words(
        "requests",
        "{who} withdrew a part of the request of {whom}[ at {where}]",
        "{who} withdrew a part of their request[ at {where}]",
    ),
    "request:settled": Words("requests", "The request of {whom} reached its end[: {state}]"),
    "request:returned": Words(
        "requests", "The request of {whom} went back, because the program now decides such requests otherwise"
    ),
    "request:asked-again": Words(
        "requests", "{who} asked {whom} to submit the denied request again[ at {where}]"
    ),
    "stage:opened": Words("requests", "The request of {whom} began to wait[ for {office}][ at {where}]"),
    "stage:cancelled": Words(
        "requests", "A step of the request of {whom} will not be decided any more[ at {where}]"
    ),
    "outcome:approved": Words("decisions", "{who} approved the request of {whom}[ at {where}]"),
    "outcome:denied": Words("decisions", "{who} denied the request of {whom}[ at {where}]"),
    "outcome:returned": Words("decisions", "{who} returned the request of {whom} as incomplete[ at {where}]"),
    "grant:opened": Words("access", "{whom} received the role {role}[ at {where}]"),
    "grant:closed": Words("access", "{whom} no longer holds the role {role}[ at {where}]"),
    "role:designated": Words("access", "{who} designated {whom} as {role}[ at {where}]"),
    "access:removed": Words(
        "access",
        "{who} removed the access of {whom}[ at {where}]",
        "{who} gave up their own access[ at {where}]",
    ),
    "access:opened": Words("access", "{whom} received access[ at {where}]"),
    "access:closed": Words("access", "{whom} no longer has access[ at {where}]"),
    "access:designated": Words("access", "{who} gave {whom} access[ at {where}]"),
    "access:end-near": Words("access", "{whom} was told that roles or access end soon"),
    "employment:recorded": Words(
        "people",
        "{who} recorded who employs {whom}[: {where}]",
        "{who} stated who employs them[: {where}]",
    ),
    "access-check:closed": Words(
        "access", "{who} looked at the codes that {whom} holds after the employer changed[ at {where}]"
    ),
    "supervisor:asked": Words("requests", "The supervisor of {whom} was asked to authorize the request"),
    "supervisor:confirmed": Words("requests", "The supervisor of {whom} authorized the request"),
    "supervisor:refused": Words("requests", "The supervisor of {whom} did not authorize the request"),
    "request:held": Words(
        "requests",
        "The rest of the request of {whom} waits for the requester, because a part was denied[ at {where}]",
    ),
    "request:went-on": Words(
        "requests",
        "{who} let the rest of the request of {whom} go on",
        "{who} let the rest of their request go on",
    ),
    "reminder:chosen": Words("people", "{whom} chose how often to be reminded of pending requests"),
    "calendar-address:made": Words("people", "{whom} made a private address for their calendar"),
    "calendar-address:revoked": Words("people", "{whom} stopped the private address of their calendar"),
    "attempt:refused:decide": Words(
        "refused",
        "{who} tried to decide a request[ of {whom}][ at {where}]",
        "{who} tried to decide a request of their own[ at {where}]",
    ),
    "attempt:refused:request": Words(
        "refused",
        "{who} tried to submit a request[ for {whom}][ at {where}]",
        "{who} tried to submit a request[ at {where}]",
    ),
    "attempt:refused:withdraw": Words(
        "refused",
        "{who} tried to withdraw a request[ of {whom}][ at {where}]",
        "{who} tried to withdraw a request[ at {where}]",
    ),
    "attempt:refused:remove": Words(
        "refused",
        "{who} tried to remove access[ of {whom}][ at {where}]",
        "{who} tried to remove their own access[ at {where}]",
    ),
    "attempt:refused:designate": Words(
        "refused",
        "{who} tried to designate a role[ for {whom}][ at {where}]",
        "{who} tried to designate a role for themselves[ at {where}]",
    ),
    "attempt:refused:organization": Words(
        "refused", "{who} tried to add, change, move or close an organization[: {where}]"
    ),
    "attempt:refused:view": Words(
        "refused", "{who} tried to look at something that is not theirs[ at {where}]"
    ),
    "attempt:refused:client": Words(
        "refused", "{who} tried to give an application a token, or to take one away"
    ),
    "attempt:refused:confirm": Words(
        "refused",
        "{who} gave a wrong password for the account[ of {whom}], when it was asked for again",
        "{who} gave a wrong password, when it was asked for again",
    ),
    "attempt:refused:sign-in": Words(
        "refused", "{who} tried to sign in[ as {whom}]", "{who} tried to sign in"
    ),
    "mail:retried": Words("program", "{who} had mails tried again"),
    "mail:given-up": Words("program", "{who} gave up a mail that waited"),
    "job:hastened": Words("program", "{who} made a recurring job due at once"),
    "client:added": Words("program", "{who} gave the application {name} a token to ask the decision point"),
    "client:revoked": Words("program", "{who} revoked the token of the application {name}"),
}

UNHEARD_OF = Words("program", "Something happened that this version of the server has no words for")
"""Told of an event that a newer version wrote while both run."""

LABELS: Mapping[str, str] = {
    **ABSENCES_LABELS,
    **INACTIVITY_LABELS,
    **PEOPLE_LABELS,
    **REVIEWS_LABELS,
    **RESPONDERS_LABELS,
    **BOUNCE_LABELS,
    "accounts_created": "Accounts added",
    "accounts_joined": "Accounts that joined the program",
    "approver_role_id": "To be decided by",
    "cadence": "How often",
    "cause": "Because of",
    "changed": "Organizations changed",
    "closed": "Organizations closed",
    "closed_at": "Ended",
    "code": "Code",
    "contact_purposes": "Contacts for",
    "count": "Recovery codes",
    "created": "Organizations added",
    "days_before": "Days before",
    "effective_at": "In force from",
    "ends_at": "Until",
    "expires_at": "To be answered until",
    "fields": "Changed",
    "grants_opened": "Roles given",
    "hour": "Hour of the day",
    "issuer": "Address of the identity provider",
    "identifiers": "Numbers",
    "job": "Job",
    "kind_id": "Kind",
    "last_signed_in_at": "Last session began",
    "lower_levels": "With lower levels",
    "mails": "Mails",
    "method": "Second factor",
    "name": "Name",
    "number": "Version",
    "operations": "May ask",
    "organizations_moved": "Organizations moved",
    "parent_id": "Belongs to",
    "prefix": "Token begins with",
    "reasons": "Its answers always say why",
    "provider": "Identity provider",
    "reason_code": "Because of",
    "replaced": "Replaced the one before",
    "request_type": "New or modification",
    "requests_returned": "Requests sent back",
    "rewritten": "Second factors encrypted again",
    "role_id": "Role",
    "rolebook_version": "Rolebook version",
    "roles": "Roles",
    "scope": "Which sessions",
    "sessions": "Sessions ended",
    "stages": "Steps to decide",
    "stand_in": "Stood in for the office",
    "starts_at": "From",
    "state": "State",
    "status": "Status",
    "subject": "About",
    "unchanged": "Organizations unchanged",
    "values": "Values erased",
    "verdict": "Decision tried",
    "version": "Version of the request",
    "way": "How",
    "weekday": "Weekday (0 is Monday)",
    "why": "Because of",
}
"""What the details that people read are called."""

OFFICE = "Decided as"
"""What the role of an outcome is called: it is its approver's."""

UNTOLD = frozenset(
    [
        *ABSENCES_UNTOLD,
        *PEOPLE_UNTOLD,
        *REVIEWS_UNTOLD,
        *RESPONDERS_UNTOLD,
        "access_check_id",
        "access_id",
        "accesses",
        "chain",
        "chain_id",
        "client_id",
        "codes",
        "content_hash",
        "designation_id",
        "employment_id",
        "grant_id",
        "grants",
        "import_id",
        "items",
        "items_hash",
        "organizations",
        "position",
        "request_item_id",
        "resubmission_of",
        "rows_hash",
        "source_hash",
        "stage_id",
        "through_sequence",
        "word_id",
        "wording_hash",
    ]
)
"""Details that are internal ids and hashes, or are told otherwise (codes as reasons, organizations as their number)."""

PERSONAL: Mapping[str, str] = {
    "contacts": "Contacts",
    "diagnostic": "What the mail server said",
    "email": "E-mail",
    "fsid": "FSID",
    "identifier": "Record",
    "old_fsid": "FSID before",
    "identity": "Identity there",
    "name": "Name",
    "old_email": "E-mail before",
    "old_name": "Name before",
    "origin_address": "From the network address",
    "reason": "Reason given",
    "user_id": "User ID",
}
"""What the erasable fields of personal data are called."""

ERASED = "erased"
OPERATOR = {"command": "The operator", "job": "The system"}
NOBODY_SIGNED_IN = "Somebody who was not signed in"
SOMEBODY = "Somebody who manages access"
UNKNOWN_PERSON = "a person no longer on record"
UNKNOWN_PLACE = "an organization no longer on record"
NOT_THERE = "What was named does not exist, or was not theirs."

_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_OTHER_SPACE = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_ENDS = str.maketrans({"\n": "⏎", "\u2028": "⏎", "\u2029": "⏎"})


def tags_of(kind: str) -> tuple[str, ...]:
    """Return the tags of a kind of event; none for a kind that there is not."""
    return tuple(tag for tag, words in SENTENCES.items() if words.kind == kind)


def visible(text: str) -> str:
    """Return text on one line in which every character shows (fault 32).

    Line ends become "⏎", and spaces of every kind one kind. Other control characters, and those that change the
    direction of writing or have no width, become their code in brackets: "[U+202E]". Nobody's name can then end an
    entry, begin another or turn it round.
    """
    one_line = _OTHER_SPACE.sub(" ", text.replace("\r\n", "\n").translate(_LINE_ENDS))
    return "".join(
        f"[U+{ord(character):04X}]" if unicodedata.category(character) in _UNSEEN else character
        for character in one_line
    )
