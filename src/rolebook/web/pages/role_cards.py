"""Roles as they are offered: what each gives, where it holds, who decides, and what keeps one from asking."""

from dataclasses import dataclass

from rolebook.policy.approval import AskedItem, lay_out
from rolebook.policy.model import Chain, Power, Role, Rolebook
from rolebook.policy.rules import ChangeKind
from rolebook.policy.words import sentence


@dataclass(frozen=True, slots=True)
class RoleCard:
    """A role as it is offered.

    Attributes:
        may_be_requested: whether it is had by asking at all; where it is not, ``not_requested_because`` says why.
        in_the_way: what the rules say against this person asking for it anywhere, in sentences.
    """

    role: Role
    category: str
    powers: tuple[Power, ...]
    where: str
    deciders: str
    may_be_requested: bool
    not_requested_because: str
    in_the_way: tuple[str, ...] = ()


def role_card(book: Rolebook, role: Role, in_the_way: tuple[str, ...] = ()) -> RoleCard:
    """Return a role as it is offered."""
    category = book.category(role.category_id)
    titles = [kind.title for kind_id in role.reach.kinds if (kind := book.kind(kind_id)) is not None]
    places = {"everywhere": "In the whole program", "own record": "On your own record"}
    because = ""
    if role.obtained == "designation":
        because = book.hint("designated") or sentence("by_designation_only", role=role.title)
    elif role.obtained == "registration":
        because = sentence("by_registration_only", role=role.title)
    return RoleCard(
        role=role,
        category=role.category_id if category is None else category.title,
        powers=tuple(book.powers(role.id).values()),
        where=places.get(role.reach.scope, _at_organizations(book, titles)),
        deciders=deciders_of(book, role) if role.obtained == "request" else "",
        may_be_requested=role.obtained == "request",
        not_requested_because=because,
        in_the_way=in_the_way if role.obtained == "request" else (),
    )


def _at_organizations(book: Rolebook, titles: list[str]) -> str:
    """Return where a role with the reach "organization" is held, in words."""
    if book.access == "apart from roles":
        return "In the organizations that you have access to, which is asked for on its own"
    return f"At an organization ({', '.join(titles)})" if titles else "At an organization"


def deciders_of(book: Rolebook, role: Role) -> str:
    """Return who decides requests for a role, in the order of its stages: "Agency Lead, then IQCS Security"."""
    if not book.held_at_organization(role):
        asked_for = AskedItem(role.id, ChangeKind.ADD_ROLE)
        stages_of_it = lay_out(book, [asked_for])
        return ", then ".join(dict.fromkeys(stage.title for stage in stages_of_it))
    fitting = [chain for chain in book.chains if _chain_fits(chain, role)]
    if len(fitting) != 1:
        return ""
    stages = (*fitting[0].stages, *book.approval.closing)
    titles = [found.title for stage in stages if (found := book.role(stage.approver_role_id)) is not None]
    return ", then ".join(dict.fromkeys(titles))


def _chain_fits(chain: Chain, role: Role) -> bool:
    return bool(set(chain.kinds) & set(role.reach.kinds)) or bool(chain.organizations)
