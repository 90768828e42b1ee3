"""Approve or deny many stages in one call: all of them are the approver's, or nothing happens (fault 3, QPP-15)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.authority import Standing
from rolebook.governance.deciding import (
    AlreadyDecided,
    Decided,
    Shown,
    decide,
    seat_or_refusal,
)
from rolebook.governance.flows.attempt import (
    MOST_AT_ONCE,
    About,
    acting_standing,
    attempt,
    checked_text,
)
from rolebook.governance.models import Outcome, Stage
from rolebook.governance.queries.pending import roles_by_stage
from rolebook.governance.queries.seeing import find_stage
from rolebook.governance.reactivating import places_to_lock
from rolebook.governance.refusals import NotAllowed, Refused
from rolebook.governance.together import stages_shown_whole
from rolebook.policy.rules import Violation


@dataclass(frozen=True, slots=True)
class ShownStage:
    """One line that was ticked: the stage, and what the page showed of it."""

    stage_id: uuid.UUID | str
    version: int
    items_hash: str


@dataclass(frozen=True, slots=True)
class NotDecided:
    """A stage of the call that a rule or a stale page kept from being decided; the others were."""

    stage: Stage
    violations: tuple[Violation, ...]


def decide_stages(
    *,
    acting_user: Account,
    program_id: str,
    stages: Sequence[ShownStage],
    verdict: str,
    reason: str = "",
    at: datetime,
    origin: Origin,
) -> tuple[Decided | NotDecided, ...]:
    """Record one verdict on up to 100 stages in one unit of work; a result for each, in the order given.

    A stage that is not the approver's (foreign, or their own request) refuses the whole call, whatever the others are.
    One that a colleague decided meanwhile, or that a rule forbids, reports that and leaves the others standing.

    Raises as `decide_stage` does, and Refused for more stages than 100 or none, and where one is decided only where its
    request is shown whole: an account request, a removal, a reactivation (`rolebook.governance.together`).
    """
    decision = Outcome.Verdict(verdict)
    about = About(program_id=program_id, verdict=decision.value)
    with attempt(
        tags.ATTEMPT_REFUSED_DECIDE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        asked = {str(one.stage_id): one for one in stages}
        if not 1 <= len(asked) <= MOST_AT_ONCE:
            raise Refused([Violation("too_many_at_once", {"most": MOST_AT_ONCE})])
        found = [find_stage(program_id, one.stage_id) for one in asked.values()]
        request_pks = {stage.request_id for stage in found}
        held = locks.lock(
            accounts={acting_user.pk, *(stage.request.beneficiary_id for stage in found)},
            organizations=places_to_lock(request_pks),
            requests=request_pks,
        )
        standing = acting_standing(acting_user, program_id, at)
        _require_all_theirs(standing, found, about)
        results: list[Decided | NotDecided] = []
        for one in asked.values():
            stage = find_stage(program_id, one.stage_id)
            shown = Shown(one.version, one.items_hash)
            try:
                with work.part():
                    results.append(
                        decide(work, held, standing, stage, verdict=decision, reason=told, shown=shown)
                    )
            except Refused as refusal:
                results.append(NotDecided(stage, refusal.violations))
            except NotAllowed as lost:
                # All were theirs when the call began; deciding an earlier one can end a stand-in.
                results.append(NotDecided(stage, (Violation(lost.code),)))
        if all(isinstance(result, AlreadyDecided | NotDecided) for result in results):
            work.nothing_happened()
        return tuple(results)


def _require_all_theirs(standing: Standing, stages: Sequence[Stage], about: About) -> None:
    """Raise for the first stage that is not the person's to decide, before anything is written."""
    pks = [stage.pk for stage in stages]
    roles, whole = roles_by_stage(pks), stages_shown_whole(pks)
    for stage in stages:
        about.stage_id, about.request_id = stage.public_id, stage.request.public_id
        about.organization_id = None if stage.organization is None else stage.organization.public_id
        seat_or_refusal(standing, stage, tuple(roles.get(stage.pk, ())))
        if stage.pk in whole:
            raise Refused([Violation("decide_on_its_page", {"name": stage.request.beneficiary.name})])
    about.stage_id = about.request_id = about.organization_id = None
