"""Deciding several requests at once: named on one page, one press, and what became of each (QPP-15)."""

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.models import Grant, Outcome, Request, Stage
from tests.web.reading import text
from tests.web.worlds import QPP, World, answer, ask, designate, signed_in, user

SELECTED = reverse("decide-selected", args=[QPP])
MANY = reverse("decide-many", args=[QPP])
MANAGE = reverse("manage-access", args=[QPP])


def people_who_ask(world: World, number: int) -> list[Request]:
    """Let so many people ask for Staff User at Cedar Valley, besides Nora."""
    return [
        ask(
            user(f"Person {one:03}", f"person{one}", world.start),
            world.cedar,
            world.start + timedelta(hours=one),
        )
        for one in range(number)
    ]


def stage_of(request: Request) -> Stage:
    return request.stages.get()


def shown(*stages: Stage) -> list[str]:
    """What the summary carries for these stages."""
    return [f"{stage.public_id}:{stage.request_version}:{stage.items_hash}" for stage in stages]


def press_on(client: Client, summary: str, reason: str = "") -> object:
    """Press the summary's button, as a browser without scripts sends it."""
    fields = {
        "verdict": re.findall(r'name="verdict" value="(\w+)"', summary)[0],
        "shown": re.findall(r'name="shown"\s+value="([^"]+)"', summary),
        "reason": reason,
    }
    return client.post(MANY, fields)


def states() -> set[str]:
    return set(Stage.objects.values_list("state", flat=True).filter(request__requester__user_id="nora"))


@pytest.mark.requirement("QPP-15")
def test_a_list_of_several_has_a_tick_for_each_and_says_that_all_means_the_page(world: World) -> None:
    people_who_ask(world, 2)
    client = signed_in(world.maria)
    users = reverse("organization-users", args=[QPP, world.cedar.public_id])
    for address in (MANAGE, users):
        page = client.get(address).content.decode()
        assert page.count('name="stage"') == 3
        assert "Select all 3 on this page" in page
        assert 'name="every"' not in page
        assert " checked" not in page
        ticked = client.get(address, {"select": "page"}).content.decode()
        assert len(re.findall(r'name="stage"[^>]* checked', ticked)) == 3


@pytest.mark.requirement("QPP-15")
def test_a_list_of_one_has_no_ticks(world: World) -> None:
    page = signed_in(world.maria).get(MANAGE).content.decode()
    assert "Nora Newell" in page
    assert 'name="stage"' not in page
    assert "Approve selected" not in page


@pytest.mark.requirement("QPP-15")
def test_the_summary_names_everything_and_decides_nothing(world: World) -> None:
    asked = people_who_ask(world, 2)
    client = signed_in(world.maria)
    chosen = [stage_of(one).public_id for one in (*asked, world.waiting)]
    page = text(client.post(SELECTED, {"verdict": "approved", "stage": chosen}))
    assert "Approve 3 requests?" in page
    for said in (
        "Person 000",
        "Person 001",
        "Nora Newell",
        "Staff User (3)",
        "Cedar Valley Family Practice (3)",
    ):
        assert said in page
    assert not Outcome.objects.filter(request__in=[*asked, world.waiting]).exists()


def back_from(client: Client, page: str, **fields: object) -> str:
    """The list that "No, go back" leads to, after choosing on a page as a browser without scripts does."""
    found = re.findall(r'name="list" value="([^"]*)"', page)
    summary = text(client.post(SELECTED, {"verdict": "denied", "list": html.unescape(found[0]), **fields}))
    (back,) = re.findall(r'<a class="button plain" href="([^"]+)">No, go back', summary)
    return text(client.get(html.unescape(back)))


def ticked(page: str) -> list[str]:
    """Whose requests are ticked."""
    boxes = re.findall(r'<input type="checkbox" class="select"[^>]*>', page)
    return [re.findall(r'value="([^"]+)"', box)[0] for box in boxes if box.endswith(" checked>")]


