"""May this person do this here, now? One question, or many about the same person."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from rolebook.decision.compiled import CompiledProgram
from rolebook.decision.evaluation import Decision, Param, Person, Reason
from rolebook.decision.tree import OrganizationTree
from rolebook.decision.walk import Extent, Step, walk

type Question = tuple[str, str | None, str | None]
"""An action, an organization or None, and a record or None."""

_NEARNESS = {
    "held_nowhere": 2,
    "held_at_unknown_organization": 2,
    "held_at_other_kind": 2,
    "no_access": 3,
    "own_record_only": 4,
    "outside_reach": 5,
    "access_not_started": 6,
    "access_ended": 6,
    "access_removed": 6,
    "not_started": 7,
    "ended": 7,
    "removed": 7,
}
"""How near to a yes a step came that gives the action: the nearest one is what a refusal names."""


def check(  # asked in the order in which the sentence is said
    program: CompiledProgram,
    tree: OrganizationTree,
    person: Person,
    action: str,
    organization_id: str | None,
    at: datetime,
    *,
    record_id: str | None = None,
) -> Decision:
    """Decide one evaluation. Denies by default, and raises for no value of its arguments.

    Args:
        program: the compiled rolebook in force at ``at``.
        tree: the program's organizations, or as many of them as the question and the holdings name, with
            ancestors.
        person: what is held; the caller's own transaction read it when a change of authority depends on the
            answer.
        action: a privilege id, or ``act:`` and an act of authority.
        organization_id: where; None when the question names no organization.
        at: the instant of use, aware.
        record_id: the record that is acted on, for privileges that hold on one's own record only.
    """
    question = (action, organization_id, record_id)
    return next(check_all(program, tree, person, [question], at))


def check_all(
    program: CompiledProgram,
    tree: OrganizationTree,
    person: Person,
    questions: Iterable[Question],
    at: datetime,
) -> Iterator[Decision]:
    """Decide many evaluations about one person at one instant, in their order; the walk is walked once."""
    steps = tuple(walk(program, tree, person, at))
    for action, organization_id, record_id in questions:
        asked: dict[str, Param] = {"action": action, "organization_id": organization_id}
        bit = program.bits.get(action)
        position = tree.position(organization_id)
        if not person.active:
            yield Decision(False, Reason("account_closed", asked))
        elif bit is None:
            yield Decision(False, Reason("unknown_action", asked))
        elif position is None:
            yield Decision(False, Reason("unknown_organization", asked))
        elif not person.holdings:
            yield Decision(False, Reason("no_role", asked))
        else:
            own_record = record_id is not None and record_id == person.record_id
            yield answer(steps, bit, position=position, own_record=own_record, asked=asked)


def answer(
    steps: Iterable[Step], bit: int, *, position: int, own_record: bool, asked: Mapping[str, Param]
) -> Decision:
    """Return yes with the first step that gives ``bit`` there, or no with the step that came nearest."""
    nearest: Step | None = None
    nearest_code = "not_given"
    rank = 0
    for step in steps:
        if not step.mask & bit:
            continue
        covered = step.covers(position, own_record)
        if step.lapse is None and covered:
            return _decision(True, "granted", step, asked)
        code = _shortfall(step, position, covered)
        step_rank = _NEARNESS.get(code, 1)
        if step_rank > rank:
            nearest, nearest_code, rank = step, code, step_rank
    return _decision(False, nearest_code, nearest, asked)


def _shortfall(step: Step, position: int, covered: bool) -> str:
    """Return what keeps a step from answering: its place before its dates."""
    if step.extent is Extent.NOTHING:
        return step.lapse or "no_access"
    if not covered:
        return "own_record_only" if step.own_record and step.reaches(position) else "outside_reach"
    return step.lapse or "granted"


def _decision(allowed: bool, code: str, step: Step | None, asked: Mapping[str, Param]) -> Decision:
    """Put a step into the parameters of a reason."""
    if step is None:
        return Decision(allowed, Reason(code, asked))
    holding, access = step.holding, step.access
    dated = access if access is not None and code.startswith("access_") else holding
    params = dict(asked) | {
        "role_id": holding.role_id,
        "extent": str(step.extent),
        "own_record": "yes" if step.own_record else None,
        "held_at": step.organization_id or holding.organization_id,
        "starts_at": dated.starts_at,
        "ends_at": dated.ends_at,
        "closed_at": dated.closed_at,
    }
    return Decision(allowed, Reason(code, params), holding.id, access.id if access is not None else None)
