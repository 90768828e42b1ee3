"""Drafts of account requests: kept, and thrown away, by their author; nothing of authority follows from one."""

from datetime import datetime

from django.db import transaction

from rolebook.accounts.models import Account
from rolebook.governance.account_answers import AccountAnswers
from rolebook.governance.flows.attempt import acting_standing
from rolebook.governance.flows.submit_account_request import require_may_ask_for
from rolebook.governance.models import AccountDraft, AccountForm, Attachment, Request
from rolebook.governance.refusals import NotFound


def save_account_draft(
    *,
    acting_user: Account,
    program_id: str,
    beneficiary: Account,
    answers: AccountAnswers,
    corrects: Request | None = None,
    copied: Request | None = None,
    at: datetime,
) -> AccountDraft:
    """Keep what has been written so far; one draft an author and person. No event: nobody else sees or acts on it.

    ``copied`` is the request whose answers the draft begins with: its present version's attachments come along. Raises
    NotAllowed for a person that is not theirs to ask for.
    """
    standing = acting_standing(acting_user, program_id, at)
    if standing.book.access != "apart from roles":
        raise NotFound
    require_may_ask_for(standing, beneficiary)
    with transaction.atomic():
        draft, _ = AccountDraft.objects.update_or_create(
            program_id=program_id,
            author=acting_user,
            beneficiary=beneficiary,
            defaults={"content": answers.content(), "changed_at": at, "request": corrects},
        )
        if copied is not None:
            kept = AccountForm.objects.filter(request=copied, request_version=copied.version)
            draft.attachments.set(Attachment.objects.filter(forms__in=kept))
    return draft


def discard_account_draft(*, acting_user: Account, program_id: str, beneficiary: Account) -> None:
    """Throw a draft away; throwing away what is not there changes nothing."""
    AccountDraft.objects.filter(program_id=program_id, author=acting_user, beneficiary=beneficiary).delete()
