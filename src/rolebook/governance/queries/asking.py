"""Can they? What a person, or a role, may do somewhere, explained to somebody who asks (I1, I3; faults 1 and 6).

Everybody may ask about themselves and about roles. About others one may ask only as View Users goes: about people who
hold something where the viewer may view users, and of what they hold only that is told.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef, Q

from rolebook.accounts.models import Account, Organization, canonical_id
from rolebook.decision.check import check
from rolebook.decision.evaluation import Access, Holding, Person
from rolebook.decision.explain import Explanation, WriteInstant, explain
from rolebook.decision.instants import EPOCH
from rolebook.decision.tree import OrganizationTree
from rolebook.governance.authority import (
    Office,
    Standing,
    compiled,
    covered_role_ids,
    in_force,
    standing_of,
)
from rolebook.governance.models import Grant
from rolebook.governance.queries import paging
from rolebook.governance.queries.person_search import called
from rolebook.governance.queries.seeing import not_yours
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import ORGANIZATION, WITH_LOWER_LEVELS, Act

EVALUATION = "rolebook.evaluation"
"""Where a request from a server with a decision point in front has that one's endpoint, without HTTP (WSGI environ)."""

_HELD = "asked about"
_RECORD = "own record"


@dataclass(frozen=True, slots=True)
class AnswerAboutPerson:
    """What is told about a person.

    Attributes:
        person: of whom.
        explanation: the decision and why, from what the viewer may see of the person's grants.
        by_unseen: the answer is yes by a grant that the viewer may not see; ``explanation`` then says only what the
            visible ones give.
        partial: only visible grants were counted, because the viewer may not view the users of that organization.
    """

    person: Account
    explanation: Explanation
    by_unseen: bool
    partial: bool

    @property
    def allowed(self) -> bool:
        """The answer."""
        return self.by_unseen or self.explanation.decision.allowed


def may_ask_about_people(standing: Standing) -> bool:
    """Return whether the viewer may ask about anybody else."""
    return bool(standing.offices(Act.VIEW_USERS))


def people_to_ask_about(
    standing: Standing, search: str, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Account]:
    """Return the people that the viewer may ask about, by name; ``search`` is part of a name, user ID or address."""
    grants = Grant.objects.filter(visible(standing), in_force(standing.at), program_id=standing.program_id)
    people = Account.objects.filter(Exists(grants.filter(account=OuterRef("pk"))))
    words = paging.search_words(search)
    if words:
        people = people.filter(called(words))
    length = paging.bounded(limit)
    found = list(people.order_by("name", "pk")[: length + 1])
    return paging.cut(found, [(one.name, one.pk) for one in found], length)


def person_to_ask_about(standing: Standing, person_id: uuid.UUID | str) -> Account:
    """Return a person by public id. Raises NotFound for one that the viewer may not ask about, as for none at all."""
    public_id = canonical_id(person_id)
    person = Account.objects.filter(public_id=public_id).first() if public_id is not None else None
    if person is None or not _visible_grants(standing, person):
        raise NotFound
    return person


def organizations_to_ask_about(
    standing: Standing, search: str, *, about_people: bool = False, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Organization]:
    """Return open organizations by name that have every word of ``search``; about people, only where one may ask."""
    condition = Q(closed_at__isnull=True) | Q(closed_at__gt=standing.at)
    if about_people and not _asks_everywhere(standing):
        theirs = Q(pk__in=[])
        for office in standing.offices(Act.VIEW_USERS):
            theirs |= Q(path__startswith=office.path) if office.lower_levels else Q(pk=office.organization_id)
        condition &= theirs
    for word in paging.search_words(search).split():
        condition &= Q(search_key__contains=word)
    length = paging.bounded(limit)
    chosen = Organization.objects.filter(condition, program_id=standing.program_id).order_by("name", "pk")
    found = list(chosen[: length + 1])
    return paging.cut(found, [(one.name, one.pk) for one in found], length)


def explain_own(
    standing: Standing, privilege_id: str, organization: Organization | None, write_instant: WriteInstant
) -> Explanation:
    """Explain what the viewer may do, from all that they hold."""
    return _explain(standing, standing.person, standing.places, privilege_id, organization, write_instant)


def explain_person(
    standing: Standing,
    person: Account,
    privilege_id: str,
    organization: Organization | None,
    write_instant: WriteInstant,
) -> AnswerAboutPerson:
    """Explain what somebody else may do.

    Raises NotFound for a person that the viewer may not ask about; NotAllowed at an organization of the viewer's own
    where they may not view users, NotFound at any other (who stands for the whole program asks anywhere).
    """
    grants = _visible_grants(standing, person)
    if not grants:
        raise NotFound
    partial = not standing.may(Act.VIEW_USERS, organization)
    if partial and not _asks_everywhere(standing):
        raise not_yours(standing, organization, "not_yours_to_view")
    theirs = standing_of(person, standing.program_id, standing.at)
    seen = frozenset(str(grant.public_id) for grant in grants)
    visible = replace(
        theirs.person, holdings=tuple(held for held in theirs.person.holdings if held.id in seen)
    )
    told = _explain(standing, visible, theirs.places, privilege_id, organization, write_instant)
    whole = check(
        compiled(standing.version, standing.book),
        _tree(theirs.places, organization),
        theirs.person,
        privilege_id,
        _place(organization),
        standing.at,
    )
    unseen = whole.allowed and not told.decision.allowed and not partial
    return AnswerAboutPerson(theirs.account, told, unseen, partial)


