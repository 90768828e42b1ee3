"""Tables of governance, one file a subject; every row carries its program."""

from rolebook.governance.models.account_requests import (
    AccessCheck,
    AccountDraft,
    AccountForm,
    Employment,
    SupervisorWord,
)
from rolebook.governance.models.grants import Access, Designation, EndWarning, Grant
from rolebook.governance.models.imports import Import, ImportedApproval
from rolebook.governance.models.participation import Participation
from rolebook.governance.models.requests import Outcome, Request, RequestItem, Stage
from rolebook.governance.models.tree_changes import TreeChange
from rolebook.governance.models.usage import ClientUse, PrivilegeUse, UsageSpan

__all__ = [
    "Access",
    "AccessCheck",
    "AccountDraft",
    "AccountForm",
    "ClientUse",
    "Designation",
    "Employment",
    "EndWarning",
    "Grant",
    "Import",
    "ImportedApproval",
    "Outcome",
    "Participation",
    "PrivilegeUse",
    "Request",
    "RequestItem",
    "Stage",
    "SupervisorWord",
    "TreeChange",
    "UsageSpan",
]
