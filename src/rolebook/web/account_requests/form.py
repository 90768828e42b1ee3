"""Account Request: fill in the form, look at what it comes to, send it; kept as a draft meanwhile (IQCS-02, -06)."""

import uuid
from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from rolebook.governance.account_answers import (
    AccountAnswers,
    Problem,
    answers_of,
    check_answers,
    organization_by_code,
)
from rolebook.governance.attachment_store import LARGEST_BYTES, MOST
from rolebook.governance.flows.account_drafts import discard_account_draft, save_account_draft
from rolebook.governance.flows.submit_account_request import require_may_ask_for, submit_account_request
from rolebook.governance.models import Request
from rolebook.governance.queries.account_preview import preview_of
from rolebook.governance.queries.account_requests import (
    FormToFill,
    answers_of_request,
    codes_to_offer,
    form_to_fill,
    leads_to_ask,
    own_draft,
    person_named,
)
from rolebook.governance.queries.certificates import Certificates, certificates_for
from rolebook.governance.queries.item_days import days_in_words
from rolebook.governance.queries.seeing import find_request, viewer_standing
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.notices.supervisors import supervisor_mails
from rolebook.policy.model import Act
from rolebook.policy.words import sentence
from rolebook.web.account_requests.attachments import change_attachments
from rolebook.web.account_requests.reading import rows_typed, shown_form, typed_answers
from rolebook.web.answers import asked, program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest

_TYPES = {
    "new": ("New account", "because {who} never held a standard account"),
    "modification": ("Modification", "because {who} {was} given a standard account before"),
    "": ("Account request", ""),
}
_ENDED = "The request that this corrected has ended. Sent now, it is a new one: look at it again before you send it."


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def account_request_page(request: ProgramRequest, account_id: uuid.UUID | None = None) -> HttpResponse:
    """Show the form with what was written before; keep it on POST, and go on to the check when asked to."""
    form = form_to_fill(request.account, request.program.id, request.at, account_id)
    before = AccountAnswers(work_email=form.beneficiary.email)
    if form.draft is not None:
        before = answers_of(form.draft.content)
    if request.method != "POST":
        return _form_page(request, form, before)
    doing = request.POST.get("do", "save")
    if doing == "discard":
        discard_account_draft(
            acting_user=request.account, program_id=request.program.id, beneficiary=form.beneficiary
        )
        messages.success(request, "The draft was thrown away.")
        return HttpResponseRedirect(_address(request, form), status=303)
    answers = typed_answers(request.POST, [choice.role.id for choice in form.roles])
    corrects = None if form.draft is None else form.draft.request
    draft = save_account_draft(
        acting_user=request.account,
        program_id=request.program.id,
        beneficiary=form.beneficiary,
        answers=answers,
        corrects=corrects,
        at=request.at,
    )
    problems = change_attachments(request, form.beneficiary)
    if problems:
        return _form_page(request, replace(form, draft=draft), answers, problems, status=422)
    if doing == "check":
        return HttpResponseRedirect(_address(request, form, "check"), status=303)
    if doing == "more":
        return _form_page(request, replace(form, draft=draft), answers, rows=rows_typed(request.POST) + 3)
    if doing == "attach":
        return HttpResponseRedirect(f"{_address(request, form)}#attachments-title", status=303)
    messages.success(request, "Saved as a draft. Nobody else sees it before you send it.")
    return HttpResponseRedirect(_address(request, form), status=303)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def check_account_request(request: ProgramRequest, account_id: uuid.UUID | None = None) -> HttpResponse:
    """Show what the draft comes to, in sentences, and send it on POST; the form again where something is missing."""
    form = form_to_fill(request.account, request.program.id, request.at, account_id)
    if form.draft is None:
        return _nothing_to_send(request, form)
    answers = answers_of(form.draft.content)
    standing = viewer_standing(request.account, request.program.id, request.at)
    attached = tuple(form.draft.attachments.order_by("pk"))
    checked = check_answers(
        standing,
        form.beneficiary,
        answers,
        form.draft.request,
        certificates=any(one.is_certificate for one in attached),
    )
    if checked.problems:
        return _form_page(request, form, answers, checked.problems, status=422)
    problems: tuple[str, ...] = ()
    changed_at = form.draft.changed_at.isoformat()
    # What the page said it corrects is what is sent: a request that ended meanwhile gets no next version.
    shown_at = changed_at if form.draft.request is None else f"{changed_at} {form.draft.request.public_id}"
    if request.method == "POST":
        posted = request.POST.get("shown", "")
        if posted == shown_at:
            try:
                return _send(request, form, answers)
            except Refused as refusal:
                problems = said_of(refusal)
        elif posted.startswith(f"{changed_at} ") and form.draft.request is None:
            problems = (_ENDED,)
        else:
            problems = ("The form was changed in another window. Look at it again before you send it.",)
    shown = {
        "filled": form,
        "answers": answers,
        "preview": preview_of(standing, form.beneficiary, checked.wishes),
        "dates": " ".join(days_in_words(standing.book, checked.wishes, request.at)),
        "employer": checked.employer,
        "attached": attached,
        "type_title": _TYPES[form.request_type][0],
        "shown_at": shown_at,
        "form_url": _address(request, form),
        "problems": problems,
        "summary_title": "This request was not sent",
    }
    setattr(request, CURRENT_ENTRY, "request-a-role")
    return render(request, "account_requests/check.html", shown, status=409 if problems else 200)


