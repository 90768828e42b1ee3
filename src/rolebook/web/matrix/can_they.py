"""Can they? Pick who, what and where, and read the answer with its explanation (faults 1 and 6: nothing foreign)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.accounts.models import Account, Organization
from rolebook.decision.explain import Explanation
from rolebook.decision.which_role import ways
from rolebook.governance.authority import Standing, compiled
from rolebook.governance.instants import instant_in_words
from rolebook.governance.queries.asking import (
    EVALUATION,
    explain_own,
    explain_person,
    explain_role,
    may_ask_about_people,
    organizations_to_ask_about,
    people_to_ask_about,
    person_to_ask_about,
    told_to_applications,
)
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import find_organization, viewer_standing
from rolebook.policy.model import ORGANIZATION, OWN_RECORD, Privilege, Role
from rolebook.web.answers import asked, program_view, with_parameters
from rolebook.web.matrix.reading import roles_by_category
from rolebook.web.program import ProgramRequest
from rolebook.web.zones import viewer_zone

ME, ROLE, PERSON = "me", "role", "person"
_WHOSE = {ME: "Me", ROLE: "Whoever holds a role", PERSON: "Another person"}
_OF_WHO = ("role", "person", "person_words", "held_at", "held_at_words", "own")
"""Parameters that belong to whom is asked about."""
_FOUND = 10
_TO_CHOOSE = {
    "role": "Choose the role that you ask about.",
    "person": "Write the name or user ID of the person that you ask about.",
    "privilege": "Choose what they want to do.",
    "organization": "Write the name or number of the organization where they want to do it.",
}
"""What is said beside a field without which there is no answer."""
_WHY_NOT_THE_SAME = (
    "a change is taking effect, or it depends on what the application says about the question."
)
_SAID_BY_HEADLINE = frozenset({"asked", "granted", "not_given"})
_ABOUT_ROWS = frozenset({"row", "row_mark", "row_missing", "footnote", "ways", "ways_none"})
_EXTENTS = {
    "same": "At the organization where it is held.",
    "lower_levels": "At the organization where it is held, and at those below it.",
    "everywhere": "Everywhere in the program.",
    "elsewhere": "At every other organization, too.",
}


@dataclass(frozen=True, slots=True)
class Option:
    """Something that was found, to be picked."""

    id: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Pick:
    """A thing to pick by searching: a person or an organization.

    Attributes:
        name: the parameter of the address that holds the id; the words stand in ``<name>_words``.
        label: what is asked for.
        chosen: what is picked, or None.
        change_url: the address with the pick taken away.
        words: what was searched.
        options: what was found and may be picked.
        more: whether more match than are shown.
    """

    name: str
    label: str
    hint: str
    chosen: Option | None
    change_url: str
    words: str
    options: tuple[Option, ...]
    more: bool

    @property
    def is_open(self) -> bool:
        """Whether words were typed that do not name one thing yet."""
        return self.chosen is None and bool(self.words)


@dataclass(frozen=True, slots=True)
class Told:
    """The answer: yes or no, the sentence that says it, and why."""

    allowed: bool
    headline: str
    why: tuple[str, ...]
    caution: str = ""
    applications: str = ""
    """What applications are told that ask the same now; empty where that is not the viewer's to know, or not asked."""


@program_view
@require_safe
def can_they(request: ProgramRequest) -> HttpResponse:
    """Show the question as a form, and the answer as soon as the question is whole."""
    standing = viewer_standing(request.account, request.program.id, request.at)
    about_people = may_ask_about_people(standing)
    who = asked(request, "who")
    who = who if who in ((ME, ROLE, PERSON) if about_people else (ME, ROLE)) else ME
    book = request.rolebook
    role = book.role(asked(request, "role"))
    role = role if role in book.roles and who == ROLE else None
    privilege = book.privilege(asked(request, "privilege"))
    person, person_pick = _person(request, standing) if who == PERSON else (None, None)
    held_at, held_pick = (None, None)
    if role is not None and role.reach.scope == ORGANIZATION:
        label = "Where is the role held?"
        held_at, held_pick = _organization(request, standing, "held_at", label, about_people=False)
    place, place_pick = _organization(
        request, standing, "organization", "At which organization?", about_people=who == PERSON
    )
    own_record = bool(asked(request, "own"))
    question = _Question(request, standing, privilege, place)
    told: Told | None = None
    open_pick = next(
        (one for one in (person_pick, held_pick, place_pick) if one is not None and one.is_open), None
    )
    if privilege is not None and open_pick is not None:
        question.still_needed = f"{open_pick.label} Choose one of those that fit."
    elif privilege is not None:
        if who == ME:
            told = question.about_me()
        elif who == PERSON and person is not None:
            told = question.about_person(person)
        elif who == ROLE and role is not None:
            told = question.about_role(role, held_at, own_record=own_record)
    missing = {
        "role": who == ROLE and role is None,
        "person": person_pick is not None and person is None,
        "privilege": privilege is None,
        "organization": place is None and question.needs_place(who),
    }
    shown = {
        "who": who,
        "whose": [_whose(request, one, who) for one in _WHOSE if about_people or one != PERSON],
        "about_people": about_people,
        "categories": roles_by_category(book),
        "role": role,
        "privileges": _privileges_by_area(request),
        "privilege": privilege,
        "person_pick": person_pick,
        "held_pick": held_pick,
        "place_pick": place_pick,
        "own_record": own_record,
        "has_own_record": who == ROLE and _has_own_record(request),
        "told": told,
        "still_needed": question.still_needed if told is None else "",
        "missing": _to_choose(request, who, missing) if told is None and open_pick is None else {},
    }
    return render(request, "matrix/can_they.html", shown)


