"""Instants are written in the viewer's zone, which they name; days that count stay days of the program's zone."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import reverse

from rolebook.web import zones
from tests.web.reading import text_at
from tests.web.worlds import World, signed_in

MARCH = datetime(2026, 3, 11, 2, 30, tzinfo=UTC)


def written(told: str, tag: str) -> str:
    """What a template tag makes of an instant for a browser that told a zone."""
    request = RequestFactory().get("/")
    if told:
        request.COOKIES[zones.COOKIE] = told
    context = Context({"request": request, "program": SimpleNamespace(zone="America/New_York"), "at": MARCH})
    page = Template("{% load rolebook %}{% " + tag + " at %}").render(context)
    return re.sub("<[^>]*>", "", page)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("", "Mar 10, 2026, 10:30 p.m. EDT"),
        ("America/Los_Angeles", "Mar 10, 2026, 7:30 p.m. PDT"),
        ("Pacific/Guam", "Mar 11, 2026, 12:30 p.m. ChST"),
        ("Mars/Olympus", "Mar 10, 2026, 10:30 p.m. EDT"),
        ("../../etc/passwd", "Mar 10, 2026, 10:30 p.m. EDT"),
    ],
)
def test_an_instant_is_written_in_the_zone_that_the_browser_told_when_there_is_such_a_zone(
    told: str, read: str
) -> None:
    assert written(told, "instant") == read


def test_a_day_stays_one_of_the_programs_zone_whoever_looks() -> None:
    assert written("Pacific/Guam", "day") == written("", "day") == "Mar 10, 2026"


def test_the_security_page_names_the_viewers_zone(world: World) -> None:
    client = signed_in(world.maria)
    client.cookies[zones.COOKIE] = "America/Chicago"
    assert "Times on this page are those of America/Chicago." in text_at(client, reverse("security"))
