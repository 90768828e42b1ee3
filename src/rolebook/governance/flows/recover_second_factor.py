"""A lost second factor: asked for with password and mailbox, vouched for by an office, carried out by the person.

Never a silent bypass: every step is on record, told by mail, and can be stopped from any of the mails (decision 21).
"""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from rolebook.accounts import challenges, mailed_codes, throttling
from rolebook.accounts.challenges import Asked
from rolebook.accounts.credential_models import PasskeyChallenge
from rolebook.accounts.flows.credentials import confirm_password, remove_factors
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account, MailedCode
from rolebook.accounts.person_models import Recovery
from rolebook.accounts.second_factor import has_own_factor
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.voucher_proof import Vouch, one_try, prove
from rolebook.governance.vouching import is_known_to, may_vouch, programs_of
from rolebook.policy.rules import Violation

ASKED_FOR = timedelta(days=7)
"""How long a recovery waits for somebody who vouches."""
READY_FOR = timedelta(days=3)
"""How long the person has, from when the new factor may be set up."""
SHORTEST_TOLD = 10
"""Characters at least of how the voucher made sure."""
ASKING = throttling.Limit("lost second factors by account", 4, 24 * 3600)
LINK_BY_SOURCE = throttling.Limit("links of recoveries by network address", 30, 3600)


class NothingToRecover(Exception):
    """The account has no second factor of its own that could be lost."""


class RecoveryOver(Exception):
    """The link does not lead to a recovery that may be carried out or cancelled: unknown, used, over its time."""


class RecoveryNotReady(Exception):
    """Somebody vouched, and the waiting time is not over; it is at ``ready_at``."""

    def __init__(self, ready_at: datetime) -> None:
        """Remember when."""
        super().__init__(f"not before {ready_at.isoformat()}")
        self.ready_at = ready_at


def open_recovery(account: Account, at: datetime) -> Recovery | None:
    """Return the recovery of somebody that waits or may be carried out, or None."""
    states = [Recovery.State.ASKED, Recovery.State.VOUCHED]
    return Recovery.objects.filter(account=account, state__in=states, expires_at__gt=at).first()


def mail_recovery_code(*, account: Account, at: datetime, origin: Origin, send: SendMail) -> uuid.UUID:
    """Mail a code to the confirmed address of somebody whose password was right; return the proof's id.

    Raises NothingToRecover without a second factor of one's own, and TooManyAttempts.
    """
    if not account.is_active or not has_own_factor(account):
        raise NothingToRecover
    throttling.take(
        [(ASKING, str(account.pk)), (throttling.MAIL_BY_SOURCE, throttling.network_of(origin.address))], at
    )
    with transaction.atomic(durable=True):
        new = mailed_codes.make_code(
            MailedCode.Purpose.RECOVER, address=account.email, at=at, account=account
        )
        send(AccountMail("recovery-code", account.name, account=account, code=new.code))
    return new.proof.public_id


def ask_for_recovery(
    *, account_id: int, proof_id: uuid.UUID, code: str, at: datetime, origin: Origin, send: SendMail
) -> Recovery:
    """Ask to be freed of a lost second factor, with the mailed code; whoever may vouch is told, and so is the mailbox.

    Nothing of the account changes yet. One that is open already is returned as it is. Raises CodeRefused and
    NothingToRecover.
    """
    proof = mailed_codes.check_code(proof_id, MailedCode.Purpose.RECOVER, code, at)
    public_id = Account.objects.values_list("public_id", flat=True).get(pk=account_id)
    with unit_of_work(at=at, origin=origin, actor_id=public_id) as work:
        locks.lock(accounts=[account_id])
        account = Account.objects.get(pk=account_id)
        if proof.account_id != account.pk or proof.address != account.email:
            raise mailed_codes.CodeRefused(spent=True)
        mailed_codes.use(proof, at)
        if not account.is_active or not has_own_factor(account):
            raise NothingToRecover
        present = open_recovery(account, at)
        if present is not None:
            work.nothing_happened()
            return present
        Recovery.objects.filter(account=account, state__in=["asked", "vouched"]).update(
            state=Recovery.State.EXPIRED, settled_at=at, finish_hash=""
        )
        cancel = secrets.token_urlsafe(32)
        recovery = Recovery.objects.create(
            account=account,
            address=account.email,
            asked_at=at,
            expires_at=at + ASKED_FOR,
            cancel_hash=digest(cancel),
        )
        for program_id in programs_of(account) or (None,):
            work.record(
                tags.RECOVERY_ASKED,
                program_id=program_id,
                beneficiary_id=account.public_id,
                new={"recovery_id": recovery.public_id, "expires_at": recovery.expires_at},
            )
        send(AccountMail("recovery-asked", account.name, account=account, path=f"/not-me/{cancel}/"))
    return recovery


