"""Browsers of people who are signed in, and the counting of statements, for the benchmarks that look at pages."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.audit import clock


def browser(account: Account, *program_ids: str) -> Client:
    """Return a browser in which an account's session proved two factors, and agreed to the programs' statements."""
    client = Client(HTTP_HOST="testserver")
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    session, at = client.session, clock.now()
    session["rolebook.signed_in_at"] = session["rolebook.seen_at"] = at.timestamp()
    session["rolebook.assurance"], session["rolebook.session"] = "two factors", "bench"
    told = {program_id: rolebook_in_force(program_id, at)[1].program.statement for program_id in program_ids}
    session["rolebook.statements"] = {name: statement_hash(text) for name, text in told.items() if text}
    session.save()
    return client


def statements(call: Callable[[], Any]) -> tuple[list[str], Any]:
    """Return the statements that a call makes, and its answer."""
    made: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        made.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        answer = call()
    return made, answer
