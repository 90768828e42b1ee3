"""Who may decide a stage: one person's seat at it, everybody in office, and the steward where nobody is left."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, TextField

from rolebook.accounts.models import Account, Organization
from rolebook.governance.absences import absent_accounts, delegations_in_force
from rolebook.governance.at_home import told_elsewhere
from rolebook.governance.authority import Standing, covered_role_ids, in_force
from rolebook.governance.models import Access, Grant, RequestItem, Stage
from rolebook.governance.one_look import once
from rolebook.governance.one_voice import not_kept_from, not_kept_from_outer_stage
from rolebook.governance.quiet import counts
from rolebook.policy.model import STEWARD_ID, WITH_LOWER_LEVELS, Act, Role, Rolebook


@dataclass(frozen=True, slots=True)
class Seat:
    """That somebody may decide a stage, and whether as the steward who stands in where nobody is left."""

    role_id: str
    stands_in: bool


def seat_at(standing: Standing, stage: Stage, role_ids: Iterable[str]) -> Seat | None:
    """Return the seat that a person has at a stage by their offices, or None.

    ``role_ids`` are the roles that the stage's items name (access apart from roles names none): the office must cover
    each one's category. Whether the person is the requester, or decided before, are questions of their own
    (`own_request`, `spoken_before`). Being out of office takes no seat away, and being a delegate gives none.
    """
    asked = tuple(role_id for role_id in role_ids if role_id)
    office = standing.office_over(Act.DECIDE, stage.organization, asked, stage.approver_role_id)
    if office is not None:
        return Seat(office.role_id, stands_in=False)
    steward = standing.office_over(Act.DECIDE, stage.organization, asked, STEWARD_ID)
    if steward is not None and (is_overdue(stage) or not anybody_left(standing.book, stage, standing.at)):
        return Seat(STEWARD_ID, stands_in=True)
    return None


def still_decides(standing: Standing, stage: Stage, role_ids: Iterable[str]) -> bool:
    """Return whether somebody who decided a settled stage could decide there today, too; else they speak for nobody."""
    asked = tuple(role_ids)
    return any(
        standing.office_over(Act.DECIDE, stage.organization, asked, role_id) is not None
        for role_id in (stage.approver_role_id, STEWARD_ID)
    )


def is_overdue(stage: Stage) -> bool:
    """Return whether a stage has waited so long that the steward may decide it, too; on record since it was so."""
    return stage.escalated_why == Stage.Why.OVERDUE


def anybody_left(book: Rolebook, stage: Stage, at: datetime) -> bool:
    """Return whether anybody in the stage's own office may decide it, and is there."""
    return people_in_office(book, stage, at).exists()


def people_in_office(book: Rolebook, stage: Stage, at: datetime) -> QuerySet[Account]:
    """Return who may decide by the stage's own office and is there; those who are out of office are left out."""
    return _may_decide(book, stage, at).exclude(pk__in=absent_accounts(book.program.id, at))


def represented_at(standing: Standing, stage: Stage) -> Account | None:
    """Return the absent person for whom somebody decides a stage as delegate: one who could decide it, too; or None."""
    mine = delegations_in_force(standing.program_id, standing.at).filter(
        delegate=standing.account, role_id=stage.approver_role_id
    )
    people = _may_decide(standing.book, stage, standing.at)
    return people.filter(pk__in=mine.values("absence__account")).order_by("pk").first()


def _may_decide(book: Rolebook, stage: Stage, at: datetime) -> QuerySet[Account]:
    """Return the people whose office is the stage's, but whom the request keeps from it."""
    people = holders_at(book, stage.approver_role_id, stage.organization, at)
    return not_kept_from(
        people.filter(_covers_asked(book, stage.approver_role_id, stage.pk)), book, stage, at
    )


