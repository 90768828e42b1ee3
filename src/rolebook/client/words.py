"""What is asked and what is answered, in the words of AuthZEN (Authorization API 1.0, sections 5 and 6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """What the action would be done to.

    Attributes:
        type: ``organization``, a kind of organization in the rolebook, or a word of the application's (``survey``).
        id: of an organization its public id; otherwise the application's own.
        organization: the public id of the organization that a resource of another type belongs to.
        owner: the public id of the account whose own record the resource is.
        properties: further ones, for conditions of the rolebook.
    """

    type: str
    id: str
    organization: str | None = None
    owner: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def at(cls, organization_id: str) -> "Resource":
        """Return the organization itself as the resource."""
        return cls("organization", organization_id)

    def as_json(self) -> dict[str, Any]:
        """Return it as the standard spells it."""
        properties = dict(self.properties)
        if self.organization is not None:
            properties["organization"] = self.organization
        if self.owner is not None:
            properties["owner"] = self.owner
        return {"type": self.type, "id": self.id, **({"properties": properties} if properties else {})}


@dataclass(frozen=True, slots=True)
class Question:
    """May this user do this to that?

    Attributes:
        user_id: the account's public id.
        privilege: the privilege's id in the rolebook (`rolebook privileges PROGRAM` lists them).
        resource: a `Resource`, or the public id of an organization.
        context: what else conditions of the rolebook may look at.
    """

    user_id: str
    privilege: str
    resource: Resource | str
    context: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self, *, reasons: bool = False) -> dict[str, Any]:
        """Return it as the standard spells it; with ``reasons`` the answer says why."""
        resource = Resource.at(self.resource) if isinstance(self.resource, str) else self.resource
        context = {**self.context, **({"reasons": True} if reasons else {})}
        return {
            "subject": {"type": "user", "id": self.user_id},
            "action": {"name": self.privilege},
            "resource": resource.as_json(),
            **({"context": context} if context else {}),
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """A yes or a no. It is true in an ``if`` exactly when it is a yes.

    Attributes:
        allowed: whether it is a yes.
        context: what the decision point said besides, such as reasons.
        revision: the revision of the audit log that the answer surely knows; ``at_least`` takes it.
    """

    allowed: bool
    context: Mapping[str, Any] = field(default_factory=dict)
    revision: str = ""

    def __bool__(self) -> bool:
        return self.allowed
