"""A line of the lists of people: who, and what they hold at an organization."""

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that a person holds at the organization, or access apart from roles (no role id)."""

    grant_id: uuid.UUID
    role_id: str
    role_title: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectedUser:
    """A person with a grant in force at the organization.

    Attributes:
        is_active: whether account and participation are active.
        is_viewer: whether it is the viewer: nobody removes themselves.
        may_remove: whether the viewer may remove every one of the grants listed.
        fsid: a federal surveyor's number, for who may manage it; None for everybody else.
        rejected_since: since when mail to their address is rejected; None where it is not.
    """

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    roles: tuple[HeldRole, ...]
    is_active: bool
    is_viewer: bool
    may_remove: bool
    last_signed_in_at: datetime | None
    fsid: str | None = None
    rejected_since: datetime | None = None
