"""Ask that a closed part in a program be reactivated, as it was: the representative's word is enough (IQCS-10)."""

import uuid
from datetime import datetime

from django.db.models import Case, Q, When

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.authority import Standing
from rolebook.governance.employing import present_employment
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.reactivating import is_out
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.representatives import represents
from rolebook.governance.submitting import Wish, submit
from rolebook.policy.rules import Violation


def ask_reactivation(
    *,
    acting_user: Account,
    program_id: str,
    beneficiary_id: uuid.UUID | str,
    reason: str,
    at: datetime,
    origin: Origin,
) -> Request:
    """Ask for somebody's reactivation with what they held; only the closing stages decide (IQCS security).

    Open to the person's representatives (`representatives_of`). Raises Refused without a reason, for a person whose
    part is active, and while another such request waits; NotFound for everybody else and for a program that closes
    nobody by itself.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REQUEST, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        beneficiary = Account.objects.filter(public_id=public_id_of(beneficiary_id)).first()
        if beneficiary is None:
            raise NotFound
        about.beneficiary_id = beneficiary.public_id
        employment = present_employment(beneficiary, program_id)
        places = () if employment is None else (employment.organization_id,)
        locks.lock(accounts={acting_user.pk, beneficiary.pk}, organizations=places)
        standing = acting_standing(acting_user, program_id, at)
        if not may_ask_to_reactivate(standing, beneficiary):
            raise NotFound
        require_reactivation_needed(standing, beneficiary, told)
        wish = Wish(RequestItem.Kind.REACTIVATE, "", None)
        return submit(work, standing, [wish], reason=told, beneficiary=beneficiary)


def require_reactivation_needed(
    standing: Standing, person: Account, reason: str, besides: Request | None = None
) -> None:
    """Raise Refused without a reason, for a part that is active, and while another request than ``besides`` waits."""
    violations = [] if reason else [Violation("reason_needed")]
    if not is_out(person, standing.program_id, standing.at):
        violations.append(Violation("nothing_to_reactivate_now", {"name": person.name}))
    elif waiting(person, standing.program_id, standing.account) not in (None, besides):
        violations.append(Violation("reactivation_waits", {"name": person.name}))
    if violations:
        raise Refused(violations)


def may_ask_to_reactivate(standing: Standing, person: Account) -> bool:
    """Return whether somebody represents a person in a program whose parts close by themselves.

    That is who holds an office of the employing organization's chain over it, the representative before all; where
    nobody does, and where no employer is on record, a steward. An account that was merged into another stays closed.
    """
    lifecycle = standing.book.lifecycle
    if lifecycle.inactivity_months is None and not lifecycle.bounce_deactivates:
        return False
    if person.pk == standing.account.pk or person.merged_into_id is not None:
        return False
    return represents(standing, person)


def waiting(person: Account, program_id: str, viewer: Account) -> Request | None:
    """Return the request to reactivate somebody that waits now, or None.

    One that came back waits for who made it, who corrects or withdraws it; it keeps no other representative waiting,
    and counts for nothing beside one that waits to be decided, whichever is newer.
    """
    items = RequestItem.objects.filter(
        program_id=program_id, request__beneficiary=person, kind=RequestItem.Kind.REACTIVATE
    )
    pending = Q(request__state=Request.State.PENDING)
    returned = Q(request__state=Request.State.RETURNED, request__requester=viewer)
    first = Case(When(pending, then=0), default=1)
    found = items.filter(pending | returned).select_related("request").order_by(first, "-pk").first()
    return None if found is None else found.request
