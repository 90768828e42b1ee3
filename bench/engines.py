"""The engines of the decision benchmark: ours and three peers, each loaded with the same world.

What each is asked is the same question; what each can be told differs, and is said in its note.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from bench.world import EVERYWHERE_ROLES, EXACT_ROLES, NOW, Question, World, program_of

type Ask = Callable[[Question], bool]


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine.

    Attributes:
        name: as people know it.
        load: loads a world and returns how to ask.
        questions: how many are asked in a round.
        note: what it is not told, or what its caller does for it.
    """

    name: str
    load: Callable[[World], Ask]
    questions: int
    note: str


def load_rolebook(world: World) -> Ask:
    """Load a snapshot."""
    from rolebook.decision.instants import micros
    from rolebook.decision.snapshot import SnapshotBuilder, grant_row

    builder = SnapshotBuilder(*program_of(world), settled=micros(NOW))
    for user_id, held in world.users.items():
        builder.add(user_id, active=True, grants=map(grant_row, held))
    snapshot = builder.build()
    check, at = snapshot.check, micros(NOW)

    def ask(question: Question) -> bool:
        user_id, privilege, organization_id = question
        return check(user_id, privilege, organization_id, at)

    return ask


CASBIN_MODEL = """
[request_definition]
r = sub, dom, up, upup, act
[policy_definition]
p = sub, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && (g(r.sub, p.sub, r.dom) || g(r.sub, p.sub, r.up) || g(r.sub, p.sub, r.upup) || \
g(r.sub, p.sub, "everywhere"))
"""


def load_casbin(world: World) -> Ask:
    """Load pycasbin: a grouping for every grant in force, with the organization as its domain."""
    import casbin

    model = casbin.Model()
    model.load_model_from_text(CASBIN_MODEL)
    enforcer = casbin.Enforcer(model)
    enforcer.add_policies([[role, privilege] for role, given in world.gives.items() for privilege in given])
    enforcer.add_grouping_policies(
        [[user_id, held.role_id, _domain(held.role_id, held.organization_id)]
         for user_id in world.users for held in world.in_force(user_id)]
    )  # fmt: skip

    def ask(question: Question) -> bool:
        user_id, privilege, organization_id = question
        below = [f"{above}/below" for above in (organization_id, *world.up(organization_id))]
        # An exact role stands at the organization itself, others "below" it or one above it.
        domains = [organization_id, *below, *["none"] * 4]
        if enforcer.enforce(user_id, domains[0], domains[1], domains[2], privilege):
            return True
        return domains[3] != "none" and bool(enforcer.enforce(user_id, domains[3], "none", "none", privilege))

    return ask


def _domain(role_id: str, organization_id: str | None) -> str:
    """Return pycasbin's domain of a grant."""
    number = int(role_id.removeprefix("role-"))
    if number in EVERYWHERE_ROLES:
        return "everywhere"
    return str(organization_id) if number in EXACT_ROLES else f"{organization_id}/below"


def load_cedar(world: World) -> Ask:
    """Load cedarpy: a policy a role, users whose attributes are the organizations a role is held at."""
    import cedarpy

    policies = []
    for role_id, given in world.gives.items():
        number = int(role_id.removeprefix("role-"))
        name = f"r{number}"
        actions = ", ".join(f'Action::"{privilege}"' for privilege in given)
        if number in EVERYWHERE_ROLES:
            condition = f"principal has {name}"
        elif number in EXACT_ROLES:
            condition = f"principal has {name} && principal.{name}.contains(resource)"
        else:
            condition = f"principal has {name} && resource in principal.{name}"
        policies.append(f"permit(principal, action in [{actions}], resource) when {{ {condition} }};")
    entities: list[dict[str, object]] = [
        {
            "uid": {"type": "Organization", "id": node_id},
            "attrs": {},
            "parents": [] if parent is None else [{"type": "Organization", "id": parent}],
        }
        for node_id, parent, _ in world.nodes
    ]
    for user_id in world.users:
        held_at: dict[str, list[object]] = {}
        for held in world.in_force(user_id):
            places = held_at.setdefault(held.role_id.replace("role-", "r"), [])
            if held.organization_id is not None:
                places.append({"__entity": {"type": "Organization", "id": held.organization_id}})
        entities.append({"uid": {"type": "User", "id": user_id}, "attrs": held_at, "parents": []})
    policy_set = cedarpy.PolicySet.from_str("\n".join(policies))
    known = cedarpy.Entities.from_json_str(json.dumps(entities))

    def ask(question: Question) -> bool:
        request = {
            "principal": {"type": "User", "id": question[0]},
            "action": {"type": "Action", "id": question[1]},
            "resource": {"type": "Organization", "id": question[2]},
            "context": {},
        }
        return bool(cedarpy.is_authorized(request, policy_set, known).allowed)

    return ask


def load_vakt(world: World) -> Ask:
    """Load vakt: a policy a role; the caller says which roles the user holds there."""
    import vakt
    from vakt.rules import Any, AnyIn, In

    storage = vakt.MemoryStorage()
    for role_id, given in world.gives.items():
        storage.add(
            vakt.Policy(
                role_id,
                actions=[In(*given)],
                resources=[Any()],
                subjects=[{"roles": AnyIn(role_id)}],
                effect=vakt.ALLOW_ACCESS,
            )
        )
    guard = vakt.Guard(storage, vakt.RulesChecker())
    held_by = {user_id: world.in_force(user_id) for user_id in world.users}

    def ask(question: Question) -> bool:
        user_id, privilege, organization_id = question
        there = {organization_id, *world.up(organization_id)}
        roles = [
            held.role_id
            for held in held_by[user_id]
            if (held.organization_id in there or held.organization_id is None)
            and (
                held.organization_id == organization_id
                or int(held.role_id.removeprefix("role-")) not in EXACT_ROLES
            )
        ]
        inquiry = vakt.Inquiry(action=privilege, resource=organization_id, subject={"roles": roles})
        return bool(guard.is_allowed(inquiry))

    return ask


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("rolebook", load_rolebook, 100_000, "dates and reach judged at use"),
        Engine(
            "cedarpy", load_cedar, 1_500, "policies and entities parsed once; no dates: ended grants left out"
        ),
        Engine(
            "pycasbin", load_casbin, 60, "the caller names the levels above; no dates: ended grants left out"
        ),
        Engine(
            "vakt",
            load_vakt,
            1_500,
            "the caller resolves grants, levels and dates; vakt matches role to action",
        ),
    )
}
