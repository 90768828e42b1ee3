"""Tables of governance, one file a subject; every row carries its program."""

from rolebook.governance.models.absences import Absence, Delegation
from rolebook.governance.models.account_requests import (
    AccessCheck,
    AccessCheckAnswer,
    AccountDraft,
    AccountForm,
    Employment,
    SupervisorWord,
)
from rolebook.governance.models.attachments import Attachment
from rolebook.governance.models.grants import Access, Designation, EndWarning, Grant
from rolebook.governance.models.imports import Import, ImportedApproval
from rolebook.governance.models.inactivity import HeldAtClosing, QuietWatch
from rolebook.governance.models.participation import Participation
from rolebook.governance.models.reports import (
    MadeFile,
    MadeFilePiece,
    Making,
    ReviewReport,
    ReviewReportPart,
)
from rolebook.governance.models.requests import Outcome, Request, RequestItem, Stage
from rolebook.governance.models.responders import Registration, ResponderRecord
from rolebook.governance.models.review_moves import ReviewMove
from rolebook.governance.models.reviews import ReviewCampaign, ReviewedAccount, ReviewItem, ReviewPlace
from rolebook.governance.models.tree_changes import TreeChange
from rolebook.governance.models.usage import ClientUse, PrivilegeUse, UsageSpan

__all__ = [
    "Absence",
    "Access",
    "AccessCheck",
    "AccessCheckAnswer",
    "AccountDraft",
    "AccountForm",
    "Attachment",
    "ClientUse",
    "Delegation",
    "Designation",
    "Employment",
    "EndWarning",
    "Grant",
    "HeldAtClosing",
    "Import",
    "ImportedApproval",
    "MadeFile",
    "MadeFilePiece",
    "Making",
    "Outcome",
    "Participation",
    "PrivilegeUse",
    "QuietWatch",
    "Registration",
    "Request",
    "RequestItem",
    "ResponderRecord",
    "ReviewCampaign",
    "ReviewItem",
    "ReviewMove",
    "ReviewPlace",
    "ReviewReport",
    "ReviewReportPart",
    "ReviewedAccount",
    "Stage",
    "SupervisorWord",
    "TreeChange",
    "UsageSpan",
]
