"""Flows that give an application a token for the decision point, and take it away again."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Client, Program
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work

OPERATIONS = ("evaluation", "search")
"""What a client may be allowed to ask: decisions, one or many; and who may do what, where."""
USUAL_OPERATIONS = ("evaluation",)
"""What a client may ask of whom nothing else is said: a search tells more than an application needs to decide."""
_TOKEN_PREFIX = "rbk_"  # noqa: S105 - how every token begins, for scanners that look for leaked ones


class ClientRefused(ValueError):
    """A client cannot be added or revoked as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client that was just added: the only moment at which its token is known."""

    client: Client
    token: str


@dataclass(frozen=True, slots=True)
class Revocation:
    """A revoked client, and the event to ask a confirmation of; None when it had been revoked before."""

    client: Client
    sequence: int | None


def new_token(prefix: str) -> str:
    """Return a fresh bearer token of 256 random bits; ``prefix`` says whose it is to who finds it."""
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is stored of a token: SHA-256, hexadecimal. Tokens have 256 random bits, so that is
    enough.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def add_client(
    *,
    acting_user: Account | None,
    program_id: str,
    name: str,
    operations: tuple[str, ...] = USUAL_OPERATIONS,
    reasons: bool = False,
    ends_at: datetime | None = None,
    at: datetime,
    origin: Origin,
) -> NewClient:
    """Give an application a token for one program. ``acting_user`` is None for the operator.

    ``reasons``: whether its answers say why without being asked; ``ends_at``: the first instant at which the token no
    longer counts, None for no end.

    Raises ClientRefused for an unknown program, operation, an end that is over, or a name that is empty, too long or
    in use.
    """
    actor_id = acting_user.public_id if acting_user else None
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        return issue(
            work,
            program_id=program_id,
            name=name,
            operations=operations,
            reasons=reasons,
            ends_at=ends_at,
        )


def issue(
    work: UnitOfWork,
    *,
    program_id: str,
    name: str,
    operations: tuple[str, ...],
    reasons: bool,
    ends_at: datetime | None,
) -> NewClient:
    """Give an application a token in a flow's unit of work; see `add_client`."""
    if ends_at is not None and ends_at <= work.at:
        raise ClientRefused(f"end: found {ends_at:%Y-%m-%d %H:%M} UTC, expected one to come")
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ClientRefused(f"name: found {name!r}, expected 1 to 100 printable characters")
    if unknown := sorted(set(operations) - set(OPERATIONS)):
        raise ClientRefused(f"operation: found {unknown[0]!r}, expected one of {', '.join(OPERATIONS)}")
    token = new_token(_TOKEN_PREFIX)
    if not Program.objects.filter(program_id=program_id).exists():
        raise ClientRefused(f"program: found {program_id!r}, expected one with an activated rolebook")
    # With the row locked, two additions of one name take turns; the constraint holds it anyway.
    Program.objects.select_for_update().get(program_id=program_id)
    if Client.objects.filter(program_id=program_id, name=name, revoked_at=None).exists():
        raise ClientRefused(f"name: found {name!r}, which is in use; revoke that client first")
    client = Client.objects.create(
        program_id=program_id,
        name=name,
        token_hash=digest(token),
        prefix=token[:12],
        operations=list(operations),
        reasons=reasons,
        created_at=work.at,
        ends_at=ends_at,
    )
    work.record(
        tags.CLIENT_ADDED,
        program_id=program_id,
        new={
            "client_id": client.public_id,
            "name": name,
            "prefix": client.prefix,
            "operations": list(operations),
            "reasons": reasons,
            "ends_at": ends_at,
        },
    )
    return NewClient(client, token)


def revoke_client(
    *, acting_user: Account | None, client_id: uuid.UUID, at: datetime, origin: Origin
) -> Revocation:
    """Take a client's token away; decision points learn it from the log. Revoking twice changes nothing.

    Raises ClientRefused when there is no such client.
    """
    actor_id = acting_user.public_id if acting_user else None
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        client = withdraw(work, client_id)
    return Revocation(client, work.sequence)


def withdraw(work: UnitOfWork, client_id: uuid.UUID) -> Client:
    """Take a client's token away in a flow's unit of work; see `revoke_client`."""
    client = Client.objects.select_for_update().filter(public_id=client_id).first()
    if client is None:
        raise ClientRefused(
            f"client: found {str(client_id)!r}, expected an id that `rolebook clients list` shows"
        )
    if client.revoked_at is None:
        client.revoked_at = work.at
        client.save(update_fields=["revoked_at"])
        work.record(
            tags.CLIENT_REVOKED,
            program_id=client.program_id,
            old={"client_id": client.public_id, "name": client.name, "prefix": client.prefix},
        )
    else:
        work.nothing_happened()
    return client
