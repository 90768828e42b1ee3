"""Approve or deny what was selected: a page that names it all, one press, and what became of each (QPP-15)."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from rolebook.accounts.models import canonical_id
from rolebook.governance.deciding import AlreadyDecided, Decided, ReturnedForChange
from rolebook.governance.flows.attempt import MOST_AT_ONCE
from rolebook.governance.flows.decide_stages import NotDecided, ShownStage, decide_stages
from rolebook.governance.instants import instant_in_words
from rolebook.governance.models import RequestItem, Stage
from rolebook.governance.queries.chosen import chosen_stages
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import PendingRow, asked_titles, items_by_stage
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.to_decide import Filters, count_to_decide, matching_stage_ids
from rolebook.governance.refusals import Refused
from rolebook.policy.words import sentence
from rolebook.web.answers import SELECT, asked, first_address, program_view, said_of, with_parameters
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.pages.decide import said_of_reason, typed_reason
from rolebook.web.program import ProgramRequest
from rolebook.web.zones import viewer_zone

_VERDICTS = frozenset({"approved", "denied"})
_PAGE, _EVERY = "page", "every"
"""What `SELECT` says in the address of a list whose every row is to be ticked (for browsers without scripts), or all
that matches on every page; else it names the stages whose rows are.
"""
_LIST = ("search", "role", "sort", "organization", "organizations-after")
_PAGES = ("after", "pending-after")
"""What else the address of such a list may have, and what says which page of it."""
_LONGEST_ADDRESS = 8_000


@dataclass(frozen=True, slots=True)
class Selecting:
    """What a list of pending requests needs for deciding several of them.

    Attributes:
        on_page: how many of the page's rows the viewer may decide together with others.
        all_on_page: whether they are to be ticked.
        every: whether all that matches is to be ticked.
        ticked: the stages whose rows are, where not all on the page are.
        matching: how many match on all pages, where more than this page and no more than one call decides; else 0.
        select_url: the same page with every row ticked.
        filters: what the list is narrowed to; on View Users to its organization.
        list_query: what the page's address has besides, to come back to it.
    """

    on_page: int
    all_on_page: bool
    every: bool
    ticked: frozenset[uuid.UUID]
    matching: int
    select_url: str
    filters: Filters
    list_query: str


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a call: who, what and where, and what there is to say about it."""

    person: str
    roles: str
    place: str
    url: str
    said: str = ""


def selecting(
    request: ProgramRequest,
    page: Page[PendingRow],
    *,
    after_name: str,
    filters: Filters,
    total: int | None = None,
) -> Selecting | None:
    """Return how the rows of a page can be selected, or None where there are not two to decide.

    ``after_name`` is the parameter that says which page it is; ``total`` how many match that the viewer may decide,
    where that has been counted already. At most one statement.
    """
    on_page = sum(row.may_decide and not row.shown_whole for row in page.rows)
    if on_page < 2:
        return None
    matching = 0
    if page.next_after or first_address(request, after_name):
        standing = viewer_standing(request.account, request.program.id, request.at)
        lifecycle = request.rolebook.lifecycle
        apart = lifecycle.inactivity_months is not None or lifecycle.bounce_deactivates
        # Reactivations are in the total, and decided one by one.
        found = total
        if found is None or apart:
            found = count_to_decide(standing, MOST_AT_ONCE + 1, filters, together=True)
        matching = found if found <= MOST_AT_ONCE else 0
    wanted = asked(request, SELECT)
    ticked = (canonical_id(one) for one in wanted.split(","))
    return Selecting(
        on_page=on_page,
        all_on_page=wanted in (_PAGE, _EVERY),
        every=wanted == _EVERY and bool(matching),
        ticked=frozenset(one for one in ticked if one is not None),
        matching=matching,
        select_url=with_parameters(request, {SELECT: _PAGE}, "pending"),
        filters=filters,
        list_query=with_parameters(request, {}).partition("?")[2],
    )


