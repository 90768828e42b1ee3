"""What a request, or a part of it, waits for now, in the words that lists, the request's page and its course share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from rolebook.governance.models import RequestItem, Stage, SupervisorWord
from rolebook.governance.queries.naming import with_article, with_the
from rolebook.governance.queries.pending import role_title
from rolebook.governance.whose_turn import Whose, whose_turn
from rolebook.policy.model import STEWARD_ID, Rolebook


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is waited for, and since when.

    Attributes:
        office: title of the office that decides: the stage's own, or the steward's, where nobody is left in that;
            "supervisor" for a supervisor's word.
        organization_name: where that office is; None for an office of the program and a supervisor.
        whose: who has to act. Of NOBODY, ``office`` is the steward's, of which another person is needed.
        name: of the supervisor; "" of an office (docs/decisions/0033).
    """

    office: str
    organization_name: str | None
    since: datetime
    whose: Whose = Whose.OFFICE
    name: str = ""

    @property
    def words(self) -> str:
        """For whom it waits: "Waits for a Security Official of Cedar Valley", "Nobody can decide it now"."""
        if self.whose == Whose.NOBODY:
            return "Nobody can decide it now"
        if self.whose == Whose.SUPERVISOR:
            return f"Waits for the supervisor, {self.name}"
        if self.organization_name is None:
            return f"Waits for {with_the(self.office)}"
        return f"Waits for {with_article(self.office)} of {self.organization_name}"


def waiting(
    book: Rolebook,
    role_id: str,
    organization_name: str | None,
    opened_at: datetime,
    whose: Whose,
    escalated_at: datetime | None = None,
) -> Waiting:
    """Return what an open stage of the office ``role_id`` waits for; the steward since it came to them, on record."""
    passed_on = whose == Whose.STEWARD and role_id != STEWARD_ID
    since = escalated_at if passed_on and escalated_at is not None else opened_at
    if whose in (Whose.STEWARD, Whose.NOBODY) or role_id == STEWARD_ID:
        return Waiting(book.steward.title, None, since, whose)
    return Waiting(role_title(book, role_id), organization_name, since, whose)


def stage_waits(book: Rolebook, stage: Stage, whose: Mapping[int, Whose]) -> Waiting | None:
    """Return what a stage waits for, read with its organization; None where ``whose`` does not know it as open."""
    if stage.opened_at is None or stage.pk not in whose:
        return None
    place = None if stage.organization is None else stage.organization.name
    turn = whose[stage.pk]
    return waiting(book, stage.approver_role_id, place, stage.opened_at, turn, stage.escalated_at)


def supervisors_wait(name: str, asked_at: datetime) -> Waiting:
    """Return that the word of the supervisor is waited for."""
    return Waiting("supervisor", None, asked_at, Whose.SUPERVISOR, name)


def word_waits(word: SupervisorWord | None) -> Waiting | None:
    """Return that a supervisor's word is waited for, where it is asked and not answered."""
    if word is None or word.state != SupervisorWord.State.ASKED:
        return None
    return supervisors_wait(word.form.supervisor_name, word.asked_at)


def with_waits(items: QuerySet[RequestItem], book: Rolebook, at: datetime) -> QuerySet[RequestItem, Any]:
    """Return items, a row for each stage that carries one, with what `wait_of` reads; no statement of its own."""
    turn = Stage.objects.filter(pk=OuterRef("stages"), state=Stage.State.OPEN).annotate(
        whose=whose_turn(book, at)
    )
    told = items.annotate(
        stage_role_id=F("stages__approver_role_id"),
        stage_place=F("stages__organization__name"),
        stage_opened_at=F("stages__opened_at"),
        stage_escalated_at=F("stages__escalated_at"),
        stage_whose=Subquery(turn.values("whose")[:1]),
    )
    if book.access != "apart from roles":
        return told
    word = SupervisorWord.objects.filter(
        form__request=OuterRef("request"),
        form__request_version=OuterRef("request_version"),
        state=SupervisorWord.State.ASKED,
    )
    return told.annotate(
        word_asked_at=Subquery(word.values("asked_at")[:1]),
        word_of=Subquery(word.values("form__supervisor_name")[:1]),
    )


def wait_of(book: Rolebook, item: Any) -> Waiting | None:
    """Return what a row of `with_waits` waits for: the supervisor, or its stage where that is open; or None."""
    if item.state != RequestItem.State.PENDING:
        return None
    asked_at = getattr(item, "word_asked_at", None)
    if asked_at is not None:
        return supervisors_wait(item.word_of, asked_at)
    if item.stage_whose is None or item.stage_opened_at is None:
        return None
    whose = Whose(item.stage_whose)
    opened_at, escalated_at = item.stage_opened_at, item.stage_escalated_at
    return waiting(book, item.stage_role_id, item.stage_place, opened_at, whose, escalated_at)
