"""Sign in as the QPP document says: user ID, password and agreement on one form, then a security code (QPP-01)."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from rolebook.accounts import passkeys
from rolebook.accounts.flows import signing_in as flows
from rolebook.accounts.mailed_codes import LIFETIME, CodeRefused
from rolebook.accounts.models import Account, canonical_id
from rolebook.accounts.passkeys import PasskeyRefused
from rolebook.accounts.queries import programs_in_force, statement_hash
from rolebook.accounts.queries.credentials import factors_of
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.audit.agreed_clock import agreed_now
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.forms import (
    CodeForm,
    MailedCodeForm,
    RecoveryCodeForm,
    SignInForm,
    StatementForm,
    say,
)
from rolebook.web.account.pages import (
    BARE_HEADER,
    SPENT_CODE,
    WRONG_CODE,
    keep_next,
    kept_next,
    knows,
    remember,
    safe_next,
    too_many,
)
from rolebook.web.account.passkey_answers import FIELD, give, refused, taken_answer, too_many_times
from rolebook.web.account.rejected_address import lead_there
from rolebook.web.account.waiting import Waiting, carry_over
from rolebook.web.gate import open_page
from rolebook.web.program import ProgramRequest, place_in_program

_PENDING = "rolebook.signing_in"
_REFUSED = "That user ID and password do not fit. Check both, and try again."
_WRONG_SECURITY_CODE = "That code is not right, or was used already. Wait for the next one, and type that."
_ELSEWHERE = (
    "Your second factor is that of your identity provider, so your password is not enough here. "
    "Sign in with your identity provider."
)
_WRONG_PASSKEY = "That did not work. Try again, or use a code."
_CHANGED = "The Statement of Truth has changed. Please read it and agree to it."


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in whose password was right and whose security code is still to come; kept in the session."""

    account_id: int
    user_id: str
    credentials: str
    """The account's session hash: a password changed meanwhile voids the pending sign-in (I7)."""
    program_id: str
    wording_hash: str | None
    proof_id: str | None
    began: float
    provider_id: str | None = None
    """The identity provider whose word stands for the password; the statement is then agreed to afterwards."""

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        """Return the pending sign-in of a session if there is one and its time is not over."""
        try:
            pending = cls(**request.session[_PENDING])
        except (KeyError, TypeError):
            return None
        over = clock.now().timestamp() - pending.began > LIFETIME.total_seconds()
        return None if over else pending


