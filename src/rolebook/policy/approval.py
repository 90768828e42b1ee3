"""The stages of a request, laid out from the rolebook's chains: who decides which items, where, and after
whom. Pure.

A request is laid out at submission, and again at every outcome: a pending request whose present layout
would differ is returned (see `layout_differs`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rolebook.policy.model import (
    PLACE_ORGANIZATION,
    PLACE_PARENT,
    STEWARD_ID,
    Chain,
    Rolebook,
    StageSpec,
)
from rolebook.policy.organizations import OrganizationPath, OrganizationRef
from rolebook.policy.rules.terms import ChangeKind

CLOSING_RUN = "closing"
STEWARD_RUN = "steward"


@dataclass(frozen=True, slots=True)
class AskedItem:
    """One item as approval sees it: `key` is the caller's id; `path` leads from the top to the organization
    that the item names, and is empty when it names none.
    """

    key: str
    kind: ChangeKind
    path: OrganizationPath = ()


@dataclass(frozen=True, slots=True)
class LaidStage:
    """One stage of a request.

    `run_id` is one run of a chain: the chain's id and the code of what it runs for; `position` counts from
    0 in the run. `organization_id` is where the approver must hold the role, None for a role or office of
    the whole program. `after` are the keys of the stages that must be approved before this one opens.
    `foreign`: another organization than the employing one decides, about its own items only.
    """

    key: str
    run_id: str
    position: int
    stage_id: str
    title: str
    approver_role_id: str
    organization_id: str | None
    item_keys: tuple[str, ...]
    after: tuple[str, ...] = ()
    closing: bool = False
    foreign: bool = False


@dataclass(slots=True)
class _Run:
    """A chain that runs for some items; `home` is where items without an organization of their own are
    placed.
    """

    id: str
    stages: tuple[StageSpec, ...]
    items: list[AskedItem] = field(default_factory=list)
    home: OrganizationPath | None = None


def chain_for(rolebook: Rolebook, path: OrganizationPath) -> tuple[Chain, OrganizationRef] | None:
    """The chain of an organization, and the organization at or above it that the chain names; the nearest
    counts.

    At one organization a chain that names its code comes before one that names its kind.
    """
    for place in reversed(path):
        for chain in rolebook.chains:
            if place.code in chain.organizations:
                return chain, place
        for chain in rolebook.chains:
            if place.kind_id in chain.kinds:
                return chain, place
    return None


def lay_out(
    rolebook: Rolebook,
    items: Sequence[AskedItem],
    *,
    employing: OrganizationPath = (),
    vouching_role_ids: Iterable[str] = (),
) -> tuple[LaidStage, ...]:
    """The stages of a request, each after those that it waits for.

    `employing` leads to the beneficiary's employing organization, where the program's chains ask for it.
    `vouching_role_ids` are the approver roles with which the requester could decide: a request of
    reactivations only needs no other word of theirs (IQCS-10), so stages of these roles are left out, never
    the closing ones. Items that no chain serves go to the steward: nothing is approved for want of a stage.
    """
    layout = _Layout(rolebook, employing)
    for item in items:
        layout.enter(item)
    word = (
        frozenset(vouching_role_ids) if all(i.kind == ChangeKind.REACTIVATE for i in items) else frozenset()
    )
    return layout.stages(tuple(items), word)


def layout_differs(before: Sequence[LaidStage], now: Sequence[LaidStage]) -> bool:
    """Whether two layouts of the same items would have other people decide, or in another order."""
    return set(before) != set(now)


class _Layout:
    """Collects the runs of one request and orders their stages."""

    def __init__(self, rolebook: Rolebook, employing: OrganizationPath) -> None:
        self.rolebook = rolebook
        self.approval = rolebook.approval
        self.employing = employing
        self.runs: dict[str, _Run] = {}
        self.employing_run: _Run | None = None
        self.employing_anchor: OrganizationRef | None = None
        self.laid: list[LaidStage] = []
        if self.approval.employing_chain:
            self._begin_employing_run()

    def _begin_employing_run(self) -> None:
        """The chain of the employing organization always runs; without a known one the steward decides
        instead.
        """
        found = chain_for(self.rolebook, self.employing)
        if found is None:
            self.employing_run = self._steward_run()
            return
        chain, self.employing_anchor = found
        run_id = f"{chain.id}:{self.employing_anchor.code}"
        self.employing_run = self.runs[run_id] = _Run(run_id, chain.stages, home=self.employing)

    def _steward_run(self) -> _Run:
        stage = StageSpec("steward", self.rolebook.steward.title, STEWARD_ID, "program")
        return self.runs.setdefault(STEWARD_RUN, _Run(STEWARD_RUN, (stage,)))

    def enter(self, item: AskedItem) -> None:
        """Give an item to every run that decides about it."""
        if self.employing_run is not None:
            self.employing_run.items.append(item)
        if not item.path:
            if self.employing_run is None:
                self._everywhere_run().items.append(item)
            return
        found = chain_for(self.rolebook, item.path)
        if found is None:
            run = self._steward_run()
            if run is not self.employing_run:
                run.items.append(item)
            return
        chain, anchor = found
        if self.employing_run is not None and anchor == self.employing_anchor:
            return
        run_id = f"{chain.id}:{anchor.code}"
        run = self.runs.setdefault(run_id, _Run(run_id, self._foreign_stages(chain)))
        run.items.append(item)

    def _everywhere_run(self) -> _Run:
        chain = next((chain for chain in self.rolebook.chains if chain.everywhere), None)
        if chain is None:
            return self._steward_run()
        return self.runs.setdefault(chain.id, _Run(chain.id, chain.stages))

    def _foreign_stages(self, chain: Chain) -> tuple[StageSpec, ...]:
        """The stages of a chain; those of another organization than the employing one have more."""
        if self.employing_run is None:
            return chain.stages
        present = {stage.approver_role_id for stage in chain.stages}
        added = tuple(s for s in self.approval.foreign_last if s.approver_role_id not in present)
        return (*self.approval.foreign_first, *chain.stages, *added)

    def stages(self, items: tuple[AskedItem, ...], word: frozenset[str]) -> tuple[LaidStage, ...]:
        """Every stage in order: other organizations' runs, the employing run, then the closing stages."""
        foreign = [run for run in self.runs.values() if run is not self.employing_run and run.items]
        last = {run.id: self._lay_run(run, (), word) for run in foreign}
        joined = tuple(key for keys in last.values() for key in keys)
        if self.employing_run is not None and self.employing_run.items:
            waits = joined if self.approval.employing_waits else ()
            ends = self._lay_run(self.employing_run, waits, word)
            joined = (*joined, *ends) if not waits or not ends else ends
        keys = tuple(item.key for item in items)
        for position, spec in enumerate(self.approval.closing if items else ()):
            key = f"{CLOSING_RUN}/{spec.id}"
            self.laid.append(
                LaidStage(
                    key,
                    CLOSING_RUN,
                    position,
                    spec.id,
                    spec.title,
                    spec.approver_role_id,
                    None,
                    keys,
                    joined,
                    True,
                )
            )
            joined = (key,)
        return tuple(self.laid)

    def _lay_run(self, run: _Run, first_after: tuple[str, ...], word: frozenset[str]) -> tuple[str, ...]:
        """Lay out one run; returns the keys of the stages that nothing in the run comes after."""
        before: dict[str, tuple[str, ...]] = {item.key: first_after for item in run.items}
        position = 0
        for spec in run.stages:
            if spec.approver_role_id in word:
                continue
            for place, role_id, items in self._groups(run, spec):
                key = f"{run.id}/{spec.id}/{place.code}" if place else f"{run.id}/{spec.id}"
                after = tuple(dict.fromkeys(k for item in items for k in before[item.key]))
                item_keys = tuple(item.key for item in items)
                organization_id = place.id if place else None
                self.laid.append(
                    LaidStage(
                        key,
                        run.id,
                        position,
                        spec.id,
                        spec.title,
                        role_id,
                        organization_id,
                        item_keys,
                        after,
                        foreign=self.employing_run is not None and run is not self.employing_run,
                    )
                )
                position += 1
                before.update(dict.fromkeys(item_keys, (key,)))
        return tuple(dict.fromkeys(k for keys in before.values() for k in keys))

    def _groups(
        self, run: _Run, spec: StageSpec
    ) -> list[tuple[OrganizationRef | None, str, list[AskedItem]]]:
        """The items of a stage by the place at which they are decided, and by whom."""
        groups: dict[OrganizationRef | None, tuple[str, list[AskedItem]]] = {}
        for item in run.items:
            place, role_id = self._place(spec, self._path_in(run, item))
            if role_id is not None:
                groups.setdefault(place, (role_id, []))[1].append(item)
        return [(place, role_id, items) for place, (role_id, items) in groups.items()]

    def _path_in(self, run: _Run, item: AskedItem) -> OrganizationPath:
        """The employing run decides at home, except about organizations that it is the chain of."""
        if run.home is None:
            return item.path
        own = self.employing_anchor is not None and self.employing_anchor in item.path
        return item.path if own else run.home

    @staticmethod
    def _place(spec: StageSpec, path: OrganizationPath) -> tuple[OrganizationRef | None, str | None]:
        """Where a stage is decided and by which role; the steward where there is no such place; None: left
        out.
        """
        if spec.place == PLACE_ORGANIZATION and path:
            return path[-1], spec.approver_role_id
        if spec.place == PLACE_PARENT:
            found = next((place for place in reversed(path) if place.kind_id in spec.place_kinds), None)
            if found is not None:
                return found, spec.approver_role_id
        elif spec.place != PLACE_ORGANIZATION:
            return None, spec.approver_role_id
        return None, None if spec.optional else STEWARD_ID
