"""Who may decide a stage: one person's seat at it, everybody in office, and the steward where nobody is left."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Coalesce

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, covered_role_ids, in_force
from rolebook.governance.models import (
    Access,
    Grant,
    Outcome,
    Participation,
    Request,
    RequestItem,
    Stage,
)
from rolebook.policy.model import STEWARD_ID, WITH_LOWER_LEVELS, Act, Rolebook


@dataclass(frozen=True, slots=True)
class Seat:
    """That somebody may decide a stage, and whether as the steward who stands in where nobody is left."""

    role_id: str
    stands_in: bool


def seat_at(standing: Standing, stage: Stage, role_ids: Iterable[str]) -> Seat | None:
    """Return the seat that a person has at a stage by their offices, or None.

    ``role_ids`` are the roles that the stage's items name (access apart from roles names none): the office must cover
    each one's category. Whether the
    person is the requester, or decided before, are questions of their own (`own_request`, `decided_before`).
    """
    asked = tuple(role_id for role_id in role_ids if role_id)
    office = standing.office_over(Act.DECIDE, stage.organization, asked, stage.approver_role_id)
    if office is not None:
        return Seat(office.role_id, stands_in=False)
    steward = standing.office_over(Act.DECIDE, stage.organization, asked, STEWARD_ID)
    if steward is not None and not anybody_left(standing.book, stage, standing.at):
        return Seat(STEWARD_ID, stands_in=True)
    return None


def own_request(account: Account, request: Request) -> str | None:
    """Return the rule's code when somebody asked for a request, or it is for them; nobody decides that (I6)."""
    if account.pk == request.beneficiary_id:
        return "own_request"
    return "asked_for_it" if account.pk == request.requester_id else None


def decided_before(account: Account, stage: Stage) -> bool:
    """Return whether somebody decided another stage of the same run, or of an item that this one decides (I6)."""
    before = Outcome.objects.filter(_before(stage.pk, stage.chain_id, stage.request_version))
    return before.filter(_by(account), request=stage.request_id).exists()


def anybody_left(book: Rolebook, stage: Stage, at: datetime) -> bool:
    """Return whether anybody in the stage's own office may decide it."""
    return people_in_office(book, stage, at).exists()


def people_in_office(book: Rolebook, stage: Stage, at: datetime) -> QuerySet[Account]:
    """Return the people whose office is the stage's, the requester, beneficiary and earlier approvers left out."""
    earlier = Outcome.objects.filter(
        _before(stage.pk, stage.chain_id, stage.request_version), request=stage.request_id
    ).values("approver")
    people = holders_at(book, stage.approver_role_id, stage.organization, at)
    return people.exclude(pk__in=[stage.request.requester_id, stage.request.beneficiary_id]).exclude(
        pk__in=earlier
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
    book: Rolebook, role_id: str, place_pks: Collection[int], at: datetime, *, besides: Account
) -> frozenset[int]:
    """Return those of the organizations at which nobody but ``besides`` is in an office held at organizations."""
    grants = _office_grants(book, role_id, at)
    role = book.role(role_id)
    if grants is None or role is None:
        return frozenset(place_pks)
    grants = grants.exclude(account=besides)
    if role.reach.scope != "organization":
        return frozenset() if grants.exists() else frozenset(place_pks)
    if not _lower_levels(book, role_id):
        held = set(grants.filter(organization__in=place_pks).values_list("organization", flat=True))
        return frozenset(place_pks) - held
    path = ExpressionWrapper(OuterRef("path"), output_field=TextField())
    above = grants.annotate(place_path=path).filter(place_path__startswith=F("organization__path"))
    places = Organization.objects.filter(Exists(above), pk__in=place_pks)
    return frozenset(place_pks) - set(places.values_list("pk", flat=True))


def who_may_decide(book: Rolebook, stage: Stage, at: datetime) -> tuple[Account, ...]:
    """Return who may decide a stage now: everybody in its office, else the program's stewards; by id."""
    people = tuple(people_in_office(book, stage, at).order_by("pk"))
    if people:
        return people
    stewards = _office_grants(book, STEWARD_ID, at)
    if stewards is None:
        return ()
    left_out = [stage.request.requester_id, stage.request.beneficiary_id]
    found = Account.objects.filter(pk__in=stewards.values("account")).exclude(pk__in=left_out)
    return tuple(found.order_by("pk"))


def stages_in_office(standing: Standing) -> Q:
    """Return the SQL condition for the stages that a person may decide by their own offices, by `seat_at`'s terms."""
    condition = Q(pk__in=())
    for office in standing.offices(Act.DECIDE):
        theirs = Q(approver_role_id=office.role_id) & office.where()
        if office.organization_id is not None:
            theirs &= Q(organization__isnull=False)
        if office.holder.category_ids:
            covered = covered_role_ids(standing.book, office.holder)
            foreign = RequestItem.objects.filter(stages=OuterRef("pk")).exclude(role_id__in=[*covered, ""])
            theirs &= Q(~Exists(foreign))
        condition |= theirs
    return condition


def stages_without_office(standing: Standing) -> Q:
    """Return the SQL condition for the stages at which a steward stands in, because nobody is left to decide.

    Matches nothing for somebody who is no steward.
    """
    if not any(office.role_id == STEWARD_ID for office in standing.offices(Act.DECIDE)):
        return Q(pk__in=())
    return stages_with_nobody_left(standing.book, standing.at)


