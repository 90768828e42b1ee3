"""The three searches on the wire: which subjects, resources and actions (AuthZEN Authorization API 1.0, section 8).

A result is what the single evaluation says yes to, and every result is one that was asked about in this way (I10): a
search looks through names in their order, at one instant and one revision, and at no more than MOST_ASKED of them in
one request (I12). A page may therefore have fewer results than its limit; its token says that more may follow. The
entity that is searched for counts by its type alone.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolebook.authzen.evaluation import (
    ORGANIZATION_TYPE,
    SUBJECT_TYPE,
    Action,
    Entity,
    allowed_about,
    decoded,
    question,
    require_each_name_once,
)
from rolebook.authzen.paging import PageAsked, PageTokens, Position, fingerprint
from rolebook.authzen.state import ProgramState
from rolebook.decision.compiled import ACT_PREFIX
from rolebook.decision.instants import instant
from rolebook.decision.search import reach

MOST_ASKED: Final = 20_000
"""Names that one request looks at."""


class Sought(msgspec.Struct):
    """The entity that is searched for."""

    type: str


class SubjectSearch(msgspec.Struct):
    """Who may do this there?"""

    subject: Sought
    action: Action
    resource: Entity
    context: dict[str, Any] = {}
    page: PageAsked | UnsetType = UNSET


class ResourceSearch(msgspec.Struct):
    """Where may this subject do this?"""

    subject: Entity
    action: Action
    resource: Sought
    context: dict[str, Any] = {}
    page: PageAsked | UnsetType = UNSET


class ActionSearch(msgspec.Struct):
    """What may this subject do there?"""

    subject: Entity
    resource: Entity
    context: dict[str, Any] = {}
    page: PageAsked | UnsetType = UNSET


type Window = tuple[Sequence[str], str | None]
"""Names to look at, in their order, and the name after which there may be more; None at the end."""

type Look = Callable[[str], tuple[Window, Callable[[str], bool]]]
"""From a position to the names after it and to the check of one name; asked once for each page."""

_NOTHING: Final[Window] = ((), None)
_decode_subject_search = msgspec.json.Decoder(SubjectSearch).decode
_decode_resource_search = msgspec.json.Decoder(ResourceSearch).decode
_decode_action_search = msgspec.json.Decoder(ActionSearch).decode


def search_subjects(program: ProgramState, body: bytes, at_micros: int, tokens: PageTokens) -> bytes:
    """Answer the body of a subject search: users, by their ids. Raises Malformed."""
    asked = decoded(_decode_subject_search, body)
    require_each_name_once(body)
    sought = asked.subject.type

    def look(after: str) -> tuple[Window, Callable[[str], bool]]:
        nobody = Entity(sought, "")
        _, action, place, record_id = question(program, nobody, asked.action, asked.resource)
        conditional = action in program.conditions
        tables = program.snapshot.tables
        window = _NOTHING
        # For a privilege or a place that is unknown nobody need be looked at.
        if sought == SUBJECT_TYPE and action in tables.powers and place in tables.positions:
            of_record = record_id is not None
            found = program.holders.candidates(
                action, place, of_record=of_record, after=after, most=MOST_ASKED
            )
            window = program.holders.everybody(after, MOST_ASKED) if found is None else found

        def allowed(name: str) -> bool:
            if not conditional:
                return program.check(name, action, place, at_micros, record_id)
            return allowed_about(
                program, Entity(sought, name), asked.action, asked.resource, asked.context, at_micros
            )

        return window, allowed

    query = fingerprint("subject", program.program_id, sought, asked.action, asked.resource, asked.context)
    names, token = _page(program, look, asked.page, query, tokens)
    return _encoded([{"type": sought, "id": name} for name in names], token)


def search_resources(program: ProgramState, body: bytes, at_micros: int, tokens: PageTokens) -> bytes:
    """Answer the body of a resource search: organizations, all or those of a kind, by their ids. Raises Malformed."""
    asked = decoded(_decode_resource_search, body)
    require_each_name_once(body)
    sought = asked.resource.type

    def look(after: str) -> tuple[Window, Callable[[str], bool]]:
        subject_id, action, _, _ = question(program, asked.subject, asked.action, Entity(sought, ""))
        tables = program.snapshot.tables
        tree, of_any_kind = tables.tree, sought == ORGANIZATION_TYPE
        window = _NOTHING
        if of_any_kind or sought in tables.program.kinds:
            window = _reached(program, subject_id, action, after, at_micros)

        conditional = action in program.conditions

        def allowed(name: str) -> bool:
            of_kind = of_any_kind or tree.kind(name) == sought
            if not of_kind or not conditional:
                return of_kind and program.check(subject_id, action, name, at_micros, None)
            return allowed_about(
                program, asked.subject, asked.action, Entity(sought, name), asked.context, at_micros
            )

        return window, allowed

    query = fingerprint("resource", program.program_id, asked.subject, asked.action, sought, asked.context)
    names, token = _page(program, look, asked.page, query, tokens)
    return _encoded([{"type": sought, "id": name} for name in names], token)


def search_actions(program: ProgramState, body: bytes, at_micros: int, tokens: PageTokens) -> bytes:
    """Answer the body of an action search: privileges, by their ids. Raises Malformed."""
    asked = decoded(_decode_action_search, body)
    require_each_name_once(body)

    def look(after: str) -> tuple[Window, Callable[[str], bool]]:
        subject_id, _, place, record_id = question(program, asked.subject, Action(""), asked.resource)
        names = program.snapshot.tables.program.actions
        later = sorted(name for name in names if name > after and not name.startswith(ACT_PREFIX))

        def allowed(name: str) -> bool:
            if name not in program.conditions:
                return program.check(subject_id, name, place, at_micros, record_id)
            return allowed_about(
                program, asked.subject, Action(name), asked.resource, asked.context, at_micros
            )

        return (later, None), allowed

    query = fingerprint("action", program.program_id, asked.subject, asked.resource, asked.context)
    names, token = _page(program, look, asked.page, query, tokens)
    return _encoded([{"name": name} for name in names], token)


def _reached(program: ProgramState, subject_id: str, action: str, after: str, at_micros: int) -> Window:
    """Return the organizations to look at for a subject: those within reach when they are few, else all."""
    tree, compiled = program.snapshot.tables.tree, program.snapshot.tables.program
    person = program.snapshot.person(subject_id)
    if person is None or action not in compiled.bits:
        return _NOTHING
    reached = reach(compiled, tree, person, action, instant(at_micros), whatever_conditions=True)
    if not reached.everywhere:
        places: list[tuple[int, int]] = []
        for organization_id, lower_levels in reached.organizations:
            first, last = tree.interval(organization_id) or (0, 0)
            places.append((first, last if lower_levels else first + 1))
        if sum(last - first for first, last in places) <= MOST_ASKED:
            within = [name for first, last in places for name in tree.at_positions(first, last)]
            return sorted(name for name in within if name > after), None
    names = tree.sorted_after(None)
    first = bisect_right(names, after)
    window = names[first : first + MOST_ASKED]
    return window, window[-1] if first + MOST_ASKED < len(names) else None


def _page(
    program: ProgramState, look: Look, page: PageAsked | UnsetType, query: bytes, tokens: PageTokens
) -> tuple[list[str], str | None]:
    """Return one page of names, found at one revision, and its token: "" at the end, None when no page was asked
    for and all are here. Raises Malformed for a token that does not fit.
    """
    begin = tokens.position(query, PageAsked() if page is UNSET else page)

    def find() -> tuple[list[str], str | None]:
        (names, rest), allowed = look(begin.after)
        found: list[str] = []
        for name in names:
            if allowed(name):
                if len(found) == begin.limit:
                    return found, found[-1] if found else begin.after
                found.append(name)
        return found, rest

    found, after = program.at_one_revision(find)
    if after is not None:
        return found, tokens.seal(query, Position(after, begin.limit))
    return found, None if page is UNSET else ""


def _encoded(results: list[dict[str, str]], token: str | None) -> bytes:
    page = {} if token is None else {"page": {"next_token": token}}
    return msgspec.json.encode({**page, "results": results})