@program_view
@require_POST
def decide_selected(request: ProgramRequest) -> HttpResponse:
    """Name everything that was selected and ask once; nothing is decided yet."""
    verdict, organization_id = _verdict(request), _organization(request)
    setattr(request, CURRENT_ENTRY, "manage-access")
    stage_ids: Sequence[uuid.UUID | str] = request.POST.getlist("stage")[: MOST_AT_ONCE + 1]
    together = _matching(request, organization_id)
    if together is not None:
        stage_ids = matching_stage_ids(
            request.account, request.program.id, request.at, together, most=MOST_AT_ONCE + 1
        )
    if not stage_ids:
        return _back(
            request, organization_id, "Nothing is selected. Tick the requests that you want to decide."
        )
    if len(stage_ids) > MOST_AT_ONCE:
        return _back(request, organization_id, sentence("too_many_at_once", most=MOST_AT_ONCE))
    return _summary(request, verdict, organization_id, stage_ids)


def _summary(
    request: ProgramRequest,
    verdict: str,
    organization_id: uuid.UUID | None,
    stage_ids: Sequence[uuid.UUID | str],
    wrong: str = "",
) -> HttpResponse:
    """Name everything that was chosen; ``wrong`` is what is wrong with the reason that was typed already."""
    try:
        chosen = chosen_stages(request.account, request.program.id, stage_ids, request.at)
    except Refused as refusal:
        return _back(request, organization_id, " ".join(said_of(refusal)))
    shown = {
        "verdict": verdict,
        "waiting": chosen.waiting,
        "people": len({row.beneficiary_id for row in chosen.waiting}),
        "roles": _counted(row.role_titles for row in chosen.waiting),
        "places": _counted([row.organization_name or ""] for row in chosen.waiting),
        "settled": _settled(request, chosen.settled),
        "organization_id": organization_id,
        "back_url": _address(request, organization_id, ticked=True),
        "list_query": _list_query(request, ticked=True),
        "typed": typed_reason(request),
        "wrong": wrong,
        "problems_at": [("reason", wrong)] if wrong else [],
    }
    return render(request, "pages/decide_selected.html", shown, status=422 if wrong else 200)


