"""Parts in a program that end for want of a sign-in: warnings, the watch over who is due, and how it stops."""

from rolebook.audit.tags.declaring import declare

# The beneficiary is whose part is near its end; ``old`` has that end where the warning moved it.
PARTICIPATION_CLOSING_NEAR = declare(
    "participation:closing-near",
    "A person was warned that their part in a program is closed unless they sign in",
    "quiet_ends_at days_before",
)
PARTICIPATION_LAST_OFFICIAL_NEAR = declare(
    "participation:last-official-near",
    "The stewards were told that the last official of a place is closed unless they sign in",
    "quiet_ends_at places",
)
PARTICIPATION_CLOSING_MOVED = declare(
    "participation:closing-moved",
    "A closing for want of a sign-in was put off, because it would have left a program without a steward",
    "quiet_ends_at",
)
PARTICIPATION_SIGN_IN_TAKEN_OVER = declare(
    "participation:sign-in-taken-over",
    "A merge gave the account that remains the later sign-in of the other, and quiet counts from there",
    "last_signed_in_at quiet_ends_at",
)
# One event for a whole program, whatever the number of people.
PARTICIPATIONS_COUNTED = declare(
    "participations:counted",
    "Everybody's quiet was counted anew, because the program counts it otherwise now",
    "counted counted_by",
)
QUIET_STOPPED = declare(
    "quiet:stopped",
    "Closings for want of a sign-in stopped, and wait for a steward's word",
    "why due active",
)
QUIET_CONFIRMED = declare(
    "quiet:confirmed", "A steward said that closings for want of a sign-in go on", "why due active"
)
QUIET_RESUMED = declare(
    "quiet:resumed", "Closings for want of a sign-in go on by themselves: what stopped them is over", "why"
)
