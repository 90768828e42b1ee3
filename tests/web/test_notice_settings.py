"""The notice settings: what one chooses is kept, and a calendar's address is shown once (QPP-16)."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.governance.models import Participation
from rolebook.notices.models import CalendarAddress, Reminder
from tests.web.worlds import QPP, World, signed_in

pytestmark = pytest.mark.requirement("QPP-16")


def settings_page(client: Client) -> str:
    return client.get(reverse("notice-settings", args=[QPP])).content.decode()


def test_a_choice_is_kept_and_shown_again(world: World) -> None:
    client = signed_in(world.maria)
    address = reverse("notice-settings", args=[QPP])
    answer = client.post(address, {"cadence": "weekly", "weekday": "2", "hour": "15"}, follow=True)
    page = answer.content.decode()
    assert "Your reminders were saved." in page
    assert '<option value="2" selected>Wednesday</option>' in page
    assert '<option value="15" selected>3 p.m.</option>' in page
    assert "Next look:" in page
    reminder = Reminder.objects.get()
    assert (reminder.participation.account, reminder.cadence) == (world.maria.account, "weekly")


@pytest.mark.parametrize("wrong", [{"cadence": "hourly"}, {"weekday": "7"}, {"hour": "x"}])
def test_a_choice_that_is_not_offered_is_said_beside_its_field(world: World, wrong: dict[str, str]) -> None:
    answer = signed_in(world.maria).post(
        reverse("notice-settings", args=[QPP]), {"cadence": "weekly", "weekday": "0", "hour": "9", **wrong}
    )
    assert answer.status_code == 422
    assert b"Please check what you entered" in answer.content
    assert not Reminder.objects.exists()


def test_a_calendar_address_is_shown_once_and_replaced_or_stopped(world: World) -> None:
    client = signed_in(world.maria)
    made = client.post(reverse("calendar-address", args=[QPP])).content.decode()
    [path] = re.findall(r'value="http[^"]+(/calendar/[^"]+\.ics)"', made)
    assert "never again" in made
    assert path not in settings_page(client)
    assert Client().get(path).status_code == 200
    again = client.post(reverse("calendar-address", args=[QPP])).content.decode()
    [other] = re.findall(r'value="http[^"]+(/calendar/[^"]+\.ics)"', again)
    assert (Client().get(path).status_code, Client().get(other).status_code) == (404, 200)
    client.post(reverse("calendar-stop", args=[QPP]))
    assert Client().get(other).status_code == 404
    assert not CalendarAddress.objects.exists()


def test_help_leads_there_and_who_decides_nothing_is_told_so(world: World) -> None:
    client = signed_in(world.uma)
    assert reverse("notice-settings", args=[QPP]) in client.get(reverse("help", args=[QPP])).content.decode()
    assert "You decide no requests" in settings_page(client)
    assert "You decide no requests" not in settings_page(signed_in(world.maria))


@pytest.mark.invariant("I7")
def test_somebody_whose_part_is_closed_chooses_nothing(world: World) -> None:
    client = signed_in(world.maria)
    Participation.objects.filter(account=world.maria.account).update(status=Participation.Status.CLOSED)
    for name in ("notice-settings", "calendar-address", "calendar-stop"):
        answer = client.post(reverse(name, args=[QPP]), {"cadence": "weekly", "weekday": "0", "hour": "9"})
        assert answer.status_code == 403
    assert not Reminder.objects.exists()
    assert not CalendarAddress.objects.exists()
