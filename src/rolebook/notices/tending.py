"""The mails of one program that wait or could not be sent, for its stewards: seen, tried again, given up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.models import Participation
from rolebook.governance.queries import paging
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.stewards import administers, stewards_standing
from rolebook.governance.refusals import NotFound, Refused
from rolebook.notices.bounce_list import number_of_bounces
from rolebook.notices.holding import held, is_to_closed, to_closed
from rolebook.notices.models import Notice, PostponedEvent
from rolebook.policy.rules import Violation

type Shown = Literal["waiting", "failed"]
_STATES = {"waiting": Notice.State.WAITING, "failed": Notice.State.FAILED}
_OF_PROGRAM = "is_about_the_program"
AT_ONCE = 1_000
"""Mails tried again by one press."""


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """One mail: for whom, of which kind, since when, tried how often, when it is tried next, and the last answer."""

    notice_id: int
    recipient: str
    kind: str
    subject: str
    created_at: datetime
    attempts: int
    next_attempt_at: datetime
    last_error: str
    can_be_sent: bool
    """Whether there are words left to send: those of a mail with a code are erased when it is given up."""


@dataclass(frozen=True, slots=True)
class MailOverview:
    """How much of a program's mail waits, since when the oldest, how much could not be sent or not be worded."""

    waiting: int
    oldest: datetime | None
    failed: int
    unworded: int
    held: int
    """Of those that wait: held back, because the recipient's address rejects mail."""
    bounced: int
    """Mails that were rejected or delayed, by reports."""


def mail_overview(viewer: Account, program_id: str, at: datetime) -> MailOverview:
    """Return how a program's mail stands. Raises NotFound for who does not administer the program."""
    stewards_standing(viewer, program_id, at)
    waiting = _mails(program_id).filter(state=Notice.State.WAITING)
    events = Event.objects.filter(program_id=program_id).values("sequence")
    return MailOverview(
        waiting=waiting.count(),
        oldest=waiting.exclude(held()).order_by("created_at").values_list("created_at", flat=True).first(),
        failed=_mails(program_id).filter(state=Notice.State.FAILED).count(),
        unworded=PostponedEvent.objects.filter(sequence__in=events).count(),
        held=waiting.filter(held()).count(),
        bounced=number_of_bounces(program_id),
    )


