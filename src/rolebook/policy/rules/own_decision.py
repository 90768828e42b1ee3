"""Nobody decides for themselves, or twice in one request (the approver, the requester and the beneficiary
differ).
"""

from rolebook.policy.rules.terms import Change, ChangeKind, Facts, Moment, Rule, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Judge who records an outcome, designates, or takes away outside of a request."""
    actor_id = change.actor_id
    if actor_id is None or change.moment not in (Moment.OUTCOME, Moment.DESIGNATION):
        return None
    if facts.same_person(actor_id, change.beneficiary_id):
        removal = change.kind in (ChangeKind.REMOVE_ROLE, ChangeKind.REMOVE_ACCESS)
        return Violation("own_removal" if removal and change.moment == Moment.DESIGNATION else "own_request")
    if change.moment == Moment.DESIGNATION:
        return None
    if facts.same_person(actor_id, change.requester_id):
        return Violation("asked_for_it")
    if change.request_id is None:
        return None
    decided = facts.outcomes_by(change.request_id)
    if any(facts.same_person(actor_id, other_id) for other_id in decided):
        return Violation("decided_before")
    return None


RULE = Rule("own_decision", "Nobody decides for themselves, or twice", judge, always=True)