def stages_with_nobody_left(book: Rolebook, at: datetime, besides: Account | None = None) -> Q:
    """Return the SQL condition for the stages that nobody in their own office, ``besides`` left out, may decide."""
    known = [holder.role_id for holder in book.authority.holders(Act.DECIDE)]
    condition = ~Q(approver_role_id__in=known)
    for role_id in known:
        if role_id == STEWARD_ID:
            continue
        office = _in_office_of_outer_stage(book, role_id, at)
        nobody = ~Exists(office if besides is None else office.exclude(account=besides))
        condition |= Q(approver_role_id=role_id) & Q(nobody)
    return condition


def not_conflicted(account: Account) -> Q:
    """Return the SQL condition for stages that `own_request` and `decided_before` do not keep a person from."""
    before = Outcome.objects.filter(
        _before(OuterRef("pk"), OuterRef("chain_id"), OuterRef("request_version")),
        _by(account),
        request=OuterRef("request"),
    )
    return ~Q(request__requester=account) & ~Q(request__beneficiary=account) & Q(~Exists(before))


def _by(account: Account) -> Q:
    """Return the condition for outcomes of a person: of the account, or of one that was merged into it (I6)."""
    return Q(approver=account) | Q(approver__merged_into=account)


def _people_of(outcomes: QuerySet[Outcome]) -> QuerySet[Outcome, int]:
    """Return the accounts of who decided, as a subquery: the one that remained, where two were merged."""
    person = Coalesce("approver__merged_into", "approver")
    return outcomes.annotate(person=person).values_list("person", flat=True)


def _before(stage: int | OuterRef, chain_id: str | OuterRef, version: int | OuterRef) -> Q:
    """Return the condition for outcomes of a request that use up their approver for a stage.

    Those of other stages of the same run, and of others on an item that the stage decides too: N stages need N people
    (I6). Who decided this very stage stays in its office: the steward does not step in because they did.
    """
    run = Q(chain_id=chain_id, request_version=version)
    return (run | Q(stage__items__stages=stage)) & ~Q(stage=stage)


def _office_grants(book: Rolebook, role_id: str, at: datetime) -> QuerySet[Grant] | None:
    """Return the grants in force of an active person that give a role's deciding, or None when it decides nothing."""
    role = book.role(role_id)
    if role is None or book.authority.holder(Act.DECIDE, role_id) is None:
        return None
    grants = Grant.objects.filter(
        in_force(at),
        program_id=book.program.id,
        role_id=role_id,
        account__status=Account.Status.ACTIVE,
        participation__status=Participation.Status.ACTIVE,
    )
    if role.reach.kinds and book.held_at_organization(role):
        grants = grants.filter(organization__kind_id__in=role.reach.kinds)
    return grants


def _open_accesses(book: Rolebook, at: datetime) -> QuerySet[Access]:
    """Return the access in force at organizations that are open, of the account of the grants that it is asked of."""
    still_open = Q(organization__closed_at__isnull=True) | Q(organization__closed_at__gt=at)
    return Access.objects.filter(
        in_force(at), still_open, program_id=book.program.id, account=OuterRef("account")
    )


def _lower_levels(book: Rolebook, role_id: str) -> bool:
    holder = book.authority.holder(Act.DECIDE, role_id)
    return holder is not None and holder.where == WITH_LOWER_LEVELS


def _in_office_of_outer_stage(book: Rolebook, role_id: str, at: datetime) -> QuerySet[Grant]:
    """Return the office's grants as a correlated subquery on a stage; `people_in_office`, said in SQL."""
    grants = _office_grants(book, role_id, at)
    role = book.role(role_id)
    if grants is None or role is None:
        return Grant.objects.none()
    if role.reach.scope == "organization":
        if not book.held_at_organization(role):
            reaching = Q(organization=OuterRef(OuterRef("organization")))
            accesses = _open_accesses(book, at)
            if _lower_levels(book, role_id):
                place = ExpressionWrapper(OuterRef(OuterRef("organization__path")), output_field=TextField())
                accesses = accesses.annotate(stage_path=place)
                reaching |= Q(lower_levels=True, stage_path__startswith=F("organization__path"))
            grants = grants.filter(Exists(accesses.filter(reaching)))
        elif _lower_levels(book, role_id):
            # Wrapped, for a bare reference to an outer query has no lookups.
            stage_path = ExpressionWrapper(OuterRef("organization__path"), output_field=TextField())
            grants = grants.annotate(stage_path=stage_path).filter(
                stage_path__startswith=F("organization__path")
            )
        else:
            grants = grants.filter(organization=OuterRef("organization"))
    earlier = Outcome.objects.filter(
        _before(
            OuterRef(OuterRef("pk")),
            OuterRef(OuterRef("chain_id")),
            OuterRef(OuterRef("request_version")),
        ),
        request=OuterRef(OuterRef("request")),
    )
    return (
        grants.exclude(account=OuterRef("request__requester"))
        .exclude(account=OuterRef("request__beneficiary"))
        .exclude(account__in=_people_of(earlier))
    )
