"""The part of the catalogue for decisions: what a non-programmer reads for each code of a reason or an
explanation.

In the catalogue the codes stand with `decision.` before them. Parameters are put in as people know them:
titles, and dates in the program's zone.
"""

from collections.abc import Mapping

DECISIONS: Mapping[str, str] = {
    # What was asked.
    "asked": "Asked: {what} {where} on {when}.",
    # Yes.
    "granted": "Yes: {role}, held {held}{since}, gives this here.",
    "reach_everywhere": "{role} reaches every organization of the program.",
    "reach_elsewhere": "{role} gives this at other organizations, too, and not only where it is held.",
    "reach_same": "{role} reaches {held_at}, and this is there.",
    "reach_lower_levels": "{role} reaches {held_at} and everything below it, and this is there.",
    "reach_own_record": "{role} gives this on the person's own record only, and this is their own.",
    "reach_access": "The person's access to {held_at} covers this, and access and role are both in force.",
    # Printed rows.
    "row": "{basis} says {cell} for {role}.",
    "row_mark": "{basis} says “{cell}” for {role}, which means: {meaning}",
    "row_missing": "{what} is not listed for {role}.",
    "row_note": "{role} has {what} by a note: {basis}",
    "row_act": "The rolebook gives {role} this act ({basis}).",
    "footnote": "Footnote: {text}",
    # No.
    "account_closed": "No: the account is closed, and a closed account may do nothing.",
    "unknown_subject": "No: this person is not known.",
    "unknown_action": "No: the program has no privilege “{action}”.",
    "unknown_organization": "No: the program has no organization “{place}”.",
    "no_role": "No: the person holds no role.",
    "not_given": "No: none of the roles held gives {what}.",
    "not_started": "No: {role}, held {held}, gives this, but only from {starts_at} on.",
    "ended": "No: {role}, held {held}, gave this, but it ended on {ends_at}.",
    "removed": "No: {role}, held {held}, gave this, but it was removed on {closed_at}.",
    "outside_reach": "No: {role} gives {what}, but it is held {held} and does not reach {place}.",
    "outside_reach_unnamed": "No: {role} gives {what}, but it is held {held}, and the question names no organization.",
    "own_record_only": "No: {role} gives {what} on the person's own record only, and this is another.",
    "own_record_unnamed": (
        "No: {role} gives {what} on the person's own record only, and the question names no record."
    ),
    "no_access": "No: {role} gives {what}, but the person has no access to any organization.",
    "access_not_started": (
        "No: {role} gives {what}, but the access to {held_at} counts only from {starts_at} on."
    ),
    "access_ended": "No: {role} gives {what}, but the access to {held_at} ended on {ends_at}.",
    "access_removed": "No: {role} gives {what}, but the access to {held_at} was removed on {closed_at}.",
    "role_unknown": "No: a role is held that the rolebook in force does not have: {role}.",
    "held_nowhere": "No: {role} was granted at no organization, and counts only at one.",
    "held_at_unknown_organization": "No: {role} is held {held}, which the program does not have any more.",
    "held_at_other_kind": "No: {role} is held {held}, which is not of a kind that the role can be held at.",
    "condition_false": "No: {role} gives {what} only on a condition, which is not so here: {meaning}",
    "condition_error": (
        "No: {role} gives {what} only on a condition, and whether it is so cannot be told ({problem}): {meaning}"
    ),
    # The way on.
    "ways": "Roles that give it: {roles}.",
    "ways_none": "No role of the program gives it.",
    "way_request": "{role} (can be requested)",
    "way_designation": "{role} (by designation only; it cannot be requested)",
    "way_registration": "{role} (comes with registering)",
    "way_other_category": "{way}, but of another user category than the roles held",
    # Parts of sentences.
    "held_at_organization": "at {organization}",
    "held_at_none": "for the program as a whole",
    "since": " since {starts_at}",
    "until": " until {ends_at}",
    "since_until": " since {starts_at} and until {ends_at}",
    "where_organization": "at {organization}",
    "where_none": "at no particular organization",
    "act_decide": "decide about requests",
    "act_view_users": "view users",
    "act_remove": "remove access",
    "act_designate": "designate roles",
    "act_answer_review": "answer a review",
    "act_view_audit": "view the audit log",
    "act_administer": "administer the program",
}
