"""Stages that were chosen on a page to be decided together: what waits, and what was settled meanwhile (QPP-15)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.deciding import AlreadyDecided, already_decided
from rolebook.governance.models import Stage
from rolebook.governance.queries.pending import PendingRow, pending_rows
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation


@dataclass(frozen=True, slots=True)
class ChosenStages:
    """What was chosen, oldest first.

    Attributes:
        waiting: what the viewer may still decide, with the version and hash that a decision then binds (I5).
        settled: what a colleague decided, or a requester took back, since the page was shown.
    """

    waiting: tuple[PendingRow, ...]
    settled: tuple[AlreadyDecided, ...]


def chosen_stages(
    viewer: Account, program_id: str, stage_ids: Sequence[uuid.UUID | str], at: datetime
) -> ChosenStages:
    """Return the stages with these public ids; a statement for each settled one, three for all others together.

    Raises NotFound where one of them is not there, foreign, or not the viewer's to decide: then for all (fault 3).
    Raises Refused where one is decided only where its request is shown whole (`rolebook.governance.together`).
    """
    standing = viewer_standing(viewer, program_id, at)
    wanted = {public_id_of(stage_id) for stage_id in stage_ids}
    stages = list(
        Stage.objects.filter(program_id=program_id, public_id__in=wanted, opened_at__isnull=False)
        .select_related("organization", "request__requester", "request__beneficiary")
        .order_by("opened_at", "pk")
    )
    if len(stages) != len(wanted):
        raise NotFound
    waiting: list[PendingRow] = []
    settled: list[AlreadyDecided] = []
    for stage, row in zip(stages, pending_rows(standing, stages), strict=True):
        before = None if stage.state == Stage.State.OPEN else already_decided(stage, standing.account)
        if not row.may_decide and not (before is not None and before.by_you):
            raise NotFound
        if row.shown_whole:
            raise Refused([Violation("decide_on_its_page", {"name": row.beneficiary_name})])
        if before is None:
            waiting.append(row)
        else:
            settled.append(before)
    return ChosenStages(tuple(waiting), tuple(settled))