def mails(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    shown: Shown,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[WaitingMail]:
    """Return mails that wait, the oldest first, or that could not be sent, the newest first.

    Raises NotFound for who does not administer the program.
    """
    stewards_standing(viewer, program_id, at)
    length = paging.bounded(limit)
    rows = _mails(program_id).filter(state=_STATES[shown]).select_related("recipient")
    key = paging.from_text(after)
    newest_first = shown == "failed"
    if key is not None:
        rows = rows.filter(pk__lt=key[1]) if newest_first else rows.filter(pk__gt=key[1])
    found = list(rows.order_by("-pk" if newest_first else "pk")[: length + 1])
    return paging.cut([_line(one) for one in found], [("", one.pk) for one in found], length)


def one_mail(viewer: Account, program_id: str, notice_id: int, at: datetime) -> WaitingMail:
    """Return one mail that waits or could not be sent. Raises NotFound."""
    stewards_standing(viewer, program_id, at)
    return _line(_find(program_id, notice_id))


def retry_mail(
    *, acting_user: Account, program_id: str, notice_id: int | None, at: datetime, origin: Origin
) -> int:
    """Let one mail, or all that could not be sent (None), be tried at once; return of how many.

    What a closed account would not get, and what has no words any more, stays as it is. Raises NotFound.
    """
    with attempt(
        tags.ATTEMPT_REFUSED_VIEW,
        acting_user=acting_user,
        at=at,
        origin=origin,
        about=About(program_id=program_id),
    ) as work:
        _require_steward(acting_user, program_id, at)
        chosen = _mails(program_id).exclude(text="").exclude(to_closed())
        if notice_id is None:
            chosen = chosen.filter(state=Notice.State.FAILED)
        else:
            chosen = chosen.filter(pk=_find(program_id, notice_id).pk)
        ids = list(chosen.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        again = 0
        for state, told in (
            (Notice.State.WAITING, {"next_attempt_at": at}),
            (
                Notice.State.FAILED,
                {"next_attempt_at": at, "created_at": at, "state": Notice.State.WAITING, "last_error": ""},
            ),
        ):
            again += Notice.objects.filter(pk__in=ids, state=state).update(**told)
        _record(work, tags.MAIL_RETRIED, program_id, again, "")
    return again


def give_up_mail(
    *, acting_user: Account, program_id: str, notice_id: int, reason: str, at: datetime, origin: Origin
) -> None:
    """Let a waiting mail not be sent any more. Raises Refused without a reason, or once it is sent; NotFound."""
    with attempt(
        tags.ATTEMPT_REFUSED_VIEW,
        acting_user=acting_user,
        at=at,
        origin=origin,
        about=About(program_id=program_id),
    ) as work:
        _require_steward(acting_user, program_id, at)
        told = " ".join(checked_text(reason).split())
        if not told:
            raise Refused([Violation("text_missing", {"field": "reason"})])
        notice = _find(program_id, notice_id)
        erased = {"subject": "", "text": "", "html": ""} if notice.holds_code else {}
        # Whoever is sending it at this moment records what came of it, and this does nothing.
        waiting = Notice.objects.filter(pk=notice.pk, state=Notice.State.WAITING, claim=None)
        given_up = waiting.update(
            state=Notice.State.FAILED, last_error=f"given up by the steward: {told}"[:300], **erased
        )
        if not given_up:
            raise Refused([Violation("mail_not_waiting")])
        _record(work, tags.MAIL_GIVEN_UP, program_id, 1, told)


def _require_steward(acting_user: Account, program_id: str, at: datetime) -> None:
    locks.lock(accounts=[acting_user.pk])
    if not administers(acting_standing(acting_user, program_id, at)):
        raise NotFound


def _record(work: UnitOfWork, tag: tags.Tag, program_id: str, number: int, reason: str) -> None:
    if not number:
        work.nothing_happened()
        return
    personal = {"reason": reason} if reason else {}
    work.record(tag, program_id=program_id, new={"mails": number}, personal=personal)


def _mails(program_id: str) -> QuerySet[Notice]:
    """Return the mails about a program, and those about the accounts themselves of people who take part in it."""
    events = Event.objects.filter(sequence=OuterRef("event_sequence"))
    theirs = Participation.objects.filter(account=OuterRef("recipient"), program_id=program_id)
    of_account = Q(event_sequence__isnull=True) | Exists(events.filter(program_id=None))
    mails = Notice.objects.annotate(**{_OF_PROGRAM: Exists(events.filter(program_id=program_id))})
    return mails.filter(Q(**{_OF_PROGRAM: True}) | (of_account & Exists(theirs)))


def _find(program_id: str, notice_id: int) -> Notice:
    found = _mails(program_id).filter(pk=notice_id).exclude(state=Notice.State.SENT)
    notice = found.select_related("recipient").first()
    if notice is None:
        raise NotFound
    return notice


def _line(notice: Notice) -> WaitingMail:
    recipient = notice.recipient
    return WaitingMail(
        notice_id=notice.pk,
        recipient=notice.name if recipient is None else recipient.name,
        kind=notice.kind,
        # The words of a mail about an account itself, such as one with a code, are for its reader alone.
        subject=notice.subject if getattr(notice, _OF_PROGRAM) else "",
        created_at=notice.created_at,
        attempts=notice.attempts,
        next_attempt_at=notice.next_attempt_at,
        last_error=notice.last_error,
        can_be_sent=bool(notice.text) and not is_to_closed(notice),
    )
