"""Access tokens of people: found by what their program presents, and ended with what they rest on (decision 0042)."""

import re
from datetime import datetime, timedelta

from rolebook.accounts.flows.clients import digest
from rolebook.accounts.models import Account
from rolebook.accounts.token_models import KeptAnswer, PersonalToken
from rolebook.audit.recording import UnitOfWork
from rolebook.audit.tags import ACCOUNT_TOKEN_REVOKED

PREFIX = "rbp_"
"""How every token of a person begins, for scanners that look for leaked ones."""
KEPT_ANSWERS = timedelta(hours=24)
"""How long the answer to a call with an Idempotency-Key is kept."""
_TOKEN = re.compile(r"rbp_[A-Za-z0-9_-]{43}")
_USE_RESOLUTION = timedelta(minutes=5)


def accepted_token(presented: str, at: datetime) -> PersonalToken | None:
    """Return the token that was presented, with its account, or None where it does not count at ``at``.

    It is looked up by its digest: how long that takes tells nothing of a token, whose 256 bits nobody tries.
    """
    if _TOKEN.fullmatch(presented) is None:
        return None
    counting = PersonalToken.objects.filter(token_hash=digest(presented), revoked_at=None, ends_at__gt=at)
    return counting.select_related("account").first()


def note_used(token: PersonalToken, at: datetime) -> None:
    """Note that a token was accepted, every few minutes: not every reading call writes."""
    if token.last_used_at is None or at - token.last_used_at >= _USE_RESOLUTION:
        PersonalToken.objects.filter(pk=token.pk).update(last_used_at=at)


def revoke(work: UnitOfWork, token: PersonalToken, why: PersonalToken.Ending) -> None:
    """End a token that counts, in a flow's unit of work, and record it. It is asked anew at every call, so that the
    next one is refused already.
    """
    token.revoked_at, token.ending = work.at, why
    token.save(update_fields=["revoked_at", "ending"])
    work.record(
        ACCOUNT_TOKEN_REVOKED,
        program_id=token.program_id,
        beneficiary_id=token.account.public_id,
        old={"token_id": token.public_id, "prefix": token.prefix},
        new={"why": why.value},
        personal={"name": token.name},
    )


def end_tokens(
    work: UnitOfWork, account: Account, why: PersonalToken.Ending, *, program_id: str | None = None
) -> int:
    """End every token of an account, or those for one program, in a flow's unit of work; return how many."""
    going = PersonalToken.objects.filter(account=account, revoked_at=None, ends_at__gt=work.at)
    if program_id is not None:
        going = going.filter(program_id=program_id)
    tokens = list(going.select_related("account").order_by("pk"))
    for token in tokens:
        revoke(work, token, why)
    return len(tokens)


def forget_old(at: datetime) -> None:
    """Delete answers whose repetition nobody asks for any more."""
    KeptAnswer.objects.filter(began_at__lt=at - KEPT_ANSWERS).delete()
