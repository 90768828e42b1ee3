"""What happens to requests, and to those who are asked about them."""

from rolebook.audit.tags.declaring import declare

# Requests and their way.
REQUEST_SUBMITTED = declare(
    "request:submitted",
    "A request was submitted, or submitted again corrected",
    "version items chain stages resubmission_of role_id organizations request_type attachments digests",
    "reason",
)
REQUEST_WITHDRAWN = declare("request:withdrawn", "A request was withdrawn", "state version", "reason")
REQUEST_PART_WITHDRAWN = declare(
    "request:part-withdrawn", "A request was withdrawn at one of its organizations", "state version"
)
REQUEST_SETTLED = declare("request:settled", "A request reached its end", "state version")
REQUEST_RETURNED = declare(
    "request:returned",
    "A request went back to its requester, because the program's chain for it has changed",
    "state version why",
)
REQUEST_ASKED_AGAIN = declare(
    "request:asked-again",
    "Who denied a request asked its requester to submit it again",
    "stage_id",
)
STAGE_OPENED = declare(
    "stage:opened",
    "A stage of a request began to wait for its approver",
    "stage_id chain_id position approver_role_id version",
)
STAGE_CANCELLED = declare("stage:cancelled", "A stage will not be decided any more", "stage_id state version")
_OUTCOME = "stage_id version items_hash items role_id stand_in delegate_for"
OUTCOME_APPROVED = declare("outcome:approved", "An approver approved a stage", _OUTCOME, "reason")
OUTCOME_DENIED = declare("outcome:denied", "An approver denied a stage", _OUTCOME, "reason")
OUTCOME_RETURNED = declare(
    "outcome:returned", "An approver returned a request as incomplete", _OUTCOME, "reason"
)
REQUESTS_ESCALATED = declare(
    "requests:escalated",
    "Requests wait for the steward now, because the last person who could decide them is not active",
    "escalated",
)
# The supervisor's word on an account request.
SUPERVISOR_ASKED = declare(
    "supervisor:asked",
    "A supervisor was asked to authorize an account request",
    "word_id version expires_at",
    "name email",
)
SUPERVISOR_CONFIRMED = declare(
    "supervisor:confirmed", "A supervisor authorized an account request", "word_id version way", "name email"
)
SUPERVISOR_REFUSED = declare(
    "supervisor:refused",
    "A supervisor did not authorize an account request",
    "word_id version way",
    "name email reason",
)
REQUEST_HELD = declare(
    "request:held",
    "Another agency denied its part of a request; the requester has to say whether the rest goes on",
    "version stage_id",
)
REQUEST_WENT_ON = declare(
    "request:went-on", "The requester let the rest of a request go on without what was denied", "version"
)
