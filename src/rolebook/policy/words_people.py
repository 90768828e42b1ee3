"""The part of the catalogue for people: their status, a lost second factor, two accounts of one person, an FSID."""

from collections.abc import Mapping

PEOPLE: Mapping[str, str] = {
    # status
    "reason_needed": "Say why. It goes on record, and the person is told.",
    "own_status": "You cannot change your own status. Another steward must.",
    "only_steward": (
        "{name} is the only steward of {program}. Designate another steward first; then this can be done."
    ),
    "closed_not_deactivated": (
        "This part is closed and gives no power, so there is nothing to deactivate. "
        "It stays closed until it is opened again."
    ),
    "merged_account": "This account was merged into another one. It stays closed.",
    # a lost second factor
    "own_recovery": "You cannot vouch for yourself. Somebody else must.",
    "recovery_not_yours": (
        "You cannot vouch for this person. It takes an office that could give them all the offices they hold, "
        "and that they did not give you."
    ),
    "recovery_settled": "This has been settled meanwhile: {state}.",
    "recovery_not_ready": "The second factor can be set up from {ready_at} on.",
    "recovery_over": "This link can no longer be used. Sign in with your password, and ask again.",
    "wrong_security_code": "That code is not right, or was used already. Wait for the next one, and type that.",
    "wrong_passkey": "Your passkey was not accepted. Try again, or use a code.",
    "not_said_how": "Say how you made sure that it is the person: what you did, and when.",
    "not_made_sure": "Confirm that you made sure yourself that it is the person.",
    # two accounts of one person
    "same_account": "These are one and the same account.",
    "own_merge": "You cannot merge accounts of your own. Another steward must, or the operator.",
    "own_pair": "One of the accounts is your own. Another steward must say whether they are one person's.",
    "merge_other_programs": (
        "One of the accounts takes part in {programs}, too, where you are no steward. Ask the operator of the server."
    ),
    "merge_kept_not_active": "The account that remains is not active in {program}. Reopen it there first.",
    "merge_closed_not_active": (
        "The account that is to be closed is not active in {program}, but still holds something there. "
        "Close its part in the program first, or reopen it."
    ),
    "merge_already": "One of the accounts was merged already.",
    "merge_too_much": (
        "The account that is to be closed holds more than {most} roles. Keep that one, and close the other."
    ),
    "merge_not_as_shown": "Something has changed since this page was shown. Look at it again.",
    "merge_category": (
        "{role} ({category}) and {other_role} ({other_category}) cannot be held by one person. "
        "Remove one of them first; then merge."
    ),
    # FSID
    "bad_fsid": "An FSID has 4 to 12 letters and digits.",
    "fsid_taken": "Another person of the program has this FSID. Check the number; a steward was told of it.",
    "fsid_not_possible": "This FSID cannot be given here. Check the number; a steward was told and finds out why.",
    "own_fsid": "You cannot set your own FSID. Somebody else must.",
}