def ask_voucher_for_passkey(*, acting_user: Account, at: datetime, origin: Origin) -> Asked:
    """Return what to ask a device of the voucher's for. Raises PasskeyRefused (no passkey) and TooManyAttempts."""
    return challenges.ask_to_sign(acting_user, PasskeyChallenge.Purpose.VOUCH, at, origin)


def vouch_for_recovery(
    *,
    acting_user: Account,
    program_id: str,
    recovery_id: uuid.UUID | str,
    vouch: Vouch,
    wait: timedelta,
    at: datetime,
    origin: Origin,
    send: SendMail,
) -> Recovery:
    """Vouch that it is the person who lost the second factor; they may set up a new one after ``wait``.

    Raises Refused for oneself, without the office that it takes, for a wrong proof of one's own second factor, without
    how it was made sure, and when a colleague was first; NotFound for everybody who may not know of it; TooManyAttempts
    after wrong proofs.
    """
    about = About(program_id=program_id)
    with (
        one_try(acting_user, vouch.passkey, at) as challenge,
        attempt(
            tags.ATTEMPT_REFUSED_VOUCH, acting_user=acting_user, at=at, origin=origin, about=about
        ) as work,
    ):
        recovery = _judged(acting_user, program_id, recovery_id, about, at)
        told = checked_text(vouch.told)
        if vouch.how not in Recovery.How.values or len(told) < SHORTEST_TOLD:
            raise Refused([Violation("not_said_how")])
        if not vouch.made_sure:
            raise Refused([Violation("not_made_sure")])
        prove(acting_user, vouch, challenge, at)
        recovery.vouched_by, recovery.vouched_in_id = acting_user, program_id
        recovery.how, recovery.told = vouch.how, told
        letter = _open(recovery, at, at + wait)
        work.record(
            tags.RECOVERY_VOUCHED,
            program_id=program_id,
            beneficiary_id=recovery.account.public_id,
            new={
                "recovery_id": recovery.public_id,
                "how": vouch.how,
                "ready_at": recovery.ready_at,
                "expires_at": recovery.expires_at,
            },
            personal={"reason": told},
        )
        send(letter)
    return recovery


def _open(recovery: Recovery, at: datetime, ready_at: datetime) -> AccountMail:
    """Store that somebody vouched, with new links, and return the mail that has them."""
    finish, cancel = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    recovery.state, recovery.vouched_at = Recovery.State.VOUCHED, at
    recovery.ready_at, recovery.expires_at = ready_at, ready_at + READY_FOR
    recovery.finish_hash, recovery.cancel_hash = digest(finish), digest(cancel)
    recovery.save()
    return AccountMail(
        "recovery-vouched",
        recovery.account.name,
        account=recovery.account,
        path=f"/new-second-factor/{finish}/",
        cancel_path=f"/not-me/{cancel}/",
        since=recovery.ready_at,
        until=recovery.expires_at,
    )


def refuse_recovery(
    *,
    acting_user: Account,
    program_id: str,
    recovery_id: uuid.UUID | str,
    reason: str,
    at: datetime,
    origin: Origin,
) -> Recovery:
    """End a recovery because it is not the person, or nobody could make sure; open to whoever may vouch.

    Also after a colleague vouched, until it is carried out. Raises as `vouch_for_recovery`.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_VOUCH, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        recovery = _judged(acting_user, program_id, recovery_id, about, at, vouched_too=True)
        told = checked_text(reason)
        if not told:
            raise Refused([Violation("reason_needed")])
        _settle(recovery, Recovery.State.CANCELLED, at)
        work.record(
            tags.RECOVERY_REFUSED,
            program_id=program_id,
            beneficiary_id=recovery.account.public_id,
            new={"recovery_id": recovery.public_id},
            personal={"reason": told},
        )
    return recovery


def recovery_to_cancel(token: str, at: datetime) -> Recovery:
    """Return the open recovery that a mail's cancel link belongs to. Raises RecoveryOver."""
    return _by(at, cancel_hash=digest(token))


def cancel_recovery(*, token: str, at: datetime, origin: Origin) -> Recovery:
    """End a recovery by the link "this was not me", whoever has the mail. Raises RecoveryOver."""
    found = recovery_to_cancel(token, at)
    with unit_of_work(at=at, origin=origin, actor_id=None) as work:
        locks.lock(accounts=[found.account_id])
        recovery = recovery_to_cancel(token, at)
        _settle(recovery, Recovery.State.CANCELLED, at)
        _record_end(work, recovery, "not me")
    return recovery


def recovery_to_finish(token: str, at: datetime) -> Recovery:
    """Return the vouched recovery that a mail's link belongs to. Raises RecoveryOver."""
    recovery = _by(at, finish_hash=digest(token))
    if recovery.state != Recovery.State.VOUCHED:
        raise RecoveryOver
    return recovery


