"""Somebody registers for their own record: names it, then proves it by a code to the address on it (IQCS-01).

Nothing tells whether a record exists, has an address, or is somebody's already: each answer is the same, and so is what
is done for it (docs/decisions/0035). A code is mailed to the record's address, never to one that was typed.
"""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction

from rolebook.accounts import mailed_codes, throttling
from rolebook.accounts.models import Account, MailedCode
from rolebook.accounts.throttling import Limit
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks, own_records
from rolebook.governance.active import inactive_violations
from rolebook.governance.authority import Standing
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.ledger import open_grant
from rolebook.governance.locks import Held
from rolebook.governance.models import Grant, Registration, ResponderRecord
from rolebook.governance.own_records import RecordMail, SendRecordMail
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.registering import records_of
from rolebook.policy.model import Records
from rolebook.policy.rules import Violation

BY_ACCOUNT = Limit("records asked for by account", 5, 24 * 3600)
BY_SOURCE = Limit("records asked for by network address", 20, 24 * 3600)
OF_RECORD = Limit("one record asked for", 5, 24 * 3600)

State = Registration.State
Way = Registration.Way


class _Undone(Exception):
    """Rolls back the work that is done for a record which there is not."""


def ask_for_own_record(
    *,
    acting_user: Account,
    program_id: str,
    identifier: str,
    way: str,
    send: SendRecordMail,
    at: datetime,
    origin: Origin,
) -> Registration:
    """Say which record is one's own, and ask for the proof: a mailed code, or the word of a manager.

    The answer is the same for a record that is free, that is somebody's, and that there is not; earlier unanswered
    ones of the person are over. Raises NotFound where nobody registers or not in this way, Refused for who has a record
    already and for what no identifier looks like, TooManyAttempts.
    """
    about = About(program_id=program_id, beneficiary_id=acting_user.public_id)
    _limit(acting_user, program_id, identifier, origin, at)
    with attempt(
        tags.ATTEMPT_REFUSED_OWN_RECORD, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        locks.lock(accounts={acting_user.pk})
        standing = acting_standing(acting_user, program_id, at)
        records = records_of(standing)
        if way not in records.proofs:
            raise NotFound
        about.role_id = records.role_id
        named = _require_none_yet(standing, records, identifier)
        waiting = Registration.objects.filter(program_id=program_id, account=acting_user, state=State.ASKED)
        waiting.update(state=State.OVER, answered_at=at)
        found = ResponderRecord.objects.filter(program_id=program_id, identifier=named).first()
        made = _ask(standing.account, program_id, Way(way), found, send, at)
        work.record(
            tags.OWN_RECORD_ASKED,
            program_id=program_id,
            beneficiary_id=acting_user.public_id,
            rolebook_version=standing.version.number,
            new={"registration_id": made.public_id, "way": str(made.way)},
            personal={"identifier": named},
        )
        return made


def _limit(account: Account, program_id: str, identifier: str, origin: Origin, at: datetime) -> None:
    """Count the attempt, whatever comes of it. Raises TooManyAttempts."""
    named = "".join(identifier.split()).upper()[: own_records.LONGEST_IDENTIFIER]
    throttling.take(
        [
            (BY_ACCOUNT, f"{program_id} {account.pk}"),
            (BY_SOURCE, f"{program_id} {throttling.network_of(origin.address)}"),
            (OF_RECORD, f"{program_id} {named}"),
        ],
        at,
    )


def _require_none_yet(standing: Standing, records: Records, identifier: str) -> str:
    """Return the identifier as it is stored. Raises Refused for who has a record, and for what cannot be one."""
    named = own_records.clean_identifier(records, identifier)
    violations = list(inactive_violations(standing.account, standing.program_id))
    if own_records.own_record_of(standing.account, standing.program_id) is not None:
        violations.append(Violation("own_record_held", {"record": records.title}))
    elif named is None:
        example = records.identifier_example
        told = {"identifier": records.identifier_title, "example": example}
        violations.append(Violation("identifier_unlike", told))
    if violations or named is None:
        raise Refused(violations)
    return named


def _ask(
    account: Account,
    program_id: str,
    way: Way,
    found: ResponderRecord | None,
    send: SendRecordMail,
    at: datetime,
) -> Registration:
    """Write the registration and what proves it, with the same work whether or not there is such a record to have."""
    taken = own_records.is_taken(found)
    decoy = _decoy(account, program_id)
    is_free = found is not None and not taken and (way is Way.CONFIRMATION or bool(found.email))
    made = Registration(
        program_id=program_id, account=account, record=found if is_free else None, way=way, asked_at=at
    )
    if way is Way.CONFIRMATION:
        made.expires_at = at + own_records.CONFIRMATION_LIFETIME
        made.save(force_insert=True)
        return made
    record = found if found is not None and found.email else decoy
    new = mailed_codes.make_code(
        MailedCode.Purpose.OWN_RECORD, address=record.email, at=at, account=account, usable=is_free
    )
    made.proof_id, made.expires_at = new.proof.public_id, new.proof.expires_at
    made.save(force_insert=True)
    with suppress(_Undone), transaction.atomic():
        send(RecordMail(made, record, account, "" if taken else new.code))
        if record is decoy:
            raise _Undone
    return made


def _decoy(account: Account, program_id: str) -> ResponderRecord:
    """Return a record that there is not, so that a mail can be written, and undone, in place of none."""
    return ResponderRecord(
        program_id=program_id, identifier="NONE", name=account.name, email="nobody@rolebook.invalid"
    )


def prove_own_record(
    *,
    acting_user: Account,
    program_id: str,
    registration_id: uuid.UUID | str,
    code: str,
    at: datetime,
    origin: Origin,
) -> Grant:
    """Take the mailed code, and open the role that is bound to the record.

    Raises NotFound for a registration that is not this person's or waits for no code, CodeRefused for a code that is
    not accepted, Refused where a rule in force forbids the role.
    """
    asked = Registration.objects.filter(
        public_id=public_id_of(registration_id), program_id=program_id, account=acting_user, state=State.ASKED
    ).first()
    if asked is None or asked.proof_id is None:
        raise NotFound
    proof = mailed_codes.check_code(asked.proof_id, MailedCode.Purpose.OWN_RECORD, code, at)
    about = About(program_id=program_id, beneficiary_id=acting_user.public_id)
    with attempt(
        tags.ATTEMPT_REFUSED_OWN_RECORD, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        held = locks.lock(accounts={acting_user.pk})
        standing = acting_standing(acting_user, program_id, at)
        registration = lock_asked(asked.pk)
        record = registration.record
        if record is None or record.email != proof.address:
            # The record was changed meanwhile: the code went to an address that is not on it any more.
            raise mailed_codes.CodeRefused(spent=True)
        mailed_codes.use(proof, at)
        return confirm(work, held, standing, registration, record, by=None)


def lock_asked(pk: int) -> Registration:
    """Return a registration that waits, its record locked: two who claim one record come one after the other.

    Raises NotFound for one that was answered meanwhile.
    """
    record_id = Registration.objects.get(pk=pk).record_id
    locks.lock_rows(ResponderRecord, frozenset() if record_id is None else frozenset({record_id}))
    found = (
        Registration.objects.filter(pk=pk, state=State.ASKED)
        .select_related("account", "record__organization")
        .first()
    )
    if found is None:
        raise NotFound
    return found


def confirm(
    work: UnitOfWork,
    held: Held,
    standing: Standing,
    registration: Registration,
    record: ResponderRecord,
    *,
    by: Account | None,
) -> Grant:
    """Bind a record to who registered for it, through the ledger; person and record are locked.

    Raises Refused for a record that is somebody's own by now, and where a rule in force forbids the role.
    """
    book = standing.book
    records = records_of(standing)
    registration.state, registration.answered_at, registration.answered_by = State.CONFIRMED, work.at, by
    registration.save(update_fields=["state", "answered_at", "answered_by"])
    work.record(
        tags.OWN_RECORD_CONFIRMED,
        program_id=registration.program_id,
        beneficiary_id=registration.account.public_id,
        organization_id=record.organization.public_id,
        rolebook_version=standing.version.number,
        new={
            "registration_id": registration.public_id,
            "way": str(registration.way),
            "record_id": record.public_id,
        },
        personal={"identifier": record.identifier},
    )
    return open_grant(
        work,
        held,
        book=book,
        beneficiary=registration.account,
        role_id=records.role_id,
        organization=None,
        origin=registration,
        rolebook_version=standing.version.number,
    )


def end_old_registrations(now: datetime) -> int:
    """Say of registrations whose time is over that they are; return of how many. A check at use never trusts this."""
    late = Registration.objects.filter(state=State.ASKED, expires_at__lt=now - timedelta(days=1))
    return late.update(state=State.OVER, answered_at=now)
