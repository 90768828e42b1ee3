"""What is asked and what is answered: a person's dated holdings, and the decision with its reason.

Evaluation, subject, action, resource, context and decision are used as AuthZEN uses them. Instants are aware
UTC datetimes; intervals are half open: a holding is in force when starts_at ≤ t < min(ends_at, closed_at).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

type Param = str | tuple[str, ...] | datetime | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a code with parameters; the sentence stands in the catalogue (`rolebook.decision.words`).

    Attributes:
        code: a word of the catalogue, such as ``outside_reach``.
        params: what the sentence names; ids as strings, instants aware.
    """

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holding:
    """A dated holding of a role (a grant), as a flow or the change feed read it.

    Attributes:
        id: the grant's id, opaque.
        role_id: a role of the rolebook; one that the rolebook no longer has answers no.
        organization_id: where it is held, or None for a role that is held at no organization.
        starts_at: first instant at which it counts.
        ends_at: first instant at which it no longer counts, as promised; None when no end was promised.
        closed_at: when the ledger closed it, or None.
    """

    id: str
    role_id: str
    organization_id: str | None
    starts_at: datetime
    ends_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """An organization held apart from roles (programs that keep roles and organization codes as two lists).

    Attributes:
        id: the access grant's id, opaque.
        organization_id: the organization held.
        lower_levels: whether the organizations below it are included.
        starts_at: as for `Holding`.
        ends_at: as for `Holding`.
        closed_at: as for `Holding`.
    """

    id: str
    organization_id: str
    lower_levels: bool
    starts_at: datetime
    ends_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """All that a decision may know of somebody in one program.

    Attributes:
        active: False once the account, or the participation in this program, is closed or deactivated.
        holdings: every grant of a role, in force or not.
        accesses: every grant of access, in force or not; empty where access comes with each role.
        record_id: the person's own record, or None when they have none.
    """

    active: bool
    holdings: Sequence[Holding] = ()
    accesses: Sequence[Access] = ()
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one evaluation.

    Attributes:
        allowed: the answer.
        reason: why, for both answers.
        holding_id: the grant that answers yes, or that comes nearest to it; None when none does.
        access_id: the access that answers together with the holding, where a program holds access apart.
    """

    allowed: bool
    reason: Reason
    holding_id: str | None = None
    access_id: str | None = None


def lapse(
    starts_at: datetime, ends_at: datetime | None, closed_at: datetime | None, at: datetime
) -> str | None:
    """Return why ``at`` is not in the interval: "removed", "ended", "not_started"; None when it is.

    Of a closing and a promised end the earlier one counts.
    """
    if closed_at is not None and at >= closed_at and (ends_at is None or closed_at <= ends_at):
        return "removed"
    if ends_at is not None and at >= ends_at:
        return "ended"
    return "not_started" if at < starts_at else None
