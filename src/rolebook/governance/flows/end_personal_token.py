"""A steward ends somebody's access token for the program."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.accounts.personal_tokens import revoke
from rolebook.accounts.token_models import PersonalToken
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound


def end_personal_token(
    *, acting_user: Account, program_id: str, token_id: uuid.UUID, at: datetime, origin: Origin
) -> PersonalToken:
    """End a token of anybody's for the program; ending it twice changes nothing.

    Raises NotFound for who does not administer the program, and for a token of another.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_TOKEN, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        found = PersonalToken.objects.filter(program_id=program_id, public_id=token_id).first()
        people = {acting_user.pk} if found is None else {acting_user.pk, found.account_id}
        locks.lock(accounts=people)
        if not administers(acting_standing(acting_user, program_id, at)) or found is None:
            raise NotFound
        token = PersonalToken.objects.select_related("account").get(pk=found.pk)
        about.beneficiary_id = token.account.public_id
        if token.revoked_at is None:
            revoke(work, token, PersonalToken.Ending.STEWARD)
        else:
            work.nothing_happened()
        return token
