"""What is granted ends after it starts and after now, and has an end only where the program allows
temporary details.
"""

from rolebook.policy.rules.terms import Change, ChangeKind, Facts, Moment, Rule, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Judge the promised dates of what would be added."""
    if change.kind not in (ChangeKind.ADD_ROLE, ChangeKind.ADD_ACCESS) or change.ends_at is None:
        return None
    if change.starts_at is not None and change.ends_at <= change.starts_at:
        return Violation("ends_before_start")
    if change.moment != Moment.IMPORT and change.ends_at <= change.at:
        return Violation("ends_in_the_past")
    by_request = change.moment in (Moment.SUBMISSION, Moment.OUTCOME, Moment.GRANT)
    if by_request and not facts.rolebook.lifecycle.temporary_details:
        return Violation("no_temporary_details", {"program": facts.rolebook.program.short_name})
    return None


RULE = Rule("dates_in_order", "A temporary role or access has dates in order", judge, always=True)
