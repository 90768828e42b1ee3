"""The one catalogue of sentences for codes: what rules and reasons say to people.

Parameters are what people read (titles, names), never ids. A code without a sentence is an error of ours
and shows itself in tests; at run time a plain sentence stands in, so that nobody is left with a code.
"""

from collections.abc import Mapping

from rolebook.policy.words_absences import ABSENCES
from rolebook.policy.words_decisions import DECISIONS
from rolebook.policy.words_inactivity import INACTIVITY
from rolebook.policy.words_people import PEOPLE
from rolebook.policy.words_places import PLACES
from rolebook.policy.words_responders import RESPONDERS
from rolebook.policy.words_reviews import REVIEWS

SENTENCES: Mapping[str, str] = {
    # rules
    "unknown_role": "This program has no role called {role}.",
    "unknown_organization": "This program has no such organization.",
    "needs_organization": "{role} is held at an organization. Choose which one.",
    "needs_no_organization": "{role} is not held at an organization. Ask for it without one.",
    "wrong_kind_of_organization": "{role} cannot be held at this organization. It is for: {kinds}.",
    "no_separate_access": "In {program}, access comes with a role. Ask for a role at the organization.",
    "access_needs_organization": "Choose the organization whose records you need.",
    "ends_before_start": "The end date must be after the start date.",
    "ends_in_the_past": "The end date has passed. Choose a later one.",
    "no_temporary_details": "{program} has no temporary roles. Leave the end date out.",
    "by_designation_only": "{role} is for designated people only. It cannot be requested.",
    "by_registration_only": "{role} comes with registering. It cannot be requested.",
    "other_category_held": (
        "{role} is a {category} role, and {other_role} is a {other_category} role. "
        "One person can hold roles of one user category only."
    ),
    "other_category_pending": (
        "{role} is a {category} role, and a request for {other_role}, a {other_category} role, is waiting. "
        "One person can hold roles of one user category only."
    ),
    "role_already_held": "{role} is already held here.",
    "role_not_held": "{role} is not held here, so there is nothing to remove.",
    "access_already_held": "Access to this organization is already held.",
    "access_not_held": "Access to this organization is not held, so there is nothing to remove.",
    "access_not_wide": (
        "Access to this organization is not held with lower levels for that long, so there is nothing to narrow."
    ),
    "access_held_longer": (
        "Access to this organization was given for longer after this was asked for. Deny this one, or return it."
    ),
    "access_held_in_parts": (
        "Access to {named} is held at several times with others between, so it cannot be narrowed at once. "
        "Ask to remove it, and for each time anew."
    ),
    "role_already_pending": "A request for {role} here is already waiting for a decision.",
    "access_already_pending": "A request for access to this organization is already waiting for a decision.",
    "own_request": "You cannot decide about your own access. Someone else must.",
    "own_removal": "You cannot remove your own access. Someone else must.",
    "asked_for_it": "You made this request, so someone else must decide it.",
    "decided_before": "You have already decided a step of this request. Another person must decide this one.",
    "statement_not_agreed": "Please agree to the {program} statement first.",
    "certificate_missing": (
        "Your agency requires the training certificates for {role}. Attach them, or ask your agency lead."
    ),
    "not_new": "This person has held an account before. Ask for a modification.",
    "not_a_modification": "This person has never held an account. Ask for a new one.",
    "nothing_to_reactivate": "This person has never held an account, so there is none to reactivate.",
    # what keeps a change from happening besides the rules
    "own_access": "You cannot remove your own access. Another {role} of {organization} must do so.",
    "only_official": (
        "You cannot remove your own access, and nobody else at {organization} can. Contact the program."
    ),
    "account_not_active": "This account is not active in the program.",
    "beneficiary_not_active": "The account of {name} is not active, so nothing can be given to it.",
    "second_factor_missing": "Without a second factor you cannot act here. Sign in again and set one up.",
    "not_yours_to_do": "This is not yours to do here.",
    "not_yours_to_view": "Only those who manage the organization's access see its users.",
    "not_yours_to_decide": "You do not decide this request, or not any more.",
    "changed_since_shown": "The request has changed since this page was shown. Look at it again.",
    "stage_not_open": "This step does not wait for a decision.",
    "already_settled": "The request has been settled: {state}.",
    "withdraw_whole": "The parts of this request are decided together. Withdraw the whole request instead.",
    "not_to_submit_again": "Only a request that was denied, returned or withdrawn is submitted again.",
    "submitted_again_already": "The request has been submitted again already.",
    "not_by_designation": "{role} is asked for. It is not given by designation.",
    "decide_on_its_page": (
        "The request for {name} asks for more than a list shows. Open it, and decide it on its own page."
    ),
    "too_many_at_once": "Choose between 1 and {most} at once.",
    "work_email_missing": "Write the work e-mail address, like name@agency.gov.",
    "supervisor_missing": "Write the supervisor's name.",
    "supervisor_email_missing": "Write the supervisor's e-mail address, like name@agency.gov.",
    "supervisor_is_yourself": "The supervisor is another person than the one who asks or the one it is for.",
    "employer_missing": "Write the code of the organization that you work for.",
    "unknown_code": "There is no organization with the code {named}.",
    "code_twice": "The code {named} is on the form twice.",
    "nothing_asked": "Choose a role or an organization code to add or to remove.",
    "starts_in_the_past": "The first day has passed. Write today or a later day, or none to begin with the approval.",
    "detail_needs_end": "Write the last day of the temporary detail.",
    "day_unreadable": "Write a day that there is, with year, month and day.",
    "not_yours_to_ask_for": "You cannot ask for this person. Who decides where they work can.",
    "employer_not_recorded": (
        "Nobody has recorded yet who employs this person, so nobody can ask for them. They make their first request "
        "themselves and name their employer there; or who decides in that employer's chain records it, on Manage "
        "Access under Employers and codes to look at."
    ),
    "not_removed_here": "{role} comes by designation. Whoever designates ends it; it is not removed with this form.",
    "registered_not_removed_here": (
        "{role} comes with registering. Whoever removes access in the program ends it; "
        "it is not removed with this form."
    ),
    "changed_type": "What applies to this person has changed. Look at the form again.",
    "ask_with_the_form": "In this program, roles are asked for with an account request.",
    "use_the_form": "Open the form, correct it and send it again.",
    "word_not_asked": "This authorization is not asked for any more.",
    "supervisor_mailed_often": (
        "This supervisor has been mailed many times within a day. Ask them in person, or try again tomorrow."
    ),
    "not_held": "This request does not wait for your word.",
    "same_employer": "This is the organization on record already.",
    "nothing_to_correct": "This request has no form to correct. Approve or deny it.",
    "say_what_is_missing": "Write what is missing or not right, so that it can be corrected.",
    "text_too_long": "The {field} is too long: {most} characters are the most.",
    "text_unreadable": "The {field} holds characters that cannot be kept.",
    **ABSENCES,
    **INACTIVITY,
    **PEOPLE,
    **REVIEWS,
    **PLACES,
    **RESPONDERS,
    # decisions and their explanations
    **{f"decision.{code}": text for code, text in DECISIONS.items()},
}

UNKNOWN = "This is not possible here."


def sentence(code: str, /, **params: object) -> str:
    """The sentence for a code with its parameters filled in; lists are joined with commas and "or".

    Unknown codes and missing parameters give a plain sentence instead of an exception.
    """
    text = SENTENCES.get(code)
    if text is None:
        return UNKNOWN
    try:
        return text.format_map({name: _shown(value) for name, value in params.items()})
    except (KeyError, IndexError):
        return UNKNOWN


def _shown(value: object) -> str:
    """A parameter as people read it."""
    if isinstance(value, list | tuple):
        items = [str(item) for item in value]
        return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " or " + items[-1] if items else ""
    return str(value)
