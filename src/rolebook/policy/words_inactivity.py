"""The part of the catalogue about parts in a program that end for want of a sign-in, and their reactivation."""

from collections.abc import Mapping

INACTIVITY: Mapping[str, str] = {
    "reactivation_needed": (
        "This part was closed after months without a sign-in, and what was held in it has ended. Its representative "
        "asks for a reactivation, which gives it back."
    ),
    "nothing_to_reactivate_now": "{name}'s part in the program is active. There is nothing to reactivate.",
    "reactivation_waits": "A request to reactivate {name} waits already.",
    "code_found_unneeded": "It was found to be no longer needed after a change of employer.",
    "nothing_stopped": "Closings go on by themselves. There is nothing to confirm.",
    "confirmed_before": "A steward has confirmed this already. The next run closes who is due.",
}