def _nothing_to_send(request: ProgramRequest, form: FormToFill) -> HttpResponse:
    """Lead to the form; who pressed Send is told why nothing is there, and led to where they see what was sent."""
    if request.method != "POST":
        return HttpResponseRedirect(_address(request, form))
    messages.warning(request, "It was sent, or thrown away, in another window. Your press changed nothing.")
    return HttpResponseRedirect(reverse("my-requests", args=[request.program.id]), status=303)


def _send(request: ProgramRequest, form: FormToFill, answers: AccountAnswers) -> HttpResponse:
    corrected = None if form.draft is None or form.draft.request is None else form.draft.request.public_id
    made = submit_account_request(
        acting_user=request.account,
        program_id=request.program.id,
        beneficiary=form.beneficiary,
        answers=answers,
        shown_type=request.POST.get("type", ""),
        send=supervisor_mails(request.at),
        corrects=corrected,
        at=request.at,
        origin=request.origin,
    )
    messages.success(request, f"Sent. {answers.supervisor_name} gets an e-mail to authorize it.")
    return HttpResponseRedirect(reverse("request", args=[request.program.id, made.public_id]), status=303)


def _form_page(
    request: ProgramRequest,
    form: FormToFill,
    answers: AccountAnswers,
    problems: tuple[Problem, ...] = (),
    *,
    rows: int = 0,
    status: int = 200,
) -> HttpResponse:
    setattr(request, CURRENT_ENTRY, "request-a-role")
    title, because = _TYPES[form.request_type]
    who = form.beneficiary.name if form.for_another else "you"
    because = because.format(who=who, was="was" if form.for_another else "were")
    standing = viewer_standing(request.account, request.program.id, request.at)
    certificates = _certificates(request, form, answers)
    required = certificates is not None and certificates.required
    shown = {
        "form": form,
        "shown": shown_form(form, answers, problems, rows),
        "type_title": title,
        "because": because,
        "codes": codes_to_offer(request.account, request.program.id, request.at),
        "may_ask_for_others": not form.for_another and bool(standing.offices(Act.DECIDE)),
        "hint": request.rolebook.hint("request"),
        "elsewhere": _had_elsewhere(request, form),
        "certificates": certificates,
        "attachment_is": request.POST.get("attachment-is") or ("certificate" if required else "other"),
        "attached": () if form.draft is None else form.draft.attachments.order_by("pk"),
        "most_attachments": MOST,
        "largest_megabytes": LARGEST_BYTES // (1024 * 1024),
        "zone": request.program.zone,
        "leads": ()
        if form.employment is None
        else leads_to_ask(request.account, request.program.id, form.employment.organization, request.at),
        "action": _address(request, form),
    }
    return render(request, "account_requests/form.html", shown, status=status)


