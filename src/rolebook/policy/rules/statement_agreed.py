"""Who asks for access has agreed to the program's statement (QPP-01)."""

from rolebook.policy.rules.terms import Change, Facts, Moment, Rule, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Judge the requester at submission, where the program has a statement."""
    if change.moment != Moment.SUBMISSION or facts.rolebook.program.statement is None:
        return None
    if facts.statement_agreed(change.requester_id, change.at):
        return None
    return Violation("statement_not_agreed", {"program": facts.rolebook.program.short_name})


RULE = Rule("statement_agreed", "Who asks has agreed to the statement", judge, always=True)
