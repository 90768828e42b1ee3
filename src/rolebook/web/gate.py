"""Nobody passes without a session that proved two factors, unless the page says that it is open (QPP-01)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from rolebook.web.account.session import has_two_factors

type View = Callable[..., HttpResponse]

_OPEN = "rolebook_open"
_SETTING_UP = "rolebook_setting_up"


def open_page(view: View) -> View:
    """Mark a view that anybody may see, signed in or not (or that has credentials of its own, as an API does)."""
    setattr(view, _OPEN, True)
    return view


def setting_up_page(view: View) -> View:
    """Mark a view for people who are signed in but have not set up their second factor yet."""
    setattr(view, _SETTING_UP, True)
    return view


class Gate:
    """Middleware: every view that does not say otherwise needs a session that proved two factors.

    A new page is closed until somebody opens it; forgetting the mark locks people out, never in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; what is private is kept by no cache."""
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        return response

    def process_view(
        self, request: HttpRequest, view: View, args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Let the request pass (None), or send the person to sign in or to set up the second factor."""
        del args
        if getattr(view, _OPEN, False) or has_two_factors(request):
            return None
        if request.user.is_authenticated:
            return None if getattr(view, _SETTING_UP, False) else redirect(request, reverse("second-factor"))
        return redirect(request, sign_in_address(request, kwargs.get("program_id")))


def sign_in_address(request: HttpRequest, program_id: str | None) -> str:
    """Return where to sign in so that the person comes back to the page of ``request`` afterwards."""
    page = reverse("sign-in", args=[program_id]) if program_id else reverse("choose-program")
    wanted = _page_of(request)
    return f"{page}?{urlencode({'next': wanted})}" if wanted else page


def _page_of(request: HttpRequest) -> str:
    """Return the page that a request stands on: itself, or the one whose form or part it is; empty when unknown."""
    htmx = getattr(request, "htmx", None)
    if htmx:
        return htmx.current_url_abs_path or ""
    if request.method == "GET":
        return request.get_full_path()
    parts = urlsplit(request.headers.get("Referer", ""))
    ours = parts.netloc == request.get_host() and parts.path.startswith("/")
    return urlunsplit(("", "", parts.path, parts.query, "")) if ours else ""


def redirect(request: HttpRequest, address: str) -> HttpResponse:
    """Return a redirect of the whole page, also when only a part of it was asked for (htmx)."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)
