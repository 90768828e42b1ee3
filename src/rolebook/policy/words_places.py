"""The part of the catalogue for organizations: what keeps one from being added, changed, moved or closed."""

from collections.abc import Mapping

PLACES: Mapping[str, str] = {
    "text_missing": "Enter the {field}.",
    "text_not_a_line": "Write the {field} on one line of at most {most} characters.",
    "code_taken": "{code} is the code of {organization} already.",
    "code_was_taken": "{code} was the code of what is {organization} now. It finds that one; choose another.",
    "identifier_missing": "Enter {what}.",
    "identifier_malformed": "Enter {what}.",
    "identifier_taken": "{title} {value} is that of {organization} already.",
    "contact_wrong": "{sentence}",
    "contact_twice": "There is a contact for {purpose} already. Say what this one is for.",
    "too_many_contacts": "Keep at most {most} contacts.",
    "unknown_kind": "Choose what kind of organization it is.",
    "no_such_parent": "There is no open organization with the code or number {code}.",
    "kind_needs_parent": "Choose the organization that it belongs to. It must be: {kinds}.",
    "kind_stands_alone": "This kind of organization belongs to no other.",
    "wrong_kind_of_parent": "It cannot belong to {parent}. It must belong to: {kinds}.",
    "parent_closed": "{parent} is closed. Choose an organization that is open.",
    "circle_of_organizations": "{parent} stands below {organization} itself. Nothing can belong to what is below it.",
    "too_many_levels": "That would make more than {most} levels of organizations.",
    "stands_there_already": "{organization} belongs there already.",
    "changed_meanwhile": "Something changed while you were looking. See what it would do now, and confirm again.",
    "closed_already": "{organization} has been closed already.",
    "open_already": "{organization} is open.",
    "open_below": "{number} open below {organization}. Close or move what is below it first.",
    "above_is_closed": "{parent}, which it belongs to, is closed. Open that one first, or move this one.",
    "bad_upload": "Choose a CSV file that is not empty, of at most {most} MB.",
    "mail_not_waiting": "This mail does not wait any more: it was sent, or could not be.",
    "no_such_user": "There is no account with the user ID or e-mail address {name}.",
    "no_such_organization": "There is no open organization with the code or number {code}.",
}
