"""Whose an open stage is now: its office's, the steward's where nobody is left in that, or nobody's at all.

The one rule for pages, lists, mails, the job and the operator's check; judged at use, whether or not a job ran.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from django.db.models import Case, Q, TextField, Value, When

from rolebook.governance.deciders import some_steward_may_decide, stages_with_nobody_left
from rolebook.governance.models import Stage
from rolebook.policy.model import STEWARD_ID, Rolebook


class Whose(StrEnum):
    """Who has to act, so that a request goes on."""

    OFFICE = "office"
    """The office that its stage names: somebody of it is there, and may decide."""
    STEWARD = "steward"
    """The steward, because nobody in that office is there and may decide."""
    NOBODY = "nobody"
    """Nobody may decide: another steward is needed, or somebody in the office."""
    SUPERVISOR = "supervisor"
    """The supervisor whom an account request names: no stage opens before (IQCS-02)."""


def whose_turn(book: Rolebook, at: datetime) -> Case:
    """Return the SQL expression for whose an open stage is: OFFICE, STEWARD or NOBODY."""
    in_office = ~Q(approver_role_id=STEWARD_ID) & ~stages_with_nobody_left(book, at)
    return Case(
        When(in_office, then=Value(Whose.OFFICE.value)),
        When(some_steward_may_decide(book, at), then=Value(Whose.STEWARD.value)),
        default=Value(Whose.NOBODY.value),
        output_field=TextField(),
    )


def whose_turns(book: Rolebook, stages: Iterable[Stage], at: datetime) -> dict[int, Whose]:
    """Return whose each of some open stages is, by internal id; one statement, none without stages."""
    pks = [stage.pk for stage in stages]
    if not pks:
        return {}
    found = Stage.objects.filter(pk__in=pks).annotate(whose=whose_turn(book, at))
    return {pk: Whose(whose) for pk, whose in found.values_list("pk", "whose")}