type Evaluate = Callable[[str, bytes], bytes | None]
"""Answers a program's evaluation as its AuthZEN endpoint does; None while the decision point is not up to date."""


def told_to_applications(
    evaluate: Evaluate,
    standing: Standing,
    person: Account,
    privilege_id: str,
    organization: Organization | None,
) -> bool | None:
    """Return what an application is told about a person now; None when it is told to ask again.

    The caller has judged that the viewer may know all of it.
    """
    place = {"type": "none", "id": ""}
    if organization is not None:
        place = {"type": "organization", "id": str(organization.public_id)}
    asked = {
        "subject": {"type": "user", "id": str(person.public_id)},
        "action": {"name": privilege_id},
        "resource": place,
        "context": {"use": False},
    }
    answer = evaluate(standing.program_id, json.dumps(asked).encode())
    return None if answer is None else json.loads(answer)["decision"] is True


def explain_role(
    standing: Standing,
    role_id: str,
    privilege_id: str,
    *,
    held_at: Organization | None,
    organization: Organization | None,
    write_instant: WriteInstant,
    own_record: bool = False,
) -> Explanation:
    """Explain what a role gives to whoever holds it at ``held_at`` (None: at none); nobody's grants are read.

    Where access is held apart from roles, the access is to ``held_at`` without its lower levels. ``own_record``: the
    question is about the holder's own record.
    """
    role = standing.book.role(role_id)
    at_place = held_at if role is not None and role.reach.scope == ORGANIZATION else None
    apart = standing.book.access == "apart from roles"
    held = Holding(_HELD, role_id, None if apart else _place(at_place), EPOCH)
    accesses = (Access(_HELD, str(at_place.pk), False, EPOCH),) if apart and at_place is not None else ()
    person = Person(active=True, holdings=(held,), accesses=accesses, record_id=_RECORD)
    places = () if at_place is None else ((at_place.path, at_place.kind_id),)
    record_id = _RECORD if own_record else None
    return _explain(standing, person, places, privilege_id, organization, write_instant, record_id)


def _explain(
    standing: Standing,
    person: Person,
    places: tuple[tuple[str, str], ...],
    privilege_id: str,
    organization: Organization | None,
    write_instant: WriteInstant,
    record_id: str | None = None,
) -> Explanation:
    return explain(
        standing.book,
        compiled(standing.version, standing.book),
        _tree(places, organization),
        person,
        privilege_id,
        _place(organization),
        standing.at,
        record_id=record_id,
        names=_names(person, organization),
        write_instant=write_instant,
    )


def _place(organization: Organization | None) -> str | None:
    return None if organization is None else str(organization.pk)


def _tree(places: tuple[tuple[str, str], ...], organization: Organization | None) -> OrganizationTree:
    asked = () if organization is None else ((organization.path, organization.kind_id),)
    return OrganizationTree.from_paths(dict((*places, *asked)).items())


def _names(person: Person, organization: Organization | None) -> Mapping[str, str]:
    """Return what the organizations named in an explanation are called; only those that may be told."""
    held = {one.organization_id for one in person.holdings} | {one.organization_id for one in person.accesses}
    found = Organization.objects.filter(pk__in=[int(place) for place in held if place is not None])
    names = {str(pk): name for pk, name in found.values_list("pk", "name")}
    return names if organization is None else {**names, str(organization.pk): organization.name}


def visible(standing: Standing) -> Q:
    """Return the condition for the grants that the viewer may see, as View Users shows them.

    At an organization where one may view users, all of them; of those held for the program as a whole, the ones of the
    user categories that the office covers.
    """
    seen = Q(pk__in=[])
    for office in standing.offices(Act.VIEW_USERS):
        if office.organization_id is not None:
            seen |= office.where()
            continue
        seen |= Q(organization__isnull=True, role_id__in=covered_role_ids(standing.book, office.holder))
        if office.holder.where == WITH_LOWER_LEVELS:
            seen |= Q(organization__isnull=False)
    return seen


def shows(standing: Standing, office: Office, grant: Grant) -> bool:
    """Return whether one office that views users shows a grant; `visible` is the same as a SQL condition."""
    if office.organization_id is not None:
        return office.covers(grant.organization)
    if grant.organization_id is None:
        return grant.role_id in covered_role_ids(standing.book, office.holder)
    return office.holder.where == WITH_LOWER_LEVELS


def _visible_grants(standing: Standing, person: Account) -> list[Grant]:
    grants = Grant.objects.filter(visible(standing), in_force(standing.at), account=person)
    return list(grants.filter(program_id=standing.program_id))


def _asks_everywhere(standing: Standing) -> bool:
    """Return whether the viewer holds an office for the whole program that views users."""
    return any(office.organization_id is None for office in standing.offices(Act.VIEW_USERS))
