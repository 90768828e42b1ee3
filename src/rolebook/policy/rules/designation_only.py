"""A role for designated people cannot be asked for (IQIES-08: "Do not request this role.")."""

from rolebook.policy.rules.terms import Change, ChangeKind, Facts, Moment, Rule, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Refuse a request for a role that is had by designation or by registration only."""
    if change.kind != ChangeKind.ADD_ROLE or change.moment in (Moment.DESIGNATION, Moment.IMPORT):
        return None
    role = facts.rolebook.role(change.role_id or "")
    by_registering = change.moment is Moment.REGISTRATION
    if role is None or role.obtained == ("registration" if by_registering else "request"):
        return None
    return Violation(f"by_{role.obtained}_only", {"role": role.title, "role_id": role.id})


RULE = Rule("designation_only", "A role for designated people cannot be asked for", judge, always=True)
