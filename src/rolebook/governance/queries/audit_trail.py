"""The audit log for people: the searchable list, one person's history, one request's, and one's own (I1, I3, I12).

Every list is newest first, paged by sequence, and walks over a bounded stretch of the log (`audit_walk`).
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.texts import email_key
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.authority import Standing
from rolebook.governance.models import Participation, Request
from rolebook.governance.queries import audit_words as words
from rolebook.governance.queries import paging
from rolebook.governance.queries.audit_lines import EventLine, Eyes, lines_of
from rolebook.governance.queries.audit_reach import Reach, reach_of
from rolebook.governance.queries.audit_walk import BEYOND, bounds, walk_back
from rolebook.governance.queries.request_parts import sees_whole
from rolebook.governance.queries.seeing import find_request, public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound

_MOST_MATCHES = 20
"""People, and organizations, that a search of the whole program follows; more have to be told apart first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: words of names or codes, a kind of `audit_words.KINDS`, and instants (half-open)."""

    person: str = ""
    organization: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """One page of events.

    Attributes:
        next_after: the key after which the next page begins; None: nothing is left to look at.
        looked_back_to: where the page looked through its whole stretch of the log without being full: the instant of
            the last event it looked at.
        too_many: "people" or "organizations" where more match than can be followed at once.
        closed_histories: requests of the lines whose own history the viewer may not read.
    """

    lines: tuple[EventLine, ...]
    next_after: str | None = None
    looked_back_to: datetime | None = None
    too_many: str = ""
    closed_histories: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The list, and whether there are several organizations to choose among."""

    trail: Trail
    whole: bool
    many_places: bool


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """One person's history, as far as the viewer may see it."""

    account_id: uuid.UUID
    name: str
    trail: Trail


@dataclass(frozen=True, slots=True)
class _Source:
    """What a page walks along, and what it then keeps."""

    keys: tuple[Q, ...]
    kept: Q
    since: int = 0
    until: int = BEYOND
    person: str = ""


