"""The rules of the house, one a file: `judge(change, facts) -> Violation | None`, pure.

A rolebook says which of them are in force, with settings and dates; those marked `always` are judged in
every program. Flows call `judge` at submission, at every outcome, and under lock when the ledger opens
a grant.
"""

from rolebook.policy.rules import (
    already_held,
    already_pending,
    certificate_required,
    dates_in_order,
    designation_only,
    fitting_place,
    new_or_modification,
    one_category,
    own_decision,
    statement_agreed,
)
from rolebook.policy.rules.terms import (
    Change,
    ChangeKind,
    Facts,
    HeldAccess,
    HeldRole,
    Moment,
    PendingItem,
    Rule,
    SettingSpec,
    Violation,
    settings_in_force,
)

__all__ = [
    "RULES",
    "Change",
    "ChangeKind",
    "Facts",
    "HeldAccess",
    "HeldRole",
    "Moment",
    "PendingItem",
    "Rule",
    "SettingSpec",
    "Violation",
    "judge",
    "settings_in_force",
]

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        fitting_place.RULE,
        dates_in_order.RULE,
        designation_only.RULE,
        one_category.RULE,
        already_held.RULE,
        already_pending.RULE,
        own_decision.RULE,
        statement_agreed.RULE,
        certificate_required.RULE,
        new_or_modification.RULE,
    )
}


def judge(change: Change, facts: Facts) -> tuple[Violation, ...]:
    """Every rule that does not let the change happen, in the order of `RULES`; empty: it may."""
    book = facts.rolebook
    applied = (rule for rule in RULES.values() if rule.always or book.rule(rule.id) is not None)
    found = (rule.judge(change, facts) for rule in applied)
    return tuple(violation for violation in found if violation is not None)
