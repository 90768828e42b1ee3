"""Every refusal of a request is a page in the dress of the site, with what became of it and the way on."""

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.web.reading import text
from tests.web.worlds import QPP, World, signed_in


def dressed(page: str) -> bool:
    """Whether a page has the header, one heading, the way home and the footer of every other."""
    return (
        all(part in page for part in ('<header class="head">', "Go to Home", "<footer"))
        and page.count("<h1") == 1
    )


def test_an_address_that_only_takes_a_press_says_so_to_who_opens_it_and_which_methods_there_are(
    world: World,
) -> None:
    answer = signed_in(world.maria).get(reverse("decide", args=[QPP, world.stage.public_id]))
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert dressed(text(answer))
    assert "This address is not a page" in text(answer)


def test_a_page_that_takes_nothing_says_so_to_what_is_sent_there(world: World) -> None:
    answer = signed_in(world.maria).post(reverse("my-access", args=[QPP]), {"any": "thing"})
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert "Nothing was changed" in text(answer)


def test_machines_that_use_a_wrong_method_get_no_page(world: World) -> None:
    address = reverse("my-access", args=[QPP])
    assert signed_in(world.maria).delete(address).content == b""
    assert signed_in(world.maria).post(address, headers={"accept": "application/json"}).content == b""


def test_more_than_any_form_needs_is_refused_before_it_is_read(world: World, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    answer = signed_in(world.maria).post(reverse("notice-settings", args=[QPP]), {"cadence": "x" * 2_000})
    assert answer.status_code == 413
    assert dressed(text(answer))
    assert "That is too much at once" in text(answer)


@pytest.mark.parametrize("trouble", [OperationalError("away"), InterfaceError("closed")])
def test_while_the_database_is_out_of_reach_the_page_says_when_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    client = signed_in(world.maria)
    client.raise_request_exception = False

    def away(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr("rolebook.web.pages.my_access.my_access_page", away)
    answer = client.get(reverse("my-access", args=[QPP]))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert dressed(text(answer))
    assert "we cannot be reached for a moment" in text(answer)


def test_what_cannot_be_read_is_answered_in_dress(world: World) -> None:
    answer = Client().get("/qpp/sign-in/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "We could not read what was sent" in text(answer)


def test_too_many_attempts_are_told_in_dress_with_when_to_come_back(world: World) -> None:
    client = Client()
    answers = [client.post("/forgotten-password/", {"named": f"nobody{n}"}) for n in range(60)]
    last = answers[-1]
    assert last.status_code == 429
    assert "Too many attempts from here. Please try again after" in text(last)
    assert "<footer" in text(last)
