"""Which role do I need? The privileges needed, and the roles of one category that have them all (IQIES-03)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.decision.which_role import RoleSet, Way, other_category, ways, which_role
from rolebook.governance.authority import compiled
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.policy.finding import Found, find_privileges
from rolebook.policy.model import Privilege, Role, Rolebook
from rolebook.web.answers import asked, program_view
from rolebook.web.matrix.reading import why_not_requested
from rolebook.web.pages.role_cards import RoleCard, role_card
from rolebook.web.program import ProgramRequest

_MOST_CHOSEN = 40
_MOST_FOUND = 12


@dataclass(frozen=True, slots=True)
class Chip:
    """A privilege to add or take away, with the address that does so; ``assumed`` when only the words name it."""

    privilege: Privilege
    areas: tuple[str, ...]
    url: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Extras:
    """What a set of roles gives besides, under one area."""

    area: str
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: roles of one user category that together give everything needed."""

    cards: tuple[RoleCard, ...]
    category: str
    how: tuple[str, ...]
    extras: tuple[Extras, ...]
    number_of_extras: int
    own_record_only: tuple[str, ...]
    held: bool
    other_category: bool

    @property
    def title(self) -> str:
        """The roles' titles: "CMS General User and CMS Security Official"."""
        return " and ".join(card.role.title for card in self.cards)


@dataclass(frozen=True, slots=True)
class Givers:
    """The roles that give one of the privileges needed, for when none gives all."""

    privilege: Privilege
    titles: tuple[str, ...]


@program_view
@require_safe
def which_role_page(request: ProgramRequest) -> HttpResponse:
    """Find the role by what one needs to do; the address holds everything that was chosen."""
    shown = {**finding(request), "hint": request.rolebook.hint("find_a_role")}
    return render(request, "matrix/which_role.html", shown)


def finding(request: ProgramRequest) -> dict[str, Any]:
    """Return what the address looks for and what was found, for the page itself and for Request a Role."""
    book = request.rolebook
    program = compiled(request.rolebook_version, book)
    need = asked(request, "need")[:200]
    picked = _chosen(book, request.GET.getlist("privilege"))
    found = find_privileges(book, need)
    assumed = _assumed(found, need, book)
    chosen = picked if assumed is None or assumed in picked else (*picked, assumed)
    needed = [privilege.id for privilege in chosen]
    held = {
        one.role_id
        for one in viewer_standing(request.account, request.program.id, request.at).person.holdings
    }
    sets = which_role(book, program, needed)
    return {
        "need": need,
        "chosen": [
            Chip(one, book.areas_of(one.id), _without(chosen, one), assumed=one not in picked)
            for one in chosen
        ],
        "found": [
            Chip(one, book.areas_of(one.id), _with(need, chosen, one)) for one in _offered(found, chosen)
        ],
        "only_some": bool(found.some_words),
        "nothing_found": bool(need) and not (found.every_word or found.some_words),
        "answers": [_answer(book, one, held) for one in sets],
        "givers": [] if sets else [_givers(book, one, ways(book, program, one.id)) for one in chosen],
        "examples": [Chip(one, (), _with("", (), one)) for one in _examples(book)],
        "example": next((one.title for one in reversed(_examples(book))), ""),
    }


def _chosen(book: Rolebook, privilege_ids: Sequence[str]) -> tuple[Privilege, ...]:
    """Return the privileges that the address names, each once; names that the program does not have are left out."""
    found = (book.privilege(privilege_id) for privilege_id in dict.fromkeys(privilege_ids[:_MOST_CHOSEN]))
    return tuple(privilege for privilege in found if privilege is not None)


def _assumed(found: Found, need: str, book: Rolebook) -> Privilege | None:
    """Return the privilege that the words name without a doubt: its whole title, or the only one that has them all."""
    exact = book.privilege_by_title(need) if need else None
    return exact or (found.every_word[0] if len(found.every_word) == 1 else None)


def _offered(found: Found, chosen: Sequence[Privilege]) -> list[Privilege]:
    return [one for one in (*found.every_word, *found.some_words) if one not in chosen][:_MOST_FOUND]


def _with(need: str, chosen: Sequence[Privilege], more: Privilege) -> str:
    """Return the address with one privilege more; the words stay, so that a second one can be added."""
    names = [("privilege", one.id) for one in (*chosen, more)]
    return "?" + urlencode([*([("need", need)] if need else []), *names])


def _without(chosen: Sequence[Privilege], less: Privilege) -> str:
    names = [("privilege", one.id) for one in chosen if one != less]
    return "?" + urlencode(names)


def _examples(book: Rolebook) -> tuple[Privilege, ...]:
    """Return some privileges to begin with: the first of each of the first areas."""
    firsts: dict[str, Privilege] = {}
    for _, row in book.matrix.rows:
        privilege = book.privilege(row.privilege_id)
        if privilege is not None and any(privilege.id in book.powers(role.id) for role in book.roles):
            firsts.setdefault(row.area or "", privilege)
    return tuple(dict.fromkeys(firsts.values()))[:6]


def _answer(book: Rolebook, found: RoleSet, held: set[str]) -> Answer:
    roles = [role for role_id in found.role_ids if (role := book.role(role_id)) is not None]
    category = book.category(found.category_id)
    by_area: dict[str, list[str]] = {}
    for privilege_id in found.extras:
        area = next(iter(book.areas_of(privilege_id)), "")
        by_area.setdefault(area, []).append(_title(book, privilege_id))
    return Answer(
        cards=tuple(role_card(book, role) for role in roles),
        category=found.category_id if category is None else category.title,
        how=tuple(dict.fromkeys(why_not_requested(book, role) or "By request" for role in roles)),
        extras=tuple(Extras(area, tuple(titles)) for area, titles in by_area.items()),
        number_of_extras=len(found.extras),
        own_record_only=tuple(_title(book, privilege_id) for privilege_id in found.own_record_only),
        held=held.issuperset(found.role_ids),
        other_category=any(other_category(book, _way(role), held) for role in roles),
    )


def _way(role: Role) -> Way:
    return Way(role.id, role.category_id, role.obtained, (), own_record=False)


def _givers(book: Rolebook, privilege: Privilege, found: Sequence[Way]) -> Givers:
    titles = (role.title for way in found if (role := book.role(way.role_id)) is not None)
    return Givers(privilege, tuple(titles))


def _title(book: Rolebook, privilege_id: str) -> str:
    privilege = book.privilege(privilege_id)
    return privilege_id if privilege is None else privilege.title