def _to_choose(request: ProgramRequest, who: str, missing: Mapping[str, bool]) -> Mapping[str, str]:
    """Return what to say beside each field that is missing, once "Ask" was pressed: the form has all of its fields.

    Who came here, or turned to another kind of subject, has not asked yet.
    """
    fields = {ME: {"privilege"}, ROLE: {"role"}, PERSON: {"person", "person_words"}}
    if not fields[who] & set(request.GET):
        return {}
    return {name: _TO_CHOOSE[name] for name, is_missing in missing.items() if is_missing}


@dataclass(frozen=True, slots=True)
class Whose:
    """A kind of subject to ask about, with the address that turns to it."""

    label: str
    url: str
    current: bool


def _whose(request: ProgramRequest, one: str, who: str) -> Whose:
    """Return how to turn to asking about oneself, a role or a person; what was asked besides is kept."""
    if one == who:
        return Whose(_WHOSE[one], with_parameters(request, {}), current=True)
    changes: dict[str, str | None] = dict.fromkeys(_OF_WHO)
    return Whose(_WHOSE[one], with_parameters(request, changes | {"who": one}), current=False)


class _Question:
    """What is asked, put to the queries, and their answers put into words."""

    def __init__(
        self,
        request: ProgramRequest,
        standing: Standing,
        privilege: Privilege | None,
        place: Organization | None,
    ) -> None:
        self.request, self.standing = request, standing
        self.privilege_id = "" if privilege is None else privilege.id
        self.what = "" if privilege is None else f"“{privilege.title}”"
        self.place = place
        self.still_needed = ""

    def needs_place(self, who: str) -> bool:
        """Return whether there is no answer without an organization."""
        held = self.standing.person.holdings
        return who == PERSON or (who == ME and any(one.organization_id is not None for one in held))

    def written(self, at: datetime) -> str:
        """Return an instant as pages write it."""
        return instant_in_words(at, viewer_zone(self.request, self.request.program.zone))

    def about_me(self) -> Told | None:
        """Return the answer about the viewer; None while an organization is needed and not picked."""
        if self.place is None and self.needs_place(ME):
            self.still_needed = "Choose where: what you may do depends on the organization."
            return None
        told = _told(explain_own(self.standing, self.privilege_id, self.place, self.written))
        return self._beside_applications(told, self.request.account)

    def about_person(self, person: Account) -> Told | None:
        """Return the answer about somebody else, or None while the organization is missing."""
        if self.place is None:
            self.still_needed = f"Choose where: what {person.name} may do depends on the organization."
            return None
        answer = explain_person(self.standing, person, self.privilege_id, self.place, self.written)
        if answer.by_unseen:
            headline = f"Yes: {person.name} may do {self.what} at {self.place.name}."
            why = ("A role that is not held at an organization of yours gives this here.",)
            return self._beside_applications(Told(True, headline, why), person)
        if answer.partial:
            return _told(answer.explanation, "This counts only the access that you may see.")
        return self._beside_applications(_told(answer.explanation), person)

    def _beside_applications(self, told: Told, person: Account) -> Told:
        """Ask what applications ask, where a decision point is in front of the pages, and say what they are told."""
        endpoint = self.request.META.get(EVALUATION)
        if endpoint is None:
            return told
        allowed = told_to_applications(endpoint, self.standing, person, self.privilege_id, self.place)
        if allowed is None:
            said = "Applications get no answer at this moment, and take that for a no: the server is catching up."
        elif allowed is told.allowed:
            said = "Applications that ask are told the same."
        else:
            said = f"Applications that ask are told {'yes' if allowed else 'no'} now: {_WHY_NOT_THE_SAME}"
        return replace(told, applications=said)

    def about_role(self, role: Role, held_at: Organization | None, *, own_record: bool) -> Told:
        """Return the answer about a role: at an organization, or in general where none is picked."""
        at, held = self.place or held_at, held_at or self.place
        explained = explain_role(
            self.standing,
            role.id,
            self.privilege_id,
            held_at=held,
            organization=at,
            write_instant=self.written,
            own_record=own_record,
        )
        if at is None and role.reach.scope == ORGANIZATION:
            return self._in_general(role, explained)
        allowed = explained.decision.allowed
        code = explained.decision.reason.code
        where = "" if at is None else f" at {at.name}"
        holding = "" if held is None or role.reach.scope != ORGANIZATION else f", held at {held.name},"
        if allowed:
            headline = f"Yes: {role.title}{holding} gives {self.what}{where}."
        elif code == "not_given":
            headline = f"No: {role.title} does not give {self.what}."
        else:
            headline = explained.lines[1].text
        why = tuple(line.text for line in explained.lines if line.code not in _SAID_BY_HEADLINE)
        return Told(allowed, headline, tuple(text for text in why if text != headline))

    def _in_general(self, role: Role, explained: Explanation) -> Told:
        program = compiled(self.standing.version, self.standing.book)
        found = ways(self.standing.book, program, self.privilege_id)
        way = next((one for one in found if one.role_id == role.id), None)
        rows = tuple(line for line in explained.lines if line.code in _ABOUT_ROWS)
        if way is None:
            headline = f"No: {role.title} does not give {self.what}."
            return Told(False, headline, tuple(line.text for line in rows))
        why = [line.text for line in rows if not line.code.startswith("ways")]
        why += [_EXTENTS[extent] for extent in way.extents]
        if way.own_record:
            why.append("On the own record only.")
        return Told(True, f"Yes: {role.title} gives {self.what}.", tuple(why))


