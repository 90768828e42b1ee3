"""The part of the catalogue for who is out of office, who decides meanwhile, and codes that are looked at."""

from collections.abc import Mapping

ABSENCES: Mapping[str, str] = {
    "absence_wrong_order": "The last day is before the first. Give the days in their order.",
    "absence_in_the_past": "The first day is over. An absence begins today, or later.",
    "absence_too_long": "An absence lasts {most} days at most. Who is away for longer gives up the office.",
    "absence_overlaps": "You are out of office on some of these days already. End that absence first.",
    "own_delegate": "You cannot be your own delegate. Choose somebody else, or nobody.",
    "delegated_beyond_own": (
        "You do not decide as {role} during the whole absence, so nobody can do so for you. Choose days before your "
        "own role or access ends."
    ),
    "delegate_could_not_decide": (
        "Choose a person from the list: somebody who could decide as {role} anyway where you do, on each of these days."
    ),
    "delegate_away": "{name} is out of office on some of these days, too. Choose somebody who is there.",
    "delegate_decided": (
        "Your delegate decided a step of this request for you. Another person must decide this one."
    ),
    "delegate_of_decider": (
        "You are the delegate of somebody who decided a step of this request. Another person must decide this one."
    ),
    "second_as_delegate": (
        "You have decided a step of this request, and would decide this one as a delegate. Another person must decide "
        "it, or say under Out of office that you do not decide for others."
    ),
    "removed_since_asked": (
        "What this would extend was removed after it was asked for. It takes a new request. "
        "Deny this one, or return it."
    ),
    "checked_when_back": (
        "The account is closed and holds nothing. Check the codes once the person is back: the check stays open "
        "until then."
    ),
    "employer_of_official": (
        "This person decides for another organization. Only who decides for the whole program can record another "
        "employer: ask a steward or security."
    ),
    "answer_each_code": "Say of each code whether it is kept or removed.",
}
