"""The part of the catalogue of events about parts in a program that end for want of a sign-in."""

from collections.abc import Mapping

INACTIVITY: Mapping[str, tuple[str, str, str | None]] = {
    "participation:closing-near": (
        "people",
        "{whom} was warned that their part in the program is closed unless they sign in",
        None,
    ),
    "participation:last-official-near": (
        "people",
        "The stewards were told that {whom}, the last to decide at a place, is closed unless they sign in",
        None,
    ),
    "participation:closing-moved": (
        "people",
        "The closing of {whom} was put off: they are the program's only steward",
        None,
    ),
    "participation:sign-in-taken-over": (
        "people",
        "The later sign-in of the account that was merged counts for {whom}",
        None,
    ),
    "participations:counted": ("program", "Everybody's time without a sign-in was counted anew", None),
    "quiet:stopped": ("program", "Closings for want of a sign-in stopped, and wait for a steward", None),
    "quiet:confirmed": ("program", "{who} said that closings for want of a sign-in go on", None),
    "quiet:resumed": ("program", "Closings for want of a sign-in go on by themselves", None),
}
"""For each tag: its kind, its sentence, and the sentence about oneself where that is another one."""

INACTIVITY_LABELS: Mapping[str, str] = {
    "active": "Of so many active people",
    "counted": "People whose end changed",
    "counted_by": "Counted by (months, zone)",
    "due": "People due to be closed",
    "places": "The last to decide at",
    "quiet_ends_at": "Closed without a sign-in by",
    "restored": "Roles and access given back",
}
"""What the details are called."""
