"""The monthly notice about organizations with fewer officials than recommended (IQIES-06). Advice, never a block.

Each official gets one mail about all of their organizations; the program's stewards get one about those that have
nobody. That a month has been told of is a row, written with its mails: of two workers one writes them, and a month that
passed while no worker ran is not made up for.
"""

import logging
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import programs_in_force
from rolebook.governance.authority import in_force
from rolebook.governance.models import Grant
from rolebook.governance.queries.shortage import officials_of, recommended, short_organizations
from rolebook.governance.quiet import counts
from rolebook.notices.facts import contact_line, link
from rolebook.notices.letter import Button, Letter, write
from rolebook.notices.message import message_id
from rolebook.notices.models import Notice, OfficialsRound
from rolebook.policy.model import STEWARD_ID, Rolebook

HOUR = 9
"""Of the first day of the month, in the program's zone; later when no worker ran then."""
LISTED = 20
_BATCH = 500

_log = logging.getLogger(__name__)


def tell_shortages(now: datetime) -> int:
    """Put the mails of the month into the outbox for every program that has not had them; return how many.

    The month in which a program is first looked at is left out: whoever has just begun is not told at once.
    """
    return sum(_tell(book, now) for book in programs_in_force(now) if book.recommendations)


def _tell(book: Rolebook, now: datetime) -> int:
    zone = ZoneInfo(book.program.zone)
    month = now.astimezone(zone).date().replace(day=1)
    rounds = OfficialsRound.objects.filter(program_id=book.program.id)
    newest = rounds.order_by("-month").values_list("month", flat=True).first()
    if newest is None:
        return _store(book, month, [])
    if month <= newest or now < datetime.combine(month, time(HOUR), zone):
        return 0
    try:
        notices = list(_notices(book, now))
    except (
        Exception
    ):  # One program in an unforeseen state must not keep the others' officials from being told.
        _log.exception("the officials of %s could not be told of the shortage", book.program.id)
        return 0
    return _store(book, month, notices)


def _store(book: Rolebook, month: date, notices: list[Notice]) -> int:
    try:
        with transaction.atomic():
            OfficialsRound.objects.create(program_id=book.program.id, month=month, notices=len(notices))
            Notice.objects.bulk_create(notices, batch_size=_BATCH)
    except IntegrityError:  # Another worker was first.
        return 0
    return len(notices)


def _notices(book: Rolebook, now: datetime) -> Iterator[Notice]:
    short = list(short_organizations(book, now).order_by("name", "pk"))
    people: dict[int, Account] = {}
    theirs: dict[int, list[Organization]] = {}
    without: list[Organization] = []
    officials: dict[int, tuple[Account, ...]] = {}
    for start in range(0, len(short), _BATCH):
        officials.update(officials_of(book, [place.pk for place in short[start : start + _BATCH]], now))
    for place in short:
        found = officials.get(place.pk, ())
        if not found:
            without.append(place)
        for account in found:
            people[account.pk] = account
            theirs.setdefault(account.pk, []).append(place)
    for pk, places in theirs.items():
        yield _notice(book.program.id, people[pk], _to_official(book, places), now)
    if without:
        for steward in _stewards(book, now):
            yield _notice(book.program.id, steward, _to_steward(book, without), now)


def _stewards(book: Rolebook, now: datetime) -> Iterator[Account]:
    holding = Grant.objects.filter(in_force(now), counts(now), program_id=book.program.id, role_id=STEWARD_ID)
    active = Account.objects.filter(pk__in=holding.values("account"), status=Account.Status.ACTIVE)
    yield from active.order_by("pk")


def _to_official(book: Rolebook, places: list[Organization]) -> Letter:
    program = book.program
    one, title = len(places) == 1, _title(book, places)
    where = places[0].name if one else f"{len(places):,} of your organizations"
    return Letter(
        subject=f"{program.short_name}: Few officials: {where}",
        first_line=f"{where} {'has' if one else 'have'} fewer people as {title} than recommended.",
        facts=tuple(
            (place.name, f"at least {recommended(book, place.kind_id)} recommended")
            for place in places[:LISTED]
        ),
        paragraphs=(
            f"And {len(places) - LISTED:,} more." if len(places) > LISTED else "",
            book.hint("few_officials") or "",
            f"A colleague can ask for the role of {title} in {program.short_name} under Request a Role, where "
            "the role can be requested. This is advice: nothing stops working.",
        ),
        button=Button("Open Manage Access", link(f"/{program.id}/manage-access/")),
        whom_to_ask=contact_line(book),
        reason_for_mail=f"You get this once a month while it is so, because you are {title} there.",
    )


def _to_steward(book: Rolebook, places: list[Organization]) -> Letter:
    program = book.program
    one, title = len(places) == 1, _title(book, places)
    where = places[0].name if one else f"{len(places):,} organizations"
    return Letter(
        subject=f"{program.short_name}: No official: {where}",
        first_line=f"{where} {'has' if one else 'have'} nobody as {title}. Requests there wait for you.",
        facts=tuple((place.name, "no official") for place in places[:LISTED]),
        paragraphs=(
            f"And {len(places) - LISTED:,} more." if len(places) > LISTED else "",
            book.hint("few_officials") or "",
        ),
        button=Button("See all that have few", link(f"/{program.id}/officials/")),
        whom_to_ask=contact_line(book),
        reason_for_mail="You get this once a month while it is so, because you are a steward of the program.",
    )


def _title(book: Rolebook, places: list[Organization]) -> str:
    """Return what the officials of these organizations are called, by the first role that is recommended there."""
    kinds = {place.kind_id for place in places}
    roles = [book.role(advice.role_id) for advice in book.recommendations if kinds & set(advice.kinds)]
    titles = dict.fromkeys(role.title for role in roles if role is not None)
    return " or ".join(titles) or "official"


def _notice(program_id: str, recipient: Account, letter: Letter, now: datetime) -> Notice:
    written = write(letter)
    return Notice(
        recipient=recipient,
        kind=f"few-officials:{program_id}",
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=message_id(uuid.uuid4().hex),
        next_attempt_at=now,
        created_at=now,
    )
