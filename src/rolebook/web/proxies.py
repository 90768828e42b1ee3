"""Whose request it is when proxies stand in front: throttling and the audit log need the person's own address."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class BehindProxies:
    """Middleware: takes the network address from X-Forwarded-For when ROLEBOOK_PROXIES says how many wrote it.

    Counted from the end, where one's own proxies write; what a browser made up stands before that and is ignored.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Correct the address, then answer."""
        proxies = settings.ROLEBOOK.proxies
        if proxies:
            seen = request.headers.get("x-forwarded-for", "").split(",")
            if len(seen) >= proxies and _is_address(seen[-proxies].strip()):
                request.META["REMOTE_ADDR"] = seen[-proxies].strip()
        return self.get_response(request)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
