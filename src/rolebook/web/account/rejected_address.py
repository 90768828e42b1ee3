"""To somebody whose mail was rejected, once signed in: what follows, how to mend it, whom to ask (IQCS-09)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rolebook.accounts.models import Account
from rolebook.accounts.queries.rolebooks import rolebooks_in_force
from rolebook.accounts.rejected_addresses import is_rejected
from rolebook.audit import clock
from rolebook.governance.participations import parts_stopped_by_bounce
from rolebook.governance.representatives import representatives_of
from rolebook.web.account.changing import signed_in_account
from rolebook.web.account.pages import keep_next, safe_next

MOST_NAMED = 5
"""Representatives named to somebody whose mail was rejected."""


@require_safe
def rejected_address(request: HttpRequest) -> HttpResponse:
    """Say which address rejects mail and which parts in programs that deactivated, and lead to giving a working one."""
    account, at = signed_in_account(request), clock.now()
    books = rolebooks_in_force(at)
    stopped = [
        books[part.program_id][1] for part in parts_stopped_by_bounce(account) if part.program_id in books
    ]
    shown = {
        "account": account,
        "rejected": is_rejected(account),
        "stopped": [
            {
                "program": book.program,
                "hint": book.hint("reactivation"),
                "representatives": representatives_of(book, account, at)[:MOST_NAMED],
            }
            for book in stopped
        ],
        "following": safe_next(request.session.get("rolebook.next")) or reverse("start"),
    }
    return render(request, "account/rejected_address.html", shown)


def lead_there(request: HttpRequest, account: Account, following: str) -> str:
    """Return where somebody comes to who has just signed in: to this page first, while mail to them is rejected."""
    if not is_rejected(account):
        return following
    keep_next(request, following)
    return reverse("rejected-address")
