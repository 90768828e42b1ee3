"""Which applications may ask the decision point, and when each last did."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from rolebook.accounts.models import Account, Client
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.refusals import NotFound


@dataclass(frozen=True, slots=True)
class ClientLine:
    """One application. ``last_on`` is the day, in the program's zone, on which its token was last accepted."""

    client_id: uuid.UUID
    name: str
    prefix: str
    operations: tuple[str, ...]
    reasons: bool
    created_at: datetime
    ends_at: datetime | None
    revoked_at: datetime | None
    last_on: date | None
    counts: bool
    """Whether the token is accepted now."""


def clients_of(viewer: Account, program_id: str, at: datetime) -> tuple[ClientLine, ...]:
    """Return a program's applications, those that count first, then by name. Raises NotFound for who is no steward."""
    stewards_standing(viewer, program_id, at)
    found = Client.objects.filter(program_id=program_id).select_related("use").order_by("name", "pk")
    lines = [client_line(client, at) for client in found]
    return tuple(sorted(lines, key=lambda line: not line.counts))


def one_client(viewer: Account, program_id: str, client_id: uuid.UUID, at: datetime) -> ClientLine:
    """Return one application. Raises NotFound for who is no steward, and where there is none."""
    stewards_standing(viewer, program_id, at)
    found = Client.objects.filter(program_id=program_id, public_id=client_id).select_related("use").first()
    if found is None:
        raise NotFound
    return client_line(found, at)


def client_line(client: Client, at: datetime) -> ClientLine:
    """Return a client as lists show it, read with its ``use``."""
    use = getattr(client, "use", None)
    ended = client.ends_at is not None and client.ends_at <= at
    return ClientLine(
        client_id=client.public_id,
        name=client.name,
        prefix=client.prefix,
        operations=tuple(client.operations),
        reasons=client.reasons,
        created_at=client.created_at,
        ends_at=client.ends_at,
        revoked_at=client.revoked_at,
        last_on=None if use is None else use.last_on,
        counts=client.revoked_at is None and not ended,
    )
