"""Who may vouch for somebody who lost the second factor (docs/decisions/0021).

Whoever vouches lets a password and a mailbox set up a new factor, and so answers for all that the person may do in
governing. It therefore takes, for every office that the person holds, an office that could give it (I2); for everybody
else, one that decides about a role they hold, or the steward's. Offices that the person gave do not count, nor do the
person's own accounts (I6). Where nobody is left, the operator at the command line is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import Recovery
from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.authority import Standing, in_force, standing_of
from rolebook.governance.models import Grant, Participation
from rolebook.governance.origins import family, given_by
from rolebook.governance.queries.officials import official_role_ids
from rolebook.governance.queries.stewards import administers
from rolebook.governance.quiet import counts
from rolebook.policy.model import STEWARD_ID, Act

MOST_CANDIDATES = 100
"""People in office who are looked at and told; there are few at one organization."""


@dataclass(frozen=True, slots=True)
class VouchingOffice:
    """An office whose holder may vouch: never a person, to who is not signed in."""

    program_name: str
    role_title: str
    organization: str | None


def may_vouch(voucher: Account, person: Account, program_id: str, at: datetime) -> bool:
    """Return whether ``voucher`` may vouch for ``person`` by an office in a program, from rows read now."""
    own = family(person)
    if voucher.pk in own or person.pk in family(voucher):
        return False
    if not Participation.objects.filter(account=person, program_id=program_id).exists():
        return False
    standings: dict[str, Standing] = {}
    basis = False
    for grant in Grant.objects.filter(in_force(at), account=person).select_related("organization"):
        office = is_office(grant, at)
        if not office and grant.program_id != program_id:
            continue
        if grant.program_id not in standings:
            standings[grant.program_id] = _standing(voucher, own, grant.program_id, at)
        covered = _covers(standings[grant.program_id], grant)
        if office and not covered:
            return False
        basis |= covered and grant.program_id == program_id
    return basis or _is_steward(standings.get(program_id) or _standing(voucher, own, program_id, at))


def is_office(grant: Grant, at: datetime) -> bool:
    """Return whether a grant is of an office: one that decides requests, or the steward's."""
    _, book = rolebook_in_force(grant.program_id, at)
    return grant.role_id == STEWARD_ID or grant.role_id in official_role_ids(book)


def is_known_to(standing: Standing, person: Account) -> bool:
    """Return whether somebody looks after a role of the person's, or after the program as its steward."""
    if _is_steward(standing):
        return Participation.objects.filter(account=person, program_id=standing.program_id).exists()
    grants = Grant.objects.filter(in_force(standing.at), account=person, program_id=standing.program_id)
    return any(_covers(standing, grant) for grant in grants.select_related("organization"))


def who_may_vouch(person: Account, program_id: str, at: datetime) -> tuple[Account, ...]:
    """Return who may vouch for somebody by an office in a program, by internal id; at most MOST_CANDIDATES."""
    return tuple(one for one in _candidates(person, program_id, at) if may_vouch(one, person, program_id, at))


def offices_that_vouch(person: Account, at: datetime) -> tuple[VouchingOffice, ...]:
    """Return the offices, in every program of somebody's, whose holders may vouch; none: the operator must."""
    found: dict[VouchingOffice, None] = {}
    for program_id in programs_of(person):
        _, book = rolebook_in_force(program_id, at)
        roles = (*official_role_ids(book), STEWARD_ID)
        for voucher in who_may_vouch(person, program_id, at):
            held = Grant.objects.filter(
                in_force(at), account=voucher, program_id=program_id, role_id__in=roles
            ).select_related("organization")
            for grant in held:
                role = book.role(grant.role_id)
                place = None if grant.organization is None else grant.organization.name
                if role is not None:
                    found[VouchingOffice(book.program.short_name, role.title, place)] = None
    return tuple(found)


def programs_of(person: Account) -> tuple[str, ...]:
    """Return the programs that somebody takes part in, by id."""
    parts = Participation.objects.filter(account=person).order_by("program_id")
    return tuple(parts.values_list("program_id", flat=True))


def recoveries_waiting(standing: Standing) -> tuple[Recovery, ...]:
    """Return the open recoveries for which somebody may vouch, oldest first; none, unasked, without an office."""
    if not standing.offices(Act.DECIDE) and not administers(standing):
        return ()
    waiting = Recovery.objects.filter(
        state=Recovery.State.ASKED,
        expires_at__gt=standing.at,
        account__status=Account.Status.ACTIVE,
        account__participations__program_id=standing.program_id,
    ).exclude(account=standing.account)
    found = waiting.select_related("account").order_by("asked_at", "pk")[:MOST_CANDIDATES]
    return tuple(
        one for one in found if may_vouch(standing.account, one.account, standing.program_id, standing.at)
    )


def _candidates(person: Account, program_id: str, at: datetime) -> Iterable[Account]:
    """Return people in office where somebody holds something, and the stewards."""
    _, book = rolebook_in_force(program_id, at)
    held = Grant.objects.filter(in_force(at), account=person, program_id=program_id)
    above = {
        int(step)
        for path in held.values_list("organization__path", flat=True)
        if path
        for step in path.split("/")
        if step
    }
    near = Q(organization=None) | Q(organization__in=above)
    officials = Q(role_id__in=official_role_ids(book)) & near if held.exists() else Q(pk__in=())
    grants = Grant.objects.filter(
        in_force(at),
        counts(at),
        officials | Q(role_id=STEWARD_ID),
        program_id=program_id,
        account__status=Account.Status.ACTIVE,
    )
    people = Account.objects.filter(pk__in=grants.values("account")).exclude(pk=person.pk)
    return people.order_by("pk")[:MOST_CANDIDATES]


def _standing(voucher: Account, person: frozenset[int], program_id: str, at: datetime) -> Standing:
    """Return the voucher's standing without what the person gave them."""
    standing = standing_of(voucher, program_id, at)
    held = Grant.objects.filter(in_force(at), account=voucher, program_id=program_id).select_related(
        "moved_from", "designation__designated_by", "request_item"
    )
    theirs = {str(grant.public_id) for grant in held if given_by(grant, person)}
    if not theirs:
        return standing
    kept = tuple(holding for holding in standing.person.holdings if holding.id not in theirs)
    return replace(standing, person=replace(standing.person, holdings=kept))


def _covers(standing: Standing, grant: Grant) -> bool:
    """Return whether an office could give what somebody holds: its deciding office, or the steward's."""
    if _is_steward(standing):
        return True
    if grant.role_id == STEWARD_ID:
        return False
    return standing.office_over(Act.DECIDE, grant.organization, [grant.role_id]) is not None


def _is_steward(standing: Standing) -> bool:
    return standing.person.active and administers(standing)
