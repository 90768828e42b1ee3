"""May this person do this here, now? One question, or many about the same person."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from rolebook.decision.compiled import CompiledProgram
from rolebook.decision.conditions import ActionConditions, Failed
from rolebook.decision.evaluation import Decision, Param, Person, Reason
from rolebook.decision.tree import OrganizationTree
from rolebook.decision.walk import Extent, Step, walk
from rolebook.policy.conditions import Properties

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
    "condition_false": 8,
    "condition_error": 8,
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
    properties: Properties | None = None,
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
        properties: what conditions may ask; the roles in force are added as ``subject.roles``, where nothing else is
            said of them. A condition that asks for more than is given denies.
    """
    question = (action, organization_id, record_id)
    return next(check_all(program, tree, person, [question], at, properties=properties))


def check_all(
    program: CompiledProgram,
    tree: OrganizationTree,
    person: Person,
    questions: Iterable[Question],
    at: datetime,
    *,
    properties: Properties | None = None,
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
            conditions = program.conditions.get(action) if program.conditions else None
            if conditions is None:
                yield answer(steps, bit, position=position, own_record=own_record, asked=asked)
            else:
                failing = asker(conditions, steps, properties or {})
                yield answer(
                    steps, bit, position=position, own_record=own_record, asked=asked, failing=failing
                )


def asker(
    conditions: ActionConditions, steps: Iterable[Step], properties: Properties
) -> Callable[[Step], Failed | None]:
    """Return what says which condition is in the way of a step."""
    roles = sorted({step.holding.role_id for step in steps if step.lapse is None})
    subject = {"roles": roles, **properties.get("subject", {})}
    known = {**properties, "subject": subject}
    return lambda step: conditions.failing(step.holding.role_id, known, own_record=step.own_record)


def answer(
    steps: Iterable[Step],
    bit: int,
    *,
    position: int,
    own_record: bool,
    asked: Mapping[str, Param],
    failing: Callable[[Step], Failed | None] | None = None,
) -> Decision:
    """Return yes with the first step that gives ``bit`` there, or no with the step that came nearest.

    ``failing``: what says which condition is in the way of a step that gives it; None where there are none.
    """
    nearest: Step | None = None
    nearest_code = "not_given"
    rank = 0
    failed: Failed | None = None
    for step in steps:
        if not step.mask & bit:
            continue
        covered = step.covers(position, own_record)
        code = _shortfall(step, position, covered)
        if step.lapse is None and covered:
            in_the_way = None if failing is None else failing(step)
            if in_the_way is None:
                return _decision(True, "granted", step, asked)
            failed = failed or in_the_way
            code = "condition_false" if in_the_way.problem is None else "condition_error"
        step_rank = _NEARNESS.get(code, 1)
        if step_rank > rank:
            nearest, nearest_code, rank = step, code, step_rank
    if failed is not None:
        told = {"condition": failed.told.name, "meaning": failed.told.meaning, "problem": failed.problem}
        return _decision(False, nearest_code, nearest, {**asked, **told})
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
