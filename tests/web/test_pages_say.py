"""What the pages say and do, in the states that people are in."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.models import Grant, Request
from tests.support import people
from tests.web.reading import text
from tests.web.worlds import QPP, World, answer, ask, review, signed_in, user


def test_home_says_what_waits_oldest_first(world: World) -> None:
    older = user("Zoe Zimmer", "zoe", world.start)
    ask(older, world.cedar, world.start + timedelta(days=2))
    page = text(signed_in(world.maria).get(reverse("home", args=[QPP])))
    assert "2 requests wait for your decision." in page
    assert page.index("Zoe Zimmer") < page.index("Nora Newell")
    assert "4 days ago" in page


def test_nothing_waiting_is_a_good_state_and_says_so(world: World) -> None:
    page = text(signed_in(world.henry).get(reverse("home", args=[QPP])))
    assert "Nothing waits for you" in page


@pytest.mark.requirement("IQIES-01")
def test_somebody_without_a_role_is_shown_how_to_get_one(world: World) -> None:
    page = text(signed_in(world.uma).get(reverse("home", args=[QPP])))
    assert "Start by asking for a role" in page
    assert "Waiting for you" not in page


@pytest.mark.requirement("QPP-04", "QPP-05")
def test_pending_requests_shows_others_to_decide_and_ones_own(world: World) -> None:
    ask(world.maria, world.hilltop, world.start)
    page = text(signed_in(world.maria).get(reverse("manage-access", args=[QPP])))
    pending = page[page.index("Pending Requests") : page.index('id="connected-organizations"')]
    assert pending.index("Nora Newell") < pending.index("Requests you made") < pending.index("Hilltop Clinic")
    assert "TIN 52-1830045" in pending


@pytest.mark.requirement("QPP-12")
def test_an_organization_with_one_official_shows_the_hint_for_a_second(world: World) -> None:
    hint = "Consider adding a second (or third) Security Official"
    for who, shown in ((world.henry, True), (world.maria, False)):
        assert (hint in text(signed_in(who).get(reverse("manage-access", args=[QPP])))) is shown
    users = reverse("organization-users", args=[QPP, world.hilltop.public_id])
    assert hint in text(signed_in(world.henry).get(users))


@pytest.mark.requirement("QPP-11")
def test_the_only_official_is_told_whom_to_contact_and_the_tin(world: World) -> None:
    client = signed_in(world.henry)
    users = reverse("organization-users", args=[QPP, world.hilltop.public_id])
    own = reverse("remove-access", args=[QPP, world.hilltop.public_id, world.henry.account.public_id])
    assert own not in client.get(users).content.decode()
    for answered, status in ((client.get(users), 200), (client.get(own), 409), (client.post(own), 409)):
        assert answered.status_code == status
        said = text(answered)
        assert "contact the Quality Payment Program" in said
        assert "QPP@cms.hhs.gov" in said
        assert "TIN 11-2223334" in said
    assert Grant.objects.filter(account=world.henry.account, closed_at=None).exists()


@pytest.mark.requirement("QPP-11")
def test_nobody_removes_their_own_access_where_another_official_can(world: World) -> None:
    own = reverse("remove-access", args=[QPP, world.cedar.public_id, world.maria.account.public_id])
    answered = signed_in(world.maria).post(own)
    assert answered.status_code == 409
    assert "Another Security Official of Cedar Valley Family Practice must do so" in text(answered)
    assert Grant.objects.filter(account=world.maria.account, closed_at=None).exists()


@pytest.mark.requirement("QPP-10")
def test_removing_twice_is_said_to_be_done_and_only_the_remover_may_ask_after_it(world: World) -> None:
    address = reverse("remove-access", args=[QPP, world.cedar.public_id, world.stella.account.public_id])
    client = signed_in(world.maria)
    first, second = client.post(address), client.post(address)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    sequence = first["Location"].partition("effect=")[2].partition("#")[0]
    assert "<bdi>Stella Stone</bdi>'s access" in text(client.get(first["Location"]))
    status = reverse("effect", args=[QPP, sequence])
    assert client.get(status).status_code == 200
    assert signed_in(world.owen).get(status).status_code == 404
    assert not Grant.objects.filter(account=world.stella.account, closed_at=None).exists()


@pytest.mark.requirement("QPP-13")
def test_a_denied_request_is_submitted_again_with_the_same_answers(world: World) -> None:
    answer(world.maria, world.waiting, "denied", clock.now())
    client = signed_in(world.nora)
    address = reverse("request", args=[QPP, world.waiting.public_id])
    assert "Submit again" in text(client.get(address))
    answered = client.post(reverse("submit-again", args=[QPP, world.waiting.public_id]), follow=True)
    assert "submitted again, with the same answers" in text(answered)
    again = Request.objects.get(resubmission_of=world.waiting)
    assert (again.reason, again.state) == ("I prepare the quality measures.", "pending")
    assert "Submit again" not in text(client.get(address))


@pytest.mark.requirement("QPP-13")
def test_who_submits_again_answers_the_denials_reason_first(world: World) -> None:
    answer(world.maria, world.waiting, "denied", clock.now(), reason="Which clinic are you at?")
    client = signed_in(world.nora)
    address = reverse("request", args=[QPP, world.waiting.public_id])
    page = text(client.get(address))
    assert "Security Official of Cedar Valley Family Practice said:" in page
    assert "Which clinic are you at?" in page.partition('id="again"')[2]
    assert "Maria" not in page.partition("Course")[2].partition("</ol>")[0]
    assert ">I prepare the quality measures.</textarea>" in page
    again = reverse("submit-again", args=[QPP, world.waiting.public_id])
    assert client.post(again, {"reason": "x" * 5_000}).status_code == 422
    client.post(again, {"reason": "I prepare the quality measures, at the clinic in Elm Street."})
    made = Request.objects.get(resubmission_of=world.waiting)
    assert made.reason == "I prepare the quality measures, at the clinic in Elm Street."
    world.waiting.refresh_from_db()
    assert world.waiting.reason == "I prepare the quality measures."


@pytest.mark.requirement("QPP-13")
def test_who_denied_sees_the_contact_and_asks_for_a_new_request(world: World) -> None:
    answer(world.maria, world.waiting, "denied", clock.now())
    client = signed_in(world.maria)
    page = text(client.get(reverse("request", args=[QPP, world.waiting.public_id])))
    assert world.nora.account.email in page
    answered = client.post(reverse("ask-to-submit-again", args=[QPP, world.waiting.public_id]), follow=True)
    assert "asked by e-mail to submit the request again" in text(answered)
    assert "Ask Nora Newell to submit again" in page
    for shown in (text(answered), text(client.get(reverse("request", args=[QPP, world.waiting.public_id])))):
        assert "You asked Nora Newell on" in shown
        assert "Ask Nora Newell to submit again" not in shown
    owen = text(signed_in(world.owen).get(reverse("request", args=[QPP, world.waiting.public_id])))
    assert "You asked" not in owen


@pytest.mark.requirement("QPP-13")
def test_who_is_asked_to_submit_again_reads_it_on_home_and_on_the_request_until_they_do(world: World) -> None:
    address = reverse("request", args=[QPP, world.waiting.public_id])
    answer(world.maria, world.waiting, "denied", clock.now())
    nora = signed_in(world.nora)
    home = "Who denied it asks you to submit it again."
    asks = "A Security Official of Cedar Valley Family Practice asked you on"
    assert home not in text(nora.get(reverse("home", args=[QPP])))
    assert asks not in text(nora.get(address))
    signed_in(world.maria).post(reverse("ask-to-submit-again", args=[QPP, world.waiting.public_id]))
    page = text(nora.get(reverse("home", args=[QPP])))
    assert "You are asked to submit a request again." in page
    assert home in page
    page = text(nora.get(address))
    assert asks in page
    # In the program's zone, as every other instant.
    assert "UTC" not in page
    assert "Maria" not in page
    assert asks not in text(signed_in(world.owen).get(address))
    nora.post(reverse("submit-again", args=[QPP, world.waiting.public_id]))
    assert home not in text(nora.get(reverse("my-requests", args=[QPP])))
    assert asks not in text(nora.get(address))


def test_a_request_is_withdrawn_by_its_requester(world: World) -> None:
    answered = signed_in(world.nora).post(
        reverse("withdraw-request", args=[QPP, world.waiting.public_id]), follow=True
    )
    assert "Your request was withdrawn." in text(answered)
    assert Request.objects.get(pk=world.waiting.pk).state == "withdrawn"


@pytest.mark.requirement("QPP-02")
def test_rules_are_said_before_anything_is_sent(world: World) -> None:
    address = review("security_official", world.cedar)
    page = text(signed_in(world.maria).get(address))
    assert "Security Official is already held here." in page
    assert "Send request" not in page


def test_a_second_press_of_send_shows_the_request_that_the_first_one_made(world: World) -> None:
    client = signed_in(world.uma)
    address = review("staff_user", world.cedar)
    for _ in range(2):
        answered = client.post(address, {"reason": "For billing."}, follow=True)
        assert answered.status_code == 200
    assert Request.objects.filter(requester=world.uma.account).count() == 1


def test_what_was_typed_is_kept_beside_its_error(world: World) -> None:
    client = signed_in(world.uma)
    address = review("staff_user", world.cedar)
    answered = client.post(address, {"reason": "kept " + "x" * 3_000})
    page = text(answered)
    assert answered.status_code == 422
    assert "kept xxx" in page
    assert 'href="#id_reason">Write 2,000 characters at most.' in page
    assert 'aria-invalid="true"' in page
    assert not Request.objects.filter(requester=world.uma.account).exists()


@pytest.mark.fault(43)
@pytest.mark.parametrize("reason", ["a\0b", "\ud800"], ids=["NUL", "half a character"])
def test_a_reason_that_cannot_be_kept_is_refused_in_words(world: World, reason: str) -> None:
    address = review("staff_user", world.cedar)
    sent = reason.encode("utf-8", "surrogatepass")
    answered = signed_in(world.uma).generic(
        "POST", address, b"reason=" + sent, content_type="application/x-www-form-urlencoded"
    )
    assert answered.status_code < 500


@pytest.mark.fault(44)
@pytest.mark.invariant("I14")
def test_names_and_reasons_are_shown_as_text(world: World) -> None:
    mallory = user("<script>alert(1)</script> & 'Mallory'", "mallory", world.start)
    ask(mallory, world.cedar, world.start, reason='"><img src=x onerror=alert(2)>')
    people.practice("<b>Bold</b> Practice", "99-1112223", world.start)
    client = signed_in(world.maria)
    pages = [
        client.get(reverse("manage-access", args=[QPP])),
        client.get(reverse("organization-users", args=[QPP, world.cedar.public_id])),
        client.get(reverse("request-role", args=[QPP, "staff_user"]), {"search": "bold"}),
        signed_in(mallory).get(reverse("home", args=[QPP])),
    ]
    stage = mallory.account.requests_made.get().stages.get()
    posted = {"verdict": "denied", "version": 1, "items": stage.items_hash, "back": "home"}
    pages.append(client.post(reverse("decide", args=[QPP, stage.public_id]), posted, follow=True))
    for page in pages:
        for harm in (b"<script>alert", b"<img src=x", b"<b>Bold"):
            assert harm not in page.content
    assert b"&lt;script&gt;alert(1)" in pages[0].content


def test_lists_go_on_by_key_and_keep_what_was_searched(world: World) -> None:
    for number in range(30):
        someone = user(f"Person {number:02}", f"person{number}", world.start)
        ask(someone, world.cedar, world.start + timedelta(hours=number))
    client = signed_in(world.maria)
    first = client.get(reverse("manage-access", args=[QPP]), {"search": "person"}).content.decode()
    following = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = client.get(following.replace("&amp;", "&")).content.decode()
    assert "Person 24" in first
    assert "Person 25" not in first
    assert "Person 25" in second
    assert "Nora Newell" not in second
    assert "Back to the first page" in second


@pytest.mark.requirement("QPP-13")
def test_a_denied_request_stays_on_home_until_it_is_asked_for_again(world: World) -> None:
    answer(world.maria, world.waiting, "denied", clock.now())
    client = signed_in(world.nora)
    address = reverse("request", args=[QPP, world.waiting.public_id])
    assert address in text(client.get(reverse("home", args=[QPP])))
    assert f"{address}#again" in text(client.get(reverse("home", args=[QPP])))
    client.post(reverse("submit-again", args=[QPP, world.waiting.public_id]))
    page = text(client.get(reverse("home", args=[QPP])))
    assert address not in page
    assert "Waits for a Security Official" in page
