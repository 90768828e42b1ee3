"""Set up the second factor: authenticator app, then recovery codes, shown once (QPP-02)."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from rolebook.accounts import passkeys, second_factor
from rolebook.accounts.flows import credentials
from rolebook.accounts.models import Account
from rolebook.accounts.queries import programs_in_force
from rolebook.accounts.second_factor import EncryptingAdapter
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.changing import change_by_form, signed_in_account, wrong_password
from rolebook.web.account.forms import AddAppForm, ConfirmPasswordForm, ReplaceForm, SetUpForm, say
from rolebook.web.account.pages import BARE_HEADER, kept_next, remember, too_many
from rolebook.web.gate import setting_up_page

_NEW_FACTOR = "rolebook.new_factor"
_CODES = "rolebook.recovery_codes"
_WRONG = "That is not the code that the app shows. Wait for the next one, and type that."
_WRONG_PRESENT = "That code is not right, or was used already. Wait for the next one, and type that."
_PAGE = "account/second_factor.html"
_ONLY = (
    "The app is your only second factor, and without one nobody can act here. "
    "Set up a passkey first, then remove the app."
)


@setting_up_page
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Show a QR code and its secret, take the first code, then show recovery codes. Replaces one that is there."""
    account = session.account_of(request)
    if account is None:
        return HttpResponseRedirect(reverse("choose-program"))
    beside = session.has_two_factors(request)
    replacing = beside and second_factor.totp_of(account) is not None
    if not beside and second_factor.has_second_factor(account):
        session.end(request)  # set up elsewhere meanwhile: this session never proved it
        return HttpResponseRedirect(reverse("choose-program"))
    secret = _secret(request)
    form = (ReplaceForm if replacing else AddAppForm if beside else SetUpForm)(request.POST or None)
    context = _context(account, secret, replacing=replacing, beside=beside)
    context["form"] = form
    if request.method != "POST" or not form.is_valid():
        return render(request, _PAGE, context, status=422 if request.method == "POST" else 200)
    at = clock.now()
    try:
        done = credentials.set_up_totp(
            acting_user=account,
            secret=secret,
            code=form.cleaned_data["code"],
            password=form.cleaned_data.get("password", ""),
            present_code=form.cleaned_data.get("present_code", ""),
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except credentials.WrongPassword:
        say(form, "password", wrong_password(account))
    except credentials.WrongPresentCode:
        say(form, "present_code", _WRONG_PRESENT)
    except credentials.WrongSecurityCode:
        say(form, "code", _WRONG)
    except TooManyAttempts as limit:
        return too_many(request, _PAGE, context, limit)
    else:
        request.session.pop(_NEW_FACTOR, None)
        session.keep(request, done.account)
        session.raise_assurance(request)
        if done.recovery_codes:
            show_codes(request, done.recovery_codes)
        else:
            messages.success(request, "The authenticator app is set up. You were signed out everywhere else.")
        response = HttpResponseRedirect(reverse("recovery-codes"))
        remember(request, response, done.account)
        return response
    return render(request, _PAGE, context, status=422)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def remove_app(request: HttpRequest) -> HttpResponse:
    """Remove the authenticator app beside a passkey, after the password."""

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        try:
            account = credentials.remove_totp(
                acting_user=signed_in_account(request),
                password=form.cleaned_data["password"],
                at=at,
                origin=session.origin_of(request),
                send=account_mails(at),
            )
        except credentials.OnlyFactor:
            say(form, None, _ONLY)
            return render(request, "account/remove_app.html", {"form": form}, status=409)
        session.keep(request, account)
        messages.success(request, "The authenticator app is removed. You were signed out everywhere else.")
        return HttpResponseRedirect(reverse("security"))

    return change_by_form(request, ConfirmPasswordForm, "account/remove_app.html", change)


@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Show new recovery codes until the person says that they are kept; never again after that."""
    codes = _shown(request)
    if request.method == "POST":
        request.session.pop(_CODES, None)
        return HttpResponseRedirect(kept_next(request))
    if not codes:
        return HttpResponseRedirect(reverse("security"))
    return render(request, "account/recovery_codes.html", {"codes": codes, **BARE_HEADER})


@require_safe
def download_codes(request: HttpRequest) -> HttpResponse:
    """Give the codes that are being shown as a text file."""
    codes = _shown(request)
    if not codes:
        return HttpResponseRedirect(reverse("security"))
    who = session.account_of(request)
    lines = [
        f"Recovery codes of {who.user_id if who else ''}",
        "Each is good for one sign-in, instead of a code of your authenticator app.",
        "",
        *codes,
        "",
    ]
    response = HttpResponse("\r\n".join(lines), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return response


def show_codes(request: HttpRequest, codes: tuple[str, ...]) -> None:
    """Keep new codes, encrypted, for the page that shows them."""
    grouped = (f"{code[:4]} {code[4:]}" for code in codes)
    request.session[_CODES] = EncryptingAdapter().encrypt("\n".join(grouped))


def _shown(request: HttpRequest) -> list[str]:
    kept = request.session.get(_CODES)
    return EncryptingAdapter().decrypt(kept).split("\n") if kept else []


def _secret(request: HttpRequest) -> str:
    """Return the secret being set up in this session: the same while pages are reloaded."""
    kept = request.session.get(_NEW_FACTOR)
    if kept is None:
        kept = request.session[_NEW_FACTOR] = EncryptingAdapter().encrypt(second_factor.new_secret())
    return EncryptingAdapter().decrypt(kept)


def _context(account: Account, secret: str, *, replacing: bool, beside: bool) -> dict[str, object]:
    books = programs_in_force(clock.now())
    issuer = books[0].program.short_name if len(books) == 1 else "Rolebook"
    address = second_factor.setup_address(account, secret, issuer)
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return {
        "picture": second_factor.qr_picture(address),
        "secret": grouped,
        "replacing": replacing,
        "beside": beside,
        "passkeys_possible": passkeys.site() is not None,
        **({} if beside else BARE_HEADER),
    }
