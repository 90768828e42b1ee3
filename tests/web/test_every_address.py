"""Every address of the server, by every method, with real ids of other people: strangers see and change nothing.

Who attacks signs in properly, knows every id, and sends every field that any form has, and some that none has. A new
address is attacked as soon as it exists; one that is open to the world has to be named here.
"""

import hashlib
import uuid
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from rolebook.governance.models import Grant
from tests.web.worlds import QPP, World, signed_in

OPEN_TO_ALL = {
    "register",
    "confirm-email",
    "confirm-email-again",
    "choose-program",
    "ask-passkey",
    "sign-in-code",
    "sign-out",
    "signed-out",
    "forgotten-password",
    "new-password",
    "lost-second-factor",
    "lost-second-factor-code",
    "lost-second-factor-asked",
    "new-second-factor",
    "not-me",
    "register-with-identity",
    "unlinked-identity",
    "back-from-provider",
    "go-to-provider",
    "sign-in",
    "start",
    "metrics",
    "calendar-feed",
    "stop-reminders",
    "supervisor-link",
    "supervisor-attachment",
    "second-factor",
    "recovery-codes",
    "recovery-codes-download",
    "statement",
}
"""Addresses with credentials of their own, or that lead to them; each has tests of its own."""
ENDS_THE_SESSION = {"sign-out", "sign-out-everywhere", "sign-out-session", "change-password"}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
_KEPT = ("accounts", "governance")
_OWN = {
    "Throttle",
    "MailedCode",
    "Session",
    "SeenSession",
    "AccountDraft",
    "OrganizationUpload",
    "SamePerson",  # that another account is theirs, too: said by anybody, judged by a steward
}


def _addresses(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns)
        else:
            yield pattern


ADDRESSES = sorted(
    {
        str(one.name): one
        for one in _addresses(get_resolver().url_patterns)
        if not str(one.name).startswith("api-")
    }.items()
)
"""Those of the API take tokens and no sessions; they are walked in tests/api."""


def _parts(world: World, pattern: URLPattern) -> dict[str, object]:
    """The ids of what there is, for the parts of an address."""
    grant = Grant.objects.filter(account=world.maria.account).first()
    assert grant is not None
    known: dict[str, object] = {
        "program_id": QPP,
        "organization_id": world.cedar.public_id,
        "account_id": world.stella.account.public_id,
        "kept_id": world.stella.account.public_id,
        "closed_id": world.nora.account.public_id,
        "stage_id": world.stage.public_id,
        "request_id": world.waiting.public_id,
        "grant_id": grant.public_id,
        "role_id": "staff_user",
        "sequence": 1,
        "notice_id": 1,
        "number": 1,
        "act": "close",
        "name": "reminders",
        "token": "x" * 43,
        "provider_id": "harp",
    }
    return {name: known.get(name, uuid.UUID(int=7)) for name in pattern.pattern.converters}


def _fields(world: World) -> dict[str, object]:
    """What all forms together have, filled in as an attacker would, and what no form has."""
    return {
        "verdict": "approved",
        "version": world.stage.request_version,
        "items": world.stage.items_hash,
        "stage": str(world.stage.public_id),
        "select": str(world.stage.public_id),
        "answer": "authorize",
        "confirm": "yes",
        "sure": "on",
        "made_sure": "on",
        "how": "phone",
        "told": "I called her at ten, and she told me.",
        "reason": "because I say so",
        "status": "active",
        "person": "uma",
        "user_id": "uma",
        "role": "security_official",
        "role_id": "security_official",
        "organization": "52-1830045",
        "parent": "",
        "name": "Mine now",
        "code": "11-2223334",
        "kind": "practice",
        "fsid": "12345",
        "program_id": "iqies",
        "is_superuser": "1",
        "approved_by": str(world.maria.account.public_id),
        "beneficiary_id": str(world.uma.account.public_id),
        "next": "https://evil.example/",
        "back": "https://evil.example/",
    }


def _state(besides: int) -> dict[str, str]:
    """A digest of every table of people, organizations and governance, the attacker's own account left out."""
    found = {}
    for label in _KEPT:
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            if model.__name__ in _OWN:
                continue
            rows: models.QuerySet[models.Model] = models.QuerySet(model).order_by("pk")
            if model.__name__ == "Account":
                rows = rows.exclude(pk=besides)
            found[model.__name__] = hashlib.sha256(repr(list(rows.values_list())).encode()).hexdigest()
    return found


@pytest.mark.invariant("I1", "I2", "I3", "I14")
@pytest.mark.fault(1, 6, 41, 42)
@pytest.mark.parametrize("who", ["henry", "uma"])
def test_a_stranger_changes_nothing_at_any_address_by_any_method(world: World, who: str) -> None:
    """Henry is the official of another practice; Uma holds nothing at all."""
    attacker = getattr(world, who)
    client = signed_in(attacker)
    client.get(reverse("home", args=[QPP]))
    before = _state(attacker.account.pk)
    fields = _fields(world)
    for name, pattern in ADDRESSES:
        if name in ENDS_THE_SESSION or name in OPEN_TO_ALL:
            continue
        if name in ("review-request", "review-request-everywhere", "account-request"):
            continue  # asking is everybody's; what may be asked is the rules'
        address = reverse(name, kwargs=_parts(world, pattern))
        for method in METHODS:
            answer = client.generic(
                method, address, data=_encoded(fields), content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code < 500, f"{method} {address}"
            assert "evil.example" not in answer.headers.get("Location", ""), f"{method} {address}"
        assert _state(attacker.account.pk) == before, f"{name} was changed by {who}"


def _encoded(fields: dict[str, object]) -> bytes:
    from urllib.parse import urlencode

    return urlencode(fields).encode()


@pytest.mark.requirement("QPP-01", "IQIES-01")
@pytest.mark.invariant("I3")
@pytest.mark.fault(40)
def test_without_a_session_no_address_but_the_named_ones_answers(world: World) -> None:
    fields = _encoded(_fields(world))
    for name, pattern in ADDRESSES:
        if name in OPEN_TO_ALL:
            continue
        address = reverse(name, kwargs=_parts(world, pattern))
        for method in ("GET", "POST"):
            answer = Client().generic(
                method, address, data=fields, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code in (302, 404, 405), f"{method} {address}: {answer.status_code}"
            assert "evil.example" not in answer.headers.get("Location", "").partition("?")[0]


@pytest.mark.requirement("QPP-01")
def test_every_name_that_is_open_to_all_is_an_address() -> None:
    assert set(dict(ADDRESSES)) >= OPEN_TO_ALL
