"""What is held already is not asked for again, and what is not held cannot be taken away."""

from rolebook.policy.rules.terms import (
    Change,
    ChangeKind,
    Facts,
    HeldAccess,
    HeldRole,
    Moment,
    Rule,
    Violation,
)

_REMOVALS = (ChangeKind.REMOVE_ROLE, ChangeKind.REMOVE_ACCESS)


def judge(change: Change, facts: Facts) -> Violation | None:
    """Compare the change with what the person holds. A role or access held until a day may be asked for
    beyond that day, and until the day on which it begins, where that is later; access to one organization
    for those below it, too. What stays of a narrowed
    access is held, with those below, and for exactly as long as it is asked for. What ended after it was
    asked to be taken away is gone, as was asked, and keeps nothing beside it from being decided.
    """
    if change.kind in _REMOVALS and change.moment != Moment.SUBMISSION:
        return None
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
        lasting = any(_covers(grant, change) for grant in grants)
        return Violation("role_already_held", {"role": title}) if lasting else None
    if change.kind in (ChangeKind.ADD_ACCESS, ChangeKind.REMOVE_ACCESS):
        accesses = [
            access
            for access in facts.held_access(change.beneficiary_id, change.at)
            if access.organization_id == change.organization_id
        ]
        if change.kind == ChangeKind.REMOVE_ACCESS:
            return None if accesses else Violation("access_not_held")
        if change.narrows:
            wide = any(access.lower_levels for access in accesses)
            longer = not any(_lasts(access, change) for access in accesses)
            if not wide or longer:
                return Violation("access_not_wide")
            outlasts = any(_outlasts(access, change) for access in accesses)
            return Violation("access_held_longer") if outlasts else None
        as_wide = [access for access in accesses if access.lower_levels or not change.lower_levels]
        if any(_covers(access, change) for access in as_wide):
            return Violation("access_already_held")
    return None


def _covers(held: HeldRole | HeldAccess, change: Change) -> bool:
    """Whether what is held goes on for as long as what is asked for, and their times overlap: neither has its
    end, an instant that belongs to it no more.
    """
    begins = change.at if change.starts_at is None else change.starts_at
    apart = (change.ends_at is not None and change.ends_at <= held.starts_at) or (
        held.ends_at is not None and held.ends_at <= begins
    )
    return _lasts(held, change) and not apart


def _lasts(held: HeldRole | HeldAccess, change: Change) -> bool:
    """Whether what is held goes on for as long as what is asked for."""
    return held.ends_at is None or (change.ends_at is not None and change.ends_at <= held.ends_at)


def _outlasts(held: HeldAccess, change: Change) -> bool:
    """Whether what is held goes on after what is asked for: narrowed, it would end earlier than anybody asked."""
    return change.ends_at is not None and (held.ends_at is None or held.ends_at > change.ends_at)


RULE = Rule("already_held", "What is held is not asked for again", judge, always=True)
