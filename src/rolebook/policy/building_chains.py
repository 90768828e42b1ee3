"""What must hold among chains, stages, authority and organizations, so that every request finds who decides
it.
"""

from rolebook.policy.errors import one_of
from rolebook.policy.form import RolebookForm
from rolebook.policy.model import (
    PLACE_PARENT,
    STEWARD_ID,
    Act,
    Approval,
    Authority,
    Chain,
    Role,
    ShippedOrganization,
    StageSpec,
)
from rolebook.policy.names import Names, Source
from rolebook.policy.yaml_tree import Path


def check_chains(
    form: RolebookForm,
    source: Source,
    *,
    kinds: Names,
    roles: tuple[Role, ...],
    organizations: tuple[ShippedOrganization, ...],
    authority: Authority,
    chains: tuple[Chain, ...],
    approval: Approval,
) -> None:
    """Judge the whole of the approval; errors go to the source's report."""
    checker = _ChainChecker(
        form, source, kinds=kinds, roles=roles, organizations=organizations, authority=authority
    )
    checker.served = {
        kind for chain in chains for kind in (*chain.kinds, *checker.kinds_of(chain.organizations))
    }
    checker.each_defined_once(chains)
    checker.each_served(chains)
    for position, chain in enumerate(chains):
        checker.chain(chain, ("approval", "chains", position))
    checker.stages(
        approval.closing, ("approval", "closing"), {role.category_id for role in roles if _asked_for(role)}
    )
    for key in ("foreign_first", "foreign_last"):
        stages: tuple[StageSpec, ...] = getattr(approval, key)
        checker.stages(stages, ("approval", key), set())
        if stages and not approval.employing_chain:
            expected = "only with 'employing_chain: true'"
            source.key_error(("approval", key), "unreachable stage", key, expected)
    check_waiting(source, approval)
    if approval.employing_waits and not approval.employing_chain:
        source.key_error(
            ("approval", "employing_waits"),
            "unused key",
            "employing_waits",
            "only with 'employing_chain: true'",
        )


def check_waiting(source: Source, approval: Approval) -> None:
    """Judge when approvers are reminded and the steward is told: days in their order, and each once."""
    days, escalate = approval.remind_after_working_days, approval.escalate_after_working_days
    if list(days) != sorted(set(days)):
        source.error(
            ("approval", "remind_after_working_days"),
            "wrong order",
            ", ".join(map(str, days)),
            "each number of days once, shortest first",
        )
    if escalate is not None and days and escalate < days[0]:
        source.error(
            ("approval", "escalate_after_working_days"),
            "wrong order",
            str(escalate),
            "no fewer days than before the first reminder",
        )
    if list(approval.holidays) != sorted(set(approval.holidays)):
        source.error(("approval", "holidays"), "wrong order", None, "each day once, earliest first")
    if approval.holidays and not days and escalate is None:
        source.key_error(
            ("approval", "holidays"),
            "unused key",
            "holidays",
            "only with 'remind_after_working_days' or 'escalate_after_working_days'",
        )


def _asked_for(role: Role) -> bool:
    return role.obtained == "request"


