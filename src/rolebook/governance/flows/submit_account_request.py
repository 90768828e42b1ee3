"""Ask for an account or a change of one: roles and organization codes, for oneself or another (IQCS-02, IQCS-06)."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.account_answers import COMMENTS, AccountAnswers, Checked, check_answers
from rolebook.governance.active import inactive_violations
from rolebook.governance.authority import Standing
from rolebook.governance.employing import present_employment
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.models import AccountDraft, Attachment, Request, RequestItem, SupervisorWord
from rolebook.governance.queries.seeing import find_request
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.governance.submitting import FormAnswers, submit, submit_next_version
from rolebook.governance.supervisor_links import (
    LIFETIME,
    SendSupervisorMail,
    SupervisorMail,
    count_mail,
    hash_of,
    new_token,
)
from rolebook.policy.model import Act
from rolebook.policy.rules import Violation


def submit_account_request(
    *,
    acting_user: Account,
    program_id: str,
    beneficiary: Account,
    answers: AccountAnswers,
    shown_type: str,
    send: SendSupervisorMail,
    corrects: uuid.UUID | str | None = None,
    at: datetime,
    origin: Origin,
) -> Request:
    """Submit the form, mail the supervisor, and throw the draft away.

    Args:
        acting_user: who asks; ``program_id``: a program that holds access apart from roles.
        beneficiary: whom it is for; another only by who decides requests where the person works, as recorded.
        answers: the form; ``shown_type`` is "new" or "modification", as it said that it is.
        send: puts the supervisor's mail into the outbox.
        corrects: public id of the returned request that becomes its own next version.

    Stages open with the supervisor's word. Raises Refused with all that is missing or forbidden (`check_answers` says
    in which field), or where the supervisor was mailed too often in a day; NotAllowed for a person not theirs to ask
    for, NotFound for a program without such requests and for a request not theirs to correct.
    """
    about = About(program_id=program_id, beneficiary_id=beneficiary.public_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REQUEST, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        comments = checked_text(answers.comments, COMMENTS)
        earlier = None if corrects is None else find_request(program_id, corrects)
        if earlier is not None and (
            acting_user.pk != earlier.requester_id or beneficiary.pk != earlier.beneficiary_id
        ):
            raise NotFound
        locks.lock(
            accounts={acting_user.pk, beneficiary.pk},
            organizations=_places(program_id, answers),
            requests=() if earlier is None else [earlier.pk],
        )
        standing = acting_standing(acting_user, program_id, at)
        if standing.book.access != "apart from roles":
            raise NotFound
        if earlier is not None:
            about.request_id = earlier.public_id
            earlier = _returned(program_id, earlier.public_id)
        attached = attachments_of_draft(program_id, acting_user, beneficiary)
        certificates = any(one.is_certificate for one in attached)
        checked = check_answers(standing, beneficiary, answers, earlier, certificates=certificates)
        _require_complete(standing, beneficiary, checked, shown_type)
        count_mail(acting_user, answers.supervisor_email, at)
        token = new_token()
        form = replace(_form(answers, checked, comments, token, at), attachments=attached)
        if earlier is None:
            request = submit(
                work, standing, checked.wishes, reason=comments, beneficiary=beneficiary, form=form
            )
        else:
            request = submit_next_version(work, standing, earlier, checked.wishes, form)
        return _after(request, token, send)


def _returned(program_id: str, request_id: uuid.UUID) -> Request:
    """Return the request to correct, read under its lock. Raises Refused for one that did not come back."""
    request = find_request(program_id, request_id)
    if request.state != Request.State.RETURNED:
        raise Refused([Violation("not_to_submit_again", {"state": request.state})])
    return request


def attachments_of_draft(program_id: str, author: Account, beneficiary: Account) -> tuple[Attachment, ...]:
    """Return the attachments of what somebody is writing for a person, in the order in which they came."""
    drafts = AccountDraft.objects.filter(program_id=program_id, author=author, beneficiary=beneficiary)
    return tuple(Attachment.objects.filter(drafts__in=drafts).order_by("pk"))


def _after(request: Request, token: str, send: SendSupervisorMail) -> Request:
    """Throw the draft away, mail the supervisor, and return the request."""
    drafts = AccountDraft.objects.filter(program_id=request.program_id, author=request.requester)
    drafts.filter(beneficiary=request.beneficiary).delete()
    word = SupervisorWord.objects.select_related("form__request__beneficiary").get(
        form__request=request, form__request_version=request.version
    )
    send(SupervisorMail(word, token))
    return request


def require_may_ask_for(standing: Standing, beneficiary: Account) -> None:
    """Raise NotAllowed unless somebody may ask for a person: for themselves, or as one who decides where they work.

    Where that is, the record says and never the form: whoever could name the employer would read what anybody holds.
    """
    if beneficiary.pk == standing.account.pk:
        return
    offices = standing.offices(Act.DECIDE)
    recorded = present_employment(beneficiary, standing.program_id)
    if offices and recorded is None and standing.book.approval.employing_chain:
        raise NotAllowed("employer_not_recorded")
    place = None if recorded is None else recorded.organization
    if not any(office.covers(place) for office in offices):
        raise NotAllowed("not_yours_to_ask_for")


def _places(program_id: str, answers: AccountAnswers) -> Sequence[int]:
    """Return the organizations that the form names, before the locks; what is judged is read again under them."""
    codes = [answer.code.strip() for answer in answers.codes] + [answers.employer_code.strip()]
    found: list[int] = []
    for code in {code.casefold(): code for code in codes if code}.values():
        places = Organization.objects.filter(program_id=program_id, code__iexact=code)
        found += places.values_list("pk", flat=True)
    return found


def _require_complete(standing: Standing, beneficiary: Account, checked: Checked, shown_type: str) -> None:
    """Raise NotAllowed for a person who is not theirs to ask for, Refused for what is missing or forbidden."""
    require_may_ask_for(standing, beneficiary)
    violations = [problem.violation for problem in checked.problems]
    if not any(wish.kind == RequestItem.Kind.REACTIVATE for wish in checked.wishes):
        violations += inactive_violations(beneficiary, standing.program_id)
    if checked.request_type != shown_type:
        violations.append(Violation("changed_type"))
    if violations:
        raise Refused(violations)


def _form(answers: AccountAnswers, checked: Checked, comments: str, token: str, at: datetime) -> FormAnswers:
    return FormAnswers(
        request_type=checked.request_type,
        employing_organization=checked.employer,
        work_email=answers.work_email,
        work_phone=answers.work_phone,
        job_title=answers.job_title,
        supervisor_name=answers.supervisor_name,
        supervisor_email=answers.supervisor_email,
        comments=comments,
        token_hash=hash_of(token),
        authorized_until=at + LIFETIME,
    )
