"""Submit again with one click, with the earlier answers (QPP-13): a new request after a denial or a withdrawal.

A request that was returned becomes its own next version instead: it was never decided.
"""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.employing import present_employment
from rolebook.governance.flows.ask_reactivation import may_ask_to_reactivate, require_reactivation_needed
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text, require_open
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.queries.own_requests import AGAIN
from rolebook.governance.queries.seeing import find_request
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.submitting import Wish, submit, submit_next_version
from rolebook.policy.rules import Violation


def submit_request_again(
    *,
    acting_user: Account,
    program_id: str,
    request_id: uuid.UUID | str,
    at: datetime,
    origin: Origin,
    reason: str | None = None,
) -> Request:
    """Return the new request (or the next version of a returned one), which asks for what was not given before.

    ``reason`` stands in the new request in place of the earlier one, as an answer to what was said with the denial;
    None carries the earlier reason over. A returned request keeps its own. A second click returns the request that the
    first one made. Somebody's reactivation is asked for again by the representative who asked for it (IQCS-10). Raises
    NotFound for a request that somebody else made, and Refused while it is pending, after it was approved, or when a
    rule now forbids it.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REQUEST, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = None if reason is None else checked_text(reason)
        earlier = find_request(program_id, request_id)
        if acting_user.pk != earlier.requester_id:
            raise NotFound
        person = earlier.beneficiary
        about.request_id, about.beneficiary_id = earlier.public_id, person.public_id
        items = RequestItem.objects.filter(request=earlier, organization__isnull=False)
        locks.lock(
            accounts={acting_user.pk, person.pk},
            organizations={*items.values_list("organization_id", flat=True), *_employer(person, program_id)},
            requests=[earlier.pk],
        )
        earlier = find_request(program_id, request_id)
        standing = acting_standing(acting_user, program_id, at)
        again = earlier.resubmissions.order_by("-pk").first()
        if again is not None:
            work.nothing_happened()
            return again
        if earlier.state not in AGAIN:
            raise Refused([Violation("not_to_submit_again", {"state": earlier.state})])
        if earlier.forms.exists():
            raise Refused([Violation("use_the_form")])
        reason = earlier.reason if told is None else told
        wishes = _wishes(earlier, at)
        reactivates = any(wish.kind == RequestItem.Kind.REACTIVATE for wish in wishes)
        if person.pk != acting_user.pk and not (reactivates and may_ask_to_reactivate(standing, person)):
            raise NotFound
        if reactivates:
            require_reactivation_needed(standing, person, reason, besides=earlier)
        if earlier.state == Request.State.RETURNED:
            return submit_next_version(work, standing, earlier, wishes)
        return submit(work, standing, wishes, reason=reason, resubmission_of=earlier, beneficiary=person)


def _employer(person: Account, program_id: str) -> tuple[int, ...]:
    """Return the organization whose chain says who may ask that a person be reactivated, to be locked."""
    recorded = present_employment(person, program_id)
    return () if recorded is None else (recorded.organization_id,)


def _wishes(earlier: Request, at: datetime) -> list[Wish]:
    """Return what the request's last version asked for and did not get."""
    items = earlier.items.filter(request_version=earlier.version).exclude(state=RequestItem.State.APPROVED)
    wishes: list[Wish] = []
    for item in items.select_related("organization").order_by("position"):
        if item.organization is not None:
            require_open(item.organization, at)
        kind = RequestItem.Kind(item.kind)
        wishes.append(Wish(kind, item.role_id, item.organization, item.starts_at, item.ends_at))
    return wishes
