"""A steward gives an application a token for the decision point, and takes it away again."""

import uuid
from datetime import datetime

from rolebook.accounts.flows.clients import NewClient, Revocation, add_client, revoke_client
from rolebook.accounts.models import Account, Client
from rolebook.audit.recording import Origin
from rolebook.governance.flows.attempt import acting_standing
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.refusals import NotFound


def _require_steward(acting_user: Account, program_id: str, at: datetime) -> None:
    """Raise NotFound for who does not administer the program, and NotAllowed for who has no second factor."""
    stewards_standing(acting_user, program_id, at)
    acting_standing(acting_user, program_id, at)


def give_token(
    *,
    acting_user: Account,
    program_id: str,
    name: str,
    operations: tuple[str, ...],
    reasons: bool,
    ends_at: datetime | None,
    at: datetime,
    origin: Origin,
) -> NewClient:
    """Give an application a token; see `add_client`.

    Raises NotFound for who does not administer the program, and ClientRefused.
    """
    _require_steward(acting_user, program_id, at)
    return add_client(
        acting_user=acting_user,
        program_id=program_id,
        name=name,
        operations=operations,
        reasons=reasons,
        ends_at=ends_at,
        at=at,
        origin=origin,
    )


def take_token_away(
    *, acting_user: Account, program_id: str, client_id: uuid.UUID, at: datetime, origin: Origin
) -> Revocation:
    """Take an application's token away; taking it twice changes nothing.

    Raises NotFound for who does not administer the program, and for a client of another.
    """
    _require_steward(acting_user, program_id, at)
    if not Client.objects.filter(program_id=program_id, public_id=client_id).exists():
        raise NotFound
    return revoke_client(acting_user=acting_user, client_id=client_id, at=at, origin=origin)
