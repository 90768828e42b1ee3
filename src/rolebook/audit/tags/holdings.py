"""What is held: grants and access, opened and closed by the ledger only, and who employs people."""

from rolebook.audit.tags.declaring import declare

# Grants: opened and closed by the ledger only. The beneficiary holds the role; the organization is where.
_GRANT = "grant_id role_id starts_at ends_at closed_at cause request_item_id designation_id registration_id record_id"
GRANT_OPENED = declare("grant:opened", "A grant of a role was opened", _GRANT)
GRANT_CLOSED = declare("grant:closed", "A grant of a role was closed", _GRANT)
_ACCESS = "access_id lower_levels starts_at ends_at closed_at cause request_item_id designation_id"
ACCESS_OPENED = declare("access:opened", "Access apart from roles to an organization was opened", _ACCESS)
ACCESS_CLOSED = declare("access:closed", "Access apart from roles to an organization was closed", _ACCESS)
ROLE_DESIGNATED = declare(
    "role:designated", "A role was designated without a request", "role_id designation_id grant_id", "reason"
)
ACCESS_REMOVED = declare(
    "access:removed", "Somebody's access at an organization was removed", "grants accesses roles", "reason"
)
ACCESS_DESIGNATED = declare(
    "access:designated",
    "Access apart from roles was given without a request",
    "access_id designation_id lower_levels",
    "reason",
)
ACCESS_END_NEAR = declare(
    "access:end-near",
    "A person was told that roles or access of theirs end soon",
    "ends_at days_before",
)
# Who employs a person in a program, and the check of the codes held that a change opens.
EMPLOYMENT_RECORDED = declare(
    "employment:recorded",
    "The organization that employs a person was recorded",
    "employment_id access_check_id",
    "reason",
)
ACCESS_CHECK_OPENED = declare(
    "access-check:opened",
    "Codes that a reactivation gave back are to be looked at: the person's employer changed before it",
    "access_check_id employment_id",
)
ACCESS_CHECK_CLOSED = declare(
    "access-check:closed",
    "The codes that a person holds were looked at after their employer changed",
    "access_check_id accesses_kept accesses_removed",
    "reason",
)
ACCESS_CHECK_CARRIED_OVER = declare(
    "access-check:carried-over",
    "A check of codes goes on for the account into which the one that it was about was merged",
    "access_check_id folded_into accesses_removed",
)
