"""Faults that the histories must find: each switches one rule of the flows off, or bends it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from rolebook.accounts.models import Account, Organization
from rolebook.governance import ledger, locks
from rolebook.governance.models import Grant, Request
from rolebook.policy.rules import RULES


def _says(place: str, answer: object) -> Callable[[], AbstractContextManager[object]]:
    """A function of the product that always gives one answer."""
    return lambda: patch(f"rolebook.{place}", lambda *_, **__: answer)


def _without_rule(rule_id: str) -> Callable[[], AbstractContextManager[object]]:
    """A rule of the house that forbids nothing."""
    return lambda: patch.dict(RULES, {rule_id: replace(RULES[rule_id], judge=lambda *_: None)})


def _locks_in_another_order(
    *, accounts: Iterable[int], organizations: Iterable[int] = (), requests: Iterable[int] = ()
) -> locks.Held:
    held = locks.Held(frozenset(accounts), frozenset(organizations), frozenset(requests))
    locks.lock_rows(Request, held.requests)
    locks.lock_rows(Organization, held.organizations)
    locks.lock_rows(Account, held.accounts)
    return held


def _opened_for_ever(*told: Any, **named: Any) -> Grant:
    return ledger.open_imported_grant(*told, **{**named, "ends_at": None})


MUTANTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "own requests are decided": _says("governance.deciding.own_request", None),
    "somebody decides twice": _says("governance.deciding.spoken_before", None),
    "stale pages are accepted": _says("governance.deciding._require_shown", None),
    "a changed chain is not noticed": _says("governance.deciding.layout_has_changed", False),
    "a steward always stands in": _says("governance.deciders.anybody_left", False),
    "the inactive are designated": _says("governance.flows.designate_role.inactive_violations", ()),
    "a second factor is not asked for": _says("governance.flows.attempt.has_second_factor", True),
    "categories are mixed": _without_rule("one_category"),
    "a role is asked for twice": _without_rule("already_pending"),
    "who leaves leaves requests behind": _says("governance.flows.change_status.settle_what_is_left", (0, 0)),
    "a bulk call decides what it may": _says("governance.flows.decide_stages._require_all_theirs", None),
    "imported roles never end": lambda: patch(
        "rolebook.governance.flows.import_grants.open_imported_grant", _opened_for_ever
    ),
    "locks are taken in another order": lambda: patch.object(locks, "lock", _locks_in_another_order),
    "the decision point hears of no grants": lambda: patch(
        "rolebook.authzen.state._ABOUT_PEOPLE", ("participation:", "account:")
    ),
}

QUICK = (
    "a role is asked for twice",
    "a steward always stands in",
    "categories are mixed",
    "locks are taken in another order",
    "own requests are decided",
)
"""Those that forty histories find: the suite shows it. The others take some hundred."""


def sabotaged(name: str | None) -> AbstractContextManager[object]:
    """Put a fault in while the block runs; None: none."""
    return nullcontext() if name is None else MUTANTS[name]()
