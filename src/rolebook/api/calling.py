"""A call in a program: the same law as at its pages. Who may not enter those may not call either (QPP-01)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest

from rolebook.accounts.models import Account
from rolebook.accounts.queries import NoRolebook, rolebook_in_force, statement_hash
from rolebook.api.authenticating import Caller, caller_of
from rolebook.api.problems import CHALLENGE, Problem, wrong_field
from rolebook.audit.recording import Origin
from rolebook.governance.models import Participation
from rolebook.governance.queries import paging
from rolebook.governance.queries.seeing import one_look
from rolebook.governance.quiet import is_in
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.policy.model import Rolebook


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a program, by somebody who may enter it; pass ``at`` and ``origin`` to flows and queries."""

    account: Account
    program_id: str
    book: Rolebook
    at: datetime
    origin: Origin


@contextmanager
def reading(request: HttpRequest, program_id: str) -> Iterator[Call]:
    """Let the queries inside share one look at the program. Raises as `_entered` does."""
    call = _entered(caller_of(request), program_id)
    with one_look():
        yield call


def acting(request: HttpRequest, program_id: str) -> Call:
    """Return the call of a token that may change things. Raises Problem (403) for another, else as `_entered`."""
    caller = caller_of(request)
    call = _entered(caller, program_id)
    if not caller.token.may_act:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "token-only-reads",
            "This token only reads. Make one on the Security page that may also change things.",
            headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope"'},
        )
    return call


def _entered(caller: Caller, program_id: str) -> Call:
    """Return a call by somebody who could open the program's pages now.

    Raises NotFound for another program than the token's, as for one that does not exist; NotAllowed for whose part in
    the program is not active; Problem (403) for who never entered it, or has not agreed to its present statement.
    """
    if caller.token.program_id != program_id:
        raise NotFound
    try:
        _, book = rolebook_in_force(program_id, caller.at)
    except NoRolebook as missing:
        raise NotFound from missing
    part = Participation.objects.filter(account=caller.account, program_id=program_id).first()
    statement = book.program.statement
    agreed = (
        statement is None
        or caller.account.agreements.filter(
            program_id=program_id, wording_hash=statement_hash(statement)
        ).exists()
    )
    if part is None or not agreed:
        name = book.program.short_name
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "sign-in-first",
            f"Sign in to {name} once, and agree to its statement there; then call again.",
        )
    if not is_in(part, caller.at):
        raise NotAllowed("account_not_active")
    return Call(caller.account, program_id, book, caller.at, caller.origin)


def page_key(after: str) -> str | None:
    """Return the key of the page that is asked for, None for the first. Raises Problem (422) for what is none."""
    if not after:
        return None
    if paging.from_text(after) is None:
        raise wrong_field("Expected `next` of an earlier answer.", parameter="after")
    return after