@open_page
@require_http_methods(["GET", "HEAD"])
def choose_program(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in of the only program, or let the person choose one."""
    books = programs_in_force(clock.now())
    keep_next(request, safe_next(request.GET.get("next")))
    if len(books) == 1:
        return HttpResponseRedirect(reverse("sign-in", args=[books[0].program.id]))
    return render(request, "account/choose_program.html", {"programs": [book.program for book in books]})


@open_page
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: ProgramRequest, program_id: str) -> HttpResponse:
    """Take user ID, password and the agreement to the Statement of Truth; then ask for the security code."""
    place_in_program(request, program_id)
    statement = request.program.statement
    wording_hash = statement_hash(statement) if statement is not None else None
    if session.has_two_factors(request):
        return HttpResponseRedirect(reverse("home", args=[program_id]))
    if request.method != "POST":
        keep_next(request, safe_next(request.GET.get("next")))
        ended = session.why_it_ended(request)
        form = SignInForm(statement=statement is not None)
        context = {
            "form": form,
            "statement": statement,
            "wording_hash": wording_hash,
            "ended": ended,
            "limits": session.limits(),
        }
        return render(request, "account/sign_in.html", context)
    form = SignInForm(request.POST, statement=statement is not None)
    context = {"form": form, "statement": statement, "wording_hash": wording_hash}
    if not form.is_valid():
        return render(request, "account/sign_in.html", context, status=422)
    # The agreement is to what the page showed: a wording that changed in between is shown again.
    if request.POST.get("wording", wording_hash) != wording_hash:
        say(form, None, _CHANGED)
        return render(request, "account/sign_in.html", context, status=422)
    typed, origin = form.cleaned_data, session.origin_of(request)
    try:
        account = flows.check_password(
            user_id=typed["user_id"],
            password=typed["password"],
            known_browser=knows(request, typed["user_id"]),
            at=request.at,
            origin=origin,
        )
        proof_id = flows.mail_sign_in_code(account=account, at=request.at, send=account_mails(request.at))
    except flows.AccountNotActive as refused:
        shown = {"account": refused.account, **BARE_HEADER}
        return render(request, "account/not_active.html", shown, status=403)
    except flows.SignInRefused:
        say(form, None, _REFUSED)
        return render(request, "account/sign_in.html", context, status=422)
    except flows.SecondFactorElsewhere:
        say(form, None, _ELSEWHERE)
        return render(request, "account/sign_in.html", context, status=422)
    except TooManyAttempts as limit:
        return too_many(request, "account/sign_in.html", context, limit)
    return ask_for_security_code(
        request, account, program_id=program_id, wording_hash=wording_hash, proof_id=proof_id
    )


def pending_password(request: HttpRequest) -> Pending | None:
    """Return the pending sign-in of a session whose password was right, and still is; None otherwise."""
    pending = Pending.of(request)
    if pending is None or pending.provider_id is not None or not _still_the_same(pending):
        return None
    return pending


def ask_for_security_code(
    request: HttpRequest,
    account: Account,
    *,
    program_id: str,
    proof_id: uuid.UUID | None,
    wording_hash: str | None = None,
    provider_id: str | None = None,
) -> HttpResponse:
    """Keep a sign-in whose first factor was right (the password, or a provider's word), and lead to the second."""
    request.session.cycle_key()
    pending = Pending(
        account_id=account.pk,
        user_id=account.user_id,
        credentials=account.get_session_auth_hash(),
        program_id=program_id,
        wording_hash=wording_hash,
        proof_id=str(proof_id) if proof_id else None,
        began=clock.now().timestamp(),
        provider_id=provider_id,
    )
    request.session[_PENDING] = asdict(pending)
    return HttpResponseRedirect(reverse("sign-in-code"))


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: ProgramRequest) -> HttpResponse:
    """Take the security code, and begin the session (a new one: fault 38)."""
    pending = Pending.of(request)
    if pending is None or not _still_the_same(pending):
        request.session.pop(_PENDING, None)
        return HttpResponseRedirect(reverse("choose-program"))
    place_in_program(request, pending.program_id)
    by_passkey = FIELD in request.POST and not pending.proof_id
    form, context = _code_form(request, pending, by_passkey=by_passkey)
    if request.method != "POST" or not (by_passkey or form.is_valid()):
        status = 422 if request.method == "POST" else 200
        return render(request, "account/sign_in_code.html", context, status=status)
    try:
        signed_in = flows.sign_in(
            account_id=pending.account_id,
            code="" if by_passkey else form.cleaned_data["code"],
            passkey=taken_answer(request) if by_passkey else None,
            proof_id=canonical_id(pending.proof_id) if pending.proof_id else None,
            agreement=flows.Agreement(
                pending.program_id, pending.wording_hash, later=pending.provider_id is not None
            ),
            provider_id=pending.provider_id,
            known_browser=knows(request, pending.user_id),
            at=request.at,
            origin=session.origin_of(request),
        )
    except PasskeyRefused:
        context["problems"] = [_WRONG_PASSKEY]
    except flows.SignInRefused:
        if by_passkey:
            context["problems"] = [_WRONG_PASSKEY]
        else:
            say(form, "code", _WRONG_SECURITY_CODE)
    except CodeRefused as wrong:
        say(form, "code", SPENT_CODE if wrong.spent else WRONG_CODE)
    except flows.StatementChanged:
        return HttpResponseRedirect(reverse("sign-in", args=[pending.program_id]))
    except TooManyAttempts as limit:
        return too_many(request, "account/sign_in_code.html", context, limit)
    else:
        return _begin(request, signed_in, pending)
    return render(request, "account/sign_in_code.html", context, status=422)


def _code_form(
    request: HttpRequest, pending: Pending, *, by_passkey: bool
) -> tuple[CodeForm | MailedCodeForm | RecoveryCodeForm, dict[str, Any]]:
    """Return the form for what this person can type, and whether a passkey can take its place."""
    if pending.proof_id:
        mailed = MailedCodeForm(request.POST or None)
        return mailed, {"form": mailed, "mailed": True}
    factors = factors_of(Account.objects.get(pk=pending.account_id))
    kind = CodeForm if factors.authenticator_since or not factors.passkeys else RecoveryCodeForm
    form = kind(None if by_passkey else request.POST or None)
    offered = bool(factors.passkeys) and passkeys.site() is not None
    if offered:
        form.fields["code"].widget.attrs.pop("autofocus", None)  # the passkey stands first
    return form, {"form": form, "passkeys": offered, "app": kind is CodeForm}


@open_page
@require_POST
def ask_passkey(request: HttpRequest) -> JsonResponse:
    """Answer with what the browser is to ask a device of this pending sign-in (JSON, for the script)."""
    pending = Pending.of(request)
    if pending is None or pending.proof_id or not _still_the_same(pending):
        return refused("This sign-in has taken too long. Load the page again.", status=403)
    try:
        asked = flows.ask_for_passkey(
            account_id=pending.account_id, at=agreed_now(), origin=session.origin_of(request)
        )
    except PasskeyRefused:
        return refused(_WRONG_PASSKEY)
    except TooManyAttempts as limit:
        return too_many_times(limit)
    return give(request, asked)


def _begin(request: HttpRequest, signed_in: flows.SignedIn, pending: Pending) -> HttpResponse:
    following = safe_next(request.session.get("rolebook.next")) or reverse("home", args=[pending.program_id])
    assurance: session.Assurance = "two factors" if signed_in.two_factors else "mailed code"
    waiting = Waiting.of(request) if pending.provider_id is None else None
    session.begin(request, signed_in.account, assurance=assurance, at=clock.now())
    if pending.wording_hash is not None:
        session.note_agreement(request, pending.program_id, pending.wording_hash)
    following = carry_over(request, waiting, signed_in.account, following)
    if not signed_in.two_factors:
        keep_next(request, following)
        return HttpResponseRedirect(reverse("second-factor"))
    response = HttpResponseRedirect(lead_there(request, signed_in.account, following))
    remember(request, response, signed_in.account)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: ProgramRequest, program_id: str) -> HttpResponse:
    """Ask for agreement to a program's statement before the first page of that program in the session (QPP-01)."""
    place_in_program(request, program_id)
    wording = request.program.statement
    if wording is None or session.agreed(request, program_id, statement_hash(wording)):
        return HttpResponseRedirect(reverse("home", args=[program_id]))
    form = StatementForm(request.POST or None)
    context = {"form": form, "statement": wording, "wording_hash": statement_hash(wording), **BARE_HEADER}
    if request.method != "POST":
        keep_next(request, safe_next(request.GET.get("next")))
        return render(request, "account/statement.html", context)
    if not form.is_valid():
        return render(request, "account/statement.html", context, status=422)
    # The agreement is to what the page showed: a wording that changed in between is shown again.
    agreement = flows.Agreement(program_id, request.POST.get("wording", ""))
    try:
        flows.agree_to_statement(
            acting_user=request.account, agreement=agreement, at=request.at, origin=request.origin
        )
    except flows.StatementChanged:
        say(form, None, _CHANGED)
        return render(request, "account/statement.html", context, status=422)
    session.note_agreement(request, program_id, statement_hash(wording))
    following = kept_next(request)
    return HttpResponseRedirect(
        following if following != reverse("start") else reverse("home", args=[program_id])
    )


@open_page
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Record it, and delete the session on the server."""
    account = session.account_of(request)
    if account is not None:
        flows.sign_out(acting_user=account, at=clock.now(), origin=session.origin_of(request))
    session.end(request)
    return HttpResponseRedirect(reverse("signed-out"))


@open_page
@require_http_methods(["GET", "HEAD"])
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that it worked."""
    return render(request, "account/signed_out.html")


def _still_the_same(pending: Pending) -> bool:
    account = Account.objects.filter(pk=pending.account_id).first()
    return account is not None and constant_time_compare(account.get_session_auth_hash(), pending.credentials)