def _told(explained: Explanation, caution: str = "") -> Told:
    """Return an explanation with the answer first and the rest after it."""
    answer = explained.lines[1].text
    rest = (explained.lines[0], *explained.lines[2:])
    return Told(explained.decision.allowed, answer, tuple(line.text for line in rest), caution)


def _person(request: ProgramRequest, standing: Standing) -> tuple[Account | None, Pick]:
    """Return who is picked, and how to pick. Raises NotFound for somebody that the viewer may not ask about."""

    def search(words: str) -> Page[Account]:
        return people_to_ask_about(standing, words, _FOUND)

    def option(person: Account) -> Option:
        return Option(str(person.public_id), person.name, person.user_id)

    person_id = asked(request, "person")
    chosen = person_to_ask_about(standing, person_id) if person_id else None
    return _pick(request, "person", "Which person?", "Name or user ID", chosen, search, option)


def _organization(
    request: ProgramRequest, standing: Standing, name: str, label: str, *, about_people: bool
) -> tuple[Organization | None, Pick]:
    """Return the organization picked, and how to pick. Raises NotFound for one that the program does not have."""

    def search(words: str) -> Page[Organization]:
        return organizations_to_ask_about(standing, words, about_people=about_people, limit=_FOUND)

    def option(organization: Organization) -> Option:
        kind = request.rolebook.kind(organization.kind_id)
        title = "" if kind is None else f"{kind.identifier_title} "
        return Option(str(organization.public_id), organization.name, f"{title}{organization.code}")

    organization_id = asked(request, name)
    chosen = find_organization(request.program.id, organization_id, request.at) if organization_id else None
    return _pick(request, name, label, "Name or number of the organization", chosen, search, option)


def _pick[Thing](
    request: ProgramRequest,
    name: str,
    label: str,
    hint: str,
    chosen: Thing | None,
    search: Callable[[str], Page[Thing]],
    option: Callable[[Thing], Option],
) -> tuple[Thing | None, Pick]:
    """Return what is picked: by id, or as the only thing that the words find."""
    words = asked(request, f"{name}_words")[:200]
    found: Page[Thing] = Page(())
    if chosen is None and words:
        found = search(words)
        if len(found.rows) == 1:
            chosen = found.rows[0]
    change = with_parameters(request, {name: None, f"{name}_words": None}, f"pick-{name}")
    picked = None if chosen is None else option(chosen)
    options = () if chosen is not None else tuple(map(option, found.rows))
    return chosen, Pick(name, label, hint, picked, change, words, options, bool(found.next_after))


def _privileges_by_area(request: ProgramRequest) -> Sequence[tuple[str, tuple[Privilege, ...]]]:
    """Return every privilege under the first area that a table places it in."""
    grouped: dict[str, list[Privilege]] = {}
    for privilege in request.rolebook.privileges:
        area = next(iter(request.rolebook.areas_of(privilege.id)), "Without an area")
        grouped.setdefault(area, []).append(privilege)
    return [(area, tuple(privileges)) for area, privileges in grouped.items()]


def _has_own_record(request: ProgramRequest) -> bool:
    """Return whether the program tells the own record apart."""
    book = request.rolebook
    return any(mark.own_record for mark in book.marks) or any(
        role.reach.scope == OWN_RECORD for role in book.roles
    )
