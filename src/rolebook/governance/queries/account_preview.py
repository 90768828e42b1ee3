"""What an account request comes to, in sentences: what the person will be able to do, against today (IQCS-05)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, not_over
from rolebook.governance.models import Access, Grant, Participation, RequestItem
from rolebook.governance.narrowing import narrows, told_items
from rolebook.governance.origins import Holding
from rolebook.governance.own_records import own_record_of
from rolebook.governance.queries.held_days import days_at, held_days
from rolebook.governance.queries.held_together import (
    ADDING,
    Span,
    apart_in_words,
    days_asked,
    overlap,
    span_of,
    touch,
)
from rolebook.governance.reactivating import Returning, comes_back, part_out
from rolebook.governance.submitting import Wish
from rolebook.policy.model import ORGANIZATION, OWN_RECORD, Rolebook
from rolebook.policy.words import sentence


@dataclass(frozen=True, slots=True)
class Held:
    """The two lists of a person at one time, role ids and (organization, with lower levels), and their own record."""

    roles: tuple[str, ...]
    places: tuple[tuple[Organization, bool], ...]
    record: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request would change.

    Attributes:
        changes: each thing asked, in words ("Add the role Account Manager").
        today: what the person can do now, in sentences; why it is nothing, where their part is out.
        afterwards: what they will be able to do in the days asked for, in sentences.
        apart: when in those days roles and codes are not held together, in a sentence; "" where they are.
        dated: what is held or was given already and begins later or ends by itself, each with its days.
        gained, lost: what they can do only after, and only before, by title.
        gained_places, lost_places: where what they can do reaches only after, and only before.
        could_before: whether they can do anything now.
        not_back: what a reactivation does not give back by the rules in force, in words, with what they say.
    """

    changes: tuple[str, ...]
    today: tuple[str, ...]
    afterwards: tuple[str, ...]
    apart: str
    dated: tuple[str, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    gained_places: tuple[str, ...]
    lost_places: tuple[str, ...]
    could_before: bool
    not_back: tuple[str, ...]


_OVER = "The last day asked for has passed: what was asked for until then cannot be given any more."


def _open_still(person: Account, program_id: str, at: datetime) -> tuple[Holding, ...]:
    """Return what a person holds, or was given for later days, from rows read now."""
    mine = Q(not_over(at), program_id=program_id, account=person)
    accesses = Access.objects.filter(mine).select_related("organization").order_by("pk")
    return (*Grant.objects.filter(mine).order_by("pk"), *accesses)


def _held(holdings: Iterable[Holding], record: str) -> Held:
    some = tuple(holdings)
    roles = dict.fromkeys(one.role_id for one in some if isinstance(one, Grant))
    places = {(one.organization, one.lower_levels): None for one in some if isinstance(one, Access)}
    return Held(tuple(roles), tuple(places), record)


def _own_record(person: Account, program_id: str) -> str:
    bound = own_record_of(person, program_id)
    return "" if bound is None or bound.record is None else bound.record.identifier


def _record_again(back: Iterable[Holding], at: datetime) -> str:
    """Return the identifier of the record that comes back by a reactivation at ``at``."""
    begun = (one for one in back if isinstance(one, Grant) and one.starts_at <= at)
    return next((one.record.identifier for one in begun if one.record is not None), "")


def why_out(book: Rolebook, part: Participation) -> str:
    """Return in a sentence that somebody's part gives no power, and why."""
    # Who was closed by no act is past their quiet (docs/decisions/0029).
    quiet = part.status == Participation.Status.ACTIVE or part.status_cause == Participation.Cause.INACTIVITY
    if quiet:
        months = book.lifecycle.inactivity_months
        return f"The account is closed: nobody signed in to it for {months or 'many'} months."
    if part.status_cause == Participation.Cause.BOUNCE:
        return f"The account is {part.status}: mail to its address was rejected."
    return f"The account is {part.status}."


def everywhere(place: Organization) -> bool:
    """Say that a code is told."""
    del place
    return True


def preview_of(
    standing: Standing,
    person: Account,
    wishes: Sequence[Wish],
    sees: Callable[[Organization], bool] = everywhere,
) -> Preview:
    """Return what wishes would change for a person, against what they hold at the standing's instant.

    ``sees``: of which codes that are held is told.
    """
    book, at = standing.book, standing.at
    out = part_out(person, standing.program_id, at)
    returning = Returning() if out is None else comes_back(book, out, at).only(sees)
    back = returning.back
    reactivates = any(wish.kind == RequestItem.Kind.REACTIVATE for wish in wishes)
    counts = out is None or reactivates
    held = _open_still(person, standing.program_id, at) if out is None else back if reactivates else ()
    seen = [one for one in held if isinstance(one, Grant) or sees(one.organization)]
    record = _own_record(person, standing.program_id) if out is None else _record_again(held, at)
    begun = _held((one for one in seen if one.starts_at <= at), record)
    # What waited past its last day gives nothing any more; approved, it is refused.
    possible = [one for one in wishes if one.ends_at is None or one.ends_at > at]
    asked = days_asked(possible, at)
    then = begun if asked is None else _held((one for one in seen if overlap(_days(one), asked)), record)
    before = begun if out is None else Held((), ())
    after = _after(then, [one for one in possible if asked is None or _in_days(one, asked, at)])
    left = _after(begun, possible)
    can_before, can_after, can_left = _able(book, before), _able(book, after), _able(book, left)
    known = (*can_before, *(_able(book, then) if out is None else ()))
    dated = _dated(standing, person, back, sees)
    today = _sentences(book, before, "now holds", "can now")
    if out is not None:
        today = (why_out(book, out), "This person can do nothing now.")
    afterwards = _sentences(book, after, "then holds", "can then") if counts else today
    reached = Held((), (*before.places, *then.places)) if out is None else before
    return Preview(
        changes=tuple(
            _asked_in_words(book, wish, seen if counts else back, at) for wish in told_items(wishes)
        ),
        today=today,
        afterwards=afterwards if len(possible) == len(wishes) else (*afterwards, _OVER),
        apart=_apart(book, seen, possible, at) if counts and sees is everywhere else "",
        dated=tuple(dated.values()),
        gained=tuple(title for title in can_after if title not in known),
        lost=tuple(title for title in can_before if title not in can_left),
        gained_places=_only_in(after, reached) if can_before and can_after else (),
        lost_places=_lost(before, left) if can_before and can_left else (),
        could_before=bool(can_before),
        not_back=refused_in_words(book, returning) if reactivates else (),
    )


def _days(one: Holding) -> Span:
    return one.starts_at, one.ends_at


def _in_days(wish: Wish, asked: Span, at: datetime) -> bool:
    """Return whether a wish changes what is held in the days asked for: the kept half of a narrowing may not."""
    return wish.kind not in ADDING or overlap(span_of(wish, at), asked)


def _apart(book: Rolebook, held: Iterable[Holding], wishes: Sequence[Wish], at: datetime) -> str:
    """Return in which of the days asked for roles and codes are not held together, in a sentence; or ""."""
    asked = days_asked(wishes, at)
    if asked is None:
        return ""
    gone = {_thing(one) for one in wishes if one.kind not in ADDING}
    given = [(_thing(one), _days(one)) for one in held if _thing(one) not in gone]
    given += [(_thing(one), span_of(one, at)) for one in wishes if one.kind in ADDING]
    roles = [span for (role_id, _), span in given if role_id and needs_access(book, role_id)]
    return apart_in_words(book, roles, [span for (role_id, _), span in given if not role_id], asked, at)


def _thing(one: Holding | Wish) -> "_Thing":
    """Return what is held or asked for, whatever its days."""
    if isinstance(one, Access) or (isinstance(one, Wish) and not one.role_id):
        return "", None if one.organization is None else one.organization.pk
    return one.role_id, None


type _Thing = tuple[str, int | None]
"""A role by its id, or access ("") by the key of its organization."""


def _dated(
    standing: Standing, person: Account, back: Iterable[Holding], sees: Callable[[Organization], bool]
) -> dict[_Thing, str]:
    """Return what a person was given that ends by itself or begins later, in words with its days (IQCS-11).

    ``back`` is what comes back to them, of which what ended with their part is open no longer.
    """
    days = Q(starts_at__gt=standing.at) | Q(ends_at__gt=standing.at)
    open_still = Q(program_id=standing.program_id, account=person, closed_at=None)
    grants = Q(pk__in=[one.pk for one in back if isinstance(one, Grant)])
    accesses = Q(pk__in=[one.pk for one in back if isinstance(one, Access)])
    said: dict[_Thing, str] = {}
    for grant in Grant.objects.filter(days, open_still | grants).order_by("starts_at", "pk"):
        title = _role_in_words(standing.book, grant.role_id)
        said[grant.role_id, None] = f"{title}, {held_days(standing, grant)}"
    given = Access.objects.filter(days, open_still | accesses).select_related("organization")
    for one in filter(lambda access: sees(access.organization), given.order_by("starts_at", "pk")):
        named = place_in_words(one.organization, lower_levels=one.lower_levels)
        said["", one.organization_id] = f"Access to {named}, {held_days(standing, one)}"
    return said


def _asked_in_words(book: Rolebook, wish: Wish, held: Iterable[Holding], at: datetime) -> str:
    """Return a wish in words; to add what is held for some days, with none between, is to extend it."""
    words = change_in_words(book, wish)
    same = [one for one in held if _thing(one) == _thing(wish) and (one.starts_at > at or one.ends_at)]
    extends = any(touch(_days(one), span_of(wish, at)) for one in same)
    return f"Extend {words.removeprefix('Add ')}" if extends and words.startswith("Add ") else words


def _only_in(held: Held, other: Held) -> tuple[str, ...]:
    """Return the places of one list, in words, that nothing on the other reaches as far."""
    return tuple(
        place_in_words(place, lower_levels=lower)
        for place, lower in held.places
        if not any(_reaches(there, place, lower_levels=lower) for there in other.places)
    )


def _lost(before: Held, after: Held) -> tuple[str, ...]:
    """Return where nothing is reached any more: of a code that stays without them, its lower levels only."""
    stays = {place.pk for place, _ in after.places}
    said = {place_in_words(place, lower_levels=lower): place for place, lower in before.places if lower}
    return tuple(
        f"the lower levels of {place_in_words(said[words], lower_levels=False)}"
        if words in said and said[words].pk in stays
        else words
        for words in _only_in(before, after)
    )


def _reaches(held: tuple[Organization, bool], place: Organization, *, lower_levels: bool) -> bool:
    there, below = held
    if there.pk == place.pk:
        return below or not lower_levels
    return below and place.path.startswith(there.path)


def changes_in_words(book: Rolebook, items: Iterable[RequestItem]) -> tuple[str, ...]:
    """Return each thing that items of one version ask in words; a narrowing is one thing."""
    return tuple(change_in_words(book, item) for item in told_items(items))


def change_in_words(book: Rolebook, item: Wish | RequestItem) -> str:
    """Return one thing asked in words; of a narrowing, what its removed half says for both."""
    verb = "Add" if item.kind in (RequestItem.Kind.ADD_ROLE, RequestItem.Kind.ADD_ACCESS) else "Remove"
    if item.kind == RequestItem.Kind.REACTIVATE:
        return "Open the account again"
    if item.organization is None or item.role_id:
        return f"{verb} the role {_role_in_words(book, item.role_id)}"
    if narrows(item):
        named = place_in_words(item.organization, lower_levels=False)
        return f"Narrow access to {named} to that code alone, without lower levels"
    named = place_in_words(item.organization, lower_levels=item.lower_levels)
    return f"{verb} access to {named}"


def _role_in_words(book: Rolebook, role_id: str) -> str:
    role = book.role(role_id)
    return role_id if role is None else role.title


def place_in_words(place: Organization, *, lower_levels: bool) -> str:
    """Return an organization as sentences name it: "Benton Lake Refuge (FWS-R6-BNR) with lower levels"."""
    return f"{place.name} ({place.code}){' with lower levels' if lower_levels else ''}"


def holding_in_words(book: Rolebook, one: Holding) -> str:
    """Return one thing held, in words."""
    if isinstance(one, Access):
        return f"Access to {place_in_words(one.organization, lower_levels=one.lower_levels)}"
    role = f"Role {_role_in_words(book, one.role_id)}"
    return role if one.organization is None else f"{role} at {one.organization.name}"


def dated_in_words(book: Rolebook, one: Holding, at: datetime) -> str:
    """Return one thing held, in words, with the days that it begins later or ends by itself, told at an instant."""
    days = days_at(book, one, at)
    return f"{holding_in_words(book, one)}, {days}" if days else holding_in_words(book, one)


def refused_in_words(book: Rolebook, returning: Returning) -> tuple[str, ...]:
    """Return what a reactivation does not give back by the rules in force, each in words, with what they say."""
    return tuple(
        f"{holding_in_words(book, one)}: {' '.join(sentence(found.code, **found.params) for found in why)}"
        for one, why in returning.refused
    )


def _after(before: Held, wishes: Sequence[Wish]) -> Held:
    roles = dict.fromkeys(before.roles)
    places: dict[int, tuple[Organization, bool]] = {}
    for place, lower in before.places:
        # One code may be held twice, as for some days with its lower levels: the wider one is what counts.
        places[place.pk] = (place, lower or (place.pk in places and places[place.pk][1]))
    for wish in wishes:
        match wish.kind:
            case RequestItem.Kind.ADD_ROLE:
                roles[wish.role_id] = None
            case RequestItem.Kind.REMOVE_ROLE:
                roles.pop(wish.role_id, None)
            case RequestItem.Kind.ADD_ACCESS if wish.organization is not None:
                held = places.get(wish.organization.pk)
                wide = wish.lower_levels or (held is not None and held[1])
                places[wish.organization.pk] = (wish.organization, wide)
            case RequestItem.Kind.REMOVE_ACCESS if wish.organization is not None:
                places.pop(wish.organization.pk, None)
    return Held(tuple(roles), tuple(places.values()), before.record)


def _able(book: Rolebook, held: Held) -> tuple[str, ...]:
    """Return the titles of what a person can do anywhere but on their own record; both lists are needed for it."""
    if not held.places:
        return ()
    titles: dict[str, None] = {}
    for role_id in held.roles:
        for power in book.powers(role_id).values():
            privilege = book.privilege(power.privilege_id)
            if privilege is not None and not power.own_record:
                titles[privilege.title] = None
    return tuple(titles)


def _able_on_own(book: Rolebook, held: Held) -> tuple[str, ...]:
    """Return the titles of what a person can do on their own record, besides what they can do on others'."""
    if not held.record:
        return ()
    known, titles = _able(book, held), dict[str, None]()
    for role_id in held.roles:
        role = book.role(role_id)
        alone = role is not None and role.reach.scope == OWN_RECORD
        for power in book.powers(role_id).values():
            privilege = book.privilege(power.privilege_id)
            if privilege is not None and (power.own_record or alone) and privilege.title not in known:
                titles[privilege.title] = None
    return tuple(titles)


def _sentences(book: Rolebook, held: Held, holds: str, can: str) -> tuple[str, ...]:
    roles = [_role_in_words(book, role_id) for role_id in held.roles]
    said = [f"This person {holds} {_listed(roles, 'the role', 'the roles')}."] if roles else []
    able = _able(book, held)
    if able:
        where = _joined(place_in_words(place, lower_levels=lower) for place, lower in held.places)
        said.append(f"This person {can} {_joined(_lowered(title) for title in able)}, in {where}.")
    elif any(needs_access(book, role_id) for role_id in held.roles):
        said.append("Without access to an organization code, the roles of managers give nothing.")
    elif held.places:
        where = _joined(place_in_words(place, lower_levels=lower) for place, lower in held.places)
        said.append(f"There is access to {where}, which gives nothing without a role.")
    elif not roles:
        said.append("This person holds no role and no access.")
    own = _able_on_own(book, held)
    if own:
        listed = _joined(_lowered(title) for title in own)
        said.append(f"On their own record, {held.record}, this person {can} {listed}.")
    return tuple(said)


def needs_access(book: Rolebook, role_id: str) -> bool:
    """Return whether a role gives nothing without access apart from roles; so does one that is not known any more."""
    role = book.role(role_id)
    return role is None or role.reach.scope == ORGANIZATION


def _listed(titles: Sequence[str], one: str, many: str) -> str:
    return f"{one if len(titles) == 1 else many} {_joined(titles)}"


def _joined(parts: Iterable[str]) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else ", ".join(found[:-1]) + " and " + found[-1] if found else ""


def _lowered(title: str) -> str:
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
