"""Whose programs act in a program: the access tokens of one person that count, for its stewards."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.accounts.queries.personal_tokens import TokenLine, token_lines
from rolebook.accounts.token_models import PersonalToken
from rolebook.governance.queries.stewards import stewards_standing


def tokens_of_person(
    viewer: Account, program_id: str, account_id: uuid.UUID, at: datetime
) -> tuple[TokenLine, ...]:
    """Return a person's tokens for the program that count, the newest first. Raises NotFound for who is no steward."""
    stewards_standing(viewer, program_id, at)
    going = PersonalToken.objects.filter(
        program_id=program_id, account__public_id=account_id, revoked_at=None, ends_at__gt=at
    )
    return token_lines(going, at)