def finish_recovery(*, token: str, password: str, at: datetime, origin: Origin, send: SendMail) -> Account:
    """Remove the lost second factor, with the link and the password; all sessions end, and the new one is set up next.

    Single use. Raises RecoveryOver, RecoveryNotReady, WrongPassword and TooManyAttempts; RecoveryOver, too, when the
    voucher lost the office meanwhile, or the address of the account is another one by now.
    """
    throttling.take([(LINK_BY_SOURCE, throttling.network_of(origin.address))], at)
    found = recovery_to_finish(token, at)
    if found.ready_at is None or at < found.ready_at:
        raise RecoveryNotReady(found.ready_at or found.expires_at)
    confirm_password(found.account, password, at, origin, signed_in=False)
    with unit_of_work(at=at, origin=origin, actor_id=found.account.public_id) as work:
        people = {found.account_id} | ({found.vouched_by_id} if found.vouched_by_id else set())
        locks.lock(accounts=people)
        recovery = recovery_to_finish(token, at)
        account = Account.objects.get(pk=recovery.account_id)
        voucher, program_id = recovery.vouched_by, recovery.vouched_in_id
        if not account.is_active or account.email != recovery.address:
            raise RecoveryOver
        if voucher is None or program_id is None or not may_vouch(voucher, account, program_id, at):
            raise RecoveryOver
        remove_factors(work, account)
        _settle(recovery, Recovery.State.DONE, at)
        work.record(
            tags.RECOVERY_FINISHED,
            program_id=program_id,
            beneficiary_id=account.public_id,
            new={"recovery_id": recovery.public_id},
        )
        send(AccountMail("recovery-finished", account.name, account=account))
    return account


def cancel_recoveries(work: UnitOfWork, accounts: Iterable[Account], why: str) -> None:
    """End every open recovery of some accounts, in a flow's unit of work with those accounts locked."""
    states = [Recovery.State.ASKED, Recovery.State.VOUCHED]
    found = Recovery.objects.filter(account__in=[one.pk for one in accounts], state__in=states)
    for recovery in found.select_related("account"):
        _settle(recovery, Recovery.State.CANCELLED, work.at)
        _record_end(work, recovery, why)


def digest(token: str) -> str:
    """Return what is kept of a link's token (SHA-256; the token has 256 random bits)."""
    return hashlib.sha256(token.encode()).hexdigest()


def _judged(
    acting_user: Account,
    program_id: str,
    recovery_id: uuid.UUID | str,
    about: About,
    at: datetime,
    *,
    vouched_too: bool = False,
) -> Recovery:
    """Return an open recovery, with both people locked, that somebody may decide; raises as `vouch_for_recovery`."""
    recovery = find_recovery(recovery_id)
    about.beneficiary_id = recovery.account.public_id
    locks.lock(accounts=[acting_user.pk, recovery.account_id])
    standing = acting_standing(acting_user, program_id, at)
    recovery = find_recovery(recovery_id)
    if recovery.account_id == acting_user.pk:
        raise Refused([Violation("own_recovery")])
    if not may_vouch(acting_user, recovery.account, program_id, at):
        if is_known_to(standing, recovery.account):
            raise Refused([Violation("recovery_not_yours")])
        raise NotFound
    states = {Recovery.State.ASKED, Recovery.State.VOUCHED} if vouched_too else {Recovery.State.ASKED}
    if recovery.state not in states or recovery.expires_at <= at or not recovery.account.is_active:
        state = Recovery.State.EXPIRED if recovery.state in ("asked", "vouched") else recovery.state
        if recovery.state == Recovery.State.VOUCHED and recovery.expires_at > at:
            state = Recovery.State.VOUCHED
        raise Refused([Violation("recovery_settled", {"state": Recovery.State(state).label})])
    return recovery


def find_recovery(recovery_id: uuid.UUID | str) -> Recovery:
    """Return a recovery by public id. Raises NotFound."""
    recoveries = Recovery.objects.select_related("account", "vouched_by")
    recovery = recoveries.filter(public_id=recovery_id).first()
    if recovery is None:
        raise NotFound
    return recovery


def _by(at: datetime, **hashed: str) -> Recovery:
    recovery = (
        Recovery.objects.filter(**hashed, state__in=["asked", "vouched"], expires_at__gt=at)
        .select_related("account", "vouched_by")
        .first()
    )
    if recovery is None:
        raise RecoveryOver
    return recovery


def _settle(recovery: Recovery, state: Recovery.State, at: datetime) -> None:
    recovery.state, recovery.settled_at, recovery.finish_hash = state, at, ""
    recovery.save(update_fields=["state", "settled_at", "finish_hash"])


def _record_end(work: UnitOfWork, recovery: Recovery, why: str) -> None:
    for program_id in programs_of(recovery.account) or (None,):
        work.record(
            tags.RECOVERY_CANCELLED,
            program_id=program_id,
            beneficiary_id=recovery.account.public_id,
            new={"recovery_id": recovery.public_id, "why": why},
        )
