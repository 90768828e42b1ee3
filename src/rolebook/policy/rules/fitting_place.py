"""A role is asked for where it can be held: at an organization of its kinds, or at none."""

from rolebook.policy.rules.terms import Change, ChangeKind, Facts, Rule, Violation


def judge(change: Change, facts: Facts) -> Violation | None:
    """Judge the place of an added role or access; removals are never refused for their place."""
    book = facts.rolebook
    if change.kind == ChangeKind.ADD_ACCESS:
        return _judge_access(change, facts)
    if change.kind != ChangeKind.ADD_ROLE:
        return None
    role = book.role(change.role_id or "")
    if role is None:
        return Violation("unknown_role", {"role": change.role_id or ""})
    named = {"role": role.title, "role_id": role.id}
    if not book.held_at_organization(role):
        return None if change.organization_id is None else Violation("needs_no_organization", named)
    if change.organization_id is None:
        return Violation("needs_organization", named)
    kind_id = facts.organization_kind(change.organization_id)
    if kind_id not in role.reach.kinds:
        titles = tuple(kind.title for kind_id in role.reach.kinds if (kind := book.kind(kind_id)))
        return Violation("wrong_kind_of_organization", {**named, "kinds": titles})
    return None


def _judge_access(change: Change, facts: Facts) -> Violation | None:
    """Access is a list of its own only in a program that holds it apart from roles."""
    book = facts.rolebook
    if book.access != "apart from roles":
        return Violation("no_separate_access", {"program": book.program.short_name})
    if change.organization_id is None:
        return Violation("access_needs_organization")
    if facts.organization_kind(change.organization_id) is None:
        return Violation("unknown_organization")
    return None


RULE = Rule("fitting_place", "A role is held at an organization that it is meant for", judge, always=True)
