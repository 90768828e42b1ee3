"""Who may answer a registration for a record, and where people register at all; for flows and queries (IQCS-01)."""

from rolebook.governance.authority import Standing
from rolebook.governance.models import Registration, ResponderRecord
from rolebook.governance.origins import family
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.policy.model import Act, Records


def records_of(standing: Standing) -> Records:
    """Return what the program says of its records. Raises NotFound where nobody registers for one."""
    if standing.book.records is None:
        raise NotFound
    return standing.book.records


def require_may_answer(standing: Standing, registration: Registration) -> ResponderRecord:
    """Return the record, of which the standing's account may say whose it is.

    Raises NotFound for who may not and where there is none, NotAllowed for one's own.
    """
    record = registration.record
    if record is None or registration.expires_at <= standing.at:
        raise NotFound
    records = records_of(standing)
    if not standing.may_over_role(Act.DECIDE, record.organization, records.role_id):
        raise NotFound
    if registration.account_id in family(standing.account):
        raise NotAllowed("own_registration")
    return record
