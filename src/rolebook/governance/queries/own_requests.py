"""My requests: each with its items, what became of each, and where it waits, for how long and for whom (an office)."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.asked_words import newest_words
from rolebook.governance.authority import Standing
from rolebook.governance.models import AccountForm, Request, RequestItem
from rolebook.governance.narrowing import told_items
from rolebook.governance.queries import paging
from rolebook.governance.queries.organization_search import matching
from rolebook.governance.queries.paging import OnPage, Page
from rolebook.governance.queries.pending import asked_title
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.waits import Waiting, wait_of, with_waits

AGAIN = (Request.State.DENIED, Request.State.WITHDRAWN, Request.State.RETURNED, Request.State.PARTLY_APPROVED)
"""States from which the requester may submit again (QPP-13)."""
_AGAIN = "was_submitted_again"
_BY_FORM = "was_made_with_the_form"
_WORDS = "newest_words"
_ASKED = "was_asked_for_again"
_STAGES = ("stages__position", "stages__pk")


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One thing asked, what became of it, and for whom it waits while it is pending."""

    kind: str
    role_id: str
    role_title: str
    organization_id: uuid.UUID | None
    organization_name: str | None
    organization_code: str | None
    organization_kind_id: str | None
    state: str
    waits: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request in a list of one's own.

    Attributes:
        items: what its present version asks for, in the order asked.
        waits: the offices that have to decide now, each place once, or the supervisor; the longest waiting first.
        came_to: (state, number of items) for a request of several items, the commonest state first.
        is_requester: whether the viewer asked for it.
        held: whether the rest waits for the requester's word, because another agency denied its part.
        by_form: whether it was made with the form of an account request: that is how it is asked for again, too.
        asked_again: whether who denied it asked the viewer to submit it again, who has not yet (QPP-13).
    """

    request_id: uuid.UUID
    state: str
    version: int
    reason: str
    items: tuple[ItemLine, ...]
    requester_name: str
    beneficiary_name: str
    submitted_at: datetime
    settled_at: datetime | None
    waits: tuple[Waiting, ...]
    came_to: tuple[tuple[str, int], ...]
    may_withdraw: bool
    may_submit_again: bool
    is_requester: bool
    held: bool
    by_form: bool
    asked_again: bool = False

    @property
    def to_answer(self) -> bool:
        """Whether it waits for the viewer, who made it: it is held, or came back."""
        return self.is_requester and (self.held or self.state == Request.State.RETURNED)

    @property
    def role_titles(self) -> tuple[str, ...]:
        """The titles of the roles asked for, each once."""
        return tuple(dict.fromkeys(item.role_title for item in self.items))

    @property
    def places(self) -> tuple[ItemLine, ...]:
        """One item for each organization that the request names, in the order asked."""
        named: dict[uuid.UUID, ItemLine] = {}
        for item in self.items:
            if item.organization_id is not None:
                named.setdefault(item.organization_id, item)
        return tuple(named.values())


def my_requests(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    state: str | None = None,
    search: str = "",
    to_answer_first: bool = False,
    none_pending: bool = False,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[RequestLine]:
    """Return the requests that the viewer made or that are for them, newest first; one statement, however many.

    With ``to_answer_first`` those that wait for the viewer are on the page however old they are, and no page follows.
    ``search`` is part of the name, code or number of an organization that one names. With ``none_pending`` it is known
    that none of them waits for anybody.
    """
    standing = viewer_standing(viewer, program_id, at)
    length = paging.bounded(limit)
    requests = Request.objects.filter(Q(requester=viewer) | Q(beneficiary=viewer), program_id=program_id)
    if state:
        requests = requests.filter(state=state)
    if paging.search_words(search):
        named = RequestItem.objects.filter(matching(search, "organization__"), request=OuterRef("pk"))
        requests = requests.filter(Exists(named))
    requests = requests.filter(paging.following(paging.instant_key(after), "submitted_at", newest_first=True))
    first = [Case(When(_to_answer(viewer), then=0), default=1)] if to_answer_first else []
    page = requests.order_by(*first, "-submitted_at", "-pk").values("pk")
    page = page[:length] if to_answer_first else page[: length + 1]
    found = _with_items(standing, page, none_pending=none_pending)
    lines = [request_line(standing, request, items) for request, items in found]
    return paging.cut(lines, [(one.submitted_at.isoformat(), one.pk) for one, _ in found], length)


def _to_answer(viewer: Account) -> Q:
    """Return the condition for the requests that wait for who made them; `RequestLine.to_answer` says the same."""
    held = Q(state=Request.State.PENDING, held_since__isnull=False)
    return (held | Q(state=Request.State.RETURNED)) & Q(requester=viewer)


def _with_items(
    standing: Standing, page: QuerySet[Request, Any], *, none_pending: bool
) -> list[tuple[Request, list[ItemLine]]]:
    """Return the requests of a page with the items of their present versions and where those wait; one statement."""
    items = RequestItem.objects.filter(
        OnPage(F("request"), Subquery(page)), request_version=F("request__version")
    )
    rows = (
        (items if none_pending else with_waits(items, standing.book, standing.at))
        .annotate(
            again=Exists(Request.objects.filter(resubmission_of=OuterRef("request"))),
            words=newest_words("request__"),
            by_form=Exists(AccountForm.objects.filter(request=OuterRef("request"))),
            asked=_was_asked("request__"),
        )
        .select_related("organization", "request__requester", "request__beneficiary")
        .order_by("-request__submitted_at", "-request", "position", *(() if none_pending else _STAGES))
    )
    requests: dict[int, Request] = {}
    lines: dict[int, dict[int, ItemLine]] = {}
    for item in _told(rows):
        request = requests.setdefault(item.request_id, item.request)
        setattr(request, _AGAIN, item.again)
        setattr(request, _WORDS, item.words)
        setattr(request, _BY_FORM, item.by_form)
        setattr(request, _ASKED, item.asked)
        of_request = lines.setdefault(request.pk, {})
        line = of_request.get(item.pk) or item_line(standing, item, ())
        wait = None if none_pending else wait_of(standing.book, item)
        if wait is not None and wait not in line.waits:
            line = replace(line, waits=(*line.waits, wait))
        of_request[item.pk] = line
    return [(request, list(lines[pk].values())) for pk, request in requests.items()]


def _told(rows: Iterable[Any]) -> Iterator[Any]:
    """Yield items in their order, request by request, without what a narrowing says already."""
    for _, of_request in groupby(rows, key=attrgetter("request_id")):
        yield from told_items(of_request)


def with_people(requests: QuerySet[Request]) -> QuerySet[Request]:
    """Return requests with requester and beneficiary, what was written, and whether each was submitted again."""
    again = Request.objects.filter(resubmission_of=OuterRef("pk"))
    forms = AccountForm.objects.filter(request=OuterRef("pk"))
    told = requests.annotate(
        **{_AGAIN: Exists(again), _WORDS: newest_words(), _BY_FORM: Exists(forms), _ASKED: _was_asked()}
    )
    return told.select_related("requester", "beneficiary")


def _was_asked(prefix: str = "") -> Exists:
    """Return the SQL condition that a request's requester was asked to submit it again; ``prefix`` leads to it."""
    return Exists(
        Event.objects.filter(request_id=OuterRef(f"{prefix}public_id"), tag=tags.REQUEST_ASKED_AGAIN.name)
    )


