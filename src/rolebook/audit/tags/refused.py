"""Attempts that were refused."""

from rolebook.audit.tags.declaring import declare

# Attempts that were refused: what was tried in the qualifier, why in ``codes``.
_REFUSED = "codes role_id stage_id subject reason_code verdict"
ATTEMPT_REFUSED_DECIDE = declare("attempt:refused:decide", "Deciding a stage was refused", _REFUSED)
ATTEMPT_REFUSED_REQUEST = declare("attempt:refused:request", "Submitting a request was refused", _REFUSED)
ATTEMPT_REFUSED_WITHDRAW = declare("attempt:refused:withdraw", "Withdrawing a request was refused", _REFUSED)
ATTEMPT_REFUSED_REMOVE = declare("attempt:refused:remove", "Removing access was refused", _REFUSED)
ATTEMPT_REFUSED_DESIGNATE = declare("attempt:refused:designate", "Designating a role was refused", _REFUSED)
ATTEMPT_REFUSED_ORGANIZATION = declare(
    "attempt:refused:organization",
    "Adding, changing, moving or closing an organization was refused",
    _REFUSED,
)
ATTEMPT_REFUSED_VIEW = declare("attempt:refused:view", "Looking at something was refused", _REFUSED)
ATTEMPT_REFUSED_VOUCH = declare("attempt:refused:vouch", "Vouching for a person was refused", _REFUSED)
ATTEMPT_REFUSED_STATUS = declare(
    "attempt:refused:status", "Changing the status of a person was refused", _REFUSED
)
ATTEMPT_REFUSED_MERGE = declare("attempt:refused:merge", "Merging two accounts was refused", _REFUSED)
ATTEMPT_REFUSED_FSID = declare("attempt:refused:fsid", "Setting an FSID was refused", _REFUSED)
ATTEMPT_REFUSED_CLIENT = declare(
    "attempt:refused:client", "Giving a token, or taking one away, was refused", _REFUSED
)
ATTEMPT_REFUSED_TOKEN = declare(
    "attempt:refused:token", "Taking somebody's access token away was refused", _REFUSED
)
ATTEMPT_REFUSED_CONFIRM = declare(
    "attempt:refused:confirm", "A password that was asked for again was wrong", _REFUSED
)
ATTEMPT_REFUSED_SIGN_IN = declare("attempt:refused:sign-in", "A sign-in was refused", _REFUSED, "user_id")
