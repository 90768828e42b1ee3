"""Which organizations, which actions, which subjects: the check turned round, from the same walk (I10).

Answers are exact and in a stable order (organizations and subjects by id, actions in the rolebook's order),
and are paged by key: a page says after which id the next one begins.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.decision.check import asker, check
from rolebook.decision.compiled import CompiledProgram
from rolebook.decision.evaluation import Person
from rolebook.decision.tree import NOWHERE, OrganizationTree
from rolebook.decision.walk import Extent, Step, walk


@dataclass(frozen=True, slots=True)
class ReachAnswer:
    """Where a person may do one thing.

    Attributes:
        everywhere: in every organization of the program, and where none is named.
        organizations: (organization id, lower levels included) in tree order, none inside another; empty when
            ``everywhere``.
        without_organization: whether also what names no organization is theirs (a request for a nationwide
            role).
        own_record: whether more is theirs on their own record (`check` with it says where).
    """

    everywhere: bool
    organizations: tuple[tuple[str, bool], ...]
    without_organization: bool = False
    own_record: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of ids, and the key after which the next begins; None means that this is the last."""

    ids: tuple[str, ...]
    next_after: str | None


def reach(
    program: CompiledProgram,
    tree: OrganizationTree,
    person: Person,
    action: str,
    at: datetime,
    *,
    whatever_conditions: bool = False,
) -> ReachAnswer:
    """Return where ``person`` may do ``action`` at ``at``, whatever the record; list queries filter by it.

    Conditions are asked about what is known without a question; with ``whatever_conditions`` they count as fulfilled.
    """
    steps = _steps(program, tree, person, action, at, whatever_conditions=whatever_conditions)
    own_record = person.record_id is not None and any(step.own_record for step in steps)
    steps = [step for step in steps if not step.own_record]
    if any(step.extent is Extent.EVERYWHERE or _whole(step, tree) for step in steps):
        return ReachAnswer(True, (), True, own_record)
    bounded = [step for step in steps if step.extent in (Extent.SAME, Extent.LOWER_LEVELS)]
    without = any(step.organization_id is None for step in bounded)
    widest: dict[str, Step] = {}
    for step in bounded:
        if step.organization_id is None:
            continue
        known = widest.get(step.organization_id)
        if known is None or known.extent is Extent.SAME:
            widest[step.organization_id] = step
    organizations: list[tuple[str, bool]] = []
    reached = 0
    for organization_id, step in sorted(widest.items(), key=lambda item: item[1].first):
        if step.first >= reached:
            organizations.append((organization_id, step.extent is Extent.LOWER_LEVELS))
            reached = max(reached, step.last)
    return ReachAnswer(False, tuple(organizations), without, own_record)


def _whole(step: Step, tree: OrganizationTree) -> bool:
    """Return whether a step held at no organization stands above all of them."""
    return step.extent is Extent.LOWER_LEVELS and step.first == NOWHERE and step.last == len(tree)


def _steps(
    program: CompiledProgram,
    tree: OrganizationTree,
    person: Person,
    action: str,
    at: datetime,
    *,
    whatever_conditions: bool,
) -> list[Step]:
    """Return the steps in force that give the action; none for a closed account or an unknown action."""
    bit = program.bits.get(action, 0)
    if not person.active or not bit:
        return []
    steps = [step for step in walk(program, tree, person, at) if step.lapse is None]
    giving = [step for step in steps if step.mask & bit]
    conditions = None if whatever_conditions else program.conditions.get(action)
    if conditions is None:
        return giving
    failing = asker(conditions, steps, {})
    return [step for step in giving if failing(step) is None]


def actions(
    program: CompiledProgram,
    tree: OrganizationTree,
    person: Person,
    organization_id: str | None,
    at: datetime,
    *,
    record_id: str | None = None,
) -> tuple[str, ...]:
    """Return every action (privileges, then acts) that ``person`` may do there, in the rolebook's order."""
    position = tree.position(organization_id)
    if position is None or not person.active:
        return ()
    own_record = record_id is not None and record_id == person.record_id
    mask = 0
    steps = [step for step in walk(program, tree, person, at) if step.lapse is None]
    covering = [step for step in steps if step.covers(position, own_record)]
    for step in covering:
        mask |= step.mask
    for action, conditions in program.conditions.items():
        failing, bit = asker(conditions, steps, {}), program.bits[action]
        if all(failing(step) is not None for step in covering if step.mask & bit):
            mask &= ~bit
    return program.names(mask)


def resources(
    program: CompiledProgram,
    tree: OrganizationTree,
    person: Person,
    action: str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = 100,
) -> Page:
    """Return the organizations in which ``person`` may do ``action``, by id, ``limit`` (≥ 1) a page."""
    reached = reach(program, tree, person, action, at)
    if reached.everywhere:
        return page(iter(tree.sorted_after(after)), limit)
    covered: set[str] = set()
    for organization_id, lower_levels in reached.organizations:
        interval = tree.interval(organization_id)
        if interval is not None:
            first, last = interval
            covered.update(tree.at_positions(first, last if lower_levels else first + 1))
    return page(iter(sorted(found for found in covered if after is None or found > after)), limit)


def subjects(  # asked in the order of `check`
    program: CompiledProgram,
    tree: OrganizationTree,
    people: Iterable[tuple[str, Person]],
    action: str,
    organization_id: str | None,
    at: datetime,
    *,
    record_id: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page:
    """Return who may do ``action`` there, by id, ``limit`` (≥ 1) a page.

    Args:
        people: (subject id, person) in any order, all of them; the decision point asks its `Snapshot`
            instead.
    """
    ordered: Sequence[tuple[str, Person]] = sorted(
        (entry for entry in people if after is None or entry[0] > after), key=lambda entry: entry[0]
    )
    found = (
        subject_id
        for subject_id, person in ordered
        if check(program, tree, person, action, organization_id, at, record_id=record_id).allowed
    )
    return page(found, limit)


def page(ids: Iterator[str], limit: int) -> Page:
    """Take ``limit`` (at least 1) ids from an ordered iterator, and look whether one more is there."""
    taken: list[str] = []
    for found in ids:
        if len(taken) >= max(limit, 1):
            return Page(tuple(taken), taken[-1])
        taken.append(found)
    return Page(tuple(taken), None)
