"""The access tokens of people: of one person for their security page, and of all for the operator."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.accounts.token_models import PersonalToken

LISTED = timedelta(days=90)
"""How long a token that ended stays on its person's page."""


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One token, of which nobody knows more than how it begins. ``why`` says how it ended, if it did."""

    token_id: uuid.UUID
    owner: str
    program_id: str
    name: str
    prefix: str
    may_act: bool
    created_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    why: str
    last_used_at: datetime | None
    counts: bool


def tokens_of(viewer: Account, at: datetime) -> tuple[TokenLine, ...]:
    """Return the viewer's own tokens, those that count first, the newest of each first; old ones are left out."""
    lately = at - LISTED
    listed = Q(revoked_at=None) | Q(revoked_at__gt=lately)
    return token_lines(PersonalToken.objects.filter(listed, account=viewer, ends_at__gt=lately), at)


def all_tokens(at: datetime, *, user_id: str | None = None) -> tuple[TokenLine, ...]:
    """Return everybody's tokens that count, or all there ever were of one user ID; the operator alone may ask."""
    tokens = PersonalToken.objects.all()
    if user_id is None:
        tokens = tokens.filter(revoked_at=None, ends_at__gt=at)
    else:
        tokens = tokens.filter(account__user_id=user_id.strip().casefold())
    return token_lines(tokens, at)


def token_lines(tokens: QuerySet[PersonalToken], at: datetime) -> tuple[TokenLine, ...]:
    """Return tokens as lists show them, those that count first, the newest of each first."""
    lines = [_line(token, at) for token in tokens.select_related("account")]
    return tuple(sorted(lines, key=lambda line: (line.counts, line.created_at), reverse=True))


def _line(token: PersonalToken, at: datetime) -> TokenLine:
    return TokenLine(
        token_id=token.public_id,
        owner=token.account.user_id,
        program_id=token.program_id,
        name=token.name,
        prefix=token.prefix,
        may_act=token.may_act,
        created_at=token.created_at,
        ends_at=token.ends_at,
        revoked_at=token.revoked_at,
        why=PersonalToken.Ending(token.ending).label if token.ending else "",
        last_used_at=token.last_used_at,
        counts=token.revoked_at is None and token.ends_at > at,
    )