@program_view
@require_POST
def decide_many(request: ProgramRequest) -> HttpResponse:
    """Record one verdict on everything that the page before named, and say what became of each."""
    verdict, organization_id = _verdict(request), _organization(request)
    setattr(request, CURRENT_ENTRY, "manage-access")
    chosen = [_shown_stage(text) for text in request.POST.getlist("shown")]
    try:
        results = decide_stages(
            acting_user=request.account,
            program_id=request.program.id,
            stages=chosen,
            verdict=verdict,
            reason=request.POST.get("reason", ""),
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        if wrong := said_of_reason(refusal):
            return _summary(request, verdict, organization_id, [one.stage_id for one in chosen], wrong)
        said = "Nothing was decided. " + " ".join(said_of(refusal))
        return _back(request, organization_id, said)
    stages = [_stage(result) for result in results]
    items = items_by_stage([stage.pk for stage in stages])
    decided: list[Line] = []
    meanwhile: list[Line] = []
    returned: list[Line] = []
    kept: list[Line] = []
    for result, stage in zip(results, stages, strict=True):
        match result:
            case AlreadyDecided():
                meanwhile.append(_line(request, stage, items, _who_was_first(request, result)))
            case ReturnedForChange():
                returned.append(_line(request, stage, items))
            case NotDecided():
                said = " ".join(sentence(v.code, **v.params) for v in result.violations)
                kept.append(_line(request, stage, items, said))
            case _:
                decided.append(_line(request, stage, items))
    shown = {
        "verdict": verdict,
        "decided": decided,
        "meanwhile": meanwhile,
        "returned": returned,
        "kept": kept,
        "organization_id": organization_id,
        "back_url": _address(request, organization_id),
    }
    return render(request, "pages/decided_many.html", shown)


def _matching(request: ProgramRequest, organization_id: uuid.UUID | None) -> Filters | None:
    """Return what is chosen by what it has in common: everything of one request, or everything that matches."""
    of_request = request.POST.get("request", "").partition(":")[2]
    if of_request:
        return Filters(organization_id=organization_id, request_id=of_request)
    if not request.POST.get("every"):
        return None
    search = request.POST.get("search", "").replace("\0", "")
    role_id = request.POST.get("role", "").replace("\0", "")
    return Filters(organization_id=organization_id, role_id=role_id or None, search=search)


def _verdict(request: ProgramRequest) -> str:
    verdict = request.POST.get("verdict", "") or request.POST.get("request", "").partition(":")[0]
    if verdict not in _VERDICTS:
        raise BadRequest("a decision names a verdict")
    return verdict


def _organization(request: ProgramRequest) -> uuid.UUID | None:
    return canonical_id(request.POST.get("organization", ""))


def _shown_stage(text: str) -> ShownStage:
    """Return a line of the summary from its hidden field: the stage, the request's version, the hash of its items."""
    stage_id, version, items_hash = (*text.split(":"), "", "")[:3]
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise BadRequest("a decision names the version that was shown")
    return ShownStage(stage_id, int(version), items_hash)


def _counted(titles: Iterable[Iterable[str]]) -> list[tuple[str, int]]:
    """Return each title with how many requests name it, most first."""
    return Counter(title for some in titles for title in some).most_common()


def _stage(result: Decided | NotDecided) -> Stage:
    return result.stage


def _line(
    request: ProgramRequest, stage: Stage, items: Mapping[int, Sequence[RequestItem]], said: str = ""
) -> Line:
    return Line(
        person=stage.request.beneficiary.name,
        roles=asked_titles(request.rolebook, items.get(stage.pk, ())),
        place=stage.organization.name if stage.organization is not None else "",
        url=reverse("request", args=[request.program.id, stage.request.public_id]),
        said=said,
    )


def _settled(request: ProgramRequest, settled: Sequence[AlreadyDecided]) -> list[Line]:
    items = items_by_stage([one.stage.pk for one in settled]) if settled else {}
    return [_line(request, one.stage, items, _who_was_first(request, one)) for one in settled]


def _who_was_first(request: ProgramRequest, found: AlreadyDecided) -> str:
    """Say who decided, what and when."""
    zone = viewer_zone(request, request.program.zone)
    when = f" on {instant_in_words(found.at, zone)}" if found.at is not None else ""
    if found.by_you:
        return f"You {found.state} it{when}; that stands."
    if found.by is None:
        return f"It was taken back or changed{when}."
    return f"{found.by.name} {found.state} it{when}."


def _list_query(request: ProgramRequest, *, ticked: bool) -> str:
    """Return the rest of the address of the list that was chosen from: with its page and what was ticked there, or
    from its beginning.

    A form carries it as ``list``; nothing else of that is kept than what such a list may have.
    """
    said = dict(parse_qsl(request.POST.get("list", "")[:_LONGEST_ADDRESS].replace("\0", "")))
    kept = {name: said[name] for name in _LIST if name in said}
    if not ticked:
        return urlencode(kept)
    chosen = map(canonical_id, request.POST.getlist("stage")[:MOST_AT_ONCE])
    select = _EVERY if request.POST.get("every") else ",".join(str(one) for one in chosen if one)
    kept |= {name: said[name] for name in _PAGES if name in said}
    select = select or said.get(SELECT, "")
    return urlencode({**kept, SELECT: select} if select else kept)


def _address(request: ProgramRequest, organization_id: uuid.UUID | None, *, ticked: bool = False) -> str:
    """Return the address of the list that was chosen from, as `_list_query` says."""
    query = _list_query(request, ticked=ticked)
    path = reverse("manage-access", args=[request.program.id])
    if organization_id is not None:
        path = reverse("organization-users", args=[request.program.id, organization_id])
    return path + (f"?{query}#pending" if query else "")


def _back(request: ProgramRequest, organization_id: uuid.UUID | None, said: str) -> HttpResponse:
    messages.warning(request, said)
    return HttpResponseRedirect(_address(request, organization_id, ticked=True), status=303)
