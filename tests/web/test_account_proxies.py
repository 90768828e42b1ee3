"""Whose address counts when proxies stand in front."""

import dataclasses

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from rolebook.server.environment import SettingsError, read_environment
from rolebook.web.account.pages import safe_next
from rolebook.web.proxies import BehindProxies


def address_seen(settings: Settings, proxies: int, forwarded: str) -> str:
    settings.ROLEBOOK = dataclasses.replace(settings.ROLEBOOK, proxies=proxies)
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded} if forwarded else {})
    BehindProxies(lambda _: HttpResponse())(request)
    return str(request.META["REMOTE_ADDR"])


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "198.51.100.1", "127.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "198.51.100.1", "127.0.0.1"),
        (1, "made up", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_what_ones_own_proxies_wrote_says_whose_request_it_is(
    settings: Settings, proxies: int, forwarded: str, seen: str
) -> None:
    assert address_seen(settings, proxies, forwarded) == seen


def test_a_number_of_proxies_that_cannot_be_is_refused(tmp_path: object) -> None:
    with pytest.raises(SettingsError, match="ROLEBOOK_PROXIES: found '9', expected a number from 0 to 3"):
        read_environment({"ROLEBOOK_PROXIES": "9", "ROLEBOOK_HOME": str(tmp_path)})


@pytest.mark.fault(48)
@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("/qpp/help/?a=1", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example/", False),
        ("javascript:alert(1)", False),
        ("qpp/", False),
        ("/" + "x" * 2000, False),
        ("", False),
        (None, False),
    ],
)
def test_only_a_path_of_this_site_is_gone_on_to(address: str | None, safe: bool) -> None:
    assert safe_next(address) == (address if safe else None)
