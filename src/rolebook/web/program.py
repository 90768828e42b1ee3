"""What every page of a program needs: which program, its rolebook in force, who asks, and the statement agreed to."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from rolebook.accounts.models import Account, RolebookVersion
from rolebook.accounts.queries import rolebooks_in_force, statement_hash
from rolebook.audit.agreed_clock import agreed_when_read, going_on_from, with_agreed_now
from rolebook.audit.recording import Origin
from rolebook.governance.flows.record_sign_in import record_sign_in
from rolebook.governance.models import Participation
from rolebook.governance.queries.review_campaigns import with_reviews
from rolebook.governance.quiet import is_in, is_past
from rolebook.governance.refusals import NotAllowed
from rolebook.governance.representatives import representatives_of
from rolebook.policy.model import Program, Rolebook
from rolebook.web.account.pages import BARE_HEADER
from rolebook.web.account.session import agreed, entered, note_entered, origin_of
from rolebook.web.gate import redirect

MOST_NAMED = 3
"""Representatives named to somebody who is closed."""


class ProgramRequest(HttpRequest):
    """A request for a page of a program, by a signed-in person who agreed to its statement in this session.

    Attributes:
        account: who asks.
        at: the instant of the request by the database's clock (fault 58); pass it to flows and queries.
        clock: the same clock, going on; pass it to what is given piece by piece.
        origin: where the request comes from; pass it to flows.
        program: the program, with its names and contact.
        programs: every program there is, by name.
        rolebook: the rolebook in force.
        rolebook_version: the stored version that ``rolebook`` is of.
        participation: the person's part in the program, or None before the first.
    """

    account: Account
    at: datetime
    clock: Callable[[], datetime]
    origin: Origin
    program: Program
    programs: tuple[Program, ...]
    rolebook: Rolebook
    rolebook_version: RolebookVersion
    participation: Participation | None


type ProgramView = Callable[..., HttpResponse]


def program_page(view: ProgramView) -> Callable[..., HttpResponse]:
    """Make ``view(request: ProgramRequest, **other parts of the address)`` the page of a program.

    The address must have a ``program_id``, which the view does not get: it is ``request.program.id``. An
    unknown program is 404. Who has not agreed to the program's statement in this session is asked to first
    (QPP-01). Whose part in the program is closed sees that, and nothing else.
    """

    @wraps(view)
    def page(request: HttpRequest, program_id: str, **parts: Any) -> HttpResponse:
        asked = cast("ProgramRequest", request)
        place_in_program(asked, program_id)
        statement = asked.program.statement
        if statement is not None and not agreed(request, program_id, statement_hash(statement)):
            address = reverse("statement", args=[program_id])
            if request.method == "GET":
                address += "?" + urlencode({"next": request.get_full_path()})
            return redirect(request, address)
        part = asked.participation
        if part is not None and not is_in(part, asked.at):
            return _closed(asked)
        if not entered(request, program_id):
            try:
                record_sign_in(
                    acting_user=asked.account, program_id=program_id, at=asked.at, origin=asked.origin
                )
                asked.participation = _part(asked.account, program_id)
            except NotAllowed:
                return _closed(asked)
            note_entered(request, program_id)
        return view(asked, **parts)

    return page


def _closed(request: ProgramRequest) -> HttpResponse:
    """Say that the person's part is closed, since when and why, and whom to ask."""
    hint, part = request.rolebook.hint("reactivation"), request.participation
    quiet = part is not None and part.status == Participation.Status.ACTIVE and is_past(part, request.at)
    whom = representatives_of(request.rolebook, request.account, request.at)[:MOST_NAMED] if hint else ()
    shown = {"hint": hint, "part": part, "quiet": quiet, "whom": whom, **BARE_HEADER}
    return render(request, "account/closed.html", shown, status=403)


def place_in_program(request: ProgramRequest, program_id: str) -> None:
    """Give a request its program, rolebook, instant and, when somebody is signed in, who asks.

    Raises Http404 for no program.
    """
    part: Participation | None = None
    if isinstance(request.user, Account):
        request.account = request.user
        part = request.participation = _part(request.user, program_id)
    request.at = agreed_when_read(part)
    request.clock = going_on_from(request.at)
    found = rolebooks_in_force(request.at)
    if program_id not in found:
        raise Http404
    version, book = found[program_id]
    request.programs = tuple(other.program for _, other in found.values())
    request.origin = origin_of(request)
    request.program, request.rolebook, request.rolebook_version = book.program, book, version


def _part(account: Account, program_id: str) -> Participation | None:
    parts = Participation.objects.filter(account=account, program_id=program_id)
    return with_agreed_now(with_reviews(parts)).first()
