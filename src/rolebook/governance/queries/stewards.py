"""Who stands for a program as its steward: the office that administers it."""

from datetime import datetime

from django.db.models import QuerySet

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Grant
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.quiet import counts
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.policy.model import STEWARD_ID, Act


def is_steward(viewer: Account, program_id: str, at: datetime) -> bool:
    """Return whether the viewer administers the program as a whole."""
    try:
        return administers(viewer_standing(viewer, program_id, at))
    except NotAllowed:
        return False


def administers(standing: Standing) -> bool:
    """Return whether somebody's offices give them the act "administer" for the whole program."""
    return standing.may(Act.ADMINISTER, None)


def stewards_standing(viewer: Account, program_id: str, at: datetime) -> Standing:
    """Return the standing of somebody who administers the program.

    Raises NotFound for everybody else, as if there were no such page, and NotAllowed for an account that is not active.
    """
    standing = viewer_standing(viewer, program_id, at)
    if not administers(standing):
        raise NotFound
    return standing


def other_stewards(account: Account, program_id: str, at: datetime) -> frozenset[int]:
    """Return the internal ids of the program's active stewards besides somebody."""
    grants = active_stewards(program_id, at).exclude(account=account)
    return frozenset(grants.values_list("account", flat=True))


def is_steward_of(account: Account, program_id: str, at: datetime) -> bool:
    """Return whether somebody holds the steward's office of a program, whatever their status."""
    return stewards_grants(program_id, at).filter(account=account).exists()


def stewards_grants(program_id: str, at: datetime) -> QuerySet[Grant]:
    """Return the grants of a program's stewards, whatever their status."""
    return Grant.objects.filter(in_force(at), program_id=program_id, role_id=STEWARD_ID)


def active_stewards(program_id: str, at: datetime) -> QuerySet[Grant]:
    """Return the grants of those of them who can act."""
    return stewards_grants(program_id, at).filter(counts(at), account__status=Account.Status.ACTIVE)
