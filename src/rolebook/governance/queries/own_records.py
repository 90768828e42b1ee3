"""One's own record, and the registrations that wait for a manager's word (IQCS-01)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing, covers_role
from rolebook.governance.models import Grant, Registration
from rolebook.governance.origins import first_of, restored_of
from rolebook.governance.own_records import own_record_of
from rolebook.governance.queries.naming import confirming_office, sees_names
from rolebook.governance.queries.paging import DEFAULT_LIMIT, Page, cut, following, instant_key
from rolebook.governance.queries.seeing import anywhere, public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.governance.registering import records_of, require_may_answer
from rolebook.policy.model import Act, Power, Records


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """Where somebody stands with their own record.

    Attributes:
        records: what the program says of records.
        grant: what binds one to them, with the record; None without one.
        waiting: their registration that waits for its proof, if any.
        last: their newest registration that a manager did not confirm, if nothing came after it.
        powers: what the role gives on the record.
        answered_by: who confirmed, or did not, what ``grant`` or ``last`` tells: the office, and by name where the
            viewer may see persons (decision 33); None where a code did.
        by_code: whether a code mailed to the address on the record showed whose it is.
        since: what opened ``grant``: registering, a reactivation, or a merge of two accounts.
    """

    records: Records
    grant: Grant | None
    waiting: Registration | None
    last: Registration | None
    powers: tuple[Power, ...]
    answered_by: str | None
    by_code: bool
    since: Literal["registered", "reactivated", "merged"]


def own_record(viewer: Account, program_id: str, at: datetime) -> OwnRecord:
    """Return the viewer's own record, or how far they are with registering. Raises NotFound where nobody registers."""
    standing = viewer_standing(viewer, program_id, at)
    records = records_of(standing)
    newest = Registration.objects.filter(program_id=program_id, account=viewer).order_by("-pk").first()
    asked = newest is not None and newest.state == Registration.State.ASKED and newest.expires_at > at
    refused = newest is not None and newest.state == Registration.State.REFUSED
    grant = own_record_of(viewer, program_id)
    registration = None if grant is None else first_of(grant).registration
    answered = newest if refused else registration
    return OwnRecord(
        records=records,
        grant=grant,
        waiting=newest if asked else None,
        last=newest if refused else None,
        answered_by=None if answered is None else _answered_by(standing, answered),
        by_code=registration is not None and registration.answered_by_id is None,
        since=_since(grant),
        powers=tuple(standing.book.powers(records.role_id).values()),
    )


def _since(grant: Grant | None) -> Literal["registered", "reactivated", "merged"]:
    if grant is None or grant.moved_from is None:
        return "registered"
    return "merged" if restored_of(grant) is None else "reactivated"


def _answered_by(standing: Standing, answered: Registration) -> str | None:
    place = None if answered.record is None else answered.record.organization
    if answered.answered_by is None or sees_names(standing, [place]):
        return None if answered.answered_by is None else answered.answered_by.name
    return confirming_office(standing.book, None if place is None else place.name)


def may_confirm(standing: Standing) -> bool:
    """Return whether somebody may say whose a record is anywhere."""
    return bool(_offices(standing))


def confirms_records(viewer: Account, program_id: str, at: datetime) -> bool:
    """Return whether the viewer may say whose a record is anywhere, and so has the page of registrations."""
    return may_confirm(viewer_standing(viewer, program_id, at))


def _offices(standing: Standing) -> list[Q]:
    records = standing.book.records
    if records is None or "confirmation" not in records.proofs:
        return []
    return [
        office.where("record__")
        for office in standing.offices(Act.DECIDE)
        if covers_role(standing.book, office.holder, records.role_id)
    ]


def _waiting(standing: Standing) -> QuerySet[Registration]:
    offices = _offices(standing)
    if not offices:
        raise NotFound
    asked = Registration.objects.filter(
        anywhere(offices),
        program_id=standing.program_id,
        state=Registration.State.ASKED,
        way=Registration.Way.CONFIRMATION,
        record__isnull=False,
        expires_at__gt=standing.at,
    )
    return asked.select_related("account", "record__organization")


def registrations_of(standing: Standing) -> QuerySet[Registration] | None:
    """Return the registrations of others that wait for the standing's account; None for who confirms none."""
    return _waiting(standing).exclude(account=standing.account) if may_confirm(standing) else None


def registrations_waiting(
    viewer: Account, program_id: str, at: datetime, after: str | None = None
) -> Page[Registration]:
    """Return the registrations whose record is kept where the viewer decides, oldest first. Raises NotFound."""
    waiting = _waiting(viewer_standing(viewer, program_id, at)).order_by("asked_at", "pk")
    waiting = waiting.filter(following(instant_key(after), "asked_at"))
    rows = list(waiting[: DEFAULT_LIMIT + 1])
    return cut(rows, [(row.asked_at.isoformat(), row.pk) for row in rows], DEFAULT_LIMIT)


def registration_to_answer(
    viewer: Account, program_id: str, registration_id: uuid.UUID | str, at: datetime
) -> Registration:
    """Return one that waits for the viewer's word. Raises NotFound, NotAllowed for the viewer's own."""
    standing = viewer_standing(viewer, program_id, at)
    found = _waiting(standing).filter(public_id=public_id_of(registration_id)).first()
    if found is None:
        raise NotFound
    require_may_answer(standing, found)
    return found
