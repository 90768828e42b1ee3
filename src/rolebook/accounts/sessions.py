"""The list of an account's sessions, beside the browser sessions that Django keeps: begun, seen, ended.

Ending one deletes Django's session, so that the next request finds nobody (I7); what a browser then sends is nothing.
These are notes about sessions, not acts: the flows that end sessions record the events.
"""

import uuid
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from rolebook.accounts.credential_models import AccountSession
from rolebook.accounts.models import Account, canonical_id, new_session_salt

KEPT_ENDED = timedelta(days=30)
"""How long an ended session is kept."""


def begin_session(
    account: Account, *, session_key: str, address: str | None, browser: str, at: datetime
) -> AccountSession:
    """Note a session that has just begun; ``session_key`` is Django's."""
    return AccountSession.objects.create(
        account=account,
        session_key=session_key,
        address=address,
        browser=browser[:80],
        began_at=at,
        seen_at=at,
    )


def note_seen(name: str | None, *, address: str | None, at: datetime) -> None:
    """Note when and where a session was last seen; call it every few minutes at most. ``name``: its public id."""
    _named(name).update(seen_at=at, address=address)


def note_key(name: str | None, session_key: str) -> bool:
    """Note that a session goes on under another key; return whether it may (False: it was ended meanwhile)."""
    named = canonical_id(name or "")
    if named is None or not AccountSession.objects.filter(public_id=named).exists():
        return True
    return bool(_named(name).update(session_key=session_key))


def close_session(name: str | None, at: datetime) -> None:
    """Note that a session has ended, and delete what Django keeps of it."""
    _close(_named(name), at)


def end_sessions(account: Account, at: datetime, *, but: str | None = None) -> int:
    """End all sessions of an account, known and unknown ones, in a flow's unit of work; return how many were known.

    A new salt voids every session that there is. The one that ``but`` names goes on if whoever holds it renews it.
    """
    account.session_salt = new_session_salt()
    account.save(update_fields=["session_salt"])
    kept = canonical_id(but or "")
    sessions = AccountSession.objects.filter(account_id=account.pk, ended_at=None)
    return _close(sessions if kept is None else sessions.exclude(public_id=kept), at)


def end_one_session(account: Account, session_id: uuid.UUID, at: datetime) -> bool:
    """End one session of an account, in a flow's unit of work; return False when it has ended or is another's."""
    return bool(
        _close(AccountSession.objects.filter(account_id=account.pk, public_id=session_id, ended_at=None), at)
    )


def forget_old(at: datetime) -> None:
    """Delete what has not been seen for KEPT_ENDED: every session is over by then."""
    AccountSession.objects.filter(seen_at__lt=at - KEPT_ENDED).delete()


def _named(name: str | None) -> QuerySet[AccountSession]:
    public_id = canonical_id(name or "")
    if public_id is None:
        return AccountSession.objects.none()
    return AccountSession.objects.filter(public_id=public_id, ended_at=None)


def _close(sessions: QuerySet[AccountSession], at: datetime) -> int:
    keys = [key for key in sessions.values_list("session_key", flat=True) if key is not None]
    closed = sessions.update(ended_at=at, session_key=None)
    Session.objects.filter(pk__in=keys).delete()
    return closed
