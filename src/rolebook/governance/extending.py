"""An extension continues what is held: what was removed after it was asked for comes back by no earlier request."""

from collections.abc import Sequence

from rolebook.governance.models import Access, Grant, Request, RequestItem
from rolebook.policy.rules import Violation


def removed_since_asked(request: Request, items: Sequence[RequestItem]) -> tuple[Violation, ...]:
    """Return a violation for each item that would extend what was held when it was asked for, and removed since.

    Who removed it knew more than who asked; it takes a new request. The beneficiary is locked (fault 18).
    """
    return tuple(Violation("removed_since_asked") for item in items if _was_removed(request, item))


def _was_removed(request: Request, item: RequestItem) -> bool:
    held = {
        "program_id": request.program_id,
        "account": request.beneficiary_id,
        "organization": item.organization_id,
        "starts_at__lte": request.submitted_at,
        "closed_at__gt": request.submitted_at,
    }
    if item.kind == RequestItem.Kind.ADD_ROLE:
        return Grant.objects.filter(**held, role_id=item.role_id, moved_to=None).exists()
    if item.kind == RequestItem.Kind.ADD_ACCESS:
        return Access.objects.filter(**held, moved_to=None).exists()
    return False
