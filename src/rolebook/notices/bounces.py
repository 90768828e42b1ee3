"""Rejected mail (IQCS-09): a report is taken where it names a mail of ours and the recipient it went to, and a mail
rejected for good deactivates as each program declares.

Two steps, each its own units of work: what a report says is put on record, then what follows is carried out. A worker
that is killed in between leaves the second to the next run of the job.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from rolebook.accounts.models import Account, Program
from rolebook.accounts.person_models import AddressStanding
from rolebook.accounts.queries.rolebooks import programs_in_force
from rolebook.accounts.rejected_addresses import note_rejected
from rolebook.accounts.texts import email_key
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance import locks
from rolebook.governance.flows.change_status import change_participation_status
from rolebook.governance.models import Participation
from rolebook.governance.refusals import Refused
from rolebook.notices.bounce_models import Bounce, UnusedReport
from rolebook.notices.delivery_reports import DeliveryReport, Kind, Told, read_report
from rolebook.notices.models import Notice
from rolebook.policy.model import Rolebook

TOO_OLD = timedelta(days=14)
"""After the mail was sent; mail servers give up after five days (RFC 5321, section 4.5.4.1)."""
A_RUN = 200
REASON = "A mail to the address of the account was rejected."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one report: the bounce that was put on record, or why it did nothing."""

    bounce: Bounce | None
    unused: str = ""

    def __str__(self) -> str:
        if self.bounce is None:
            return f"not used: {self.unused}"
        return f"{self.bounce.kind}, status {self.bounce.status or 'unknown'}"


def take_report(raw: bytes, *, source: Bounce.Source, at: datetime) -> Taken:
    """Put what a report (a whole mail) says on record, and carry out what follows; never raises for what it says.

    A report that is none, or about no mail of ours to that recipient, is counted and does nothing else.
    """
    report = read_report(raw)
    if report is None:
        return _unused("no report", at)
    return take(report, source=source, at=at)


def take(report: DeliveryReport, *, source: Bounce.Source, at: datetime) -> Taken:
    """Put what a report says on record, as `take_report` does."""
    notices = Notice.objects.select_related("recipient")
    notice = notices.filter(message_id=report.message_id, attempts__gt=0).first()
    if notice is None:
        return _unused("no mail of ours", at)
    account = notice.recipient
    if account is None or notice.address or account.status == Account.Status.CLOSED:
        return _unused("no account", at)
    if _sent_at(notice) < at - TOO_OLD:
        return _unused("too old", at)
    told = next((one for one in report.told if is_address_of(account, one.addresses)), None)
    if told is None:
        return _unused("other recipient", at)
    if told.kind is None:
        return _unused("not rejected", at)
    bounce, why = _record(notice, account, told, told.kind, source, at)
    if bounce is None:
        return _unused(why, at)
    if bounce.kind == Bounce.Kind.HARD:
        _settle(bounce, at)
    return Taken(bounce)


def is_address_of(account: Account, addresses: tuple[str, ...]) -> bool:
    """Return whether one of the addresses is the account's present one, as it stands in a mail."""
    own = _on_the_wire(account.email)
    return any(_on_the_wire(one) == own for one in addresses)


def settle_bounces(now: datetime) -> int:
    """Carry out what follows of rejected mails where that was cut short; return of how many."""
    open_ones = Bounce.objects.filter(kind=Bounce.Kind.HARD, settled_at=None).order_by("pk")
    rows = list(open_ones.select_related("account", "notice")[:A_RUN])
    for bounce in rows:
        _settle(bounce, now)
    return len(rows)


def _record(
    notice: Notice, account: Account, told: Told, kind: Kind, source: Bounce.Source, at: datetime
) -> tuple[Bounce | None, str]:
    """Store what was told in a unit of work, once a mail and kind; else return None and why not."""
    program_id = _program_of(notice)
    with unit_of_work(at=at, origin=Origin("job"), actor_id=None) as work:
        locks.lock(accounts=[account.pk])
        fresh = Account.objects.get(pk=account.pk)
        why = ""
        if not is_address_of(fresh, told.addresses):
            why = "other recipient"
        elif _proved_since(fresh, notice):
            why = "address proved since"
        elif Bounce.objects.filter(notice=notice, kind=kind.value).exists():
            why = "taken already"
        if why:
            work.nothing_happened()
            return None, why
        bounce = Bounce.objects.create(
            notice=notice,
            account=fresh,
            program_id=program_id,
            kind=kind.value,
            status=told.status,
            diagnostic=told.diagnostic,
            source=source,
            received_at=at,
        )
        work.record(
            tags.MAIL_BOUNCED,
            program_id=program_id,
            beneficiary_id=fresh.public_id,
            new={"rejection": kind.value, "status": told.status, "reported_by": str(source)},
            personal={"email": fresh.email, "diagnostic": told.diagnostic or None},
        )
    return bounce, ""


