"""Attachments of drafts: put to one, taken from one; what no draft and no form has any more is deleted (IQCS-14)."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from rolebook.accounts import throttling
from rolebook.accounts.models import Account
from rolebook.accounts.throttling import Limit
from rolebook.governance import locks
from rolebook.governance.attachment_store import (
    LARGEST_BYTES,
    MOST,
    ORPHANED_AFTER,
    AttachmentStore,
    attachment_store,
    clean_name,
    kind_of,
    shown_name,
)
from rolebook.governance.flows.attempt import acting_standing
from rolebook.governance.models import AccountDraft, Attachment
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation

BY_ACCOUNT = Limit("attachments by account", 60, 3600)
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as it came: the name that its sender gave it, and its bytes (None: larger than may be)."""

    name: str
    data: bytes | None
    is_certificate: bool = False


def attach_file(
    *,
    acting_user: Account,
    program_id: str,
    beneficiary: Account,
    given: GivenFile,
    store: AttachmentStore,
    at: datetime,
) -> Attachment:
    """Put a file to the author's draft for a person: judged by its bytes, scanned, kept, then named by the draft.

    No event: nobody else sees a draft; the digest goes on record with the request. Raises Refused for a file that is
    empty, too large, of another kind, refused by the scanner or not scanned, and for one too many, NotFound without a
    draft, TooManyAttempts.
    """
    throttling.take([(BY_ACCOUNT, str(acting_user.pk))], at)
    name = shown_name(given.name)
    data = _checked(given, name)
    kind = kind_of(data)
    if kind is None:
        raise Refused([Violation("attachment_kind", {"name": name})])
    _draft(acting_user, program_id, beneficiary)
    attachment = Attachment(
        program_id=program_id,
        uploaded_by=acting_user,
        name=clean_name(given.name, kind),
        kind=kind,
        is_certificate=given.is_certificate,
        size=len(data),
        digest=hashlib.sha256(data).hexdigest(),
        scan=store.scan(data, name),
        uploaded_at=at,
    )
    store.write(attachment, data)
    try:
        with transaction.atomic():
            locks.lock(accounts={acting_user.pk})
            acting_standing(acting_user, program_id, at)
            draft = _draft(acting_user, program_id, beneficiary)
            if draft.attachments.count() >= MOST:
                raise Refused([Violation("attachments_too_many", {"most": MOST})])
            attachment.save(force_insert=True)
            draft.attachments.add(attachment)
            _touch(draft, at)
    except BaseException:
        store.delete(attachment)
        raise
    return attachment


def detach_files(
    *,
    acting_user: Account,
    program_id: str,
    beneficiary: Account,
    attachment_ids: Sequence[uuid.UUID | str],
    at: datetime,
) -> None:
    """Take files from the author's draft; forms that were sent with one keep it. Raises NotFound without a draft."""
    ids = [public_id_of(one) for one in attachment_ids]
    with transaction.atomic():
        locks.lock(accounts={acting_user.pk})
        draft = _draft(acting_user, program_id, beneficiary)
        draft.attachments.remove(*draft.attachments.filter(public_id__in=ids))
        _touch(draft, at)


def _checked(given: GivenFile, name: str) -> bytes:
    if given.data is None or len(given.data) > LARGEST_BYTES:
        most = LARGEST_BYTES // (1024 * 1024)
        raise Refused([Violation("attachment_too_large", {"name": name, "most": most})])
    if not given.data:
        raise Refused([Violation("attachment_empty", {"name": name})])
    return given.data


def _draft(author: Account, program_id: str, beneficiary: Account) -> AccountDraft:
    drafts = AccountDraft.objects.filter(program_id=program_id, author=author, beneficiary=beneficiary)
    draft = drafts.first()
    if draft is None:
        raise NotFound
    return draft


def _touch(draft: AccountDraft, at: datetime) -> None:
    """Note the change, so that a check of the draft in another window sends nothing that it did not show."""
    AccountDraft.objects.filter(pk=draft.pk).update(changed_at=at)


def delete_orphans(now: datetime, store: AttachmentStore | None = None) -> int:
    """Delete attachments that no draft and no form has for a day, and files that no attachment names.

    Returns of how many. At most AT_ONCE attachments in one run; the row goes first, so that none is left without bytes.
    """
    kept = attachment_store() if store is None else store
    before = now - ORPHANED_AFTER
    alone = Attachment.objects.filter(drafts=None, forms=None, uploaded_at__lt=before).order_by("pk")
    deleted = 0
    for attachment in alone[:AT_ONCE]:
        with transaction.atomic():
            still = Attachment.objects.filter(pk=attachment.pk, drafts=None, forms=None)
            # The row alone: nothing points at it, and PostgreSQL refuses even to look for rows of forms to delete.
            gone = still._raw_delete(still.db)  # noqa: SLF001 - the one way to delete without cascades
        if gone:
            kept.delete(attachment)
            deleted += 1
    for path in kept.strays(before):
        if not _is_named(path.name):
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def _is_named(name: str) -> bool:
    try:
        public_id = uuid.UUID(hex=name)
    except ValueError:
        return False
    return Attachment.objects.filter(public_id=public_id).exists()
