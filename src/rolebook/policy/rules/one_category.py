"""Several roles, but of one user category only (IQIES-04: "You must stay in the same category of users,
though.").
"""

from rolebook.policy.rules.terms import Change, ChangeKind, Facts, Rule, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Refuse a role whose category, or that of a role already held or pending, is exclusive and another
    one.

    Roles that wait for a decision count when a request is submitted or a grant is opened, so that two
    requests that are each fine cannot together break the rule.
    """
    if change.kind != ChangeKind.ADD_ROLE:
        return None
    book = facts.rolebook
    role = book.role(change.role_id or "")
    category = book.category(role.category_id) if role else None
    if role is None or category is None:
        return None
    held = [grant.role_id for grant in facts.held_roles(change.beneficiary_id, change.at)]
    pending = [
        item.role_id
        for item in facts.pending_items(change.beneficiary_id)
        if item.kind == ChangeKind.ADD_ROLE and item.role_id is not None
    ]
    for code, role_ids in (("other_category_held", held), ("other_category_pending", pending)):
        for other_id in role_ids:
            other = book.role(other_id)
            other_category = book.category(other.category_id) if other else None
            if other is None or other_category is None or other_category.id == category.id:
                continue
            if category.exclusive or other_category.exclusive:
                return Violation(
                    code,
                    {
                        "role": role.title,
                        "role_id": role.id,
                        "category": category.title,
                        "other_role": other.title,
                        "other_role_id": other.id,
                        "other_category": other_category.title,
                    },
                )
    return None


RULE = Rule("one_category", "All roles of a person are of one user category", judge, always=True)