class _ChainChecker:
    def __init__(
        self,
        form: RolebookForm,
        source: Source,
        *,
        kinds: Names,
        roles: tuple[Role, ...],
        organizations: tuple[ShippedOrganization, ...],
        authority: Authority,
    ) -> None:
        self.source = source
        self.kinds = kinds
        self.roles = roles
        self.apart = form.access == "apart from roles"
        self.organizations = {organization.code: organization for organization in organizations}
        self.decide = {holder.role_id: holder for holder in authority.acts[Act.DECIDE]}
        self.parents = {
            kind.id: {found for parent in kind.parents if (found := kinds.find(parent))}
            for kind in form.organization_kinds
        }
        self.served: set[str] = set()
        self.asked_kinds = dict.fromkeys(
            kind for role in roles if _asked_for(role) for kind in role.reach.kinds
        )

    def each_defined_once(self, chains: tuple[Chain, ...]) -> None:
        """No chain without anything that it is for, and nothing with two chains."""
        seen: dict[tuple[str, str], str] = {}
        ids: set[str] = set()
        for position, chain in enumerate(chains):
            path: Path = ("approval", "chains", position)
            if chain.id in ids:
                self.source.error((*path, "id"), "duplicate chain", chain.id, "each id once")
            ids.add(chain.id)
            if not (chain.kinds or chain.organizations or chain.everywhere):
                self.source.error(
                    (*path, "id"),
                    "chain for nothing",
                    chain.id,
                    "'kinds', 'organizations' or 'everywhere: true'",
                )
            targets = [("kinds", kind) for kind in chain.kinds]
            targets += [("organizations", code) for code in chain.organizations]
            targets += [("everywhere", "everywhere")] if chain.everywhere else []
            for number, target in enumerate(targets):
                first = seen.setdefault(target, chain.id)
                if first != chain.id:
                    here: Path = (
                        (*path, target[0])
                        if target[0] == "everywhere"
                        else (*path, target[0], number % 10**6)
                    )
                    self.source.error(
                        self._at(here, chain, target),
                        "second chain",
                        target[1],
                        f"one chain only (it is in '{first}')",
                    )

    @staticmethod
    def _at(path: Path, chain: Chain, target: tuple[str, str]) -> Path:
        """The place of a target in its own list."""
        if target[0] == "kinds":
            return (*path[:4], chain.kinds.index(target[1]))
        if target[0] == "organizations":
            return (*path[:4], chain.organizations.index(target[1]))
        return path

    def each_served(self, chains: tuple[Chain, ...]) -> None:
        """Everything that can be asked for has a chain that decides it."""
        path: Path = ("approval", "chains")
        by_kind = {kind for chain in chains for kind in chain.kinds}
        by_code = {code for chain in chains for code in chain.organizations}
        for kind in self.asked_kinds:
            if not self._nearest(kind):
                self.source.error(
                    path,
                    "no chain for a kind",
                    kind,
                    "a chain whose 'kinds' name it, as roles are asked for there",
                )
        if by_code:
            agency_kinds = self.kinds_of(tuple(by_code))
            for organization in self.organizations.values():
                if organization.kind_id in agency_kinds - by_kind and organization.code not in by_code:
                    self.source.error(
                        path,
                        "no chain for an organization",
                        organization.code,
                        "a chain whose 'organizations' name it",
                    )
        if any(_asked_for(role) and role.reach.scope == "everywhere" for role in self.roles) and not any(
            chain.everywhere for chain in chains
        ):
            self.source.error(
                path, "no chain for roles that reach everywhere", None, "a chain with 'everywhere: true'"
            )

    def chain(self, chain: Chain, path: Path) -> None:
        """The stages of one chain can be reached, and their approvers may decide."""
        targets = {*chain.kinds, *self.kinds_of(chain.organizations)}
        below = {kind for kind in self.parents if self._nearest(kind) & targets}
        asked = [
            role
            for role in self.roles
            if _asked_for(role)
            and (below & set(role.reach.kinds) or (chain.everywhere and role.reach.scope == "everywhere"))
        ]
        if not asked and (targets or chain.everywhere):
            self.source.error(
                (*path, "id"),
                "unreachable stage",
                chain.id,
                "a role that can be asked for at what the chain is for",
            )
        self.stages(chain.stages, (*path, "stages"), {role.category_id for role in asked})
        for position, stage in enumerate(chain.stages):
            if (
                stage.place == PLACE_PARENT
                and below
                and not any(self._above(kind) & set(stage.place_kinds) for kind in below)
            ):
                place: Path = (*path, "stages", position, "kinds")
                self.source.error(
                    place,
                    "unreachable stage",
                    ", ".join(stage.place_kinds) or None,
                    "a kind at or above what the chain is for",
                )

    def stages(self, stages: tuple[StageSpec, ...], path: Path, categories: set[str]) -> None:
        """The approver of every stage may decide, for the categories that come to it."""
        for position, stage in enumerate(stages):
            holder = self.decide.get(stage.approver_role_id)
            here: Path = (*path, position, "approver")
            if not stage.approver_role_id or stage.approver_role_id == STEWARD_ID:
                continue
            if holder is None:
                names = [role.title for role in self.roles if role.id in self.decide]
                self.source.error(
                    here,
                    "stage whose role may not decide",
                    self.source.written(here),
                    f"a role that 'authority: decide' names ({one_of(names)})",
                )
                continue
            missing = sorted(category for category in categories if category and not holder.covers(category))
            if missing:
                self.source.error(
                    here,
                    "stage whose role may not decide",
                    self.source.written(here),
                    f"a role that decides for the category {one_of(missing)}",
                )

    def kinds_of(self, codes: tuple[str, ...]) -> set[str]:
        """The kinds of shipped organizations by code."""
        return {self.organizations[code].kind_id for code in codes if code in self.organizations}

    def _nearest(self, kind: str) -> set[str]:
        """The kinds at or above a kind, whichever come first on the way up, that chains are for."""
        found: set[str] = set()
        seen = {kind}
        waiting = [kind]
        while waiting:
            here = waiting.pop()
            if here in self.served:
                found.add(here)
                continue
            for parent in self.parents.get(here, set()) - seen:
                seen.add(parent)
                waiting.append(parent)
        return found

    def _above(self, kind: str) -> set[str]:
        """A kind and every kind that may stand above it."""
        found = {kind}
        waiting = [kind]
        while waiting:
            for parent in self.parents.get(waiting.pop(), set()) - found:
                found.add(parent)
                waiting.append(parent)
        return found