def item_line(standing: Standing, item: RequestItem, waits: Sequence[Waiting]) -> ItemLine:
    """Return an item with what it waits for."""
    place = item.organization
    return ItemLine(
        kind=item.kind,
        role_id=item.role_id,
        role_title=asked_title(standing.book, item),
        organization_id=None if place is None else place.public_id,
        organization_name=None if place is None else place.name,
        organization_code=None if place is None else place.code,
        organization_kind_id=None if place is None else place.kind_id,
        state=item.state,
        waits=tuple(waits),
    )


def state_shown(request_state: str, item_state: str) -> str:
    """Return the state in which a part of a request is shown: what came back is withdrawn where the request is."""
    taken_back = (request_state, item_state) == (Request.State.WITHDRAWN, RequestItem.State.RETURNED)
    return RequestItem.State.WITHDRAWN.value if taken_back else item_state


def request_line(standing: Standing, request: Request, told: Sequence[ItemLine]) -> RequestLine:
    """Return a request, read by `with_people`, as a list shows it to one of its own people."""
    asked = standing.account.pk == request.requester_id
    may_again = asked and request.state in AGAIN and not getattr(request, _AGAIN, False)
    items = [replace(item, state=state_shown(request.state, item.state)) for item in told]
    waits = dict.fromkeys(wait for item in items for wait in item.waits)
    return RequestLine(
        request_id=request.public_id,
        state=request.state,
        version=request.version,
        reason=getattr(request, _WORDS, request.reason),
        items=tuple(items),
        requester_name=request.requester.name,
        beneficiary_name=request.beneficiary.name,
        submitted_at=request.submitted_at,
        settled_at=request.settled_at,
        waits=tuple(sorted(waits, key=lambda one: one.since)),
        came_to=tuple(Counter(item.state for item in items).most_common()) if len(items) > 1 else (),
        may_withdraw=asked and request.state in (Request.State.PENDING, Request.State.RETURNED),
        may_submit_again=may_again,
        is_requester=asked,
        held=request.state == Request.State.PENDING and request.held_since is not None,
        by_form=getattr(request, _BY_FORM, False),
        asked_again=may_again and getattr(request, _ASKED, False),
    )