def holders_at(book: Rolebook, role_id: str, place: Organization | None, at: datetime) -> QuerySet[Account]:
    """Return the people whose office by a role decides at an organization, or (None) for the program as a whole."""
    grants = _office_grants(book, role_id, at)
    if grants is None:
        return Account.objects.none()
    role = book.role(role_id)
    if place is None:
        grants = grants.filter(organization=None)
    elif role is not None and role.reach.scope != "organization":
        pass
    elif role is not None and not book.held_at_organization(role):
        above = [int(step) for step in place.path.split("/") if step]
        reaching = Q(organization=place)
        if _lower_levels(book, role_id):
            reaching |= Q(organization__in=above, lower_levels=True)
        grants = grants.filter(Exists(_open_accesses(book, at).filter(reaching)))
    elif _lower_levels(book, role_id):
        above = [int(step) for step in place.path.split("/") if step]
        grants = grants.filter(Q(organization__in=above) | Q(organization=None))
    else:
        grants = grants.filter(organization=place)
    return Account.objects.filter(pk__in=grants.values("account"))


def places_with_nobody(
    book: Rolebook, role_id: str, place_pks: Collection[int], at: datetime, *, besides: Account | None = None
) -> frozenset[int]:
    """Return those of the organizations at which nobody but ``besides`` is in an office at organizations."""
    grants = _office_grants(book, role_id, at)
    role = book.role(role_id)
    if grants is None or role is None:
        return frozenset(place_pks)
    grants = grants if besides is None else grants.exclude(account=besides)
    if role.reach.scope != "organization":
        return frozenset() if grants.exists() else frozenset(place_pks)
    if not book.held_at_organization(role):
        by_access = grants.filter(Exists(_accesses_reaching_outer(book, role_id, "", at)))
        reached = Organization.objects.filter(Exists(by_access), pk__in=place_pks)
        return frozenset(place_pks) - set(reached.values_list("pk", flat=True))
    if not _lower_levels(book, role_id):
        held = set(grants.filter(organization__in=place_pks).values_list("organization", flat=True))
        return frozenset(place_pks) - held
    path = ExpressionWrapper(OuterRef("path"), output_field=TextField())
    above = grants.annotate(place_path=path).filter(place_path__startswith=F("organization__path"))
    places = Organization.objects.filter(Exists(above), pk__in=place_pks)
    return frozenset(place_pks) - set(places.values_list("pk", flat=True))


def who_may_decide(book: Rolebook, stage: Stage, at: datetime) -> tuple[Account, ...]:
    """Return who may decide a stage now and is there: by office; the stewards where nobody is, or it is overdue."""
    people = tuple(people_in_office(book, stage, at).order_by("pk"))
    if people and not is_overdue(stage):
        return people
    known = {person.pk for person in people}
    return (*people, *(one for one in stewards_for(book, stage, at) if one.pk not in known))


def stewards_for(book: Rolebook, stage: Stage, at: datetime) -> tuple[Account, ...]:
    """Return the stewards to whom a stage comes: those who are there, else all who may decide it.

    Nobody where each of them asked for it, or decided a step of it before: then another steward is needed.
    """
    grants = _office_grants(book, STEWARD_ID, at)
    if grants is None:
        return ()
    stewards = Account.objects.filter(pk__in=grants.values("account"))
    stewards = stewards.filter(_covers_asked(book, STEWARD_ID, stage.pk))
    found = not_kept_from(stewards, book, stage, at).order_by("pk")
    there = tuple(found.exclude(pk__in=absent_accounts(book.program.id, at)))
    return there or tuple(found)


def stages_in_office(standing: Standing) -> Q:
    """Return the SQL condition for the stages that a person may decide by their own offices, by `seat_at`'s terms."""
    condition = Q(pk__in=())
    exactly: dict[str, list[int]] = {}
    for office in standing.offices(Act.DECIDE):
        if office.organization_id is not None and not office.lower_levels:
            exactly.setdefault(office.role_id, []).append(office.organization_id)
            continue
        theirs = Q(approver_role_id=office.role_id) & office.where()
        if office.organization_id is not None:
            theirs &= Q(organization__isnull=False)
        condition |= theirs & _covers_asked(standing.book, office.role_id, OuterRef("pk"))
    for role_id, places in exactly.items():
        # One condition for hundreds of organizations: one for each took a second to write down.
        theirs = Q(approver_role_id=role_id, organization__in=places)
        condition |= theirs & _covers_asked(standing.book, role_id, OuterRef("pk"))
    return condition