@pytest.mark.requirement("QPP-15")
def test_going_back_from_the_summary_keeps_what_was_ticked_and_which_page_it_was(world: World) -> None:
    asked = people_who_ask(world, 27)
    client = signed_in(world.maria)
    first = text(client.get(MANAGE, {"search": "person 0"}))
    (onward,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = text(client.get(html.unescape(onward)))
    for page, some in ((first, asked[3:5]), (second, asked[25:])):
        chosen = [str(stage_of(one).public_id) for one in some]
        back = back_from(client, page, stage=chosen)
        assert ticked(back) == chosen
        assert 'value="person 0"' in back
    every = back_from(client, first, every="yes", search="person 0")
    assert len(ticked(every)) == 25
    assert "data-select-every checked>" in every


@pytest.mark.requirement("QPP-15")
def test_one_press_approves_what_the_summary_named(world: World) -> None:
    asked = people_who_ask(world, 3)
    client = signed_in(world.maria)
    chosen = [stage_of(one).public_id for one in asked]
    summary = client.post(SELECTED, {"verdict": "approved", "stage": chosen}).content.decode()
    page = text(press_on(client, summary))
    assert "3 requests approved" in page
    assert Grant.objects.filter(account__user_id__startswith="person").count() == 3
    assert states() == {"open"}


@pytest.mark.requirement("QPP-13", "QPP-15")
def test_a_reason_for_denying_many_is_kept_with_each(world: World) -> None:
    asked = people_who_ask(world, 2)
    client = signed_in(world.maria)
    chosen = [stage_of(one).public_id for one in asked]
    summary = client.post(SELECTED, {"verdict": "denied", "stage": chosen}).content.decode()
    page = text(press_on(client, summary, "Ask at Hilltop."))
    assert "2 requests denied" in page
    assert set(Outcome.objects.filter(request__in=asked).values_list("verdict", "reason")) == {
        ("denied", "Ask at Hilltop.")
    }


@pytest.mark.requirement("QPP-15")
@pytest.mark.fault(3)
@pytest.mark.invariant("I1")
def test_one_foreign_request_refuses_the_whole_call_as_if_it_did_not_exist(world: World) -> None:
    [own] = people_who_ask(world, 1)
    foreign = ask(world.uma, world.hilltop, world.start)
    client = signed_in(world.maria)
    stages = (stage_of(own), stage_of(foreign))
    for address, fields in (
        (SELECTED, {"stage": [stage.public_id for stage in stages]}),
        (MANY, {"shown": shown(*stages)}),
    ):
        answered = client.post(address, {"verdict": "approved", **fields})
        assert answered.status_code == 404
        assert b"Hilltop" not in answered.content
    assert not Outcome.objects.filter(request__in=[own, foreign]).exists()


@pytest.mark.invariant("I6")
def test_ones_own_request_among_them_refuses_the_whole_call(world: World) -> None:
    designate(world.henry, "security_official", world.cedar, world.start)
    own = ask(world.henry, world.cedar, world.start)
    client = signed_in(world.henry)
    stages = (world.stage, stage_of(own))
    selected = client.post(SELECTED, {"verdict": "approved", "stage": [one.public_id for one in stages]})
    assert selected.status_code == 404
    answered = client.post(MANY, {"verdict": "approved", "shown": shown(*stages)}, follow=True)
    assert "Nothing was decided." in text(answered)
    assert not Outcome.objects.filter(request__in=[world.waiting, own]).exists()


@pytest.mark.requirement("QPP-15")
@pytest.mark.fault(23)
def test_what_a_colleague_decided_meanwhile_is_said_with_who_what_and_when(world: World) -> None:
    first, second = people_who_ask(world, 2)
    client = signed_in(world.maria)
    chosen = [stage_of(one).public_id for one in (first, second)]
    summary = client.post(SELECTED, {"verdict": "approved", "stage": chosen}).content.decode()
    answer(world.owen, first, "denied", clock.now())
    late = text(client.post(SELECTED, {"verdict": "approved", "stage": chosen}))
    assert "Approve 1 request?" in late
    assert "Owen Brandt denied it on" in late
    page = text(press_on(client, summary))
    assert "1 request approved" in page
    assert "Decided before you: 1" in page
    assert "Owen Brandt denied it on" in page
    again = text(press_on(client, summary))
    assert "Nothing was approved by your press" in again
    assert "You approved it on" in again
    assert Grant.objects.filter(account__user_id="person1").count() == 1
    assert not Grant.objects.filter(account__user_id="person0").exists()


@pytest.mark.invariant("I5")
def test_a_request_that_is_not_as_the_summary_showed_it_is_not_decided(world: World) -> None:
    first, second = people_who_ask(world, 2)
    [stale] = shown(stage_of(first))
    fields = {"verdict": "approved", "shown": [stale[:-4] + "0000", *shown(stage_of(second))]}
    page = text(signed_in(world.maria).post(MANY, fields))
    assert "1 request approved" in page
    assert "Not decided: 1" in page
    assert list(Outcome.objects.filter(request__in=[first, second]).values_list("request", flat=True)) == [
        second.pk
    ]


@pytest.mark.requirement("QPP-15")
@pytest.mark.fault(55)
def test_everything_that_matches_is_a_choice_of_its_own_within_the_bound(world: World) -> None:
    people_who_ask(world, 28)
    client = signed_in(world.maria)
    page = text(client.get(MANAGE, {"search": "person 0"}))
    assert "Select all 25 on this page" in page
    assert "All 28 that match, on every page" in re.sub(r"</?span[^>]*>", "", page)
    assert "select=page" not in re.findall(r'href="([^"]+)" rel="next"', page)[0]
    fields = {"verdict": "approved", "every": "yes", "search": "person 0"}
    summary = text(client.post(SELECTED, fields))
    assert "Approve 28 requests?" in summary
    assert "Nora Newell" not in summary
    users = {**fields, "search": "", "organization": str(world.cedar.public_id)}
    assert "Approve 29 requests?" in text(client.post(SELECTED, users))
    many = {"verdict": "approved", "stage": [f"{one}" for one in range(101)]}
    assert "Choose between 1 and 100 at once." in text(client.post(SELECTED, many, follow=True))


@pytest.mark.fault(55)
@pytest.mark.parametrize("address", [SELECTED, MANY])
def test_what_cannot_be_read_decides_nothing(world: World, address: str) -> None:
    client = signed_in(world.maria)
    good = shown(world.stage)[0]
    for fields in (
        {"verdict": "maybe", "stage": [world.stage.public_id], "shown": [good]},
        {"verdict": "approved", "stage": ["nothing"], "shown": ["nothing"]},
        {"verdict": "approved", "stage": ["nothing"], "shown": ["nothing:1:"]},
        {"verdict": "approved", "stage": ["a\0b"], "shown": [f"{good}:x:y", "a:²:b"]},
    ):
        assert client.post(address, fields).status_code in (400, 404)
    assert "Nothing is selected" in text(client.post(SELECTED, {"verdict": "denied"}, follow=True))
    assert "Nothing was decided" in text(client.post(MANY, {"verdict": "denied"}, follow=True))
    assert states() == {"open"}
