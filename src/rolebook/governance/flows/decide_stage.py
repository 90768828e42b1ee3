"""Approve or deny one stage of a request (QPP-05, -07; I5, I6)."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.deciding import AlreadyDecided, Decided, Shown, decide, seat_or_refusal
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.models import Outcome
from rolebook.governance.queries.seeing import find_stage
from rolebook.governance.reactivating import places_to_lock
from rolebook.governance.refusals import Refused
from rolebook.governance.together import stages_shown_whole
from rolebook.policy.rules import Violation


def decide_stage(
    *,
    acting_user: Account,
    program_id: str,
    stage_id: uuid.UUID | str,
    verdict: str,
    reason: str = "",
    shown_version: int,
    shown_hash: str,
    from_list: bool = False,
    at: datetime,
    origin: Origin,
) -> Decided:
    """Record ``acting_user``'s verdict on an open stage, and let follow what follows: the grant, or the next stage.

    Args:
        acting_user: who decides.
        program_id: the program.
        stage_id: public id of the stage.
        verdict: "approved" or "denied".
        reason: told to the requester; may be empty.
        shown_version: the request's version that the page showed.
        shown_hash: the hash of the stage's items that the page showed.
        from_list: whether the press is that of a list's line, which shows roles to be added and nothing else.
        at: the instant.
        origin: where it comes from.

    Returns the Outcome; AlreadyDecided when a colleague (or a first click) got there before; ReturnedForChange when the
    program's chain has changed meanwhile and the request went back to its requester.

    Raises Refused for one's own request, a page that is out of date, what a rule forbids, or a list's press on what is
    decided only where its request is shown whole (`rolebook.governance.together`); NotAllowed at an organization of
    one's own where one does not decide; NotFound for everything else. ValueError for another verdict.
    """
    decision = Outcome.Verdict(verdict)
    about = About(program_id=program_id, verdict=decision.value)
    with attempt(
        tags.ATTEMPT_REFUSED_DECIDE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        stage = find_stage(program_id, stage_id)
        about.stage_id, about.request_id = stage.public_id, stage.request.public_id
        about.beneficiary_id = stage.request.beneficiary.public_id
        about.organization_id = None if stage.organization is None else stage.organization.public_id
        held = locks.lock(
            accounts=[stage.request.beneficiary_id, acting_user.pk],
            organizations=places_to_lock([stage.request_id]),
            requests=[stage.request_id],
        )
        # Everything that is judged is read again under the locks.
        stage = find_stage(program_id, stage_id)
        standing = acting_standing(acting_user, program_id, at)
        if from_list and stages_shown_whole([stage.pk]):
            seat_or_refusal(standing, stage, tuple(stage.items.values_list("role_id", flat=True)))
            raise Refused([Violation("decide_on_its_page", {"name": stage.request.beneficiary.name})])
        shown = Shown(shown_version, shown_hash)
        decided = decide(work, held, standing, stage, verdict=decision, reason=told, shown=shown)
        if isinstance(decided, AlreadyDecided):
            work.nothing_happened()
        return decided