def _had_elsewhere(request: ProgramRequest, form: FormToFill) -> tuple[str, ...]:
    """Return why each role that the form does not offer cannot be asked for."""
    offered = {choice.role.id for choice in form.roles}
    return tuple(
        sentence(f"by_{role.obtained}_only", role=role.title)
        for role in request.rolebook.roles
        if role.id not in offered and role.obtained != "request"
    )


def _certificates(request: ProgramRequest, form: FormToFill, answers: AccountAnswers) -> Certificates | None:
    """Return what holds about certificates for the employer on record, or else the one that is typed."""
    standing = viewer_standing(request.account, request.program.id, request.at)
    employer = None if form.employment is None else form.employment.organization
    if employer is None and answers.employer_code:
        employer = organization_by_code(standing, answers.employer_code)
    corrected = None if form.draft is None else form.draft.request
    sent_at = request.at if corrected is None else corrected.submitted_at
    return certificates_for(request.rolebook, employer, sent_at)


def _address(request: ProgramRequest, form: FormToFill, page: str = "") -> str:
    name = "check-account-request" if page else "account-request"
    if form.for_another:
        return reverse(f"{name}-for", args=[request.program.id, form.beneficiary.public_id])
    return reverse(name, args=[request.program.id])


@program_view
@require_http_methods(["GET", "HEAD"])
def choose_person(request: ProgramRequest) -> HttpResponse:
    """Find the person to ask for, by exact user ID or e-mail address, and go on to the form."""
    setattr(request, CURRENT_ENTRY, "request-a-role")
    name = asked(request, "person")
    standing = viewer_standing(request.account, request.program.id, request.at)
    if request.rolebook.access != "apart from roles" or not standing.offices(Act.DECIDE):
        raise NotFound
    problem = ""
    if name:
        found = person_named(request.account, request.program.id, name, request.at)
        problem = f"Nobody in {request.program.short_name} has this user ID or e-mail address."
        if found is not None:
            try:
                require_may_ask_for(standing, found)
            except NotAllowed as refusal:
                problem = sentence(refusal.code)
            else:
                address = reverse("account-request-for", args=[request.program.id, found.public_id])
                return HttpResponseRedirect(address)
    return render(
        request,
        "account_requests/choose_person.html",
        {"name": name, "problem": problem},
        status=422 if problem else 200,
    )


@program_view
@require_POST
def correct_account_request(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    """Begin a draft with the answers of a request: one that came back is corrected, an ended one is asked anew.

    What is being written already is never lost for it: a draft that corrects this request goes on, another is shown.
    """
    earlier = find_request(request.program.id, request_id)
    if earlier.requester_id != request.account.pk or not earlier.forms.exists():
        raise NotFound
    corrects = earlier if earlier.state == Request.State.RETURNED else None
    written = own_draft(request.account, request.program.id, earlier.beneficiary)
    if written is None:
        save_account_draft(
            acting_user=request.account,
            program_id=request.program.id,
            beneficiary=earlier.beneficiary,
            answers=answers_of_request(earlier),
            corrects=corrects,
            copied=earlier,
            at=request.at,
        )
    elif corrects is None or written.request != corrects:
        said = "This is your draft as you left it. Send it or throw it away, then come back to that request."
        messages.warning(request, said)
    own = earlier.beneficiary_id == request.account.pk
    parts = [request.program.id] if own else [request.program.id, earlier.beneficiary.public_id]
    address = reverse("account-request" if own else "account-request-for", args=parts)
    return HttpResponseRedirect(address, status=303)
