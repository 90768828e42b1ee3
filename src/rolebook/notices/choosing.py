"""What a person chooses about reminders in a program: how often, by which calendar address, or not at all (QPP-16)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.core import signing

from rolebook.accounts.models import Account, canonical_id
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.governance import locks
from rolebook.governance.flows.attempt import acting_standing
from rolebook.governance.models import Participation
from rolebook.governance.participations import participation_of
from rolebook.governance.refusals import NotFound
from rolebook.notices.cadence import next_due
from rolebook.notices.facts import link
from rolebook.notices.models import CalendarAddress, Reminder

_STOPPING = signing.Signer(salt="rolebook.notices.stop-reminders", sep="~")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose in a program; what stands here before they chose anything is what forms offer first."""

    cadence: str = Reminder.Cadence.OFF
    weekday: int = 0
    hour: int = 9
    due_at: datetime | None = None
    calendar_made_at: datetime | None = None


def chosen_by(viewer: Account, program_id: str) -> Chosen:
    """Return what the viewer chose about reminders in a program."""
    reminder = Reminder.objects.filter(
        participation__account=viewer, participation__program_id=program_id
    ).first()
    address = CalendarAddress.objects.filter(
        participation__account=viewer, participation__program_id=program_id
    ).first()
    made_at = None if address is None else address.made_at
    if reminder is None:
        return Chosen(calendar_made_at=made_at)
    return Chosen(reminder.cadence, reminder.weekday, reminder.hour, reminder.due_at, made_at)


def choose_reminder(
    *,
    acting_user: Account,
    program_id: str,
    cadence: str,
    weekday: int,
    hour: int,
    at: datetime,
    origin: Origin,
) -> Reminder:
    """Choose how often the digest of pending requests comes; the same choice again changes nothing.

    ``weekday`` is 0 (Monday) to 6, ``hour`` 0 to 23 in the program's zone. Raises ValueError for anything else, and
    NotAllowed when the account or its part in the program is not active.
    """
    if cadence not in Reminder.Cadence.values or weekday not in range(7) or hour not in range(24):
        raise ValueError(
            f"found {cadence!r}, {weekday!r}, {hour!r}, expected a cadence, a weekday and an hour"
        )
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        participation = _part(work, acting_user, program_id, at)
        return _set(work, participation, Reminder(cadence=cadence, weekday=weekday, hour=hour), "page")


def _set(work: UnitOfWork, participation: Participation, wanted: Reminder, way: str) -> Reminder:
    """Store a choice with its event; the account is locked."""
    version, book = rolebook_in_force(participation.program_id, work.at)
    before = Reminder.objects.filter(participation=participation).first()
    old = _choice(before) if before is not None else {}
    if before is not None and old == _choice(wanted):
        work.nothing_happened()
        return before
    due_at = next_due(
        wanted.cadence, weekday=wanted.weekday, hour=wanted.hour, zone=book.program.zone, after=work.at
    )
    reminder, _ = Reminder.objects.update_or_create(
        participation=participation, defaults={**_choice(wanted), "due_at": due_at, "changed_at": work.at}
    )
    work.record(
        tags.REMINDER_CHOSEN,
        program_id=participation.program_id,
        beneficiary_id=participation.account.public_id,
        rolebook_version=version.number,
        old=old,
        new={**_choice(wanted), "way": way},
    )
    return reminder


def _choice(reminder: Reminder) -> dict[str, str | int]:
    return {"cadence": str(reminder.cadence), "weekday": reminder.weekday, "hour": reminder.hour}


def stop_url(account: Account, program_id: str) -> str:
    """Return the address under which a person's digests of one program, and nothing else, can be stopped."""
    return link(f"/stop-reminders/{_STOPPING.sign(f'{account.public_id}~{program_id}')}/")


def whose_reminders(token: str) -> Participation:
    """Return whose digests a token of ``stop_url`` stops. Raises NotFound for one that was not made here."""
    try:
        account_id, _, program_id = _STOPPING.unsign(token).partition("~")
    except signing.BadSignature:
        raise NotFound from None
    public_id = canonical_id(account_id)
    if public_id is None:
        raise NotFound
    parts = Participation.objects.select_related("account")
    participation = parts.filter(account__public_id=public_id, program_id=program_id).first()
    if participation is None:
        raise NotFound
    return participation


def stop_reminders(*, token: str, at: datetime, origin: Origin) -> Participation:
    """Stop the digests that a mail's token names, whoever has the mail (RFC 8058); stopping twice changes nothing.

    Raises NotFound for a token that was not made here.
    """
    participation = whose_reminders(token)
    with unit_of_work(at=at, origin=origin) as work:
        locks.lock(accounts=[participation.account_id])
        before = Reminder.objects.filter(participation=participation).first()
        if before is None or before.cadence == Reminder.Cadence.OFF:
            work.nothing_happened()
            return participation
        off = Reminder(cadence=Reminder.Cadence.OFF, weekday=before.weekday, hour=before.hour)
        _set(work, participation, off, "link in a mail")
    return participation


def make_calendar_address(*, acting_user: Account, program_id: str, at: datetime, origin: Origin) -> str:
    """Make the private address of a person's calendar and return it, this once; the one before stops working.

    Raises NotAllowed when the account or its part in the program is not active.
    """
    token = secrets.token_urlsafe(32)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        participation = _part(work, acting_user, program_id, at)
        _, first = CalendarAddress.objects.update_or_create(
            participation=participation, defaults={"token_hash": hash_of(token), "made_at": at}
        )
        work.record(
            tags.CALENDAR_ADDRESS_MADE,
            program_id=program_id,
            beneficiary_id=acting_user.public_id,
            new={"replaced": not first},
        )
    return link(f"/calendar/{token}.ics")


def revoke_calendar_address(*, acting_user: Account, program_id: str, at: datetime, origin: Origin) -> None:
    """Stop a person's calendar address; without one nothing changes. Raises NotAllowed as making one does."""
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        participation = _part(work, acting_user, program_id, at)
        if not CalendarAddress.objects.filter(participation=participation).delete()[0]:
            work.nothing_happened()
            return
        work.record(
            tags.CALENDAR_ADDRESS_REVOKED, program_id=program_id, beneficiary_id=acting_user.public_id
        )


def hash_of(token: str) -> bytes:
    """Return what is kept of a calendar address's token (SHA-256; the token has 256 random bits)."""
    return hashlib.sha256(token.encode()).digest()


def _part(work: UnitOfWork, acting_user: Account, program_id: str, at: datetime) -> Participation:
    locks.lock(accounts=[acting_user.pk])
    standing = acting_standing(acting_user, program_id, at)
    return participation_of(work, standing.account, program_id, at)
