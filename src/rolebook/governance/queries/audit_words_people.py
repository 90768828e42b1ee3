"""The part of the catalogue of events about people: their status, their accounts, a lost second factor, an FSID."""

from collections.abc import Mapping

PEOPLE: Mapping[str, tuple[str, str, str | None]] = {
    "account:merged": (
        "people",
        "{who} merged another account of {whom} into this one",
        "{who} merged another account of theirs into this one",
    ),
    "account:named-same": ("people", "{who} named another account as one of {whom}, too", None),
    "account:told-apart": (
        "people",
        "{who} found that {whom} and another account are different people",
        None,
    ),
    "requests:escalated": (
        "requests",
        "Requests that {whom} could have decided wait for the steward now",
        None,
    ),
    "participation:fsid-changed": (
        "people",
        "{who} set, changed or removed the FSID of {whom}",
        None,
    ),
    "recovery:asked": ("people", "{whom} said that their second factor is lost", None),
    "recovery:vouched": ("people", "{who} vouched that it is {whom} who lost the second factor", None),
    "recovery:refused": (
        "people",
        "{who} did not vouch for {whom}, who said to have lost the second factor",
        None,
    ),
    "recovery:cancelled": (
        "people",
        "{who} cancelled the recovery of the second factor of {whom}",
        "{who} cancelled the recovery of their second factor",
    ),
    "recovery:finished": ("people", "{whom} had the lost second factor removed", None),
    "account:token-made": (
        "people",
        "{who} made an access token for {whom}",
        "{who} made an access token",
    ),
    "account:token-revoked": (
        "people",
        "{who} ended an access token of {whom}",
        "{who} ended an access token of their own",
    ),
    "attempt:refused:token": (
        "refused",
        "{who} tried to take an access token[ of {whom}] away",
        "{who} tried to take an access token of their own away",
    ),
    "attempt:refused:vouch": (
        "refused",
        "{who} tried to vouch for[ {whom}]",
        "{who} tried to vouch for themselves",
    ),
    "attempt:refused:status": (
        "refused",
        "{who} tried to change the status of[ {whom}]",
        "{who} tried to change their own status",
    ),
    "attempt:refused:merge": (
        "refused",
        "{who} tried to merge two accounts[ of {whom}]",
        "{who} tried to merge accounts of their own",
    ),
    "attempt:refused:fsid": (
        "refused",
        "{who} tried to set the FSID[ of {whom}]",
        "{who} tried to set their own FSID",
    ),
}
"""For each tag: its kind, its sentence, and the sentence about oneself where that is another one."""

PEOPLE_LABELS: Mapping[str, str] = {
    "ended": "Roles ended",
    "escalated": "Requests that wait for the steward now",
    "how": "Made sure by",
    "may_act": "May change things, too",
    "moved": "Roles moved",
    "ready_at": "New second factor from",
    "source": "Named because",
}
"""What the details are called."""

PEOPLE_UNTOLD = ("closed_account_id", "other_account_id", "recovery_id", "token_id")
"""Details that are internal ids."""
