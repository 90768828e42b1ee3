"""A person makes an access token for a program of their own, and takes it back; so does the operator."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError

from rolebook.accounts.flows.clients import digest, new_token
from rolebook.accounts.flows.credentials import confirm_password
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account, Program
from rolebook.accounts.personal_tokens import PREFIX, revoke
from rolebook.accounts.second_factor import has_second_factor
from rolebook.accounts.texts import clean_line
from rolebook.accounts.token_models import PersonalToken
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.audit.tags import ACCOUNT_TOKEN_MADE

LONGEST_DAYS = 366
"""No token counts longer: who still needs one then makes another."""
LONGEST_NAME = 60
MOST_TOKENS = 20


class TooManyTokens(Exception):
    """The account has as many tokens that count as it may have."""


class NoSecondFactor(Exception):
    """The account has no second factor: nobody acts without one, and nothing acts for them (QPP-01)."""


class NoSuchToken(LookupError):
    """There is no such token, or it is another account's."""


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token that was just made: the only moment at which it is known."""

    token: PersonalToken
    secret: str


def make_token(
    *,
    acting_user: Account,
    password: str,
    program_id: str,
    name: str,
    may_act: bool,
    ends_at: datetime,
    at: datetime,
    origin: Origin,
    send: SendMail,
) -> MadeToken:
    """Make a token with which a program of ``acting_user`` reads, and if ``may_act`` acts, as that person.

    The password is confirmed first, and the person is told by mail. ``ends_at`` is at most LONGEST_DAYS away.
    Raises WrongPassword, TooManyAttempts, NoSecondFactor, TooManyTokens, and ValidationError for the name, the end or
    the program.
    """
    confirm_password(acting_user, password, at, origin)
    called = clean_line(name, longest=LONGEST_NAME)
    if not at < ends_at <= at + timedelta(days=LONGEST_DAYS):
        raise ValidationError(f"Choose a last day within {LONGEST_DAYS - 1} days.", code="ends_on")
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        if not account.is_active or not has_second_factor(account):
            raise NoSecondFactor
        if not Program.objects.filter(program_id=program_id).exists():
            raise ValidationError("Choose one of the programs.", code="program")
        going = PersonalToken.objects.filter(account=account, revoked_at=None, ends_at__gt=at)
        if going.count() >= MOST_TOKENS:
            raise TooManyTokens
        secret = new_token(PREFIX)
        token = PersonalToken.objects.create(
            account=account,
            program_id=program_id,
            name=called,
            token_hash=digest(secret),
            prefix=secret[:12],
            may_act=may_act,
            created_at=at,
            ends_at=ends_at,
        )
        work.record(
            ACCOUNT_TOKEN_MADE,
            program_id=program_id,
            beneficiary_id=account.public_id,
            new={
                "token_id": token.public_id,
                "prefix": token.prefix,
                "may_act": may_act,
                "ends_at": ends_at,
            },
            personal={"name": called},
        )
        what = f'An access token was made for your account: "{called}". Programs that have it act as you.'
        send(AccountMail("token-made", account.name, account=account, what=what))
    return MadeToken(token, secret)


def take_back_token(
    *, acting_user: Account, token_id: uuid.UUID, at: datetime, origin: Origin
) -> PersonalToken:
    """End a token of one's own; what has ended already stays so. Raises NoSuchToken."""
    return _end(token_id, acting_user, PersonalToken.Ending.OWNER, at, origin)


def end_token_as_operator(*, token_id: uuid.UUID, at: datetime, origin: Origin) -> PersonalToken:
    """End anybody's token; the operator alone may. Raises NoSuchToken."""
    return _end(token_id, None, PersonalToken.Ending.OPERATOR, at, origin)


def _end(
    token_id: uuid.UUID, owner: Account | None, why: PersonalToken.Ending, at: datetime, origin: Origin
) -> PersonalToken:
    actor_id = None if owner is None else owner.public_id
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        tokens = PersonalToken.objects.filter(public_id=token_id)
        if owner is not None:
            tokens = tokens.filter(account=owner)
        token = tokens.select_related("account").select_for_update(of=("self",)).first()
        if token is None:
            raise NoSuchToken
        if token.revoked_at is None:
            revoke(work, token, why)
        else:
            work.nothing_happened()
    return token
