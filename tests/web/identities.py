"""What tests of identity providers do over and over: name one, link, go there and come back."""

import dataclasses
import json
import re
from typing import Any

from django.test import Client
from pytest_django import Settings

from rolebook.accounts.flows.identities import link_identity
from rolebook.accounts.openid.asking import Identity
from rolebook.audit import clock
from rolebook.audit.models import Event
from tests.support.identity_provider import Provider
from tests.support.people import COMMAND, Mails, Person

GO, BACK = "/qpp/sign-in/with/harp/", "/sign-in/with/harp/back/"


def name_in_settings(settings: Settings, *providers: Any) -> None:
    settings.ROLEBOOK = dataclasses.replace(settings.ROLEBOOK, identity_providers=providers)


def link(person: Person, provider: Provider, subject: str = "m-1", *, two_factors: bool = False) -> None:
    identity = Identity("harp", provider.issuer, subject, two_factors)
    link_identity(acting_user=person.account, identity=identity, at=clock.now(), origin=COMMAND, send=Mails())


def come_back(client: Client, provider: Provider, subject: str = "m-1", **claims: Any) -> Any:
    """Go to the provider, sign in there, and come back."""
    sent = client.get(GO)
    assert sent.status_code == 302, sent.content.decode()
    return client.get(BACK, provider.answer(sent["Location"], subject, **claims))


def told(event: Event) -> dict[str, str]:
    new: dict[str, str] = json.loads(event.content)["new"]
    return new


def heading(answer: Any) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.content.decode(), re.DOTALL)
    assert found is not None
    return " ".join(found[1].split())
