"""Requests that wait where the tree of organizations changed are looked at again, and go back where they must.

A decision lays its request out anew anyway once the tree has changed since it was submitted (`layout_has_changed`).
What is done here only keeps people from waiting for a decision that cannot be had any more.
"""

from collections.abc import Iterable
from datetime import datetime

from rolebook.accounts.models import Organization, RolebookVersion
from rolebook.audit.recording import UnitOfWork
from rolebook.governance import locks
from rolebook.governance.course import return_request
from rolebook.governance.laying_out import laid_out_otherwise
from rolebook.governance.models import Request, RequestItem, TreeChange
from rolebook.policy.model import Rolebook

REQUESTS_A_UNIT = 40
"""Requests looked at in one unit of work, which holds the log's lock for 500 events at most."""
CLOSED = "organization_closed"
MOVED = "organization_moved"


def note_tree_changes(program_id: str, organizations: Iterable[Organization], at: datetime) -> None:
    """Remember that the tree changed at organizations: what waits there and below is looked at again later."""
    TreeChange.objects.bulk_create(
        TreeChange(program_id=program_id, organization=organization, changed_at=at)
        for organization in organizations
    )


def look_again(work: UnitOfWork, change: TreeChange, version: RolebookVersion, book: Rolebook) -> int:
    """Look at the next requests at a changed organization and below it; return how many went back.

    The change says afterwards how far it has been followed, and when nothing is left. Call it with the locks of people
    and organizations taken: it takes those of the requests itself.
    """
    waiting = Request.objects.filter(
        pk__gt=change.after_request,
        program_id=change.program_id,
        state=Request.State.PENDING,
        items__state=RequestItem.State.PENDING,
        items__organization__path__startswith=change.organization.path,
    )
    ids = list(waiting.order_by("pk").values_list("pk", flat=True).distinct()[:REQUESTS_A_UNIT])
    locks.lock_rows(Request, frozenset(ids))
    returned = 0
    found = Request.objects.filter(pk__in=ids, state=Request.State.PENDING).order_by("pk")
    for request in found.select_related("requester", "beneficiary", "rolebook_version"):
        why = _why_back(request, book)
        if why is not None:
            return_request(work, request, work.at, version.number, why)
            returned += 1
    change.after_request = ids[-1] if ids else change.after_request
    if len(ids) < REQUESTS_A_UNIT:
        change.finished_at = work.at
    change.save(update_fields=["after_request", "finished_at"])
    return returned


def _why_back(request: Request, book: Rolebook) -> str | None:
    """Return why a request cannot go on as it is, or None where it can."""
    items = request.items.filter(request_version=request.version, state=RequestItem.State.PENDING)
    # What is to be removed at a closed organization may go on: it would count again once that is opened.
    given = items.exclude(kind__in=(RequestItem.Kind.REMOVE_ROLE, RequestItem.Kind.REMOVE_ACCESS))
    if given.filter(organization__closed_at__isnull=False).exists():
        return CLOSED
    return MOVED if laid_out_otherwise(book, request) else None
