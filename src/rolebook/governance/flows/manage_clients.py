"""A steward gives an application a token for the decision point, and takes it away again."""

import uuid
from datetime import datetime

from rolebook.accounts.flows.clients import NewClient, Revocation, issue, withdraw
from rolebook.accounts.models import Account, Client
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound


def _require_steward(acting_user: Account, program_id: str, at: datetime) -> None:
    """Lock who acts, and raise NotFound for who does not administer the program then; else as `acting_standing`."""
    locks.lock(accounts=[acting_user.pk])
    if not administers(acting_standing(acting_user, program_id, at)):
        raise NotFound


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
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_CLIENT, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        _require_steward(acting_user, program_id, at)
        return issue(
            work,
            program_id=program_id,
            name=name,
            operations=operations,
            reasons=reasons,
            ends_at=ends_at,
        )


def take_token_away(
    *, acting_user: Account, program_id: str, client_id: uuid.UUID, at: datetime, origin: Origin
) -> Revocation:
    """Take an application's token away; taking it twice changes nothing.

    Raises NotFound for who does not administer the program, and for a client of another.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_CLIENT, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        _require_steward(acting_user, program_id, at)
        if not Client.objects.filter(program_id=program_id, public_id=client_id).exists():
            raise NotFound
        client = withdraw(work, client_id)
    return Revocation(client, work.sequence)
