"""Every flow that touches authority: verb_noun, keyword-only, one unit of work each, called by every door alike.

Flows raise `rolebook.governance.refusals`: Refused (rules; tell the person), NotAllowed (403), NotFound (404). What was
refused is rolled back, and the attempt is put on record.
"""

from rolebook.governance.deciding import AlreadyDecided, Decided, ReturnedForChange
from rolebook.governance.flows.ask_to_submit_again import ask_to_submit_again
from rolebook.governance.flows.change_status import (
    StatusChanged,
    change_account_status,
    change_participation_status,
)
from rolebook.governance.flows.decide_stage import decide_stage
from rolebook.governance.flows.decide_stages import NotDecided, ShownStage, decide_stages
from rolebook.governance.flows.designate_role import designate_role
from rolebook.governance.flows.import_accounts import AccountsImported, import_accounts
from rolebook.governance.flows.import_grants import GrantsImported, import_grants
from rolebook.governance.flows.record_sign_in import record_sign_in
from rolebook.governance.flows.remove_access import Removal, remove_access, remove_program_roles
from rolebook.governance.flows.request_role import request_role
from rolebook.governance.flows.submit_request_again import submit_request_again
from rolebook.governance.flows.withdraw_part import withdraw_part
from rolebook.governance.flows.withdraw_request import withdraw_request

__all__ = [
    "AccountsImported",
    "AlreadyDecided",
    "Decided",
    "GrantsImported",
    "NotDecided",
    "Removal",
    "ReturnedForChange",
    "ShownStage",
    "StatusChanged",
    "ask_to_submit_again",
    "change_account_status",
    "change_participation_status",
    "decide_stage",
    "decide_stages",
    "designate_role",
    "import_accounts",
    "import_grants",
    "record_sign_in",
    "remove_access",
    "remove_program_roles",
    "request_role",
    "submit_request_again",
    "withdraw_part",
    "withdraw_request",
]
