"""Sign in with an outside identity provider: go there, come back, and what then (QPP-01).

The Statement of Truth is agreed to afterwards, before the first page of the program in the session: see
``rolebook.web.program``.
"""

import logging

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from rolebook.accounts import throttling
from rolebook.accounts.flows import identities, registration
from rolebook.accounts.flows.signing_in import SecondFactorElsewhere, SignInRefused, mail_sign_in_code
from rolebook.accounts.identity_providers import IdentityProvider
from rolebook.accounts.models import Account
from rolebook.accounts.openid.asking import AnswerRefused, Identity, NotSignedInThere, begin
from rolebook.accounts.openid.fetching import ProviderDown, ProviderRefused
from rolebook.accounts.queries.identities import provider_name, provider_of
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.forms import say
from rolebook.web.account.identity_forms import RegisterWithIdentityForm
from rolebook.web.account.pages import BARE_HEADER, keep_next, remember, safe_next, too_many
from rolebook.web.account.provider_problems import Problem, problem_of
from rolebook.web.account.registering import ask_for_code
from rolebook.web.account.signing_in import ask_for_security_code
from rolebook.web.account.waiting import Away, Waiting, callback_address
from rolebook.web.gate import open_page
from rolebook.web.program import ProgramRequest, place_in_program

_log = logging.getLogger("rolebook.web")
_PROBLEM = "account/provider_problem.html"
_REGISTER = "account/register_with_identity.html"
_KNOWN = frozenset({"state", "code", "error", "iss"})


@open_page
@require_GET
def go(request: ProgramRequest, program_id: str, provider_id: str) -> HttpResponse:
    """Send somebody to a provider. Only a link leads here, no form: a policy for forms does not stop it."""
    at = clock.now()
    place_in_program(request, program_id)
    provider = _provider(provider_id)
    if session.has_two_factors(request):
        return HttpResponseRedirect(reverse("home", args=[program_id]))
    keep_next(request, safe_next(request.GET.get("next")))
    origin = session.origin_of(request)
    try:
        throttling.take([(throttling.PROVIDER_BY_SOURCE, f"go {throttling.network_of(origin.address)}")], at)
        address, asked = begin(provider, callback=callback_address(provider_id))
    except TooManyAttempts as limit:
        return too_many(request, _PROBLEM, _context(provider, None, program_id), limit)
    except ProviderDown as failure:
        return _problem(request, provider, program_id, failure)
    Away(provider_id, program_id, None, at.timestamp(), asked).keep(request)
    return HttpResponseRedirect(address)


@open_page
@require_GET
def back(request: ProgramRequest, provider_id: str) -> HttpResponse:
    """Take the answer that somebody brings back from a provider, once."""
    at = clock.now()
    provider = _provider(provider_id)
    given = {name: request.GET.getlist(name) for name in _KNOWN & set(request.GET)}
    answer = {name: values[0] for name, values in given.items()}
    away = Away.take(request, answer.get("state", ""))
    if away is None or any(len(values) > 1 for values in given.values()):
        return _problem(request, provider, None, AnswerRefused("state"))
    place_in_program(request, away.program_id)
    try:
        if away.provider_id != provider_id:
            raise AnswerRefused("mix-up")
        identity = identities.receive_identity(
            provider=provider,
            asked=away.asked,
            answer=answer,
            callback=callback_address(provider_id),
            at=at,
            origin=session.origin_of(request),
        )
        if away.linking_id is not None:
            return _ask_to_link(request, identity, away)
        return _arrived(request, identity, away.program_id)
    except TooManyAttempts as limit:
        return too_many(request, _PROBLEM, _context(provider, None, away.program_id), limit)
    except (AnswerRefused, NotSignedInThere, ProviderRefused, ProviderDown, SignInRefused) as failure:
        return _problem(request, provider, away.program_id, failure, linking=away.linking_id is not None)
    except SecondFactorElsewhere as lacking:
        return _problem(request, provider, away.program_id, lacking)


def _ask_to_link(request: HttpRequest, identity: Identity, away: Away) -> HttpResponse:
    account = session.account_of(request)
    if account is None or account.pk != away.linking_id or not session.has_two_factors(request):
        raise AnswerRefused("state")
    following = reverse("security")
    Waiting(identity, away.program_id, proved_id=account.pk, following=following).keep(request)
    return HttpResponseRedirect(reverse("confirm-identity"))


