"""Who reaches what: every program page, for everybody, with ids that are theirs, foreign, and of nothing."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.accounts.models import Organization, Program
from rolebook.audit.models import Event
from rolebook.governance.models import Grant, Outcome, Request
from rolebook.web.account_requests.urls import urlpatterns as account_request_pages
from rolebook.web.urls import urlpatterns
from tests.support.undoing import undone
from tests.web.opened_things import a_file, a_report, a_review, an_absence
from tests.web.worlds import QPP, World, review, signed_in


class Answer(Protocol):
    """What the test client gives back."""

    status_code: int

    @property
    def content(self) -> bytes: ...

    def __getitem__(self, header: str, /) -> str: ...


type Parts = Callable[[World], list[object]]

NOBODY = uuid.UUID(int=7)
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


@dataclass(frozen=True)
class Route:
    """A page with ids of the world: the status that each person gets (everybody else: ``others``)."""

    parts: Parts
    expected: dict[str, int]
    others: int
    method: str = "get"


def _none(_: World) -> list[object]:
    return []


def _nobody(_: World) -> list[object]:
    return [NOBODY]


def _users(world: World) -> list[object]:
    return [world.cedar.public_id]


def _stella(world: World) -> list[object]:
    return [world.cedar.public_id, world.stella.account.public_id]


def _of_stella(world: World) -> list[object]:
    return [world.stella.account.public_id]


def _two(world: World) -> list[object]:
    return [world.stella.account.public_id, world.nora.account.public_id]


def _stage(world: World) -> list[object]:
    return [world.stage.public_id]


def _request(world: World) -> list[object]:
    return [world.waiting.public_id]


OPEN = Route(_none, {}, 200)
ROUTES: dict[str, list[Route]] = {
    "start": [],
    "home": [OPEN],
    "manage-access": [OPEN],
    "my-access": [OPEN],
    "my-requests": [OPEN],
    "request-a-role": [OPEN],
    "help": [OPEN],
    "officials-report": [Route(_none, {}, 404)],  # The stewards' alone; test_officials_report.py.
    # Organizations, designations, mail and jobs: the stewards' alone; test_places.py and those beside it.
    "organization": [Route(_users, {"maria": 200, "owen": 200, "stella": 200}, 404)],
    **{
        name: [Route(_none, {}, 404)]
        for name in (
            "steward-organizations",
            "organizations-csv",
            "add-organization",
            "import-organizations",
            "designate",
            "applications",
            "mail-queue",
            "jobs",
        )
    },
    **{f"{act}-organization": [Route(_users, {}, 404)] for act in ("edit", "move", "close", "reopen")},
    **{name: [Route(_nobody, {}, 404)] for name in ("organization-upload", "end-designation")},
    **{name: [Route(_nobody, {}, 404, "post")] for name in ("confirm-upload", "drop-upload")},
    **{name: [Route(lambda _: [1], {}, 404)] for name in ("effect", "give-up-mail")},
    "revoke-application": [Route(_nobody, {}, 404)],
    "retry-mails": [Route(_none, {}, 404, "post")],
    "retry-mail": [Route(lambda _: [1], {}, 404, "post")],
    # People: the stewards' alone, but for what a printed privilege or an office gives; test_people_pages.py and others.
    **{name: [Route(_none, {}, 404)] for name in ("steward-people", "people-csv", "duplicates")},
    **{name: [Route(_of_stella, {}, 404)] for name in ("steward-person", "other-account", "person-fsid")},
    "end-token": [Route(lambda world: [*_of_stella(world), NOBODY], {}, 404)],
    "person-status": [Route(lambda world: [*_of_stella(world), "close"], {}, 404)],
    "merge": [Route(_two, {}, 404)],
    "told-apart": [Route(_two, {}, 404, "post")],
    "vouch": [Route(_nobody, {}, 404)],
    **{name: [Route(_nobody, {}, 404, "post")] for name in ("refuse-recovery", "ask-vouch-passkey")},
    "run-job": [Route(lambda _: ["prune-sessions"], {}, 404, "post")],
    "notice-settings": [OPEN, Route(_none, {}, 422, "post")],
    "calendar-address": [Route(_none, {}, 200, "post")],
    "calendar-stop": [Route(_none, {}, 303, "post")],
    "role-matrix": [OPEN],
    "role-matrix-csv": [OPEN],
    "role-matrix-xlsx": [OPEN],
    "role-matrix-pdf": [OPEN],
    "which-role": [OPEN],
    "can-they": [OPEN],
    "request-role": [Route(lambda _: ["staff_user"], {}, 200)],
    # Without an organization it leads back to where one is chosen.
    "review-request": [Route(lambda _: ["staff_user"], {}, 302)],
    "organization-users": [Route(_users, {"maria": 200, "owen": 200, "stella": 403}, 404)],
    "pending-csv": [OPEN],
    "organization-users-csv": [Route(_users, {"maria": 200, "owen": 200, "stella": 403}, 404)],
    "remove-access": [
        Route(_stella, {"maria": 200, "owen": 200, "stella": 403}, 404),
        Route(_stella, {"maria": 303, "owen": 303, "stella": 403}, 404, "post"),
    ],
    "decide": [
        # 303 for Nora: her own request, which she is told she cannot decide.
        Route(_stage, {"maria": 303, "owen": 303, "nora": 303, "stella": 403}, 404, "post")
    ],
    # Without anything selected; what is named and foreign is in test_deciding_many.py.
    "decide-selected": [Route(_none, {}, 303, "post")],
    "decide-many": [Route(_none, {}, 303, "post")],
    "request": [Route(_request, {"maria": 200, "owen": 200, "nora": 200}, 404)],
    "withdraw-request": [Route(_request, {"nora": 303}, 404, "post")],
    "submit-again": [Route(_request, {"nora": 409}, 404, "post")],
    "ask-to-submit-again": [Route(_request, {}, 404, "post")],
}
_OFFICIALS = {"maria": 200, "owen": 200, "henry": 200}
ROUTES |= {
    "reports": [Route(_none, _OFFICIALS, 404)],
    "audit": [Route(_none, _OFFICIALS, 404)],
    "audit-csv": [Route(_none, _OFFICIALS, 404)],
    "audit-jsonl": [Route(_none, _OFFICIALS, 404)],
    "person-history": [
        Route(lambda world: [world.stella.account.public_id], {"maria": 200, "owen": 200}, 404)
    ],
    "my-history": [OPEN],
    "request-history": [Route(_request, {"maria": 200, "owen": 200, "nora": 200}, 404)],
}
_MARIAS = {"maria": 200}
_OF_CEDAR = {"maria": 200, "owen": 200}


def _campaign(_: World) -> list[object]:
    return [a_review().public_id]


def _report(world: World) -> list[object]:
    return [a_report(world).public_id]


def _file(world: World) -> list[object]:
    return [a_file(world).public_id]


# Reviews: the list and the reviewer's pages for who answers, each about their own people; the rest the stewards' alone.
ROUTES |= {
    "reviews": [Route(_none, _OFFICIALS, 404)],
    "open-review": [
        Route(lambda _: ["yearly_review"], {}, 404),
        Route(lambda _: ["yearly_review"], {}, 404, "post"),
    ],
    "review": [Route(_campaign, _OFFICIALS, 404)],
    "review-progress": [Route(_campaign, {}, 404)],
    "close-review": [Route(_campaign, {}, 404), Route(_campaign, {}, 404, "post")],
    "review-alike": [Route(_campaign, _OFFICIALS, 404)],
    "submit-answered": [Route(_campaign, _OFFICIALS, 404, "post")],  # It asks once more.
    "review-account": [Route(lambda world: [*_campaign(world), *_of_stella(world)], _OF_CEDAR, 404)],
    # For who answers for an organization where nothing is below it (test_review_report_pages.py has others).
    "review-reports": [Route(_campaign, _OFFICIALS, 404)],
    "review-quality": [Route(_campaign, {}, 404)],
    **{name: [Route(_report, _OF_CEDAR, 404)] for name in ("review-report", "review-report-csv")},
    "review-report-file": [
        Route(lambda world: [*_report(world), "pdf"], dict.fromkeys(_OF_CEDAR, 303), 404, "post")
    ],
}
# The past: of an organization for who may view its users today, of a person for them, too; of oneself for everybody.
ROUTES |= {
    "then": [Route(_none, _OFFICIALS, 302)],  # Who looks after nothing is led to what they held themselves.
    "then-users": [Route(_users, {**_OF_CEDAR, "stella": 403}, 404)],
    "then-person": [Route(_of_stella, {**_OF_CEDAR, "stella": 200}, 404)],
    "then-who-could": [OPEN],  # The question; its answer is in test_on_that_day_pages.py.
    # Without a question; with one they answer as the lists do (test_on_that_day_pages.py).
    "then-csv": [Route(_none, {}, 404)],
    "then-xlsx": [Route(_none, {}, 404, "post")],
    **{name: [Route(_file, _MARIAS, 404)] for name in ("made-file", "fetch-file")},
}
# Closings for want of a sign-in, and reactivations: QPP closes nobody (test_inactivity_pages.py).
ROUTES |= {name: [Route(_none, {}, 404)] for name in ("inactivity", "confirm-closings", "reactivations")}
ROUTES |= {
    "reactivate": [Route(_of_stella, {}, 404)],
    "decide-reactivation": [Route(_stage, {}, 404, "post")],
}
# Out of office: for who decides; an absence is ended by who is absent, and declined by who was named.
ROUTES |= {
    "out-of-office": [Route(_none, _OFFICIALS, 404)],
    "end-absence": [Route(lambda world: [an_absence(world).public_id], {"maria": 303}, 404, "post")],
    "decline-delegation": [
        Route(lambda world: [an_absence(world).delegations.get().public_id], {"owen": 303}, 404, "post")
    ],
}
# Registering for a record of one's own: not there in QPP, which keeps none (test_own_records.py).
ROUTES |= {name: [Route(_none, {}, 404)] for name in ("own-record", "registrations")}
ROUTES |= {name: [Route(_nobody, {}, 404)] for name in ("own-record-code", "registration")}
# Pages of programs that hold access apart from roles: not there in QPP (test_account_requests.py).
ROUTES |= {pattern.name: [] for pattern in account_request_pages if pattern.name is not None}
CASES = [(name, route) for name, routes in ROUTES.items() for route in routes]
WHO = ("maria", "owen", "henry", "stella", "nora", "uma")


def call(client: Client, name: str, parts: list[object], method: str, world: World) -> Answer:
    address = reverse(name, args=[QPP, *parts])
    if method == "get":
        return client.get(address)
    stage = world.stage
    posted = {
        "verdict": "approved",
        "version": stage.request_version,
        "items": stage.items_hash,
        "back": "home",
    }
    return client.post(address, posted)


def seen(answer: Answer) -> bytes:
    """Return what an answer shows, its one-time form tokens left out."""
    return _TOKEN.sub(b"", answer.content)


def test_every_address_is_listed_here() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ROUTES)


@pytest.mark.requirement("QPP-06")
@pytest.mark.invariant("I3")
@pytest.mark.fault(1)
@pytest.mark.parametrize("who", WHO)
def test_everybody_gets_what_is_theirs_and_no_more(world: World, who: str) -> None:
    wrong = []
    for name, route in CASES:
        with undone():
            answer = call(signed_in(getattr(world, who)), name, route.parts(world), route.method, world)
        if answer.status_code != route.expected.get(who, route.others):
            wrong.append((name, route.method, answer.status_code))
    assert wrong == []


def test_nobody_passes_without_signing_in(world: World) -> None:
    for name, route in CASES:
        with undone():
            parts = route.parts(world)
            before = Event.objects.count()
            answer = call(Client(), name, parts, route.method, world)
            assert (name, answer.status_code) == (name, 302)
            assert answer["Location"].startswith(reverse("sign-in", args=[QPP]))
            assert Event.objects.count() == before


@pytest.mark.invariant("I14")
@pytest.mark.fault(1)
def test_a_foreign_thing_looks_exactly_like_one_that_does_not_exist(world: World) -> None:
    for name, route in CASES:
        if route.expected.get("henry", route.others) != 404:
            continue
        with undone():
            client = signed_in(world.henry)
            parts = route.parts(world)
            nothing: list[object] = [999_999 if isinstance(part, int) else NOBODY for part in parts]
            foreign, missing = (call(client, name, ids, route.method, world) for ids in (parts, nothing))
            assert (name, foreign.status_code, missing.status_code) == (name, 404, 404)
            assert seen(foreign) == seen(missing)


@pytest.mark.fault(1)
@pytest.mark.invariant("I1")
def test_an_organization_of_another_program_is_not_found(world: World) -> None:
    other = Program.objects.create(program_id="other", created_at=world.start)
    foreign = Organization.objects.create(
        program=other,
        kind_id="practice",
        code="1",
        name="Cedar Valley Family Practice",
        search_key="cedar valley",
        path="/",
        created_at=world.start,
    )
    client = signed_in(world.maria)
    ids: dict[str, list[object]] = {
        "organization-users": [foreign.public_id],
        "remove-access": [foreign.public_id, world.stella.account.public_id],
    }
    for name, parts in ids.items():
        assert client.get(reverse(name, args=[QPP, *parts])).status_code == 404
    chosen = client.get(review("staff_user", foreign), follow=True)
    assert chosen.redirect_chain == [(reverse("request-role", args=[QPP, "staff_user"]), 302)]
    assert b"organization chosen" not in chosen.content
    found = client.get(reverse("request-role", args=[QPP, "staff_user"]), {"search": "cedar"})
    assert found.content.count(b'class="who"') == 1


@pytest.mark.requirement("QPP-06")
def test_view_users_is_offered_to_security_officials_only(world: World) -> None:
    address = reverse("organization-users", args=[QPP, world.cedar.public_id]).encode()
    pages = {who: signed_in(getattr(world, who)).get(reverse("manage-access", args=[QPP])) for who in WHO}
    assert {who for who, page in pages.items() if address in page.content} == {"maria", "owen"}


@pytest.mark.fault(42)
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(world: World, method: str) -> None:
    client = signed_in(world.maria)
    client.get(reverse("home", args=[QPP]))  # the session's first page notes that it began
    addresses = [(name, reverse(name, args=[QPP, *route.parts(world)])) for name, route in CASES]
    before = (Event.objects.count(), Outcome.objects.count(), Grant.objects.filter(closed_at=None).count())
    for name, address in addresses:
        answer = getattr(client, method)(address, headers={"X-HTTP-Method-Override": "POST"})
        wanted = {404, 405} if name in POST_ONLY else {200, 302, 404}
        assert answer.status_code in wanted, (name, answer.status_code)
    after = (Event.objects.count(), Outcome.objects.count(), Grant.objects.filter(closed_at=None).count())
    assert after == before


POST_ONLY = {
    name for name, routes in ROUTES.items() if routes and all(route.method == "post" for route in routes)
}


@pytest.mark.fault(38)
def test_a_change_without_its_token_is_refused(world: World) -> None:
    client = signed_in(world.maria)
    client.handler.enforce_csrf_checks = True
    for name, route in CASES:
        if route.method == "post":
            answer = call(client, name, route.parts(world), "post", world)
            assert answer.status_code == 403
            assert b"Please send that again" in answer.content
    assert not Outcome.objects.filter(request=world.waiting).exists()


@pytest.mark.fault(41)
def test_a_decision_cannot_carry_more_than_a_verdict(world: World) -> None:
    stage = world.stage
    posted = {
        "verdict": "approved",
        "version": stage.request_version,
        "items": stage.items_hash,
        "approved_by": str(world.owen.account.public_id),
        "role_id": "security_official",
        "organization_id": str(world.hilltop.public_id),
    }
    signed_in(world.maria).post(reverse("decide", args=[QPP, stage.public_id]), posted)
    grant = Grant.objects.get(account=world.nora.account)
    assert (grant.role_id, grant.organization) == ("staff_user", world.cedar)
    assert Outcome.objects.get(request=world.waiting).approver == world.maria.account


@pytest.mark.fault(26)
@pytest.mark.invariant("I5")
@pytest.mark.parametrize(
    ("changed", "status"),
    [({"verdict": "returned"}, 400), ({"version": "x"}, 400), ({"version": "9"}, 303), ({"items": "0"}, 303)],
)
def test_a_decision_about_something_else_than_was_shown_decides_nothing(
    world: World, changed: dict[str, str], status: int
) -> None:
    stage = world.stage
    posted = {"verdict": "approved", "version": str(stage.request_version), "items": stage.items_hash}
    answer = signed_in(world.maria).post(
        reverse("decide", args=[QPP, stage.public_id]), {**posted, **changed}
    )
    assert answer.status_code == status
    assert Request.objects.get(pk=world.waiting.pk).state == "pending"