def _settle(bounce: Bounce, at: datetime) -> None:
    """Deactivate where a program's policy is met, flag the address where none waits for more; then note that it is
    done. May be done again.
    """
    effect: dict[str, str] = {}
    waits = False
    parts = Participation.objects.filter(account=bounce.account_id)
    theirs = set(parts.values_list("program_id", flat=True))
    for book in programs_in_force(at):
        program_id = book.program.id
        if program_id not in theirs:
            continue
        if not book.lifecycle.bounce_deactivates:
            if program_id == bounce.program_id:
                effect[program_id] = "not declared"
            continue
        if bounce.program_id in {None, program_id}:
            effect[program_id] = _deactivate(bounce, book, at)
        waits |= _waits_for_more(parts.get(program_id=program_id), book, at)
    if not waits:
        _flag(bounce, at)
    Bounce.objects.filter(pk=bounce.pk).update(effect=effect, settled_at=at)
    bounce.effect, bounce.settled_at = effect, at


def _deactivate(bounce: Bounce, book: Rolebook, at: datetime) -> str:
    """Deactivate somebody's part in a program if its policy is met now; return what became of it."""

    def still(participation: Participation) -> bool:
        active = participation.status == Participation.Status.ACTIVE
        return active and not _waits_for_more(participation, book, at) and not _proved_after(bounce)

    try:
        changed = change_participation_status(
            acting_user=None,
            program_id=book.program.id,
            beneficiary_id=bounce.account.public_id,
            status=Participation.Status.DEACTIVATED,
            reason=REASON,
            cause=Participation.Cause.BOUNCE,
            still=still,
            at=at,
            origin=Origin("job"),
        )
    except Refused as refusal:
        return refusal.violations[0].code
    if not changed.already:
        return "deactivated"
    participation = Participation.objects.get(account=bounce.account_id, program_id=book.program.id)
    if participation.status != Participation.Status.ACTIVE:
        return "not active"
    return "address proved" if _proved_after(bounce) else "waits for more"


def _waits_for_more(participation: Participation, book: Rolebook, at: datetime) -> bool:
    """Return whether an active part has fewer rejected mails than its program's policy wants for deactivation.

    Those count that came within the policy's days, since the address was last proved and since the part became what
    it is (a reactivation begins anew): of the program's mails and of those about the account itself.
    """
    if participation.status != Participation.Status.ACTIVE:
        return False
    policy = book.lifecycle
    counted = Bounce.objects.filter(
        Q(program=book.program.id) | Q(program=None),
        account=participation.account_id,
        kind=Bounce.Kind.HARD,
        received_at__lte=at,
    )
    if policy.bounces_within_days is not None:
        counted = counted.filter(received_at__gt=at - timedelta(days=policy.bounces_within_days))
    if participation.status_at is not None:
        counted = counted.filter(received_at__gt=participation.status_at)
    proved_at = _proved_at(participation.account_id)
    if proved_at is not None:
        counted = counted.filter(received_at__gt=proved_at)
    return counted.count() < policy.bounces_needed


def _flag(bounce: Bounce, at: datetime) -> None:
    with unit_of_work(at=at, origin=Origin("job"), actor_id=None) as work:
        locks.lock(accounts=[bounce.account_id])
        fresh = Account.objects.get(pk=bounce.account_id)
        if _proved_after(bounce) or not note_rejected(work, fresh):
            work.nothing_happened()


def _proved_after(bounce: Bounce) -> bool:
    proved_at = _proved_at(bounce.account_id)
    return proved_at is not None and proved_at >= bounce.received_at


def _proved_since(account: Account, notice: Notice) -> bool:
    proved_at = _proved_at(account.pk)
    return proved_at is not None and proved_at >= _sent_at(notice)


def _proved_at(account_pk: int) -> datetime | None:
    found = AddressStanding.objects.filter(account=account_pk).values_list("proved_at", flat=True)
    return found.first()


def _sent_at(notice: Notice) -> datetime:
    return notice.sent_at or notice.created_at


def _program_of(notice: Notice) -> str | None:
    """Return the program that a mail is about; None for a mail about the account itself."""
    if notice.event_sequence is None:
        named = notice.kind.partition(":")[2]  # of a digest
        return named if Program.objects.filter(pk=named).exists() else None
    events = Event.objects.filter(sequence=notice.event_sequence)
    return events.values_list("program_id", flat=True).first()


def _on_the_wire(address: str) -> str:
    """Return an address in the one form in which two are compared: the domain in ASCII, all of it case folded."""
    local, _, domain = email_key(address).rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return f"{local}@{domain}"


def _unused(why: str, at: datetime) -> Taken:
    with transaction.atomic():
        UnusedReport.objects.get_or_create(why=why, defaults={"last_at": at})
        UnusedReport.objects.filter(why=why).update(number=F("number") + 1, last_at=at)
    return Taken(None, why)
