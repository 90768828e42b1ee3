"""What the values of an event's details are called on pages; files keep them as the log has them.

Each list below has every value that the server writes for its detail; a test asks the choices of the models for theirs.
A value that a newer version wrote is shown as it is.
"""

from collections.abc import Callable, Mapping
from datetime import date

from rolebook.accounts.identifiers import punctuated
from rolebook.accounts.queries.identities import provider_name
from rolebook.governance.models import Request, Stage
from rolebook.governance.queries.audit_words_jobs import JOB_TITLES
from rolebook.governance.queries.pending import role_title
from rolebook.policy.model import Rolebook

_STATUSES = {"active": "Active", "deactivated": "Deactivated", "closed": "Closed"}

CLOSINGS = {
    "account closed": "the closing of the account",
    "codes checked": "codes that were found to be no longer needed",
    "designation ended": "the end of the designation",
    "held already": "the remaining account, which holds the same",
    "inactivity": "no sign-in for too long",
    "merged": "a merge of two accounts",
    "not possible": "a rule that keeps the remaining account from it",
    "own decision": "a merge: an account of the same person had given it",
    "removed": "a removal",
    "review": "a review",
}
_OPENINGS = {
    "designation": "a designation",
    "reactivated": "a reactivation",
    "registration": "a registration",
    "request": "a request",
}
_STEPS = {
    "nobody": "nobody in office who may decide it",
    "overdue": "a wait that was too long",
    "chain_changed": "another way of deciding such requests",
    "organization_closed": "the closing of its organization",
    "organization_moved": "the move of its organization",
}
_QUIET = {
    "clock": "a jump of the clock",
    "share": "more people due at once than the program declares",
}
_TOKENS = {
    "owner": "its person, who took it back",
    "steward": "a steward, who took it away",
    "operator": "the operator, who took it away",
    "password": "a new password",
    "second factor": "a lost second factor",
    "account": "the end of the part in the program, or of the account",
}
_RECOVERIES = {
    "merged": "a merge of two accounts",
    "not me": "its person, who had not asked for it",
    "signed in": "a sign-in, which showed that nothing was lost",
}
_REFUSALS = {
    "password": "a wrong password",
    "passkey": "a passkey that did not prove who it was",
    "security-code": "a wrong security code",
    "status": "an account that is not active",
}
_BY_PROVIDER = "identity-provider-"

VALUES: Mapping[str, Mapping[str, str]] = {
    "cadence": {"off": "Never", "working-days": "On working days", "weekly": "Once a week"},
    "cause": {**CLOSINGS, **_OPENINGS, "bounce": "a mail that was rejected"},
    "fields": {"email": "E-mail", "name": "Name"},
    "how": {
        "called": "A call to a number that was known before",
        "in person": "Meeting in person",
        "video": "A video call with somebody who knows their face",
        "other": "Another way, told in the reason",
    },
    "job": JOB_TITLES,
    "method": {
        "totp": "Authenticator app",
        "recovery": "Recovery code",
        "passkey": "Passkey",
        "mailed-code": "Code sent by e-mail",
        "provider": "Confirmed by an identity provider",
    },
    "operations": {"evaluation": "Decisions", "search": "Searches"},
    "rejection": {
        "hard": "Rejected for good",
        "soft": "Delayed",
        "blocked": "Refused for its content or sender",
    },
    "reported_by": {
        "mailbox": "The mailbox for such reports",
        "command": "The operator",
        "webhook": "The mail service",
    },
    "request_type": {"new": "New", "modification": "Modification"},
    "scope": {
        "this": "This one",
        "one": "One of them",
        "elsewhere": "All but this one",
        "everywhere": "All",
    },
    "source": {
        "declared": "The person said so",
        "identifier": "The same number was entered for both",
        "steward": "A steward said so",
        "likeness": "Same name and same first part of the e-mail address",
    },
    "state": {state.value: str(state.label) for state in (*Stage.State, *Request.State)},
    "status": _STATUSES,
    "verdict": {
        "approved": "Approve",
        "denied": "Deny",
        "returned": "Return as incomplete",
        "active": "Reopen",
        "deactivated": "Deactivate",
        "closed": "Close",
        "go on": "Let closings go on",
    },
    "way": {
        "changed": "By who was signed in",
        "reset": "With a code sent by e-mail",
        "page": "On the page",
        "link in a mail": "By the link in a mail",
        "signed in": "Signed in",
        "mailed link": "By the mailed link",
        "mailed code": "By a code to the address on the record",
        "confirmation": "By the word of a manager",
        "merged": "With a merge of two accounts",
    },
    "weekday": {
        str(number): day
        for number, day in enumerate(
            ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
        )
    },
    "why": {**_STEPS, **_QUIET, **_TOKENS, **_RECOVERIES},
}
"""By the detail, and by its value as the log has it."""

LABELS_TOLD: Mapping[str, str] = {"counted_by": "Counted by", "weekday": "Weekday"}
"""What details are called on pages where files explain the value beside the name."""


def value_told(book: Rolebook, key: str, value: str) -> str:
    """Return what a page says for one value of the detail ``key``: its words, or itself where it has none.

    ``book`` is the rolebook in force: what it no longer has is told by its id.
    """
    finder = _FINDERS.get(key)
    return VALUES.get(key, {}).get(value, value) if finder is None else finder(book, value)


def _kind(book: Rolebook, kind_id: str) -> str:
    kind = book.kind(kind_id)
    return kind_id if kind is None else kind.title


def _review(book: Rolebook, review_id: str) -> str:
    return next((review.title for review in book.reviews if review.id == review_id), review_id)


def _number(book: Rolebook, written: str) -> str:
    scheme, _, number = written.partition(" ")
    kind = next((one for one in book.organization_kinds if one.identifier_scheme == scheme), None)
    return written if kind is None else f"{kind.identifier_title} {punctuated(number, kind)}"


def _counted_by(_book: Rolebook, written: str) -> str:
    months, _, zone = written.partition(" ")
    return f"{months} months, by the days of {zone}" if zone else written


def _hour(_book: Rolebook, hour: str) -> str:
    if not hour.isdecimal():
        return hour
    return f"{int(hour) % 12 or 12} {'a.m.' if int(hour) < 12 else 'p.m.'}"


def _day(_book: Rolebook, written: str) -> str:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return written
    return f"{day:%b} {day.day}, {day.year}"


def _refusal(_book: Rolebook, code: str) -> str:
    if code.startswith(_BY_PROVIDER):
        return "an answer of the identity provider that could not be trusted"
    return _REFUSALS.get(code, code)


_FINDERS: Mapping[str, Callable[[Rolebook, str], str]] = {
    "counted_by": _counted_by,
    "escalate_to": role_title,
    "hour": _hour,
    "identifiers": _number,
    "kind_id": _kind,
    "opened_on": _day,
    "provider": lambda _, provider_id: provider_name(provider_id),
    "reason_code": _refusal,
    "review_id": _review,
}
"""What is told by a rule instead of a list."""
