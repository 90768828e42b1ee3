"""New or Modification (IQCS-02): New only for someone who never held a standard account, even on a
temporary detail.
"""

from datetime import datetime

from rolebook.policy.rules.terms import Change, ChangeKind, Facts, Moment, Rule, SettingSpec, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Judge the type that a request says it has. `settings["category"]` is the id of the standard accounts'
    category.
    """
    if change.moment != Moment.SUBMISSION or change.request_type is None:
        return None
    rule = facts.rolebook.rule(RULE.id)
    category_id = str(rule.settings["category"]) if rule else ""
    expected = request_type_for(facts, change.beneficiary_id, change.at, category_id)
    if change.request_type == expected:
        return None
    if change.request_type == NEW:
        return Violation("not_new")
    if change.kind == ChangeKind.REACTIVATE:
        return Violation("nothing_to_reactivate")
    return Violation("not_a_modification")


def request_type_for(facts: Facts, person_id: str, at: datetime, category_id: str) -> str:
    """The type that applies: "modification" for who ever held a role of the category, "new" for all others."""
    return MODIFICATION if facts.ever_held_category(person_id, category_id, at) else NEW


NEW = "new"
MODIFICATION = "modification"

RULE = Rule(
    "new_or_modification",
    "New is for people who never held a standard account; all else is a modification",
    judge,
    {"category": SettingSpec(str, "the id of a user category", names_category=True)},
)