def stages_without_office(standing: Standing) -> Q | None:
    """Return the SQL condition for the stages at which a steward stands in: nobody is left, or it has waited too long.

    None for somebody who is no steward.
    """
    if not any(office.role_id == STEWARD_ID for office in standing.offices(Act.DECIDE)):
        return None
    waiting = stages_with_nobody_left(standing.book, standing.at) | Q(escalated_why=Stage.Why.OVERDUE)
    return waiting & _covers_asked(standing.book, STEWARD_ID, OuterRef("pk"))


def stages_with_nobody_left(book: Rolebook, at: datetime, besides: Account | None = None) -> Q:
    """Return the SQL condition for the stages that nobody who is there may decide by office, ``besides`` left out."""
    if besides is not None:
        return _nobody_left(book, at, besides)
    return once(("nobody left", book.program.id, at), lambda: _nobody_left(book, at, None))


def _nobody_left(book: Rolebook, at: datetime, besides: Account | None) -> Q:
    known = [holder.role_id for holder in book.authority.holders(Act.DECIDE)]
    condition = ~Q(approver_role_id__in=known)
    for role_ids in _alike(book, [role_id for role_id in known if role_id != STEWARD_ID]):
        office = _in_office_of_outer_stage(book, role_ids, at)
        nobody = ~Exists(office if besides is None else office.exclude(account=besides))
        condition |= Q(approver_role_id__in=role_ids) & Q(nobody)
    return condition


def stages_nobody_can_decide(book: Rolebook, at: datetime) -> Q:
    """Return the SQL condition for the stages that nobody may decide, not even a steward; `who_may_decide` is empty."""
    office = Q(approver_role_id=STEWARD_ID) | stages_with_nobody_left(book, at)
    return office & ~some_steward_may_decide(book, at)


def some_steward_may_decide(book: Rolebook, at: datetime) -> Q:
    """Return the SQL condition for the stages to which some steward may come; `stewards_for`, said in SQL."""
    return once(("some steward", book.program.id, at), lambda: _some_steward(book, at))


def _some_steward(book: Rolebook, at: datetime) -> Q:
    grants = _office_grants(book, STEWARD_ID, at)
    if grants is None:
        return Q(pk__in=())
    return Q(Exists(not_kept_from_outer_stage(grants, book, at))) & _covers_asked(
        book, STEWARD_ID, OuterRef("pk")
    )


def _office_grants(book: Rolebook, role_id: str, at: datetime) -> QuerySet[Grant] | None:
    """Return the grants in force of an active person that give a role's deciding, or None when it decides nothing."""
    role = book.role(role_id)
    if role is None or book.authority.holder(Act.DECIDE, role_id) is None:
        return None
    return _active_grants(book, at).filter(_of_role(book, role))


def _active_grants(book: Rolebook, at: datetime) -> QuerySet[Grant]:
    """Return the grants in force of people who are active."""
    return Grant.objects.filter(
        in_force(at), counts(at), program_id=book.program.id, account__status=Account.Status.ACTIVE
    )


def _of_role(book: Rolebook, role: Role) -> Q:
    """Return the SQL condition for grants of a role, at an organization of a kind at which it is held."""
    theirs = Q(role_id=role.id)
    if role.reach.kinds and book.held_at_organization(role):
        theirs &= Q(organization__kind_id__in=role.reach.kinds)
    return theirs


