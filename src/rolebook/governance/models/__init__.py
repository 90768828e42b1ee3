"""Tables of governance, one file a subject; every row carries its program."""

from rolebook.governance.models.grants import Designation, Grant
from rolebook.governance.models.imports import Import, ImportedApproval
from rolebook.governance.models.participation import Participation
from rolebook.governance.models.requests import Outcome, Request, RequestItem, Stage

__all__ = [
    "Designation",
    "Grant",
    "Import",
    "ImportedApproval",
    "Outcome",
    "Participation",
    "Request",
    "RequestItem",
    "Stage",
]