def audit_trail(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    wanted: Wanted | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> AuditPage:
    """Return the events of a program that the viewer may see by an office, newest first; at most twelve statements.

    Raises NotFound for a viewer who has no such office.
    """
    standing = viewer_standing(viewer, program_id, at)
    reach = reach_of(standing)
    if not reach.is_any:
        raise NotFound
    wanted = wanted or Wanted()
    source = _wanted_source(reach, wanted)
    if isinstance(source, str):
        trail = Trail((), too_many=source)
    else:
        trail = _page(source, Eyes(standing.book, viewer.public_id), after, limit)
    return AuditPage(trail, reach.whole, reach.whole or reach.many is not None or len(reach.places) > 1)


def person_history(
    viewer: Account,
    program_id: str,
    account_id: uuid.UUID | str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> PersonHistory:
    """Return what one person did, and what was done about them, where the viewer may see it.

    Raises NotFound without an office, and for people who have nothing, and never had, where the office reaches.
    """
    standing = viewer_standing(viewer, program_id, at)
    reach = reach_of(standing)
    person = reach.person(public_id_of(account_id))
    if person is None:
        raise NotFound
    about = Q(actor_id=person.public_id) | Q(beneficiary_id=person.public_id)
    source = _Source(_keys(reach, [person.public_id]), reach.events() & about)
    trail = _page(source, Eyes(standing.book, viewer.public_id), after, limit)
    return PersonHistory(person.public_id, person.name, trail)


def own_history(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Trail:
    """Return what the viewer did in a program and with their account, and what was done about them.

    Everybody may see their own. Others' refused attempts are told to those only who have an office there. What came
    of a user ID that one named as one's own, too, is left out: it would tell whether there is such an account (I14).
    """
    standing = viewer_standing(viewer, program_id, at)
    reach = reach_of(standing)
    mine = viewer.public_id
    keys = (Q(actor_id=mine), Q(beneficiary_id=mine))
    named = Q(tag__in=(tags.ACCOUNT_NAMED_SAME.name, tags.ACCOUNT_TOLD_APART.name))
    kept = (
        (keys[0] | keys[1]) & (Q(program_id=program_id) | Q(program_id=None)) & _own(viewer, reach) & ~named
    )
    trail = _page(_Source(keys, kept), (standing, reach), after, limit)
    return replace(trail, closed_histories=_closed_histories(viewer, reach, trail.lines))


def request_history(
    viewer: Account,
    program_id: str,
    request_id: uuid.UUID | str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Trail:
    """Return what happened about one request.

    Its requester and beneficiary see its course; an official sees what happened at their own organizations, and what
    happened at none, without what tells of others that were asked, where agencies do not decide for one another
    (docs/decisions/0033); a steward everything. Raises NotFound for everybody else.
    """
    standing = viewer_standing(viewer, program_id, at)
    reach = reach_of(standing)
    request = find_request(program_id, request_id)
    about = Q(program_id=program_id, request_id=request.public_id)
    if viewer.pk in (request.requester_id, request.beneficiary_id):
        kept = about & _own(viewer, reach)
        return _page(_Source((about,), kept), (standing, reach), after, limit)
    if not reach.is_any or not Event.objects.filter(about & reach.events()).exists():
        raise NotFound
    at_none = Q(organization_id=None) & ~Q(tag__startswith=words.REFUSED)
    # Who reads the whole log knows it all from there.
    in_part = not reach.whole and not sees_whole(standing, request)
    if in_part:
        at_none &= ~Q(tag=tags.REQUEST_SETTLED.name)
    eyes = Eyes(standing.book, viewer.public_id, in_part=in_part)
    return _page(_Source((about,), about & (reach.events() | at_none)), eyes, after, limit)


def may_see_official_history(
    viewer: Account, program_id: str, request_id: uuid.UUID | str, at: datetime
) -> bool:
    """Return whether `request_history` shows the viewer anything by an office; at most two statements."""
    reach = reach_of(viewer_standing(viewer, program_id, at))
    about = Q(program_id=program_id, request_id=public_id_of(request_id))
    return reach.is_any and Event.objects.filter(about & reach.events()).exists()


def every_event(
    program_id: str, at: datetime, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[EventLine]:
    """Yield all events of a program, oldest first, for the operator at the command line; nobody else calls this."""
    _, book = rolebook_in_force(program_id, at)
    first, beyond = bounds(since, until)
    kept = Q(program_id=program_id, sequence__lt=beyond) & _between(since, until)
    eyes = Eyes(book, None)
    while True:
        events = list(
            Event.objects.filter(kept, sequence__gte=first).order_by("sequence")[: paging.MOST_ROWS]
        )
        yield from lines_of(events, eyes)
        if len(events) < paging.MOST_ROWS:
            return
        first = events[-1].sequence + 1


def _closed_histories(viewer: Account, reach: Reach, lines: Sequence[EventLine]) -> frozenset[uuid.UUID]:
    """Return the requests of some lines whose `request_history` the viewer may not read; one statement.

    Who decided a request without an office that reads the log has the decision in their own history, and no more.
    """
    named = {line.request_id for line in lines if line.request_id is not None}
    readable = Q(requester=viewer) | Q(beneficiary=viewer)
    if reach.is_any:
        about = Event.objects.filter(
            reach.events(), program_id=reach.program_id, request_id=OuterRef("public_id")
        )
        readable |= Q(Exists(about))
    found = Request.objects.filter(readable, program_id=reach.program_id, public_id__in=named)
    return frozenset(named.difference(found.values_list("public_id", flat=True)))


def _own(viewer: Account, reach: Reach) -> Q:
    """Return the SQL condition for one's own events that one may see: all but the refused attempts of others."""
    to_sign_in = (tags.ATTEMPT_REFUSED_SIGN_IN.name, tags.ATTEMPT_REFUSED_CONFIRM.name)
    theirs = Q(actor_id=viewer.public_id) | Q(tag__in=to_sign_in, actor_id=None)
    own = ~Q(tag__startswith=words.REFUSED) | theirs
    return own | reach.events() if reach.is_any else own


def _between(since: datetime | None, until: datetime | None) -> Q:
    condition = Q()
    if since is not None:
        condition &= Q(occurred_at__gte=since)
    if until is not None:
        condition &= Q(occurred_at__lt=until)
    return condition


def _keys(
    reach: Reach, people: Sequence[uuid.UUID] = (), organizations: Sequence[uuid.UUID] = ()
) -> tuple[Q, ...]:
    """Return the indexes' keys to walk along for a person, or an organization, in reach.

    Along people only where the whole program is in reach: how far a page looks back would tell an official how much
    somebody does elsewhere (I1).
    """
    if organizations:
        return tuple(Q(organization_id=one) for one in organizations)
    if people and reach.whole:
        return tuple(Q(**{column: one}) for one in people for column in ("actor_id", "beneficiary_id"))
    if reach.places:
        return tuple(Q(organization_id=place.organization_id) for place in reach.places)
    return (Q(program_id=reach.program_id),)


def _wanted_source(reach: Reach, wanted: Wanted) -> _Source | str:
    """Return what a search walks along and keeps, or what of it matches too many."""
    kept = reach.events() & _between(wanted.since, wanted.until)
    if wanted.kind:
        kept &= Q(tag__in=words.tags_of(wanted.kind))
    people: list[uuid.UUID] = []
    person = paging.search_words(wanted.person)
    if person and reach.whole:
        people = _people(reach.program_id, person)
        kept &= Q(actor_id__in=people) | Q(beneficiary_id__in=people)
        if len(people) > _MOST_MATCHES:
            return "people"
    organizations: list[uuid.UUID] = []
    place = paging.search_words(wanted.organization)
    if place:
        organizations = _organizations(reach, place)
        kept &= Q(organization_id__in=organizations)
        if len(organizations) > _MOST_MATCHES and not reach.places:
            return "organizations"
    nothing = (place and not organizations) or (person and reach.whole and not people)
    since, until = bounds(wanted.since, wanted.until)
    keys = () if nothing else _keys(reach, people, organizations)
    return _Source(keys, kept, since, until, "" if reach.whole else person)


def _matches(person: str) -> Q:
    return Q(name__icontains=person) | Q(user_id=person) | Q(email_key=email_key(person))


def _people(program_id: str, person: str) -> list[uuid.UUID]:
    """Return who in the program is meant: people whose name has the words, or whose user ID or address they are."""
    part = Participation.objects.filter(program_id=program_id).values("account")
    found = Account.objects.filter(_matches(person), pk__in=part).order_by("name", "pk")
    return list(found.values_list("public_id", flat=True)[: _MOST_MATCHES + 1])


def _organizations(reach: Reach, place: str) -> list[uuid.UUID]:
    """Return which organizations in reach are meant: those that have the words in name, code or number."""
    if reach.places:
        return [one.organization_id for one in reach.places if place in one.search_key]
    found = Organization.objects.filter(
        reach.many or Q(), program_id=reach.program_id, search_key__contains=place
    ).order_by("name", "pk")
    return list(found.values_list("public_id", flat=True)[: _MOST_MATCHES + 1])


def _page(source: _Source, eyes: Eyes | tuple[Standing, Reach], after: str | None, limit: int) -> Trail:
    """Return one page of a source. A pair of standing and reach asks for the eyes of somebody who sees their own."""
    length = paging.bounded(limit)
    key = paging.from_text(after)
    before = source.until if key is None else min(source.until, key[1])
    stretch = walk_back(source.keys, before=before, since=source.since)
    events = Event.objects.filter(source.kept, sequence__in=stretch.sequences)
    if source.person:
        candidates = Event.objects.filter(sequence__in=stretch.sequences)
        people = Account.objects.filter(
            _matches(source.person),
            Q(public_id__in=candidates.values("actor_id"))
            | Q(public_id__in=candidates.values("beneficiary_id")),
        ).values("public_id")
        events = events.filter(Q(actor_id__in=people) | Q(beneficiary_id__in=people))
    found = list(events.order_by("-sequence")[: length + 1])
    shown = found[:length]
    if isinstance(eyes, tuple):
        standing, reach = eyes
        unseen = frozenset(event.sequence for event in shown) - reach.covered(shown)
        eyes = Eyes(standing.book, standing.account.public_id, unseen)
    lines = lines_of(shown, eyes)
    if len(found) > length:
        return Trail(lines, paging.to_text(("", shown[-1].sequence)))
    if not stretch.floor:
        return Trail(lines)
    looked_to = Event.objects.filter(sequence=stretch.floor).values_list("occurred_at", flat=True).first()
    return Trail(lines, paging.to_text(("", stretch.floor)), looked_to)
