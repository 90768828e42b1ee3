"""What is held already is not asked for again, and what is not held cannot be taken away."""

from rolebook.policy.rules.terms import Change, ChangeKind, Facts, Rule, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Compare the change with what the person holds. A role held until a day may be asked for beyond that
    day.
    """
    role = facts.rolebook.role(change.role_id or "")
    title = role.title if role else (change.role_id or "")
    if change.kind in (ChangeKind.ADD_ROLE, ChangeKind.REMOVE_ROLE):
        grants = [
            grant
            for grant in facts.held_roles(change.beneficiary_id, change.at)
            if (grant.role_id, grant.organization_id) == (change.role_id, change.organization_id)
        ]
        if change.kind == ChangeKind.REMOVE_ROLE:
            return None if grants else Violation("role_not_held", {"role": title})
        lasting = any(
            grant.ends_at is None or (change.ends_at is not None and change.ends_at <= grant.ends_at)
            for grant in grants
        )
        return Violation("role_already_held", {"role": title}) if lasting else None
    if change.kind in (ChangeKind.ADD_ACCESS, ChangeKind.REMOVE_ACCESS):
        has = change.organization_id in facts.held_access(change.beneficiary_id, change.at)
        if change.kind == ChangeKind.REMOVE_ACCESS and not has:
            return Violation("access_not_held")
        if change.kind == ChangeKind.ADD_ACCESS and has and change.ends_at is None:
            return Violation("access_already_held")
    return None


RULE = Rule("already_held", "What is held is not asked for again", judge, always=True)
