"""The demo's mailbox: every mail that Rolebook sent to the demo's people, as they would see it."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from rolebook.notices.mailbox import Mailbox, OpenedMail
from rolebook.web.gate import open_page

A_PAGE = 50
_FRAMED: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["data:"],
    "frame-ancestors": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
}
"""What a mail may do in its frame: be looked at. No script, no picture from elsewhere, no form."""

type View = Callable[..., HttpResponse]


def _demo_only(view: View) -> View:
    """Answer 404 unless this is a demo and the asker sits at this machine."""

    @wraps(view)
    def judged(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.ROLEBOOK.demo or not _loopback(request.META.get("REMOTE_ADDR", "")):
            raise Http404
        return view(request, *args, **kwargs)

    return judged


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _mailbox() -> Mailbox:
    return Mailbox(settings.ROLEBOOK.home / "mail")


@open_page
@require_safe
@_demo_only
def mails(request: HttpRequest) -> HttpResponse:
    """List the mails, newest first; of one person with ``?to=``, older ones with ``?before=``."""
    to = request.GET.get("to", "")
    before = request.GET.get("before", "")
    box = _mailbox()
    below = int(before) if before.isascii() and before.isdigit() else None
    found = box.newest(limit=A_PAGE + 1, to_address=to, below=below)
    shown = found[:A_PAGE]
    mine = {"to": to} if to else {}
    context = {
        "mails": shown,
        "people": box.people(),
        "to": to,
        "next_url": f"?{urlencode({**mine, 'before': shown[-1].number})}" if len(found) > A_PAGE else "",
        "first_url": f"?{urlencode(mine)}" if below is not None else "",
    }
    return render(request, "demo/mails.html", context)


@open_page
@require_safe
@_demo_only
@csp_override({**settings.SECURE_CSP, "frame-src": [CSP.SELF]})
def mail(request: HttpRequest, number: int) -> HttpResponse:
    """Show one mail: as HTML in a frame that can do nothing, and as plain text."""
    opened = _opened(number)
    frame = reverse("demo-mail-html", args=[number])
    return render(request, "demo/mail.html", {"mail": opened.mail, "text": opened.text, "frame": frame})


@open_page
@require_safe
@_demo_only
@xframe_options_sameorigin
@csp_override(_FRAMED)
def mail_html(request: HttpRequest, number: int) -> HttpResponse:
    """Answer the HTML part of a mail, for its frame; links in it open the whole page."""
    del request
    html = _opened(number).html
    return HttpResponse(html.replace("<a href=", '<a target="_top" href='))


def _opened(number: int) -> OpenedMail:
    opened = _mailbox().read(number)
    if opened is None:
        raise Http404
    return opened
