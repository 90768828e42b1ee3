"""A reason that cannot be kept comes back beside its field with what was typed, also past the browser's own limit."""

import re
from typing import cast

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.models import Outcome
from tests.web.test_deciding_many import MANAGE, SELECTED, people_who_ask, press_on, shown, stage_of
from tests.web.worlds import QPP, World, signed_in

LONG = "Not with us. " + "x" * LONGEST_TEXT
TOO_LONG = f"The reason is too long: {LONGEST_TEXT} characters are the most."


def field_of(page: str) -> str:
    """What stands in the reason's field, which points at what is wrong with it."""
    found = re.search(
        r'<textarea[^>]* id="([^"]+)"[^>]*aria-describedby="\1_error"[^>]*>(.*?)</textarea>', page, re.S
    )
    assert found is not None, page
    assert f'id="{found[1]}_error"' in page
    assert f'href="#{found[1]}"' in page or "<tr" in page
    return found[2]


def denies(client: Client, world: World, reason: str, *, in_row: bool = False) -> HttpResponse:
    fields = {
        "verdict": "denied",
        "reason": reason,
        "version": world.stage.request_version,
        "items": world.stage.items_hash,
        "back": "manage-access",
    }
    headers = {"HX-Request": "true"} if in_row else {}
    address = reverse("decide", args=[QPP, world.stage.public_id])
    return cast("HttpResponse", client.post(address, fields, headers=headers))


@pytest.mark.requirement("QPP-07")
@pytest.mark.parametrize("in_row", [False, True])
def test_a_denials_reason_that_is_too_long_comes_back_as_typed_and_is_sent_again(
    world: World, in_row: bool
) -> None:
    client = signed_in(world.maria)
    again = denies(client, world, LONG, in_row=in_row)
    assert again.status_code == 422
    page = again.content.decode()
    assert TOO_LONG in page
    assert field_of(page) == LONG
    assert ("<html" in page) != in_row
    assert Outcome.objects.filter(request=world.waiting).count() == 0
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    address = re.findall(r'action="(/qpp/stages/[^"]+)"', page)[0]
    sent = client.post(address, {**hidden, "verdict": "denied", "reason": "Not with us."})
    assert sent.status_code == 303
    assert Outcome.objects.get(request=world.waiting).reason == "Not with us."


@pytest.mark.invariant("I1")
@pytest.mark.parametrize("who", ["henry", "uma", "nora"])
def test_who_could_not_decide_it_is_shown_nothing_for_a_reason_that_is_too_long(
    world: World, who: str
) -> None:
    answer = denies(signed_in(getattr(world, who)), world, LONG)
    assert answer.status_code != 422
    assert b"Nora Newell" not in answer.content or who == "nora"


@pytest.mark.requirement("QPP-15")
def test_the_reason_of_several_denials_comes_back_with_everything_that_was_chosen(world: World) -> None:
    stages = [stage_of(one) for one in people_who_ask(world, 3)]
    client = signed_in(world.maria)
    chosen = {"verdict": "denied", "stage": [stage.public_id for stage in stages]}
    summary = client.post(SELECTED, chosen).content.decode()
    again = cast("HttpResponse", press_on(client, summary, LONG))
    assert again.status_code == 422
    page = again.content.decode()
    assert TOO_LONG in page
    assert field_of(page) == LONG
    assert re.findall(r'name="shown"\s+value="([^"]+)"', page) == shown(*stages)
    assert cast("HttpResponse", press_on(client, page, "Not with us.")).status_code == 200
    assert {one.reason for one in Outcome.objects.filter(stage__in=stages)} == {"Not with us."}


def test_what_was_typed_is_text(world: World) -> None:
    client = signed_in(world.maria)
    page = denies(client, world, "</textarea><b>\0" + LONG).content.decode()
    assert "</textarea><b>" not in page
    assert "&lt;/textarea&gt;&lt;b&gt;Not with us." in page
    assert client.get(MANAGE).status_code == 200
