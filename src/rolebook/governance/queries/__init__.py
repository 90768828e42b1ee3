"""What may be seen of governance. Every query takes the viewer, and shows what that person may know (I3).

A query raises NotFound for what does not exist or is foreign, NotAllowed for what stands at an organization of the
viewer's own but is not theirs. Each makes at most a dozen statements, however long the list.
"""

from rolebook.governance.queries.access import my_access, removal_preview
from rolebook.governance.queries.connected import connected_organizations
from rolebook.governance.queries.home import home
from rolebook.governance.queries.officials import who_to_contact
from rolebook.governance.queries.own_requests import my_requests
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import pending_requests
from rolebook.governance.queries.requests import request_detail
from rolebook.governance.queries.users import users_of_organization

__all__ = [
    "Page",
    "connected_organizations",
    "home",
    "my_access",
    "my_requests",
    "pending_requests",
    "removal_preview",
    "request_detail",
    "users_of_organization",
    "who_to_contact",
]
