"""Role-based training certificates go with a request where the program or the agency requires them
(IQCS-07).
"""

from rolebook.policy.rules.terms import Change, ChangeKind, Facts, Moment, Rule, Violation, settings_in_force


def judge(change: Change, facts: Facts) -> Violation | None:
    """Judge an added role by the day on which its request was submitted, and by the agency that it falls
    under.
    """
    if change.kind != ChangeKind.ADD_ROLE or change.moment in _BY_NO_REQUEST:
        return None
    codes = facts.organization_codes(change.beneficiary_id, change)
    settings = settings_in_force(facts.rolebook, RULE.id, codes, change.submitted_at or change.at)
    if settings is None or facts.certificates_attached(change.request_id):
        return None
    role = facts.rolebook.role(change.role_id or "")
    return Violation("certificate_missing", {"role": role.title if role else ""})


_BY_NO_REQUEST = (Moment.DESIGNATION, Moment.IMPORT, Moment.REGISTRATION)

RULE = Rule("certificate_required", "A request carries the training certificates that are required", judge)