def _covers_asked(book: Rolebook, role_id: str, stage: int | OuterRef) -> Q:
    """Return the SQL condition that an office covers the category of every role that a stage's items name."""
    holder = book.authority.holder(Act.DECIDE, role_id)
    if holder is None or not holder.category_ids:
        return Q()
    covered = covered_role_ids(book, holder)
    foreign = RequestItem.objects.filter(stages=stage).exclude(role_id__in=[*covered, ""])
    return Q(~Exists(foreign))


def _open_accesses(book: Rolebook, at: datetime) -> QuerySet[Access]:
    """Return the access in force at open organizations that makes an office, of the account of the outer grants."""
    still_open = Q(organization__closed_at__isnull=True) | Q(organization__closed_at__gt=at)
    theirs = Access.objects.filter(
        in_force(at), still_open, program_id=book.program.id, account=OuterRef("account")
    )
    return told_elsewhere(book, theirs, at).filter(Q(elsewhere=False))


def _accesses_reaching_outer(book: Rolebook, role_id: str, prefix: str, at: datetime) -> QuerySet[Access]:
    """Return the access with which a grant's role is an office at a place two queries out; ``prefix`` leads to it."""
    accesses = _open_accesses(book, at)
    reaching = Q(organization=OuterRef(OuterRef(f"{prefix}pk")))
    if _lower_levels(book, role_id):
        place = ExpressionWrapper(OuterRef(OuterRef(f"{prefix}path")), output_field=TextField())
        accesses = accesses.annotate(outer_path=place)
        reaching |= Q(lower_levels=True, outer_path__startswith=F("organization__path"))
    return accesses.filter(reaching)


def _lower_levels(book: Rolebook, role_id: str) -> bool:
    holder = book.authority.holder(Act.DECIDE, role_id)
    return holder is not None and holder.where == WITH_LOWER_LEVELS


def _alike(book: Rolebook, role_ids: Sequence[str]) -> list[list[str]]:
    """Return the offices in groups, each one question to the database: those that decide at their own organization."""
    there = [role_id for role_id in role_ids if _decides_there_only(book, role_id)]
    others = [[role_id] for role_id in role_ids if role_id not in there]
    return [there, *others] if there else others


def _decides_there_only(book: Rolebook, role_id: str) -> bool:
    """Return whether an office decides at the very organization at which its role is held."""
    role = book.role(role_id)
    if role is None or role.reach.scope != "organization" or not book.held_at_organization(role):
        return False
    return not _lower_levels(book, role_id)


def _in_office_of_outer_stage(book: Rolebook, role_ids: Sequence[str], at: datetime) -> QuerySet[Grant]:
    """Return the grants of the office of a stage, one of some that are `_alike`, as a correlated subquery on the stage;
    `people_in_office`, said in SQL.
    """
    offices = Q(pk__in=())
    for role_id in role_ids:
        if (role := book.role(role_id)) is not None:
            offices |= _of_role(book, role) & _covers_asked(book, role_id, OuterRef(OuterRef("pk")))
    grants = _active_grants(book, at).filter(offices, role_id=OuterRef("approver_role_id"))
    grants = _reaching_outer_stage(book, role_ids[0], grants, at)
    there = grants.exclude(account__in=absent_accounts(book.program.id, at))
    return not_kept_from_outer_stage(there, book, at)


def _reaching_outer_stage(
    book: Rolebook, role_id: str, grants: QuerySet[Grant], at: datetime
) -> QuerySet[Grant]:
    """Return those of an office's grants that reach the organization of a stage, which is one query further out."""
    role = book.role(role_id)
    if role is None or role.reach.scope != "organization":
        return grants
    if not book.held_at_organization(role):
        return grants.filter(Exists(_accesses_reaching_outer(book, role_id, "organization__", at)))
    if not _lower_levels(book, role_id):
        return grants.filter(organization=OuterRef("organization"))
    # Wrapped, for a bare reference to an outer query has no lookups.
    stage_path = ExpressionWrapper(OuterRef("organization__path"), output_field=TextField())
    return grants.annotate(stage_path=stage_path).filter(stage_path__startswith=F("organization__path"))
