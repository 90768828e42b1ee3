"""What already waits for a decision is not asked for a second time."""

from rolebook.policy.rules.terms import Change, Facts, Moment, Rule, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Refuse the same change for the same person while another request with it waits."""
    if change.moment != Moment.SUBMISSION:
        return None
    wanted = (change.kind, change.role_id, change.organization_id)
    for item in facts.pending_items(change.beneficiary_id):
        if item.request_id == change.request_id:
            continue
        if (item.kind, item.role_id, item.organization_id) == wanted:
            role = facts.rolebook.role(change.role_id or "")
            if role is None:
                return Violation("access_already_pending")
            return Violation("role_already_pending", {"role": role.title, "role_id": role.id})
    return None


RULE = Rule("already_pending", "What waits for a decision is not asked for twice", judge, always=True)