def _arrived(request: ProgramRequest, identity: Identity, program_id: str) -> HttpResponse:
    """Sign in whom a provider recognized, ask for our own second factor, or ask what to do with an unlinked one."""
    at, origin = request.at, session.origin_of(request)
    account = identities.recognize(identity=identity, at=at, origin=origin)
    if account is None:
        request.session.cycle_key()
        Waiting(identity, program_id).keep(request)
        return HttpResponseRedirect(reverse("unlinked-identity"))
    if identity.two_factors:
        signed_in = identities.sign_in_by_provider(
            identity=identity, program_id=program_id, at=at, origin=origin
        )
        return _signed_in(request, signed_in.account, program_id)
    proof_id = mail_sign_in_code(account=account, at=at, send=account_mails(at))
    return ask_for_security_code(
        request, account, program_id=program_id, proof_id=proof_id, provider_id=identity.provider_id
    )


def _signed_in(request: HttpRequest, account: Account, program_id: str) -> HttpResponse:
    following = safe_next(request.session.get("rolebook.next")) or reverse("home", args=[program_id])
    session.begin(request, account, assurance="two factors", at=clock.now())
    response = HttpResponseRedirect(following)
    remember(request, response, account)
    return response


@open_page
@require_http_methods(["GET", "HEAD"])
def unlinked(request: ProgramRequest) -> HttpResponse:
    """Offer two ways to somebody whose identity nobody has linked: link it by a password sign-in, or register."""
    waiting = Waiting.of(request)
    if waiting is None:
        return HttpResponseRedirect(reverse("choose-program"))
    place_in_program(request, waiting.program_id)
    context = {"name": provider_name(waiting.identity.provider_id), **BARE_HEADER}
    return render(request, "account/unlinked_identity.html", context)


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: ProgramRequest) -> HttpResponse:
    """Register with an identity: no password, and the address is confirmed by our own code (QPP-02)."""
    waiting = Waiting.of(request)
    if waiting is None or request.user.is_authenticated:
        return HttpResponseRedirect(reverse("register"))
    at = clock.now()
    place_in_program(request, waiting.program_id)
    suggested = {"name": waiting.identity.name, "email": waiting.identity.email}
    form = RegisterWithIdentityForm(request.POST or None, initial=suggested)
    context = {"form": form, "name": provider_name(waiting.identity.provider_id), **BARE_HEADER}
    if request.method != "POST" or not form.is_valid():
        return render(request, _REGISTER, context, status=422 if request.method == "POST" else 200)
    typed = form.cleaned_data
    try:
        proof_id = registration.register_account(
            user_id=typed["user_id"],
            name=typed["name"],
            email=typed["email"],
            password=None,
            identity=waiting.identity,
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except ValidationError as refused:
        say(form, None, refused.messages)
        return render(request, _REGISTER, context, status=422)
    except TooManyAttempts as limit:
        return too_many(request, _REGISTER, context, limit)
    return ask_for_code(request, proof_id, typed["email"])


def _provider(provider_id: str) -> IdentityProvider:
    provider = provider_of(provider_id)
    if provider is None:
        raise Http404
    return provider


def _problem(
    request: HttpRequest,
    provider: IdentityProvider,
    program_id: str | None,
    failure: Exception,
    *,
    linking: bool = False,
) -> HttpResponse:
    """Show what went wrong, and the ways on; the log says which provider and why."""
    problem = problem_of(failure, provider.name)
    _log.warning("identity provider %s: %s: %s", provider.id, type(failure).__name__, failure)
    context = _context(provider, problem, program_id, linking=linking)
    return render(request, _PROBLEM, context, status=problem.status)


def _context(
    provider: IdentityProvider, problem: Problem | None, program_id: str | None, *, linking: bool = False
) -> dict[str, object]:
    if linking:
        again, otherwise = reverse("link-identity", args=[provider.id]), reverse("security")
    elif program_id is not None:
        again = reverse("go-to-provider", args=[program_id, provider.id])
        otherwise = reverse("sign-in", args=[program_id])
    else:
        again, otherwise = "", reverse("choose-program")
    return {
        "name": provider.name,
        "problem": problem,
        "again_url": again if problem is None or problem.again else "",
        "otherwise_url": otherwise,
        "linking": linking,
        **({} if linking else BARE_HEADER),
    }
