"""A manager says whether a record is who says so's: who decides requests for the role where the record is kept."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.active import inactive_violations
from rolebook.governance.authority import Standing
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.flows.register_own_record import confirm, lock_asked
from rolebook.governance.models import Registration, ResponderRecord
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.registering import require_may_answer
from rolebook.policy.rules import Violation


def answer_registration(
    *,
    acting_user: Account,
    program_id: str,
    registration_id: uuid.UUID | str,
    confirmed: bool,
    reason: str = "",
    at: datetime,
    origin: Origin,
) -> Registration:
    """Confirm that a record is the person's, which opens their role, or say that it is not, with a reason.

    Raises NotFound for a registration that is answered, over or out of reach, NotAllowed for one's own, Refused for a
    refusal that does not say why, a person who is not active, a record that is somebody's by now, or a rule in force.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_OWN_RECORD, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        asked = Registration.objects.filter(
            public_id=public_id_of(registration_id), program_id=program_id, way=Registration.Way.CONFIRMATION
        )
        found = asked.select_related("account", "record").first()
        if found is None or found.record is None:
            raise NotFound
        about.beneficiary_id = found.account.public_id
        held = locks.lock(
            accounts={acting_user.pk, found.account_id}, organizations={found.record.organization_id}
        )
        standing = acting_standing(acting_user, program_id, at)
        registration = lock_asked(found.pk)
        record = require_may_answer(standing, registration)
        if confirmed:
            _require_active(standing, registration.account)
            confirm(work, held, standing, registration, record, by=acting_user)
        elif not told:
            raise Refused([Violation("say_why_not")])
        else:
            _refuse(work, standing, registration, record, told)
        return registration


def _require_active(standing: Standing, account: Account) -> None:
    violations = inactive_violations(account, standing.program_id)
    if violations:
        raise Refused(violations)


def _refuse(
    work: UnitOfWork, standing: Standing, registration: Registration, record: ResponderRecord, reason: str
) -> None:
    registration.state, registration.answered_at = Registration.State.REFUSED, work.at
    registration.answered_by, registration.reason = standing.account, reason
    registration.save(update_fields=["state", "answered_at", "answered_by", "reason"])
    work.record(
        tags.OWN_RECORD_REFUSED,
        program_id=registration.program_id,
        beneficiary_id=registration.account.public_id,
        organization_id=record.organization.public_id,
        rolebook_version=standing.version.number,
        new={
            "registration_id": registration.public_id,
            "way": str(registration.way),
            "record_id": record.public_id,
        },
        personal={"identifier": record.identifier, "reason": reason},
    )
