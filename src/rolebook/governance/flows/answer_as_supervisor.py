"""A supervisor authorizes an account request, or does not: signed in, or by the single-use link of a mail (IQCS-02)."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.texts import email_key
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.course import open_ready_stages, send_back
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.models import Request, RequestItem, SupervisorWord
from rolebook.governance.queries.seeing import find_request, public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.supervisor_links import (
    LIFETIME,
    SendSupervisorMail,
    SupervisorMail,
    count_mail,
    hash_of,
    new_token,
)
from rolebook.policy.rules import Violation


def answer_as_supervisor(
    *,
    program_id: str,
    authorize: bool,
    reason: str = "",
    token: str | None = None,
    acting_user: Account | None = None,
    word_id: uuid.UUID | str | None = None,
    at: datetime,
    origin: Origin,
) -> Request:
    """Record a supervisor's word, by ``token`` of the mailed link, or of ``acting_user`` about ``word_id``.

    Authorized, the first stages open. Not authorized, the request goes back to its requester with the reason. Raises
    NotFound for a link that is used or over its time and for a word that is not asked of this person, NotAllowed for
    somebody signed in who may not act (I7), Refused for a refusal that does not say why.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_DECIDE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        word = find_word(program_id, token=token, account=acting_user, word_id=word_id, at=at)
        request = word.form.request
        about.request_id, about.beneficiary_id = request.public_id, request.beneficiary.public_id
        places = RequestItem.objects.filter(request=request, organization__isnull=False)
        acting = [] if acting_user is None else [acting_user.pk]
        locks.lock(
            accounts=[request.beneficiary_id, *acting],
            organizations=places.values_list("organization_id", flat=True),
            requests=[request.pk],
        )
        if acting_user is not None:
            acting_standing(acting_user, program_id, at)
        word = find_word(program_id, token=token, account=acting_user, word_id=word_id, at=at)
        if not authorize and not told:
            raise Refused([Violation("say_what_is_missing")])
        request = find_request(program_id, request.public_id)
        version, _ = rolebook_in_force(program_id, at)
        way = SupervisorWord.Way.MAILED_LINK if token is not None else SupervisorWord.Way.SIGNED_IN
        word.answered_at, word.answered_by, word.way, word.reason = at, acting_user, way, told
        _record(work, word, version.number, authorize=authorize)
        if authorize:
            open_ready_stages(work, request, at, version.number)
        else:
            send_back(work, request, at, version.number)
        return request


def _record(work: UnitOfWork, word: SupervisorWord, rolebook_version: int, *, authorize: bool) -> None:
    """Write the answer, after which the link's secret is worth nothing, and record it."""
    request = word.form.request
    word.state = SupervisorWord.State.GIVEN if authorize else SupervisorWord.State.REFUSED
    word.token_hash = ""
    word.save(update_fields=["state", "answered_at", "answered_by", "way", "reason", "token_hash"])
    told = {"name": word.form.supervisor_name, "email": word.form.supervisor_email}
    work.record(
        tags.SUPERVISOR_CONFIRMED if authorize else tags.SUPERVISOR_REFUSED,
        program_id=word.program_id,
        beneficiary_id=request.beneficiary.public_id,
        request_id=request.public_id,
        rolebook_version=rolebook_version,
        new={"word_id": word.public_id, "version": request.version, "way": str(word.way)},
        personal=told if authorize else {**told, "reason": word.reason},
    )


def find_word(
    program_id: str,
    *,
    token: str | None = None,
    account: Account | None = None,
    word_id: uuid.UUID | str | None = None,
    at: datetime,
) -> SupervisorWord:
    """Return the word that is asked, by the secret of its link or of the person whose address the form names.

    Nobody authorizes what they asked for, or what is for them. Raises NotFound.
    """
    asked = SupervisorWord.objects.filter(
        program_id=program_id, state=SupervisorWord.State.ASKED
    ).select_related("form__request__beneficiary", "form__request__requester", "form__employing_organization")
    if token is not None:
        found = asked.filter(token_hash=hash_of(token), expires_at__gt=at).first()
    elif account is not None and word_id is not None:
        found = asked.filter(public_id=public_id_of(word_id)).first()
        if found is not None and not is_supervisor(account, found):
            found = None
    else:
        found = None
    if found is None:
        raise NotFound
    return found


def is_supervisor(account: Account, word: SupervisorWord) -> bool:
    """Return whether an account is the supervisor that a form names: by its confirmed address, and nobody involved."""
    request = word.form.request
    involved = account.pk in (request.requester_id, request.beneficiary_id)
    return not involved and email_key(word.form.supervisor_email) == account.email_key


def ask_supervisor_again(
    *,
    acting_user: Account,
    program_id: str,
    request_id: uuid.UUID | str,
    send: SendSupervisorMail,
    at: datetime,
    origin: Origin,
) -> SupervisorWord:
    """Mail the supervisor a new link; the one before stops working. By the requester.

    Raises NotFound for who is not the requester, Refused where no word is waited for, or too often in a day.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REQUEST, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        request = find_request(program_id, request_id)
        if request.requester_id != acting_user.pk:
            raise NotFound
        locks.lock(accounts={request.beneficiary_id, acting_user.pk}, requests=[request.pk])
        version, _ = rolebook_in_force(program_id, at)
        word = (
            SupervisorWord.objects.filter(
                form__request=request,
                form__request_version=request.version,
                state=SupervisorWord.State.ASKED,
            )
            .select_related("form__request__beneficiary")
            .first()
        )
        if word is None:
            raise Refused([Violation("word_not_asked")])
        count_mail(acting_user, word.form.supervisor_email, at, again=True)
        token = new_token()
        word.token_hash, word.expires_at = hash_of(token), at + LIFETIME
        word.save(update_fields=["token_hash", "expires_at"])
        work.record(
            tags.SUPERVISOR_ASKED,
            program_id=program_id,
            beneficiary_id=request.beneficiary.public_id,
            request_id=request.public_id,
            rolebook_version=version.number,
            new={"word_id": word.public_id, "version": request.version, "expires_at": word.expires_at},
            personal={"name": word.form.supervisor_name, "email": word.form.supervisor_email},
        )
        send(SupervisorMail(word, token))
        return word
